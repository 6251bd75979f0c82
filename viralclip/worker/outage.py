"""Outlasting an outage: what a worker has to record is kept, and recorded when that can be done."""

import asyncio
import dataclasses
import inspect
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeVar, cast

import structlog
from sqlalchemy import exc as sql

from viralclip.catalog.port import Catalog
from viralclip.errors import ViralclipError

T = TypeVar("T")

_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 10.0
# What no waiting heals: errors of ours, and what the database will never take.
_OURS = (
    ViralclipError,
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    AssertionError,
    NotImplementedError,
    sql.IntegrityError,
    sql.DataError,
    sql.ProgrammingError,
)

log = structlog.get_logger(__name__)


def is_outage(error: Exception) -> bool:
    """Whether the same call may succeed later: a full disk, a server that is not there or only
    reads, a lock that is not released."""
    if isinstance(error, sql.StatementError) and not isinstance(error, sql.DBAPIError):
        return error.orig is None or is_outage(cast("Exception", error.orig))
    return not isinstance(error, _OURS)


class _Outlasting:
    """Hands every call on, again and again while there is an outage."""

    def __init__(self, records: object, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._records = records
        self._sleep = sleep

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._records, name)
        return self._outlasting(method) if inspect.iscoroutinefunction(method) else method

    def _outlasting(self, method: Callable[..., Awaitable[T]]) -> Callable[..., Awaitable[T]]:
        @wraps(method)
        async def call(*arguments: Any, **named: Any) -> T:
            wait_s = _FIRST_WAIT_S
            while True:
                try:
                    return await method(*arguments, **named)
                except Exception as error:
                    if not is_outage(error):
                        raise
                    log.warning(
                        "Records unavailable",
                        call=method.__name__,
                        error=repr(error),
                        retry_in_sec=wait_s,
                    )
                await self._sleep(wait_s)
                wait_s = min(wait_s * 2, _LONGEST_WAIT_S)

        return call


def outlasting(records: T, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> T:
    """A table of the catalog or the engine, any call to which lasts as long as an outage does.

    For work that has begun: whoever asks for an answer within a time, or begins, uses it as it is.
    """
    return cast("T", _Outlasting(records, sleep))


def outlasting_catalog(catalog: Catalog) -> Catalog:
    """The catalog, whose tables all outlast an outage."""
    tables = {field.name: getattr(catalog, field.name) for field in dataclasses.fields(catalog)}
    return Catalog(**{name: outlasting(table) for name, table in tables.items()})
