"""What of a video a clip shows: the same for its analysis, its plan and its render."""

from pathlib import Path

from viralclip.geometry import parse_aspect
from viralclip.media.analysis import Subject, Wish
from viralclip.media.probe import Probed
from viralclip.plan import Plan
from viralclip.scenes import Scene
from viralclip.styles import Framing, Raster, View, all_styles, target_size


def view_of(
    plan: Plan, scene: Scene, style: str, probed: Probed, *, framing: Framing | None = None
) -> View:
    source = probed.video.size
    target = target_size(all_styles()[style], source, parse_aspect(plan.options.aspect))
    return View(source=source, target=target, scene=scene, framing=framing)


def raster_of(scene: Scene, probed: Probed) -> Raster:
    """The frames that a clip of the scene is going to have."""
    return Raster(max(1, round(scene.duration * probed.fps)), probed.fps)


def wish_of(plan: Plan, scene: Scene, style: str, probed: Probed) -> Wish:
    """A clip that is to be framed."""
    return Wish(style, view_of(plan, scene, style, probed), raster_of(scene, probed))


def subject_of(plan: Plan, scene: Scene, probed: Probed, *, model: Path | None) -> Subject:
    """The scene as it is looked at, for all its styles; it begins and ends with the clip."""
    raster = raster_of(scene, probed)
    return Subject(
        video=plan.video,
        start=probed.on_frame(scene.start),
        duration=float(raster.frames / raster.fps),
        model=model,
    )
