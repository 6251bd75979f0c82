"""Shows where styles look in a video: for the page to draw, and for whoever asks why."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from viralclip.analysis.analyses import Analyses
from viralclip.analysis.models import FaceModel, find_model
from viralclip.app.openers import model_place, open_analyses
from viralclip.errors import InvalidRequestError, SourceChangedError
from viralclip.events import NO_DETECTOR, YUNET
from viralclip.geometry import Rect, parse_aspect
from viralclip.media.probe import Probed, identity, probe
from viralclip.pipeline.analysis import DETECTOR_MISSING, DOUBTS, needs_faces
from viralclip.pipeline.segment import probe_source
from viralclip.pipeline.view import analysis_input_of, area_of, framing_request_of
from viralclip.plan import Options, Plan, Video, choose, make_plan
from viralclip.scenes import Scene
from viralclip.server.framing import Ask, Box, FaceOut, FramingOut
from viralclip.settings import Settings
from viralclip.styles import Framing, resolve

# Each look takes a core; renders want some, too.
_AT_ONCE = 2
_LONGEST_S = 600.0
_ROUNDING_S = 0.05
_DIGITS = 1
_PATH_DIGITS = 3


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
        model = await self._face_model.find()
        watched = Watched(plan, probed, model, self._analyses)
        start, area, framing = await watched.inspect(plan.scenes[0], style)
        blind = model is None and needs_faces(style)
        doubts = (DETECTOR_MISSING,) if blind else framing.doubts
        return FramingOut(
            algorithm=framing.algorithm,
            detector=YUNET if model else NO_DETECTOR,
            warnings=[DOUBTS.get(doubt, doubt) for doubt in doubts],
            start=start,
            fps=float(framing.fps),
            panels=[_moved(panel.round(_DIGITS).tolist(), area) for panel in framing.panels],
            faces=_faces(framing, start, area),
        )


async def describe_paths(plan: Plan, settings: Settings) -> dict[str, Any]:
    """Where the intelligent styles looked in each frame, and what made them, as JSON takes it;
    what the job has left of its analyses is read, the rest made."""
    probed = await asyncio.to_thread(probe, Path(plan.video.path))
    model = await asyncio.to_thread(find_model, model_place(settings))
    watched = Watched(plan, probed, model, open_analyses(settings, threads=0))
    scenes = [await _scene_paths(watched, scene) for scene in plan.scenes]
    return {"video": plan.video.name, "scenes": scenes}


class Inspection(NamedTuple):
    """What a style shows of a scene: from when on, of which part of the picture, and how it came
    to that."""

    start: float
    area: Rect
    framing: Framing


@dataclass(frozen=True)
class Watched:
    """A video as the styles of a plan look at it; without a `model` they find no faces."""

    plan: Plan
    probed: Probed
    model: Path | None
    analyses: Analyses

    async def inspect(self, scene: Scene, style: str) -> Inspection:
        """Where the style looks, as a clip of the scene would be made."""
        plan, probed = self.plan, self.probed
        scene_input = analysis_input_of(plan, scene, probed, model=self.model)
        request = framing_request_of(plan, scene, style, probed)
        framing = await self.analyses.inspect(scene_input, request)
        return Inspection(scene_input.start, area_of(plan, style, probed), framing)


async def _scene_paths(watched: Watched, scene: Scene) -> dict[str, Any]:
    styles: dict[str, Any] = {}
    start = watched.probed.on_frame(scene.start)
    for style in watched.plan.styles:
        if style.analysed:
            _, area, framing = await watched.inspect(scene, style.name)
            styles[style.name] = {
                "algorithm": framing.algorithm,
                "doubts": framing.doubts,
                "fps": str(framing.fps),
                "area": [area.x, area.y, area.width, area.height],
                "panels": [
                    {"path": path, "windows": windows.round(_PATH_DIGITS).tolist()}
                    for windows, path in zip(framing.panels, framing.inspection, strict=False)
                ],
            }
    return {"scene_id": scene.id, "title": scene.title, "start_sec": start, "styles": styles}


def _plan(video: Video, ask: Ask) -> Plan:
    """The plan of a job of this one clip; InvalidRequestError if there is none."""
    check_stretch(video, ask.start, ask.end)
    aspect, active = parse_aspect(ask.aspect), video.active_area if ask.bars == "cut" else None
    style, *others = resolve([ask.style], source=video.size, aspect=aspect, active=active)
    if others or not style.analysed:
        raise StyleNotAnalysedError(style=ask.style)
    scene = Scene(id=1, title="", start=ask.start, end=ask.end)
    return make_plan(video, [scene], [choose(style)], Options(aspect=ask.aspect, bars=ask.bars))


def check_stretch(video: Video, start: float, end: float) -> None:
    """NoSuchStretchError unless the video has it, and it is short enough to be looked at."""
    if not start < end <= min(video.duration + _ROUNDING_S, start + _LONGEST_S):
        raise NoSuchStretchError(start=f"{start:g}", end=f"{end:g}")


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
