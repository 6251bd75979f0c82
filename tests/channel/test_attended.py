"""Whoever shows a job learns within seconds that nobody is at it, and that somebody is again."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from viralclip.channel.attended import AttendedChannel
from viralclip.channel.opening import open_channel
from viralclip.channel.port import ProgressChannel
from viralclip.events import (
    ClipOutline,
    Event,
    JobFinished,
    JobQueued,
    JobRecovered,
    JobStarted,
    JobTick,
    NewEvent,
    SceneOutline,
    WorkerTick,
)
from viralclip.live import Frame, TickFrame
from viralclip.progress import Progress, advance

_AT = datetime(2026, 11, 28, 14, 2, tzinfo=UTC)
_SCENE = SceneOutline(
    scene_id=1,
    title="a",
    start_sec=0,
    duration_sec=1,
    clips=(ClipOutline(style="original"),),
)


class Roster:
    """Who is alive, as a test wants it; asked, it may not answer."""

    def __init__(self, *alive: str) -> None:
        self.alive = set(alive)
        self.is_away = False

    async def is_alive(self, job_id: str, worker: str) -> bool:
        assert job_id == "j"
        if self.is_away:
            raise ConnectionError("the database is away")
        return worker in self.alive


@pytest.fixture
async def stored(tmp_path) -> AsyncIterator[ProgressChannel]:
    async with open_channel(f"sqlite:///{tmp_path / 'events.db'}") as opened:
        yield opened


@pytest.fixture
def roster() -> Roster:
    return Roster("w1")


def attended(stored: ProgressChannel, roster: Roster, *, later_s: float = 0.0) -> AttendedChannel:
    now = _AT + timedelta(seconds=later_s)
    return AttendedChannel(stored, roster.is_alive, now=lambda: now, look_s=0.02)


async def say(stored: ProgressChannel, *events: Event) -> None:
    await stored.publish(
        [NewEvent(job_id="j", run=1, at=_AT, trace_id="t", event=event) for event in events]
    )


QUEUED = JobQueued(run=1, scenes=(_SCENE,))
STARTED = JobStarted(worker="w1", attempt=1)
TICK = JobTick(job_id="j", at=_AT, fraction=0.1, eta_sec=15.0)


def watching(channel: AttendedChannel, after: str | None = None) -> AsyncGenerator[Frame, None]:
    return cast("AsyncGenerator[Frame, None]", channel.watch("j", after))


async def until(channel: AttendedChannel, *, has_worker: bool) -> Progress:
    """The progress as a watcher folds it, as soon as it says so."""
    progress = Progress(job_id="j")
    async with asyncio.timeout(10), aclosing(watching(channel)) as frames:
        async for frame in frames:
            progress = folded(progress, frame)
            if isinstance(frame, TickFrame) and isinstance(frame.tick, WorkerTick):
                assert progress.has_worker == has_worker
                return progress
    raise AssertionError


def folded(progress: Progress, frame: Frame) -> Progress:
    match frame:
        case TickFrame(tick=item):
            return advance(progress, item)
        case _:
            whole = getattr(frame, "progress", None)
            return whole or advance(progress, frame.envelope)  # type: ignore[union-attr]


async def test_a_watcher_learns_that_the_worker_is_gone_and_when_something_moved_last(
    stored, roster
):
    await say(stored, QUEUED, STARTED)
    await stored.tick([TICK])
    roster.alive.clear()
    progress = await until(attended(stored, roster), has_worker=False)

    assert (progress.eta_sec, progress.moved_at) == (None, _AT)


async def test_who_asks_for_the_progress_learns_it_at_once(stored, roster):
    await say(stored, QUEUED, STARTED)
    await stored.tick([TICK])
    channel = attended(stored, roster)
    before, _ = await channel.progress("j")
    roster.alive.clear()
    after, _ = await channel.progress("j")

    assert (before.has_worker, before.eta_sec) == (True, 15.0)
    assert (after.has_worker, after.eta_sec) == (False, None)


async def test_the_tick_that_a_dead_worker_left_is_no_sign_of_life(stored, roster):
    await say(stored, QUEUED, STARTED)
    await stored.tick([TICK])
    roster.alive.clear()
    channel = attended(stored, roster)
    progress, cursor = await channel.progress("j")
    async with asyncio.timeout(10), aclosing(watching(channel, cursor)) as frames:
        async for frame in frames:
            progress = folded(progress, frame)
            assert not progress.has_worker
            assert progress.eta_sec is None
            if isinstance(frame, TickFrame) and isinstance(frame.tick, WorkerTick):
                break


async def test_work_that_begins_again_says_so(stored, roster):
    await say(stored, QUEUED, STARTED)
    roster.alive = {"w2"}
    channel = attended(stored, roster)
    progress = Progress(job_id="j")
    seen: list[bool] = []
    async with asyncio.timeout(10), aclosing(watching(channel)) as frames:
        async for frame in frames:
            progress = folded(progress, frame)
            seen.append(progress.has_worker)
            if not progress.has_worker:
                await say(stored, JobRecovered(from_worker="w1", to_worker="w2"))
            elif len(seen) > 1:
                break

    assert seen == [True, False, True]
    assert progress.worker == "w2"


async def test_a_worker_that_was_only_asleep_is_seen_to_be_back(stored, roster):
    await say(stored, QUEUED, STARTED)
    roster.alive.clear()
    channel = attended(stored, roster)
    progress = Progress(job_id="j")
    seen: list[bool] = []
    async with asyncio.timeout(10), aclosing(watching(channel)) as frames:
        async for frame in frames:
            progress = folded(progress, frame)
            seen.append(progress.has_worker)
            if seen[-2:] == [False, True]:
                break
            if not progress.has_worker:
                roster.alive.add("w1")
                await stored.tick([TICK])

    assert seen[0]
    assert not seen[1]


@pytest.mark.parametrize(("waited_s", "has_worker"), [(2, True), (11, False)])
async def test_a_job_that_nobody_begins_has_no_worker(stored, roster, waited_s, has_worker):
    await say(stored, QUEUED)
    progress, _ = await attended(stored, roster, later_s=waited_s).progress("j")

    assert progress.has_worker == has_worker


async def test_a_finished_job_needs_no_worker(stored, roster):
    ended = JobFinished(outcome="succeeded", clips_completed=1, clips_failed=0, clips_cancelled=0)
    await say(stored, QUEUED, STARTED, ended)
    roster.alive.clear()
    progress, _ = await attended(stored, roster, later_s=3600).progress("j")

    assert progress.has_worker


async def test_a_roster_that_does_not_answer_is_no_news(stored, roster):
    await say(stored, QUEUED, STARTED)
    roster.is_away = True
    progress, _ = await attended(stored, roster).progress("j")

    assert progress.has_worker


async def test_what_is_written_goes_through(stored, roster):
    channel = attended(stored, roster)
    draft = NewEvent(job_id="j", run=1, at=_AT, trace_id="t", event=QUEUED)
    seqs = await channel.publish([draft])
    await channel.tick([TICK])
    known, _ = await channel.progress("j")
    await channel.forget("j")
    forgotten, _ = await channel.progress("j")

    assert (seqs, known.run, known.eta_sec, forgotten.run) == ([1], 1, 15.0, 0)
