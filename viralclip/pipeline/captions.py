"""A clip's captions: composed from the scene's words when it is rendered, which takes no time."""

import asyncio
from typing import TYPE_CHECKING

import structlog

from viralclip.captioning import clip_words
from viralclip.captions.bands import Faces
from viralclip.captions.composing import Canvas, Captions, compose
from viralclip.captions.registry import caption_style
from viralclip.errors import AnalysisFailedError, AnalysisStalledError
from viralclip.media.command import RenderSpec
from viralclip.media.fonts import load_fonts
from viralclip.media.probe import Probed
from viralclip.pipeline.analysis import Analysis
from viralclip.pipeline.tools import ClipTask, Tools
from viralclip.pipeline.view import area_of, raster_of
from viralclip.steps import is_analysed
from viralclip.styles import Framing
from viralclip.styles.placements import Arrangement, arrangement_of

if TYPE_CHECKING:
    from viralclip.reframe.footage import Footage
    from viralclip.reframe.projection import Panel

log = structlog.get_logger(__name__)


async def captions_of(
    task: ClipTask, tools: Tools, probed: Probed, spec: RenderSpec, framing: Framing | None
) -> Captions | None:
    """What is to be drawn on the clip, where no face is; None for one that shows no words."""
    if not task.shows_captions:
        return None
    footage = await _footage(task, tools)
    return await asyncio.to_thread(_composed, task, tools, probed, spec, framing, footage)


async def _footage(task: ClipTask, tools: Tools) -> "Footage | None":
    """What was seen of the scene; captions can be drawn without."""
    if not is_analysed(task.clip.route):
        return None
    try:
        return await (await Analysis.of(task, tools)).footage()
    except (AnalysisFailedError, AnalysisStalledError) as error:
        log.warning("Captions drawn without knowing of faces", code=error.code)
        return None


def _composed(
    task: ClipTask,
    tools: Tools,
    probed: Probed,
    spec: RenderSpec,
    framing: Framing | None,
    footage: "Footage | None",
) -> Captions:
    options = task.job.plan.options.captions
    shown = area_of(task.job.plan, task.clip.style, probed)
    arrangement = arrangement_of(spec.graph, shown.size)
    faces = _faces(task, probed, arrangement, framing, footage) if footage else None
    seam = arrangement.seam if arrangement else None
    return compose(
        clip_words(task.clip.scene, spec.start),
        Canvas(spec.size, spec.fps, spec.output_duration, seam, faces),
        style=caption_style(options.style),
        area=options.area,
        fonts=load_fonts(tools.rendering.fonts),
    )


def _faces(
    task: ClipTask,
    probed: Probed,
    arrangement: Arrangement | None,
    framing: Framing | None,
    footage: "Footage",
) -> Faces | None:
    """The faces in the clip's own frames; None where it is not known what these show."""
    if arrangement is None:
        return None
    # What looks at scenes stands on NumPy: clips without captions begin without it.
    from viralclip.reframe.projection import faces_in_frames  # noqa: PLC0415

    raster = raster_of(task.clip.scene, probed)
    panels = _panels(task, probed, arrangement, framing, raster.frames)
    cuts = tuple(float(cut) for cut in footage.cuts)
    return Faces(raster.fps, faces_in_frames(footage, raster.times, panels), cuts)


def _panels(
    task: ClipTask,
    probed: Probed,
    arrangement: Arrangement,
    framing: Framing | None,
    frames: int,
) -> "list[Panel]":
    """The clip's windows in pixels of what was looked at; a plan has one for each frame."""
    import numpy as np  # noqa: PLC0415 - see above

    from viralclip.reframe.projection import Panel  # noqa: PLC0415 - see above

    plan = task.job.plan
    seen, looked_at = area_of(plan, task.clip.style, probed), plan.active_area
    aside = np.array([seen.x, seen.y, 0, 0], np.float64)
    if looked_at is not None:
        aside -= (looked_at.x, looked_at.y, 0, 0)
    panels: list[Panel] = []
    for at, placement in enumerate(arrangement.placements):
        window, shown = placement.window, placement.shown
        held = np.array([[window.x, window.y, window.width, window.height]], np.float64)
        windows = np.repeat(held, frames, axis=0) if framing is None else framing.panels[at]
        place = np.array([shown.x, shown.y, shown.width, shown.height], np.float64)
        panels.append(Panel(windows + aside, place))
    return panels
