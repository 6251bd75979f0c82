"""What of a video a clip shows: the same for its analysis, its plan and its render."""

from pathlib import Path

from viralclip.analysis.analyses import AnalysisInput, FramingRequest
from viralclip.geometry import Rect, parse_aspect
from viralclip.media.probe import Probed
from viralclip.plan import Plan
from viralclip.scenes import Scene
from viralclip.styles import (
    Framing,
    Raster,
    View,
    all_styles,
    scene_within,
    seen_area,
    target_size,
)


def area_of(plan: Plan, style: str, probed: Probed) -> Rect:
    """The part of the picture that the style is given; its pixels are those of the view."""
    return seen_area(all_styles()[style], probed.video.size, plan.active_area)


def view_of(
    plan: Plan, scene: Scene, style: str, probed: Probed, *, framing: Framing | None = None
) -> View:
    area = area_of(plan, style, probed)
    target = target_size(all_styles()[style], area.size, parse_aspect(plan.options.aspect))
    inside = scene_within(scene, all_styles()[style], area, probed.video.size)
    return View(source=area.size, target=target, scene=inside, framing=framing)


def raster_of(scene: Scene, probed: Probed) -> Raster:
    """The frames that a clip of the scene is going to have."""
    return Raster(max(1, round(scene.duration * probed.fps)), probed.fps)


def framing_request_of(plan: Plan, scene: Scene, style: str, probed: Probed) -> FramingRequest:
    """A clip that is to be framed."""
    return FramingRequest(style, view_of(plan, scene, style, probed), raster_of(scene, probed))


def analysis_input_of(
    plan: Plan, scene: Scene, probed: Probed, *, model: Path | None
) -> AnalysisInput:
    """The scene as it is looked at, for all its styles; it begins and ends with the clip."""
    raster = raster_of(scene, probed)
    return AnalysisInput(
        video=plan.video,
        start=probed.on_frame(scene.start),
        duration=float(raster.frames / raster.fps),
        model=model,
        area=plan.active_area,
    )
