"""What it costs to advance the progress of a large job by one event or tick."""

import statistics
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.figures import Figure, spread
from viralclip.events import (
    ClipOutline,
    ClipTick,
    Complete,
    CompleteDetails,
    Envelope,
    Event,
    ExtractingSegment,
    ExtractingSegmentDetails,
    JobQueued,
    JobStarted,
    Queued,
    RenderComplete,
    RenderCompleteDetails,
    Rendering,
    RenderingDetails,
    SceneCompleted,
    SceneOutline,
    SceneStarted,
    UploadComplete,
    UploadCompleteDetails,
    Uploading,
    UploadingDetails,
)
from viralclip.progress import Progress, advance, fold
from viralclip.steps import Step

_JOB = "0123456789ab"
_SCENES = 100
_STYLES = ("original", "split", "left_focus", "center_focus", "right_focus", "streamer")
_ROUNDS = 5


def measure(folder: Path, *, short: bool) -> list[Figure]:  # noqa: ARG001 - nothing is written
    rounds = 1 if short else _ROUNDS
    history = [_envelope(seq, event) for seq, event in enumerate(_history(), 1)]
    busy = fold(_JOB, filter(_until_rendering, history))
    ticks = [_tick(scene, style) for scene in range(1, _SCENES + 1) for style in _STYLES]
    size = f"{_SCENES} scenes x {len(_STYLES)} styles"
    return [
        _figure(f"progress, per event ({size})", Progress(job_id=_JOB), history, rounds),
        _figure(f"progress, per tick ({size})", busy, ticks, rounds),
    ]


def _figure(
    what: str, start: Progress, items: Sequence[Envelope | ClipTick], rounds: int
) -> Figure:
    each = [_seconds(start, items) / len(items) * 1e6 for _ in range(rounds)]
    raw = f"{len(items)} in a row, {spread(each, 'us', digits=1)}"
    return Figure(what, statistics.median(each), "us", raw)


def _seconds(progress: Progress, items: Sequence[Envelope | ClipTick]) -> float:
    began = time.perf_counter()
    for item in items:
        progress = advance(progress, item)
    return time.perf_counter() - began


def _until_rendering(item: Envelope) -> bool:
    if isinstance(item.event, SceneCompleted):
        return False
    step = getattr(item.event, "step", None)
    return step in (None, Step.QUEUED, Step.EXTRACTING_SEGMENT, Step.RENDERING)


def _history() -> Iterator[Event]:
    """The events of a job in which everything goes well, scene after scene."""
    scenes = range(1, _SCENES + 1)
    yield JobQueued(run=1, scenes=tuple(map(_outline, scenes)))
    yield JobStarted(worker="bench", attempt=1)
    for scene in scenes:
        yield SceneStarted(
            scene_id=scene,
            title=f"Scene {scene}",
            style_count=len(_STYLES),
            start_sec=10.0 * scene,
            duration_sec=10.0,
        )
        yield from (event for style in _STYLES for event in _clip(scene, style))
        yield SceneCompleted(
            scene_id=scene, clips_completed=len(_STYLES), clips_failed=0, clips_cancelled=0
        )


def _outline(scene: int) -> SceneOutline:
    return SceneOutline(
        scene_id=scene,
        title=f"Scene {scene}",
        start_sec=10.0 * scene,
        duration_sec=10.0,
        clips=tuple(ClipOutline(style=style) for style in _STYLES),
    )


def _clip(scene: int, style: str) -> Iterator[Event]:
    place = {"scene_id": scene, "style": style}
    name = f"{scene:02}_scene_{style}.mp4"
    extracting = ExtractingSegmentDetails(start_sec=0.0, end_sec=10.0, duration_sec=10.0)
    rendered = RenderCompleteDetails(bytes=10**7, duration_sec=10.0, width=1080, height=1920)
    yield Queued(**place)
    yield ExtractingSegment(**place, details=extracting)
    yield Rendering(**place, details=RenderingDetails(style=style, encoder="x264"))
    yield RenderComplete(**place, details=rendered)
    yield Uploading(**place, details=UploadingDetails(filename=name, bytes=10**7))
    yield UploadComplete(**place, details=UploadCompleteDetails(key=name))
    yield Complete(**place, details=CompleteDetails(clip_id=f"{scene}-{style}", url=name))


def _tick(scene: int, style: str) -> ClipTick:
    return ClipTick(
        job_id=_JOB,
        scene_id=scene,
        style=style,
        attempt=1,
        step=Step.RENDERING,
        fraction=0.5,
        fps=60.0,
        speed=2.4,
        eta_sec=2.0,
    )


def _envelope(seq: int, event: Event) -> Envelope:
    return Envelope(job_id=_JOB, seq=seq, at=datetime.now(UTC), trace_id="0" * 32, event=event)
