"""The stage in which FFmpeg makes the clip, into a file that counts only once it is whole."""

import asyncio
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel

from viralclip.captions.composing import Captions
from viralclip.errors import ClipError, RenderIncompleteError
from viralclip.media.burning import burnt, font_folder
from viralclip.media.colours import colour_doubts
from viralclip.media.ffmpeg import abilities
from viralclip.media.probe import Probed
from viralclip.media.render import Rendered, render, verify_output
from viralclip.media.render_spec import EncoderSettings, RenderSpec, VideoGraph
from viralclip.media.tracks import Sound
from viralclip.pipeline.analysis import Analysis
from viralclip.pipeline.captions import captions_of
from viralclip.pipeline.doubts import Doubt, doubt
from viralclip.pipeline.reporter import ClipReport
from viralclip.pipeline.segment import probe_source
from viralclip.pipeline.stopwatch import observe_speed
from viralclip.pipeline.tools import ClipTask, Tools
from viralclip.pipeline.view import area_of, view_of
from viralclip.plan import Plan
from viralclip.processes.ffmpeg_progress import FfmpegProgress
from viralclip.steps import is_framed
from viralclip.styles import Framing, Graph, Script, all_styles

# How much of rendering is to measure the sound, where it is brought to a level.
_MEASURING = 0.04


class Rendition(BaseModel, frozen=True):
    """A finished render on this machine: its file, bytes, seconds and pixels.

    `start` is when the video shows its first frame. `found` says that it was not made now: it was
    there, of an attempt that was cut short.
    """

    path: str
    bytes: int
    duration: float
    width: int
    height: int
    doubts: tuple[Doubt, ...] = ()
    found: bool = False
    start: float | None = None


class RenditionLostError(ClipError):
    """The rendered file is not on this machine any more."""

    code = "rendition_lost"
    retryable = True


async def render_clip(task: ClipTask, tools: Tools, report: ClipReport) -> Rendition:
    """Render the clip, or find it rendered: a file under its final name here is whole."""
    async with tools.storing.source(task.job.plan.video) as source:
        return await _render_clip(task, tools, report, await probe_source(source))


async def _render_clip(
    task: ClipTask, tools: Tools, report: ClipReport, probed: Probed
) -> Rendition:
    done = _path(task, tools)
    target = done.with_name(f"{done.stem}.{uuid.uuid4().hex[:8]}.part")
    framing = await _framing(task, tools)
    spec = _spec(task, tools, probed, target, framing)
    done.parent.mkdir(parents=True, exist_ok=True)
    began, doubts = 0.0, await asyncio.to_thread(_colour_doubts, probed, tools.rendering.ffmpeg)
    if task.job.plan.options.loudness:
        spec, unlevelled = await _levelled(spec, tools, report)
        began, doubts = _MEASURING, (*doubts, *unlevelled)
    if found := await asyncio.to_thread(_already_rendered, done, spec):
        return _rendition(done, found, doubts, spec).model_copy(update={"found": True})
    captions, unsure = await captions_of(task, tools, probed, spec, framing)
    with prepared(spec, captions) as ready:
        began_at = tools.clock()
        rendered = await render(
            tools.rendering.ffmpeg,
            ready,
            on_progress=lambda progress: _tick(report, progress, began=began),
            limits=tools.rendering.limits,
            on_start=tools.rendering.on_ffmpeg,
        )
    seconds = tools.clock() - began_at
    observe_speed(task, tools, duration=rendered.duration, seconds=seconds)
    spec.target.replace(done)
    return _rendition(done, rendered, (*doubts, *unsure), spec)


async def _framing(task: ClipTask, tools: Tools) -> Framing | None:
    if not is_framed(task.clip.route):
        return None
    return await (await Analysis.of(task, tools)).framing()


def _colour_doubts(probed: Probed, ffmpeg: Path) -> tuple[Doubt, ...]:
    codes = colour_doubts(probed.picture.colours, abilities(ffmpeg))
    return tuple(doubt(code) for code in codes)


async def _levelled(
    spec: RenderSpec, tools: Tools, report: ClipReport
) -> tuple[RenderSpec, tuple[Doubt, ...]]:
    """The spec with the gain for its sound, and what the gain falls short by."""
    found = await tools.rendering.adjustments.find(
        tools.rendering.ffmpeg,
        spec,
        on_progress=lambda progress: report.tick(_MEASURING * progress.fraction),
        limits=tools.rendering.limits,
        on_start=tools.rendering.on_ffmpeg,
    )
    doubts = (doubt(found.doubt, lufs=found.level.integrated),) if found.doubt else ()
    return replace(spec, gain_db=found.gain_db), doubts


def discard_renditions(task: ClipTask, tools: Tools) -> None:
    """Remove what was rendered of the clip here, whole or not."""
    done = _path(task, tools)
    for path in done.parent.glob(f"{done.stem}.*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _path(task: ClipTask, tools: Tools) -> Path:
    return tools.storing.folder(task.job.job_id) / f"{task.clip.clip_id}-{task.clip.digest[:8]}.mp4"


def _spec(
    task: ClipTask, tools: Tools, probed: Probed, target: Path, framing: Framing | None
) -> RenderSpec:
    """What to render; the scripts of the style's graph are not in files yet."""
    plan, clip, rendering = task.job.plan, task.clip, tools.rendering
    view = view_of(plan, clip.scene, clip.style, probed, framing=framing)
    graph, area = all_styles()[clip.style].graph(view), area_of(plan, clip.style, probed)
    return RenderSpec(
        source=probed,
        start=probed.on_frame(clip.scene.start),
        duration=clip.scene.duration,
        video=VideoGraph(graph, view.target, area),
        target=target,
        encoding=EncoderSettings(rendering.encoder.encoder, plan.options.preset, rendering.threads),
        sounds=_sounds(plan, probed),
    )


def _sounds(plan: Plan, probed: Probed) -> tuple[Sound, ...] | None:
    """The streams of the plan's audio tracks; the source's own main one where they are unknown."""
    if not plan.video.audio_tracks:
        return None
    return tuple(sound for sound in probed.sounds if sound.number in plan.audio.numbers)


@contextmanager
def prepared(spec: RenderSpec, captions: Captions | None) -> Iterator[RenderSpec]:
    """The spec with its captions and its scripts in files for as long as the context is open."""
    beside = spec.target
    folder = beside.with_name(f"{beside.name}.fonts")
    with font_folder(captions.fonts, folder) if captions else nullcontext() as fonts:
        graph = spec.video.graph
        if captions and fonts:
            graph = burnt(graph, captions.script, fonts)
        with _written(graph, beside=beside) as files:
            yield replace(spec, video=replace(spec.video, graph=graph, files=files))


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
        return verify_output(
            done, duration=spec.output_duration, fps=spec.fps, size=spec.video.size
        )
    except RenderIncompleteError:
        done.unlink()
        return None


def _rendition(
    path: Path, rendered: Rendered, doubts: tuple[Doubt, ...], spec: RenderSpec
) -> Rendition:
    return Rendition(
        path=str(path),
        bytes=rendered.bytes,
        duration=rendered.duration,
        width=rendered.width,
        height=rendered.height,
        doubts=doubts,
        start=spec.start,
    )


def _tick(report: ClipReport, progress: FfmpegProgress, *, began: float) -> None:
    report.tick(
        began + (1 - began) * progress.fraction,
        fps=progress.fps,
        speed=progress.speed,
        eta_sec=progress.eta_sec,
    )
