"""Channels to test, and a job's history to put through them."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from viralclip.channel.opening import open_channel
from viralclip.channel.port import ProgressChannel
from viralclip.events import (
    Cancelled,
    CancelledDetails,
    ClipOutline,
    ClipProgressed,
    ClipTick,
    Complete,
    CompleteDetails,
    Event,
    Failed,
    FailedDetails,
    JobFinished,
    JobQueued,
    JobTick,
    Logged,
    NewEvent,
    Outcome,
    Queued,
    RenderComplete,
    RenderCompleteDetails,
    Rendering,
    RenderingDetails,
    Retrying,
    RetryingDetails,
    SceneCompleted,
    SceneOutline,
    SceneStarted,
)
from viralclip.steps import Step

Said = NewEvent | ClipTick | JobTick
_AT = datetime(2025, 1, 1, tzinfo=UTC)


def _url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    match request.param:
        case "memory":
            return "memory://"
        case "sqlite":
            return f"sqlite:///{tmp_path / 'channel.db'}"
        case store:
            return request.getfixturevalue(f"{store}_url")


@pytest.fixture(params=["memory", "sqlite", "redis"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty channel is; another store is another parameter."""
    return _url(request, tmp_path)


@pytest.fixture(params=["sqlite", "redis"])
def shared_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty channel is that others open, too, now and later."""
    return _url(request, tmp_path)


@pytest.fixture
async def channel(url: str) -> AsyncIterator[ProgressChannel]:
    async with open_channel(url) as opened:
        yield opened


@pytest.fixture
def draft() -> Callable[..., NewEvent]:
    return _draft


@pytest.fixture
def note() -> Callable[..., NewEvent]:
    """`note(3)` says something that differs from `note(4)` and matters to nobody."""
    return lambda number, job_id="job": _draft(
        Logged(level="info", message=str(number)), job_id=job_id
    )


@pytest.fixture(params=["partial", "cancelled"])
def history(request: pytest.FixtureRequest) -> list[Said]:
    """A whole job of four clips with ticks: lost in the middle, retried, and perhaps complete."""
    return list(_history(request.param))


def _draft(event: Event, *, job_id: str = "job", run: int = 1, after_s: float = 0.0) -> NewEvent:
    at = _AT + timedelta(seconds=after_s)
    return NewEvent(job_id=job_id, run=run, at=at, trace_id="trace", event=event)


def _history(outcome: Outcome) -> Iterator[Said]:
    styles = ("left", "right")
    clips = tuple(ClipOutline(style=style) for style in styles)
    yield _draft(
        JobQueued(
            run=1,
            scenes=tuple(
                SceneOutline(
                    scene_id=i,
                    title=f"Scene {i}",
                    start_sec=0.0,
                    duration_sec=10.0 + i,
                    clips=clips,
                )
                for i in (1, 2)
            ),
        )
    )
    for scene_id in (1, 2):
        yield _draft(
            SceneStarted(
                scene_id=scene_id,
                title=f"Scene {scene_id}",
                style_count=2,
                start_sec=0.0,
                duration_sec=10.0 + scene_id,
            )
        )
        for style in styles:
            yield _draft(Queued(scene_id=scene_id, style=style))
    yield from _rendered(1, "left", attempt=1, upto=0.83)
    yield from _rendered(2, "left", attempt=1, upto=0.31)
    yield _draft(_retrying(2, "left"))
    yield from _rendered(1, "right", attempt=1, upto=0.57)
    yield _draft(_failed(1, "right"))
    yield from _rendered(2, "left", attempt=2, upto=0.11)
    yield from _rendered(2, "right", attempt=1, upto=0.77)
    yield _draft(_cancelled(2, "right"))
    yield _draft(_cancelled(2, "left"))
    kept = outcome == "partial"
    if kept:
        yield _draft(_render_complete(1, "left"))
        yield _tick(1, "left", 1, Step.RENDERING, 0.99)
    yield _draft(_complete(1, "left") if kept else _cancelled(1, "left"))
    yield _draft(
        SceneCompleted(scene_id=1, clips_completed=kept, clips_failed=1, clips_cancelled=not kept)
    )
    yield _draft(SceneCompleted(scene_id=2, clips_completed=0, clips_failed=0, clips_cancelled=2))
    yield _draft(
        JobFinished(outcome=outcome, clips_completed=kept, clips_failed=1, clips_cancelled=3 - kept)
    )


def _rendered(scene_id: int, style: str, *, attempt: int, upto: float) -> Iterator[Said]:
    details = RenderingDetails(style=style, encoder="x264")
    yield _draft(Rendering(scene_id=scene_id, style=style, attempt=attempt, details=details))
    for part in range(1, 6):
        yield _tick(scene_id, style, attempt, Step.RENDERING, upto * part / 5)
        yield JobTick(job_id="job", fraction=0.5, eta_sec=upto * part)


def _tick(scene_id: int, style: str, attempt: int, step: Step, fraction: float) -> ClipTick:
    return ClipTick(
        job_id="job",
        scene_id=scene_id,
        style=style,
        attempt=attempt,
        step=step,
        fraction=fraction,
        fps=fraction * 100,
    )


def _render_complete(scene_id: int, style: str) -> ClipProgressed:
    details = RenderCompleteDetails(bytes=9, duration_sec=11.0, width=1080, height=1920)
    return RenderComplete(scene_id=scene_id, style=style, details=details)


def _complete(scene_id: int, style: str) -> ClipProgressed:
    details = CompleteDetails(clip_id=f"{scene_id}-{style}", url="/clip.mp4")
    return Complete(scene_id=scene_id, style=style, details=details)


def _failed(scene_id: int, style: str) -> ClipProgressed:
    why = FailedDetails(step=Step.RENDERING, code="c", message="m", retryable=False)
    return Failed(scene_id=scene_id, style=style, details=why)


def _retrying(scene_id: int, style: str) -> ClipProgressed:
    details = RetryingDetails(attempt=2, delay_sec=1.0, code="c")
    return Retrying(scene_id=scene_id, style=style, details=details)


def _cancelled(scene_id: int, style: str) -> ClipProgressed:
    return Cancelled(scene_id=scene_id, style=style, details=CancelledDetails(by="user"))
