"""A clip's captions: composed from the scene's words when it is rendered, in a moment."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from viralclip.captioning import clip_words
from viralclip.captions.bands import Faces
from viralclip.captions.composing import Canvas, Captions, compose
from viralclip.captions.registry import caption_style
from viralclip.errors import AnalysisFailedError, AnalysisStalledError
from viralclip.media.fonts import load_fonts
from viralclip.media.probe import Probed
from viralclip.media.render_spec import RenderSpec
from viralclip.pipeline.alignment import aligned_scene
from viralclip.pipeline.analysis import Analysis
from viralclip.pipeline.doubts import FACES_UNKNOWN, LINES_NOT_ALIGNED, Doubt, doubt
from viralclip.pipeline.tools import ClipTask, Tools
from viralclip.pipeline.view import area_of, raster_of
from viralclip.plan import Clip, Plan
from viralclip.steps import is_analysed
from viralclip.styles import Framing
from viralclip.styles.placements import Arrangement, arrangement_of

if TYPE_CHECKING:
    from viralclip.reframe.footage import Footage
    from viralclip.reframe.projection import Panel

Doubts = tuple[Doubt, ...]

log = structlog.get_logger(__name__)


async def captions_of(
    task: ClipTask, tools: Tools, probed: Probed, spec: RenderSpec, framing: Framing | None
) -> tuple[Captions | None, Doubts]:
    """What is to be drawn on the clip, where no face is, and what is not as it should be there;
    None for a clip that shows no words."""
    if not task.shows_captions:
        return None, ()
    footage, faces_doubts = await _footage(task, tools)
    heard, words_doubts = await _heard(task, tools, probed)
    clip = CaptionedClip(task.job.plan, heard, probed, spec, framing)
    captions = await asyncio.to_thread(clip.compose, footage, tools.rendering.fonts)
    return captions, (*faces_doubts, *words_doubts)


async def _heard(task: ClipTask, tools: Tools, probed: Probed) -> tuple[Clip, Doubts]:
    """The clip with its words at the times at which they are heard."""
    if tools.speech is None:
        return task.clip, ()
    aligned = await aligned_scene(
        task.clip.scene,
        probed,
        tools.speech.alignments,
        audio_track=task.job.plan.options.audio_track,
    )
    doubts = () if aligned.is_aligned else (doubt(LINES_NOT_ALIGNED),)
    return task.clip.model_copy(update={"scene": aligned.scene}), doubts


async def _footage(task: ClipTask, tools: Tools) -> "tuple[Footage | None, Doubts]":
    """What was seen of the scene; captions can be drawn without."""
    if not is_analysed(task.clip.route):
        return None, ()
    try:
        return await (await Analysis.of(task, tools)).footage(), ()
    except (AnalysisFailedError, AnalysisStalledError) as error:
        log.warning("Captions drawn without knowing of faces", code=error.code)
        return None, (doubt(FACES_UNKNOWN),)


@dataclass(frozen=True)
class CaptionedClip:
    """A clip that captions are drawn on, and what of its video each of its frames shows."""

    plan: Plan
    clip: Clip
    probed: Probed
    spec: RenderSpec
    framing: Framing | None

    def compose(self, footage: "Footage | None", fonts: Path | None) -> Captions:
        """The captions of the whole clip; with what was seen of its scene they cover no face."""
        options, spec = self.plan.options.captions, self.spec
        shown = area_of(self.plan, self.clip.style, self.probed)
        arrangement = arrangement_of(spec.video.graph, shown.size)
        faces = self._faces(arrangement, footage) if arrangement and footage else None
        seam = arrangement.seam if arrangement else None
        return compose(
            clip_words(self.clip.scene, spec.start),
            Canvas(spec.video.size, spec.fps, spec.output_duration, seam, faces),
            style=caption_style(options.style),
            area=options.area,
            fonts=load_fonts(fonts),
        )

    def _faces(self, arrangement: Arrangement, footage: "Footage") -> Faces:
        """The faces in the clip's own frames."""
        # What looks at scenes stands on NumPy: clips without captions begin without it.
        from viralclip.reframe.projection import faces_in_frames  # noqa: PLC0415

        raster = raster_of(self.clip.scene, self.probed)
        panels = self._panels(arrangement, raster.frames)
        cuts = tuple(float(cut) for cut in footage.cuts)
        return Faces(raster.fps, faces_in_frames(footage, raster.times, panels), cuts)

    def _panels(self, arrangement: Arrangement, frames: int) -> "list[Panel]":
        """The clip's windows in pixels of what was looked at; a plan has one for each frame."""
        import numpy as np  # noqa: PLC0415 - see above

        from viralclip.reframe.projection import Panel  # noqa: PLC0415 - see above

        seen = area_of(self.plan, self.clip.style, self.probed)
        looked_at = self.plan.active_area
        aside = np.array([seen.x, seen.y, 0, 0], np.float64)
        if looked_at is not None:
            aside -= (looked_at.x, looked_at.y, 0, 0)
        panels: list[Panel] = []
        for at, placement in enumerate(arrangement.placements):
            window, shown = placement.window, placement.shown
            held = np.array([[window.x, window.y, window.width, window.height]], np.float64)
            planned = self.framing.panels[at] if self.framing else np.repeat(held, frames, axis=0)
            place = np.array([shown.x, shown.y, shown.width, shown.height], np.float64)
            panels.append(Panel(planned + aside, place))
        return panels
