"""What is particular to the channel in Redis: its keys, its scripts, and what befalls a server."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
import redis
from services import RedisServer, make_redis
from structlog.testing import capture_logs

from viralclip.channel.port import BEGINNING, HistoryLostError
from viralclip.channel.redis.store import ChannelUnreachableError, RedisStore
from viralclip.channel.redis.suitability import ChannelUnsuitableError, unsuitable
from viralclip.channel.stored import StoredChannel
from viralclip.events import ClipTick, JobFinished, JobQueued, NewEvent, UnknownEvent
from viralclip.live import EventFrame, Frame, Reset, Snapshot
from viralclip.progress import Progress
from viralclip.steps import Step

pytestmark = pytest.mark.timeout(120)

Note = Callable[..., NewEvent]
_TICK = ClipTick(
    job_id="job", scene_id=1, style="left", attempt=1, step=Step.RENDERING, fraction=0.5
)
_DONE = JobFinished(outcome="failed", clips_completed=0, clips_failed=1, clips_cancelled=0)


@asynccontextmanager
async def _opened(url: str, **settings: int) -> AsyncIterator[StoredChannel]:
    async with RedisStore(url, **settings) as store:
        yield StoredChannel(store, snapshots=store)


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[RedisStore]:
    async with RedisStore(redis_url) as opened:
        yield opened


@pytest.fixture
def channel(store: RedisStore) -> StoredChannel:
    return StoredChannel(store, snapshots=store)


@pytest.fixture
def server(redis_server: RedisServer, redis_url: str) -> redis.Redis:
    return redis_server.client()


@pytest.fixture
async def own_server(server_folder):
    """A server that this test may kill; it remembers what it was told."""
    server = make_redis(server_folder, "--appendonly", "yes")
    server.start()
    yield server
    server.end()


def _keys(server: redis.Redis) -> list[str]:
    keys: Any = server.keys("viralclip:job:job:*")
    return sorted(key.decode().rpartition(":")[2] for key in keys)


async def _first(channel: StoredChannel, count: int, after: str | None = BEGINNING) -> list[Frame]:
    watching: Any = channel.watch("job", after)
    async with aclosing(watching):
        return [await anext(watching) for _ in range(count)]


async def test_a_crowd_of_writers_and_readers_shares_few_connections(own_server, note: Note):
    async with _opened(own_server.url) as channel, asyncio.timeout(30):
        jobs = [f"job{number}" for number in range(100)]
        await asyncio.gather(*(channel.publish([note(1, job_id=job)]) for job in jobs))
        await asyncio.gather(*(channel.progress(job) for job in jobs))
        own, clients = 1, own_server.client().client_list()

    assert 2 < len(clients) <= own + 16 + 8


async def test_whoever_listens_to_the_jobs_channel_hears_each_event_and_tick_as_it_comes(
    channel: StoredChannel, server: redis.Redis, note: Note
):
    listener = server.pubsub(ignore_subscribe_messages=True)
    listener.subscribe("progress:job")
    listener.get_message(timeout=5)
    await channel.publish([note(1), note(1), note(2)])
    await channel.tick([_TICK])
    heard: list[Any] = [listener.get_message(timeout=5) for _ in range(3)]
    told = [json.loads(message["data"]) for message in heard]

    assert [fact.get("seq") for fact in told] == [1, 2, None]
    assert told[2]["fraction"] == 0.5


async def test_a_number_in_an_events_own_text_is_not_taken_for_its_number(
    channel: StoredChannel, note: Note
):
    await channel.publish([note('{"seq":0}'), note(2)])
    first, second = await _first(channel, 2)

    assert isinstance(first, EventFrame)
    assert first.envelope.seq == 1
    assert first.envelope.event == note('{"seq":0}').event
    assert second.cursor.endswith("-2")


async def test_a_trimmed_position_is_answered_with_the_state_and_never_with_silence(
    channel: StoredChannel, server: redis.Redis, note: Note
):
    await channel.publish([note(i) for i in range(10)])
    cursors = [frame.cursor for frame in await _first(channel, 10)]
    server.xtrim("viralclip:job:job:events", maxlen=4, approximate=False)
    (trimmed,) = await _first(channel, 1, cursors[4])
    (kept,) = await _first(channel, 1, cursors[5])

    assert isinstance(trimmed, Reset)
    assert trimmed.progress.seq == 10
    assert isinstance(kept, EventFrame)
    assert kept.envelope.seq == 7


async def test_a_watcher_of_a_flushed_server_is_told_so(own_server: RedisServer, note: Note):
    own_server.command.remove("yes")
    own_server.command.append("no")
    own_server.end()
    own_server.start()
    async with _opened(own_server.url) as channel:
        await channel.publish([note(1)])
        watching: Any = channel.watch("job")
        async with aclosing(watching):
            first = await anext(watching)
            own_server.kill()
            own_server.start()
            second = await anext(watching)

    assert isinstance(first, Snapshot)
    assert isinstance(second, Reset)
    assert second.progress == Progress(job_id="job")


async def test_who_published_before_the_history_was_lost_is_told_so_once_and_goes_on(
    channel: StoredChannel, server: redis.Redis, note: Note
):
    await channel.publish([note(1), note(2)])
    server.flushall()
    with pytest.raises(HistoryLostError) as lost:
        await channel.publish([note(3)])

    assert lost.value.job_id == "job"
    assert await channel.publish([note(1), note(3)]) == [1, 2]


async def test_events_that_a_server_forgot_after_it_took_them_begin_another_history(
    channel: StoredChannel, server: redis.Redis, note: Note
):
    """As after a power cut: the last second is gone, and numbers would be given twice."""
    await channel.publish([note(i) for i in range(3)])
    keys: Any = server.keys("viralclip:job:job:*")
    saved: dict[str, Any] = {key: server.dump(key) for key in keys}
    await channel.publish([note(3), note(4)])
    _, cursor = await channel.progress("job")
    for key, content in saved.items():
        server.restore(key, 0, content, replace=True)
    with pytest.raises(HistoryLostError):
        await channel.publish([note(5)])
    again = await channel.publish([note(4), note(5), note(6)])
    (frame,) = await _first(channel, 1, cursor)

    assert again == [4, 5, 6]
    assert isinstance(frame, Reset)


async def test_an_outage_loses_nothing_and_breaks_no_order(own_server: RedisServer, note: Note):
    async with _opened(own_server.url) as channel:
        await channel.publish([note(1)])
        watching: Any = channel.watch("job", BEGINNING)
        async with aclosing(watching):
            seen = [await anext(watching)]
            own_server.kill()
            with pytest.raises((OSError, redis.RedisError)):
                await channel.publish([note(2)])
            own_server.start()
            assert await channel.publish([note(2), note(3)]) == [2, 3]
            seen += [await anext(watching), await anext(watching)]

    assert [frame.envelope.seq for frame in seen] == [1, 2, 3]


async def test_scripts_that_a_server_does_not_know_any_more_are_given_to_it_again(
    channel: StoredChannel, server: redis.Redis, note: Note
):
    await channel.publish([note(1)])
    server.script_flush()

    assert await channel.publish([note(2)]) == [2]


async def test_a_late_reader_begins_where_an_earlier_one_came_to(
    redis_url: str, channel: StoredChannel, server: redis.Redis, note: Note
):
    await channel.publish([note(i) for i in range(300)])
    known, _ = await channel.progress("job")
    server.xtrim("viralclip:job:job:events", maxlen=0, approximate=False)
    async with _opened(redis_url) as late:
        progress, _ = await late.progress("job")

    assert progress == known
    assert progress.seq == 300


async def test_a_snapshot_of_another_history_is_not_used(
    redis_url: str, channel: StoredChannel, note: Note
):
    await channel.publish([note(i) for i in range(100)])
    await channel.progress("job")
    await channel.forget("job")
    await channel.publish([note(1)])
    async with _opened(redis_url) as late:
        progress, _ = await late.progress("job")

    assert progress.seq == 1


async def test_a_job_that_ended_is_kept_for_a_while_and_one_that_is_opened_again_for_good(
    redis_url: str, server: redis.Redis, draft: Callable[..., NewEvent]
):
    def left() -> set[bool]:
        keys: Any = server.keys("viralclip:job:job:[met]*")
        times: list[Any] = [server.ttl(key) for key in keys]
        return {0 < seconds <= 60 for seconds in times}

    async with _opened(redis_url, ended_kept_s=60) as channel:
        await channel.publish([draft(JobQueued(run=1, scenes=()))])
        running = left()
        await channel.publish([draft(_DONE)])
        ended = left()
        await channel.publish([draft(JobQueued(run=2, scenes=()), run=2)])

        assert (running, ended, left()) == ({False}, {True}, {False})


async def test_ticks_of_a_job_that_nobody_knows_do_not_stay(
    channel: StoredChannel, server: redis.Redis
):
    await channel.tick([_TICK])
    keys: Any = server.keys("viralclip:job:*")
    times: list[Any] = [server.ttl(key) for key in keys]

    assert len(times) == 4
    assert all(seconds > 0 for seconds in times)


async def test_a_forgotten_job_leaves_nothing_but_the_news_of_it(
    channel: StoredChannel, server: redis.Redis, note: Note
):
    await channel.publish([note(1)])
    await channel.tick([_TICK])
    await channel.forget("job")

    assert _keys(server) == ["news"]


async def test_a_thousand_watched_jobs_are_one_blocked_connection(
    channel: StoredChannel, server: redis.Redis, note: Note
):
    watchers: list[Any] = [channel.watch(f"job{i}") for i in range(1000)]
    for watching in watchers:
        await anext(watching)
    waiting = [asyncio.ensure_future(anext(watching)) for watching in watchers]
    await channel.publish([note(1, "job999")])
    frame = await waiting[999]
    blocked: Any = server.info("clients")
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)

    assert isinstance(frame, EventFrame)
    assert blocked["blocked_clients"] <= 1
    assert blocked["connected_clients"] <= 18


async def test_who_writes_waits_for_no_reader(
    channel: StoredChannel, store: RedisStore, note: Note
):
    pool = store._reading.connection_pool
    readers = [await pool.get_connection() for _ in range(pool.max_connections)]
    async with asyncio.timeout(2):
        told = await channel.publish([note(1)])
        await channel.tick([_TICK])
    for reader in readers:
        await pool.release(reader)

    assert told == [1]
    assert len(await _first(channel, 2)) == 2


async def test_watchers_who_left_leave_nothing_behind(channel: StoredChannel, store: RedisStore):
    watchers: list[Any] = [channel.watch("job") for _ in range(20)]
    for watching in watchers:
        await anext(watching)
        await watching.aclose()

    assert len(store._news._wakers) == 0
    assert store._news._seen == {}


async def test_events_and_ticks_of_a_newer_version_do_not_stop_a_watcher(
    channel: StoredChannel, server: redis.Redis, note: Note
):
    await channel.publish([note(1)])
    newer = {"job_id": "job", "seq": 2, "at": "2025-01-01T00:00:00Z", "trace_id": "t"}
    newer |= {"event": {"type": "invented_later"}, "mood": "new"}
    server.xadd("viralclip:job:job:events", {"e": json.dumps(newer)}, id="2-0")
    server.hset("viralclip:job:job:meta", "seq", 2)
    server.hset("viralclip:job:job:ticks", "later", '2 {"type":"invented_later"}')
    server.zadd("viralclip:job:job:revisions", {"later": 1})
    progress, _ = await channel.progress("job")
    _, told = await _first(channel, 2)

    assert progress.seq == 2
    assert isinstance(told, EventFrame)
    assert told.envelope.event == UnknownEvent(type="invented_later")


async def test_a_server_that_may_evict_events_is_warned_of(redis_url: str, server: redis.Redis):
    server.config_set("maxmemory-policy", "allkeys-lru")
    with capture_logs() as logs:
        async with _opened(redis_url):
            pass
    server.config_set("maxmemory-policy", "noeviction")

    assert [line["policy"] for line in logs] == ["allkeys-lru"]


async def test_a_server_that_is_not_there_is_said_in_a_sentence():
    with pytest.raises(ChannelUnreachableError, match=r"127\.0\.0\.1:1 does not answer"):
        async with _opened("redis://127.0.0.1:1/0"):
            pass


async def test_a_node_of_a_cluster_is_refused_at_once(redis_cluster_node: str):
    with pytest.raises(ChannelUnsuitableError, match=r"cluster mode.*cluster-enabled no"):
        async with _opened(redis_cluster_node):
            pass


async def test_a_replica_is_refused_at_once(redis_server: RedisServer, server_folder):
    primary = f"127.0.0.1 {redis_server.port}"
    with (
        make_redis(server_folder, "--replicaof", primary) as replica,
        pytest.raises(ChannelUnsuitableError, match=r"is a replica.*its primary"),
    ):
        async with _opened(replica.url):
            pass


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        ({"cluster_enabled": 1}, "cluster mode"),
        ({"redis_mode": "cluster"}, "cluster mode"),
        ({"redis_mode": "sentinel"}, "is a sentinel"),
        ({"role": "slave"}, "is a replica"),
    ],
)
def test_what_a_managed_redis_leaves_out_of_its_answer_is_not_needed(info, reason):
    fault = unsuitable(info)

    assert fault
    assert reason in fault.reason


@pytest.mark.parametrize(
    "info", [{}, {"redis_mode": "standalone", "role": "master", "cluster_enabled": 0}]
)
def test_a_redis_that_says_nothing_against_itself_is_taken(info):
    assert unsuitable(info) is None
