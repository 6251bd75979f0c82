"""Progress never makes the work wait, whatever happens to the channel."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from viralclip.channel.port import EventRange, ProgressChannel
from viralclip.events import (
    ClipTick,
    Event,
    JobTick,
    Logged,
    NewEvent,
    Queued,
    Rendering,
    RenderingDetails,
    Retrying,
    RetryingDetails,
    Warned,
)
from viralclip.live import Frame
from viralclip.pipeline.reporter import JobReport, Reporter
from viralclip.progress import Progress
from viralclip.steps import Step

pytestmark = pytest.mark.timeout(60)

_AT = datetime(2025, 1, 1, tzinfo=UTC)


class FaultyChannel:
    """A channel in memory that can be down (each call fails), silent (none returns) or deaf."""

    def __init__(self) -> None:
        self.up = asyncio.Event()
        self.up.set()
        self.answers = asyncio.Event()
        self.answers.set()
        self.acknowledges = True
        self.heard: list[NewEvent | ClipTick | JobTick] = []
        self.calls = 0
        self.called = asyncio.Condition()

    @property
    def drafts(self) -> list[NewEvent]:
        return [item for item in self.heard if isinstance(item, NewEvent)]

    @property
    def ticks(self) -> list[ClipTick | JobTick]:
        return [item for item in self.heard if not isinstance(item, NewEvent)]

    async def publish(self, drafts: list[NewEvent]) -> list[int]:
        await self._call()
        known = {draft.key for draft in self.drafts}
        await self._hear(*(draft for draft in drafts if draft.key not in known))
        if not self.acknowledges:
            raise ConnectionError
        return list(range(len(drafts)))

    async def tick(self, ticks: list[ClipTick | JobTick]) -> None:
        await self._call()
        await self._hear(*ticks)

    async def _hear(self, *items: NewEvent | ClipTick | JobTick) -> None:
        self.heard += items
        async with self.called:
            self.called.notify_all()

    async def _call(self) -> None:
        self.calls += 1
        async with self.called:
            self.called.notify_all()
        await self.answers.wait()
        if not self.up.is_set():
            raise ConnectionError

    async def was_called(self, times: int) -> None:
        async with self.called:
            await self.called.wait_for(lambda: self.calls >= times)

    async def has_heard_ticks(self) -> None:
        async with self.called:
            await self.called.wait_for(lambda: self.ticks)

    def watch(self, job_id: str, after: str | None = None) -> AsyncGenerator[Frame, None]:
        raise NotImplementedError

    async def progress(self, job_id: str) -> tuple[Progress, str]:
        raise NotImplementedError

    async def events(self, job_id: str, after: str, *, limit: int) -> EventRange | None:
        raise NotImplementedError

    async def forget(self, job_id: str) -> None:
        raise NotImplementedError


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def channel() -> FaultyChannel:
    return FaultyChannel()


@pytest.fixture
def reporter(channel: FaultyChannel, clock: Clock) -> Reporter:
    return Reporter(_port(channel), now=lambda: _AT, clock=clock, patience_s=20, answer_s=20)


def _port(channel: FaultyChannel) -> ProgressChannel:
    return channel


def _note(number: int) -> NewEvent:
    return _draft(Logged(level="info", message=str(number)))


def _draft(event: Event) -> NewEvent:
    return NewEvent(job_id="job", run=1, at=_AT, trace_id="t", event=event)


def _rendering() -> Rendering:
    details = RenderingDetails(style="left", encoder="x264")
    return Rendering(scene_id=1, style="left", details=details)


def _tick(fraction: float, step: Step = Step.RENDERING) -> ClipTick:
    return ClipTick(job_id="job", scene_id=1, style="left", attempt=1, step=step, fraction=fraction)


@asynccontextmanager
async def _impatient(channel: FaultyChannel, **waits: float) -> AsyncIterator[Reporter]:
    async with Reporter(_port(channel), now=lambda: _AT, **waits) as reporter:  # type: ignore[arg-type]
        yield reporter


async def test_events_arrive_in_the_order_in_which_they_were_said(
    reporter: Reporter, channel: FaultyChannel
):
    notes = [_note(i) for i in range(350)]
    async with reporter:
        for note in notes:
            reporter.emit(note)
        await reporter.flush()

        assert channel.drafts == notes


async def test_events_said_while_the_channel_is_down_arrive_in_order_and_complete_when_it_returns(
    reporter: Reporter, channel: FaultyChannel, counted: Callable[..., float]
):
    notes = [_note(i) for i in range(350)]
    async with reporter:
        channel.up.clear()
        for note in notes[:200]:
            reporter.emit(note)
        await channel.was_called(2)
        for note in notes[200:]:
            reporter.emit(note)
        buffered = counted("viralclip_events_buffered")
        channel.up.set()
        await reporter.flush()

        assert channel.drafts == notes
        assert (buffered, counted("viralclip_events_buffered")) == (350, 0)


async def test_saying_never_waits_for_a_channel_that_does_not_answer(
    reporter: Reporter, channel: FaultyChannel, clock: Clock
):
    async with reporter:
        channel.answers.clear()
        reporter.emit(_note(0))
        await channel.was_called(1)
        for number in range(1, 500):
            reporter.emit(_note(number))  # not awaited: it could not wait if it wanted to
            reporter.tick(_tick(number / 500))
        assert channel.heard == []
        channel.answers.set()
        await reporter.flush()

        assert channel.drafts == [_note(number) for number in range(500)]


async def test_a_channel_that_does_not_answer_is_asked_again(channel: FaultyChannel):
    async with _impatient(channel, answer_s=0.01, patience_s=20) as reporter:
        channel.answers.clear()
        reporter.emit(_note(1))
        await channel.was_called(3)
        channel.answers.set()
        await reporter.flush()

        assert channel.drafts == [_note(1)]


async def test_an_event_taken_but_not_acknowledged_is_not_told_twice(
    reporter: Reporter, channel: FaultyChannel
):
    async with reporter:
        channel.acknowledges = False
        reporter.emit(_note(1))
        await channel.was_called(2)
        channel.acknowledges = True
        reporter.emit(_note(2))
        await reporter.flush()

        assert channel.drafts == [_note(1), _note(2)]


async def test_of_the_ticks_said_during_an_outage_the_latest_of_each_slot_arrives(
    reporter: Reporter, channel: FaultyChannel
):
    async with reporter:
        channel.up.clear()
        reporter.emit(_draft(_rendering()))
        await channel.was_called(1)
        for share in range(100):
            reporter.tick(_tick(share / 100))
        reporter.tick(JobTick(job_id="job", fraction=0.5))
        channel.up.set()
        await channel.has_heard_ticks()

    assert channel.heard == [
        _draft(_rendering()),
        _tick(0.99),
        JobTick(job_id="job", fraction=0.5),
    ]


async def test_a_clip_gets_at_most_four_ticks_a_second(
    reporter: Reporter, channel: FaultyChannel, clock: Clock
):
    async with reporter:
        for number in range(100):  # ten seconds, ten ticks a second
            reporter.tick(_tick(number / 100))
            reporter.emit(_note(number))  # an event makes the reporter look at the clock
            await reporter.flush()
            clock.now += 0.1

    assert 30 <= len(channel.ticks) <= 41


async def test_a_tick_never_overtakes_an_event_that_was_said_before_it(
    reporter: Reporter, channel: FaultyChannel, clock: Clock
):
    async with reporter:
        channel.up.clear()
        for number in range(250):
            reporter.emit(_note(number))
        reporter.emit(_draft(_rendering()))
        reporter.tick(_tick(0.5))
        channel.up.set()
        await channel.has_heard_ticks()

    assert channel.heard[-2:] == [_draft(_rendering()), _tick(0.5)]


async def test_a_tick_that_waits_is_dropped_when_its_clip_goes_on_to_another_step(
    reporter: Reporter, channel: FaultyChannel
):
    async with reporter:
        reporter.tick(_tick(0.5, Step.EXTRACTING_SEGMENT))
        reporter.emit(_draft(_rendering()))
        await reporter.flush()

    assert channel.heard == [_draft(_rendering())]


async def test_leaving_delivers_what_was_said(reporter: Reporter, channel: FaultyChannel):
    async with reporter:
        reporter.emit(_note(1))

    assert channel.drafts == [_note(1)]


async def test_leaving_tries_a_channel_that_was_down_once_more_at_once(channel: FaultyChannel):
    async with _impatient(channel, patience_s=20) as reporter:
        channel.up.clear()
        reporter.emit(_note(1))
        await channel.was_called(4)
        channel.up.set()

    assert channel.drafts == [_note(1)]


async def test_events_that_a_dead_channel_never_took_are_counted_and_logged(
    channel: FaultyChannel, counted: Callable[..., float]
):
    with capture_logs() as logs:
        async with _impatient(channel, patience_s=0.01) as reporter:
            channel.up.clear()
            reporter.emit(_note(1))
            reporter.emit(_note(2))

    assert reporter.lost == counted("viralclip_events_lost_total") == 2
    lost = [line for line in logs if line["event"] == "Progress events lost"]
    assert [(line["log_level"], line["count"]) for line in lost] == [("error", 2)]


async def test_waiting_for_a_dead_channel_ends_with_the_patience(channel: FaultyChannel):
    async with _impatient(channel, patience_s=0.01) as reporter:
        channel.answers.clear()
        reporter.emit(_note(1))
        await reporter.flush()

        assert channel.drafts == []


async def test_leaving_in_a_hurry_leaves_no_task_behind(reporter: Reporter, channel: FaultyChannel):
    async def work() -> None:
        async with reporter:
            channel.answers.clear()
            reporter.emit(_note(1))
            await channel.was_called(1)
            await asyncio.get_running_loop().create_future()

    task = asyncio.create_task(work())
    await channel.was_called(1)
    task.cancel()
    await reporter._hurry.wait()  # the reporter now waits for its last events to be taken
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task

    assert reporter._delivery.done()


async def test_an_event_that_cannot_be_written_is_lost_alone(
    reporter: Reporter, channel: FaultyChannel
):
    with capture_logs() as logs:
        async with reporter:
            reporter.emit(_draft(Logged(level="info", message="caf\udce9.mp4")))
            reporter.emit(_note(2))

    assert channel.drafts == [_note(2)]
    assert reporter.lost == 1
    assert [line["log_level"] for line in logs] == ["error"]


@pytest.fixture
def job(reporter: Reporter) -> JobReport:
    return JobReport(reporter, "job", 3, "trace")


async def test_a_job_report_signs_its_events(
    reporter: Reporter, job: JobReport, channel: FaultyChannel
):
    async with reporter:
        job.emit(Logged(level="info", message="m"))

    (draft,) = channel.drafts
    assert (draft.job_id, draft.run, draft.trace_id, draft.at) == ("job", 3, "trace", _AT)


async def test_a_clip_report_says_its_steps_ticks_and_warnings_under_the_attempt_that_goes_on(
    reporter: Reporter, job: JobReport, channel: FaultyChannel
):
    async with reporter:
        clip = job.clip(1, "left", attempt=2)
        clip.emit(_rendering())
        clip.tick(0.5, fps=30.0, speed=1.0, eta_sec=2.0)
        clip.warn("thumbnail_failed", "No thumbnail.")
        await channel.has_heard_ticks()

    rendering, warned = (draft.event for draft in channel.drafts)
    (tick,) = channel.ticks
    assert isinstance(rendering, Rendering)
    assert isinstance(tick, ClipTick)
    assert (rendering.attempt, tick.attempt, tick.step) == (2, 2, Step.RENDERING)
    assert isinstance(warned, Warned)
    assert (warned.scene_id, warned.style) == (1, "left")


def test_a_clip_report_knows_what_its_clip_is_doing(job: JobReport):
    clip = job.clip(1, "left")
    assert clip.step is Step.QUEUED
    clip.emit(Queued(scene_id=1, style="left"))
    clip.emit(_retrying())

    assert clip.step is Step.RETRYING


def _retrying() -> Retrying:
    details = RetryingDetails(attempt=2, delay_sec=1.0, code="c")
    return Retrying(scene_id=1, style="left", details=details)
