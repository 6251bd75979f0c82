"""The stage in which FFmpeg makes the clip, into a file that counts only once it is whole."""

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel

from viralclip.errors import ClipError, RenderIncompleteError
from viralclip.media.command import RenderSpec
from viralclip.media.meter import Progress
from viralclip.media.probe import Probed
from viralclip.media.render import Rendered, render, verify_output
from viralclip.pipeline import ClipTask, Tools
from viralclip.pipeline.analysis import Analysis
from viralclip.pipeline.reporter import ClipReport
from viralclip.pipeline.segment import probe_source
from viralclip.pipeline.view import view_of
from viralclip.styles import Framing, Graph, Script, all_styles


class Rendition(BaseModel, frozen=True):
    """A finished render on this machine: its file, bytes, seconds and pixels."""

    path: str
    bytes: int
    duration: float
    width: int
    height: int


class RenditionLostError(ClipError):
    """The rendered file is not on this machine any more."""

    code = "rendition_lost"
    retryable = True


async def render_clip(task: ClipTask, tools: Tools, report: ClipReport) -> Rendition:
    """Render the clip, or find it rendered: a file under its final name here is whole."""
    async with tools.source(task.job.plan.video) as source:
        return await _render_clip(task, tools, report, await probe_source(source))


async def _render_clip(
    task: ClipTask, tools: Tools, report: ClipReport, probed: Probed
) -> Rendition:
    done = _path(task, tools)
    target = done.with_name(f"{done.stem}.{uuid.uuid4().hex[:8]}.part")
    framing = await (await Analysis.of(task, tools)).framing() if task.clip.analysed else None
    spec = _spec(task, tools, probed, target, framing)
    if found := await asyncio.to_thread(_already_rendered, done, spec):
        return _rendition(done, found)
    done.parent.mkdir(parents=True, exist_ok=True)
    with _written(spec.graph, beside=target) as files:
        rendered = await render(
            tools.ffmpeg,
            replace(spec, files=files),
            on_progress=lambda progress: _tick(report, progress),
            limits=tools.limits,
            on_start=tools.on_ffmpeg,
        )
    spec.target.replace(done)
    return _rendition(done, rendered)


def discard_renditions(task: ClipTask, tools: Tools) -> None:
    """Remove what was rendered of the clip here, whole or not."""
    done = _path(task, tools)
    for path in done.parent.glob(f"{done.stem}.*"):
        path.unlink(missing_ok=True)


def _path(task: ClipTask, tools: Tools) -> Path:
    return tools.folder(task.job.job_id) / f"{task.clip.clip_id}-{task.clip.digest[:8]}.mp4"


def _spec(
    task: ClipTask, tools: Tools, probed: Probed, target: Path, framing: Framing | None
) -> RenderSpec:
    """What to render; the scripts of the style's graph are not in files yet."""
    plan, clip = task.job.plan, task.clip
    view = view_of(plan, clip.scene, clip.style, probed, framing=framing)
    return RenderSpec(
        source=probed,
        start=probed.on_frame(clip.scene.start),
        duration=clip.scene.duration,
        graph=all_styles()[clip.style].graph(view),
        size=view.target,
        target=target,
        encoder=tools.encoder.encoder,
        preset=plan.options.preset,
        loudness=plan.options.loudness,
        threads=tools.threads,
    )


@contextmanager
def _written(graph: Graph, *, beside: Path) -> Iterator[dict[Script, str]]:
    """The graph's scripts in files for as long as the context is open."""
    files = {
        script: beside.with_name(f"{beside.name}.{place}.txt")
        for place, script in enumerate(graph.scripts)
    }
    try:
        for script, file in files.items():
            file.write_text(script)
        yield {script: str(file) for script, file in files.items()}
    finally:
        for file in files.values():
            file.unlink(missing_ok=True)


def _already_rendered(done: Path, spec: RenderSpec) -> Rendered | None:
    if not done.is_file():
        return None
    try:
        return verify_output(done, duration=spec.output_duration, fps=spec.fps, size=spec.size)
    except RenderIncompleteError:
        done.unlink()
        return None


def _rendition(path: Path, rendered: Rendered) -> Rendition:
    return Rendition(
        path=str(path),
        bytes=rendered.bytes,
        duration=rendered.duration,
        width=rendered.width,
        height=rendered.height,
    )


def _tick(report: ClipReport, progress: Progress) -> None:
    report.tick(progress.fraction, fps=progress.fps, speed=progress.speed, eta_sec=progress.eta_sec)
