"""Shows where a style would look in a stretch of a video, for the page to draw."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from viralclip.analysis.analyses import Analyses
from viralclip.analysis.models import FaceModel
from viralclip.errors import InvalidRequestError, SourceChangedError
from viralclip.events import NO_DETECTOR, YUNET
from viralclip.geometry import Rect, parse_aspect
from viralclip.media.probe import Probed, identity
from viralclip.pipeline.analysis import DETECTOR_MISSING, DOUBTS, needs_faces
from viralclip.pipeline.segment import probe_source
from viralclip.pipeline.view import analysis_input_of, area_of, framing_request_of
from viralclip.plan import Options, Plan, Video, choose, make_plan
from viralclip.scenes import Scene
from viralclip.server.framing import Ask, Box, FaceOut, FramingOut
from viralclip.styles import Framing, resolve

# Each look takes a core; renders want some, too.
_AT_ONCE = 2
_LONGEST_S = 600.0
_ROUNDING_S = 0.05
_DIGITS = 1


class NoSuchStretchError(InvalidRequestError):
    """The video has no stretch from {start} to {end} seconds of at most ten minutes."""

    code = "no_such_stretch"


class StyleNotAnalysedError(InvalidRequestError):
    """The style {style} looks for nothing, so there is no crop to show; choose another."""

    code = "stands_still"


class Framer:
    """Looks at stretches of videos in a process of its own, a few at a time; what was looked at
    for one style or for a job is kept for all."""

    def __init__(
        self,
        analyses: Analyses,
        face_model: FaceModel,
        source: Callable[[Video], AbstractAsyncContextManager[Path]],
    ) -> None:
        self._analyses = analyses
        self._face_model = face_model
        self._source = source
        self._gate = asyncio.Semaphore(_AT_ONCE)

    async def __call__(self, video: Video, ask: Ask) -> FramingOut:
        plan = _plan(video, ask)
        async with self._gate, self._source(video) as path:
            # Only what was looked into under limits is looked into in this process.
            if (now := await asyncio.to_thread(identity, path)) != video.identity:
                raise SourceChangedError(detail=f"identity {now}")
            return await self._framed(plan, await probe_source(path), ask.style)

    async def _framed(self, plan: Plan, probed: Probed, style: str) -> FramingOut:
        (scene,) = plan.scenes
        model = await self._face_model.find()
        scene_input, area = (
            analysis_input_of(plan, scene, probed, model=model),
            area_of(plan, style, probed),
        )
        framing = await self._analyses.inspect(
            scene_input, framing_request_of(plan, scene, style, probed)
        )
        blind = model is None and needs_faces(style)
        doubts = (DETECTOR_MISSING,) if blind else framing.doubts
        return FramingOut(
            algorithm=framing.algorithm,
            detector=YUNET if model else NO_DETECTOR,
            warnings=[DOUBTS.get(doubt, doubt) for doubt in doubts],
            start=scene_input.start,
            fps=float(framing.fps),
            panels=[_moved(panel.round(_DIGITS).tolist(), area) for panel in framing.panels],
            faces=_faces(framing, scene_input.start, area),
        )


def _plan(video: Video, ask: Ask) -> Plan:
    """The plan of a job of this one clip; InvalidRequestError if there is none."""
    if not ask.start < ask.end <= min(video.duration + _ROUNDING_S, ask.start + _LONGEST_S):
        raise NoSuchStretchError(start=f"{ask.start:g}", end=f"{ask.end:g}")
    aspect, active = parse_aspect(ask.aspect), video.active_area if ask.bars == "cut" else None
    style, *others = resolve([ask.style], source=video.size, aspect=aspect, active=active)
    if others or not style.analysed:
        raise StyleNotAnalysedError(style=ask.style)
    scene = Scene(id=1, title="", start=ask.start, end=ask.end)
    return make_plan(video, [scene], [choose(style)], Options(aspect=ask.aspect, bars=ask.bars))


def _moved(boxes: list[Box], area: Rect) -> list[Box]:
    """From the pixels of the area that was looked at to those of the video."""
    return [(x + area.x, y + area.y, width, height) for x, y, width, height in boxes]


def _faces(framing: Framing, start: float, area: Rect) -> list[FaceOut]:
    """The tracks that led to the windows; panels that come of one look share them."""
    tracks = framing.inspection[0].get("tracks", []) if framing.inspection else []
    return [
        FaceOut(times=[start + time for time in track["times"]], boxes=_moved(track["boxes"], area))
        for track in tracks
    ]
