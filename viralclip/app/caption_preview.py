"""Draws frames of clips with captions before they are made, through the clips' own graph."""

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from viralclip.analysis.analyses import Analyses
from viralclip.analysis.models import FaceModel
from viralclip.app.preview import Watched, check_stretch
from viralclip.captions.composing import Captions
from viralclip.captions.registry import caption_style
from viralclip.errors import SourceChangedError
from viralclip.filter_graph import Filter, join, line
from viralclip.geometry import parse_aspect
from viralclip.media.probe import Probed, identity
from viralclip.media.render_spec import RenderSpec, VideoGraph
from viralclip.media.still import render_still
from viralclip.pipeline.alignment import aligned_scene
from viralclip.pipeline.captions import CaptionedClip
from viralclip.pipeline.render import prepared
from viralclip.pipeline.segment import probe_source
from viralclip.pipeline.view import analysis_input_of, area_of, raster_of, view_of
from viralclip.plan import CaptionOptions, Clip, Options, Plan, Video, choose, make_plan
from viralclip.processes.runner import Watchdogs
from viralclip.scenes import Scene
from viralclip.server.caption_preview import FrameLook
from viralclip.speech.alignments import Alignments
from viralclip.steps import is_framed
from viralclip.styles import Framing, Raster, all_styles, resolve

if TYPE_CHECKING:
    from viralclip.reframe.footage import Footage

_AT_ONCE = 2
_LIMITS = Watchdogs(start_s=30, stall_s=30, busy_s=60, total_s=120)
# A time that was rounded down is still that of its frame.
_ROUNDING = 0.01


@dataclass(frozen=True)
class DrawingTools:
    """What looks at videos and draws; `ffmpeg` finds one when it is first needed."""

    analyses: Analyses
    face_model: FaceModel
    source: Callable[[Video], AbstractAsyncContextManager[Path]]
    ffmpeg: Callable[[], Path]
    alignments: Alignments
    fonts: Path | None = None


class CaptionDrawer:
    """Draws a few frames at a time; what styles looked at is kept for clips and other frames."""

    def __init__(self, tools: DrawingTools) -> None:
        self._tools = tools
        self._gate = asyncio.Semaphore(_AT_ONCE)

    async def __call__(self, video: Video, scene: Scene, look: FrameLook) -> bytes:
        """The JPEG of a frame; NoSuchStretchError, SourceChangedError, UnknownStyleError."""
        plan = _plan(video, scene, look)
        async with self._gate, self._tools.source(video) as path:
            # Only what was looked into under limits is looked into in this process.
            if (now := await asyncio.to_thread(identity, path)) != video.identity:
                raise SourceChangedError(detail=f"identity {now}")
            probed = await probe_source(path)
            heard = await aligned_scene(scene, probed, self._tools.alignments)
            plan = plan.model_copy(update={"scenes": (heard.scene,)})
            seen = await self._inspect(plan, probed)
            return await self._draw(seen, seen.frame_at(look.at))

    async def _inspect(self, plan: Plan, probed: Probed) -> "_PreviewedClip":
        """What the clip would be planned and captioned with; a stretch is looked at once."""
        tools, scene, style = self._tools, plan.scenes[0], plan.styles[0]
        model, framing, footage = await tools.face_model.find(), None, None
        if is_framed(style.route):
            watched = Watched(plan, probed, model, tools.analyses)
            framing = (await watched.inspect(scene, style.name)).framing
        if model is not None and scene.words:
            scene_input = analysis_input_of(plan, scene, probed, model=model)
            footage = await tools.analyses.footage(scene_input)
        return _PreviewedClip(plan, probed, framing, footage)

    async def _draw(self, look: "_PreviewedClip", frame: int) -> bytes:
        ffmpeg = await asyncio.to_thread(self._tools.ffmpeg)
        captions = await asyncio.to_thread(look.captions, self._tools.fonts)
        with tempfile.TemporaryDirectory(prefix="viralclip-frame-") as folder:
            spec = look.frame_spec(frame, Path(folder) / "frame.jpg")
            with prepared(spec, captions) as ready:
                return await render_still(ffmpeg, ready, limits=_LIMITS)


@dataclass(frozen=True)
class _PreviewedClip:
    """A clip that is not made, the only one of its plan, and what was seen of its scene."""

    plan: Plan
    probed: Probed
    framing: Framing | None
    footage: "Footage | None"

    @property
    def clip(self) -> Clip:
        return self.plan.clips()[0]

    @property
    def start(self) -> float:
        return self.probed.on_frame(self.clip.scene.start)

    @property
    def raster(self) -> Raster:
        return raster_of(self.clip.scene, self.probed)

    def frame_at(self, at: float) -> int:
        """The frame that is shown at a time of the video, or the nearest there is."""
        frame = int((at - self.start) * self.raster.fps + _ROUNDING)
        return min(max(frame, 0), self.raster.frames - 1)

    def captions(self, fonts: Path | None) -> Captions | None:
        """Those of the whole clip: where they stand depends on what was before."""
        if not self.clip.scene.words:
            return None
        spec = self._spec(self.framing, Path())
        clip = CaptionedClip(self.plan, self.clip, self.probed, spec, self.framing)
        return clip.compose(self.footage, fonts)

    def frame_spec(self, frame: int, target: Path) -> RenderSpec:
        """A clip of that frame alone, at its time in the whole one."""
        fps, framing = self.raster.fps, self.framing
        if framing is not None:
            panels = tuple(panel[frame : frame + 1] for panel in framing.panels)
            framing = replace(framing, panels=panels)
        spec, begins = self._spec(framing, target), float(frame / fps)
        later = line(Filter.of("setpts", f"PTS+{begins:.6f}/TB"))
        return replace(
            spec,
            start=self.start + begins,
            duration=float(1 / fps),
            video=replace(spec.video, graph=join(spec.video.graph, later)),
        )

    def _spec(self, framing: Framing | None, target: Path) -> RenderSpec:
        plan, scene, style = self.plan, self.clip.scene, self.clip.style
        view = view_of(plan, scene, style, self.probed, framing=framing)
        graph, area = all_styles()[style].graph(view), area_of(plan, style, self.probed)
        return RenderSpec(
            source=self.probed,
            start=self.start,
            duration=scene.duration,
            video=VideoGraph(graph, view.target, area),
            target=target,
            sounds=(),
        )


def _plan(video: Video, scene: Scene, look: FrameLook) -> Plan:
    """The plan of a job of this one clip; InvalidRequestError if there is none."""
    check_stretch(video, scene.start, scene.end)
    caption_style(look.caption_style)
    aspect, active = parse_aspect(look.aspect), video.active_area if look.bars == "cut" else None
    style, *_ = resolve([look.style], source=video.size, aspect=aspect, active=active)
    captions = CaptionOptions(mode="given", style=look.caption_style, area=look.area)
    options = Options(aspect=look.aspect, bars=look.bars, captions=captions)
    return make_plan(video, [scene], [choose(style, captioned=True)], options)
