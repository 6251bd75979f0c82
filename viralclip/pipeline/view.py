"""What a style is shown of a clip: sizes and frames, the same for its plan and for its render."""

from viralclip.geometry import parse_aspect
from viralclip.media.probe import Probed
from viralclip.pipeline import ClipTask
from viralclip.styles import Framing, Raster, View, all_styles, target_size


def view_of(task: ClipTask, probed: Probed, *, style: str, framing: Framing | None = None) -> View:
    """The view of the task's scene in a style of its job."""
    source = probed.video.size
    aspect = parse_aspect(task.job.plan.options.aspect)
    target = target_size(all_styles()[style], source, aspect)
    return View(source=source, target=target, scene=task.clip.scene, framing=framing)


def raster_of(task: ClipTask, probed: Probed) -> Raster:
    """The frames that the clip is going to have."""
    return Raster(max(1, round(task.clip.scene.duration * probed.fps)), probed.fps)
