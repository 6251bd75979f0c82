"""Workers on many machines: locks in PostgreSQL, and a beat that keeps them believed."""

import asyncio

import psycopg
import pytest

from viralclip.worker.liveness import WorkerIdTakenError
from viralclip.worker.postgres_roster import HeartbeatTiming, PostgresRoster

_QUICK = HeartbeatTiming(beat_s=0.1, dead_s=1.0, margin_s=0.3)


@pytest.fixture
def roster(postgres_url: str) -> PostgresRoster:
    return PostgresRoster(postgres_url, _QUICK)


async def forget(roster: PostgresRoster) -> None:
    """Make the table, and leave nobody in it."""
    async with roster.hold("somebody"):
        pass


def leave_a_dead_one(url: str, worker: str) -> None:
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(
            "insert into viralclip_workers values (%s, clock_timestamp() - interval '1 hour')",
            [worker],
        )


async def test_a_worker_is_alive_while_it_holds_its_place_and_has_left_afterwards(roster):
    async with roster.hold("w1") as lease:
        await asyncio.sleep(2 * _QUICK.dead_s)  # a beat that stopped would be seen by now
        alive = await roster.life_of("w1")

    assert (alive, lease.crashed_before) == ("alive", False)
    assert await roster.life_of("w1") == "left"


async def test_what_the_living_tell_is_known_as_long_as_they_live(roster, postgres_url):
    before = await roster.advertised()
    async with roster.hold("w1", advertised="hears"), roster.hold("w2"):
        leave_a_dead_one(postgres_url, "w3")
        told = await roster.advertised()

    assert (before, told, await roster.advertised()) == ({}, {"w1": "hears", "w2": ""}, {})


async def test_workers_of_an_earlier_version_live_and_tell_nothing(roster, postgres_url):
    with psycopg.connect(postgres_url, autocommit=True) as db:
        db.execute(
            "create table viralclip_workers (worker text primary key, seen timestamptz not null)"
        )
        db.execute("insert into viralclip_workers values ('old', clock_timestamp())")
    before = await roster.advertised()
    async with roster.hold("new", advertised="hears"):
        both = await roster.advertised()

    assert (before, both) == ({"old": ""}, {"old": "", "new": "hears"})


async def test_a_worker_begins_while_others_read_the_table(roster, postgres_url):
    await forget(roster)
    with psycopg.connect(postgres_url) as db:
        db.execute("select * from viralclip_workers")
        async with asyncio.timeout(5), roster.hold("w1") as lease:
            await asyncio.sleep(2 * _QUICK.dead_s)

            assert not lease.lost.is_set()


async def test_a_roster_that_does_not_answer_says_so_as_a_connection_does():
    away = PostgresRoster("postgresql://127.0.0.1:1/away", _QUICK)
    with pytest.raises(ConnectionError):
        await away.advertised()


async def test_a_worker_tells_something_else_while_it_lives(roster):
    async with roster.hold("w1", advertised="hears and takes clips") as lease:
        lease.advertise("hears")
        await lease.confirm_ownership()

        assert await roster.advertised() == {"w1": "hears"}


async def test_a_living_workers_name_is_refused_to_another(roster):
    async with roster.hold("w1"):
        with pytest.raises(WorkerIdTakenError):
            async with roster.hold("w1"):
                pass

        assert await roster.life_of("w1") == "alive"


async def test_a_worker_that_is_silent_has_crashed_and_is_buried_once(roster, postgres_url):
    await forget(roster)
    leave_a_dead_one(postgres_url, "w1")
    async with roster.claim("w1") as first, roster.claim("w1") as second:
        pass

    assert (first, second) == ("crashed", "alive")
    assert await roster.life_of("w1") == "left"


async def test_a_worker_that_comes_again_while_it_is_buried_waits_for_that(roster, postgres_url):
    await forget(roster)
    leave_a_dead_one(postgres_url, "w1")
    async with roster.claim("w1"):
        coming = asyncio.create_task(_be("w1", roster))
        await asyncio.wait({coming}, timeout=0.3)
        assert not coming.done()

    assert await coming == "alive"


async def test_who_holds_a_name_and_never_beats_keeps_it_all_the_same(roster, postgres_url):
    """A lock is a lock: after as long as death takes to be noticed, the name is refused."""
    await forget(roster)
    leave_a_dead_one(postgres_url, "w1")
    async with roster.claim("w1"):
        with pytest.raises(WorkerIdTakenError):
            await _be("w1", roster)


async def test_a_worker_whose_name_was_struck_out_has_lost_its_place(roster, postgres_url):
    async with roster.hold("w1") as lease:
        with psycopg.connect(postgres_url, autocommit=True) as db:
            db.execute("delete from viralclip_workers")
        async with asyncio.timeout(10):
            await lease.lost.wait()


async def _be(worker: str, roster: PostgresRoster) -> str:
    async with roster.hold(worker):
        return await roster.life_of(worker)
