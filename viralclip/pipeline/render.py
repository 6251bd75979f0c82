"""The stage in which FFmpeg makes the clip, into a file that counts only once it is whole."""

import asyncio
import uuid
from pathlib import Path

from pydantic import BaseModel

from viralclip.errors import ClipError, RenderIncompleteError
from viralclip.geometry import parse_aspect
from viralclip.media.command import GRAPH_INPUT, GRAPH_OUTPUT, RenderSpec
from viralclip.media.meter import Progress
from viralclip.media.probe import Probed
from viralclip.media.render import Rendered, render, verify_output
from viralclip.pipeline import ClipTask, Tools
from viralclip.pipeline.reporter import ClipReport
from viralclip.pipeline.segment import probe_source
from viralclip.styles import View, all_styles, target_size


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
    spec = _spec(task, tools, probed, done.with_name(f"{done.stem}.{uuid.uuid4().hex[:8]}.part"))
    if found := await asyncio.to_thread(_already_rendered, done, spec):
        return _rendition(done, found)
    done.parent.mkdir(parents=True, exist_ok=True)
    rendered = await render(
        tools.ffmpeg,
        spec,
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


def _spec(task: ClipTask, tools: Tools, probed: Probed, target: Path) -> RenderSpec:
    options = task.job.plan.options
    style = all_styles()[task.clip.style]
    source = probed.video.size
    size = target_size(style, source, parse_aspect(options.aspect))
    view = View(source=source, target=size, scene=task.clip.scene)
    return RenderSpec(
        source=probed,
        start=probed.on_frame(task.clip.scene.start),
        duration=task.clip.scene.duration,
        graph=style.graph(view).render(input=GRAPH_INPUT, output=GRAPH_OUTPUT),
        size=size,
        target=target,
        encoder=tools.encoder.encoder,
        preset=options.preset,
        loudness=options.loudness,
        threads=tools.threads,
    )


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
