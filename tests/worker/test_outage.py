"""What is to be recorded is recorded as soon as that can be done, and not lost before."""

import asyncio
import sqlite3

import psycopg
import pytest
from sqlalchemy import exc as sql

from viralclip.errors import DiskFullError
from viralclip.worker.outage import is_outage, outlasting

FULL = sql.OperationalError("insert", {}, sqlite3.OperationalError("database or disk is full"))


class Records:
    """Records that fail a number of times before they answer."""

    is_shared = True

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.kept: list[str] = []

    async def keep(self, fact: str, *, times: int = 1) -> int:
        if self.errors:
            raise self.errors.pop(0)
        self.kept += [fact] * times
        return len(self.kept)


class Waits(list[float]):
    """The seconds somebody would have waited."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


async def test_a_call_is_made_again_until_it_succeeds_with_growing_and_bounded_waits():
    records, waits = Records(*[FULL] * 8), Waits()
    count = await outlasting(records, sleep=waits).keep("the end", times=2)

    assert (count, records.kept) == (2, ["the end", "the end"])
    assert waits == [0.5, 1, 2, 4, 8, 10, 10, 10]


async def test_an_error_of_ours_is_not_waited_for():
    records = Records(KeyError("scene"))
    with pytest.raises(KeyError):
        await outlasting(records, sleep=Waits()).keep("the end")


async def test_whoever_waits_can_be_cancelled():
    waiting = asyncio.create_task(outlasting(Records(*[FULL] * 1000)).keep("the end"))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


def test_what_is_not_a_call_is_handed_on():
    assert outlasting(Records()).is_shared


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (FULL, True),
        (sql.OperationalError("q", {}, sqlite3.OperationalError("database is locked")), True),
        (sql.InternalError("q", {}, psycopg.errors.ReadOnlySqlTransaction()), True),
        (sql.InterfaceError("q", {}, psycopg.InterfaceError("closed")), True),
        (sql.TimeoutError("no connection is free"), True),
        (OSError(28, "No space left on device"), True),
        (ConnectionError("refused"), True),
        (sql.IntegrityError("q", {}, sqlite3.IntegrityError("unique")), False),
        (sql.ProgrammingError("q", {}, sqlite3.ProgrammingError("no such table")), False),
        (sql.StatementError("message", "q", {}, UnicodeEncodeError("u", "", 0, 1, "")), False),
        (ValueError("not a record"), False),
        (DiskFullError(), False),
    ],
)
def test_what_may_pass_by_itself_is_told_from_what_does_not(error, passes):
    assert is_outage(error) == passes
