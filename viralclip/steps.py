"""The steps a clip goes through: their names on the wire, their order, their share of the work."""

from enum import StrEnum


class Step(StrEnum):
    QUEUED = "queued"
    EXTRACTING_SEGMENT = "extracting_segment"
    DETECTING_FACES = "detecting_faces"
    FACE_DETECTION_COMPLETE = "face_detection_complete"
    COMPUTING_CAMERA_PATH = "computing_camera_path"
    CAMERA_PATH_COMPLETE = "camera_path_complete"
    COMPUTING_CROP_WINDOWS = "computing_crop_windows"
    RENDERING = "rendering"
    RENDER_COMPLETE = "render_complete"
    UPLOADING = "uploading"
    UPLOAD_COMPLETE = "upload_complete"
    COMPLETE = "complete"
    FAILED = "failed"
    RETRYING = "retrying"
    CANCELLED = "cancelled"


ENDS = frozenset({Step.COMPLETE, Step.FAILED, Step.CANCELLED})
ANALYSIS = frozenset(
    {
        Step.DETECTING_FACES,
        Step.FACE_DETECTION_COMPLETE,
        Step.COMPUTING_CAMERA_PATH,
        Step.CAMERA_PATH_COMPLETE,
        Step.COMPUTING_CROP_WINDOWS,
    }
)

# Seconds of work per second of clip, relative to each other; steps not named take no time.
_WEIGHTS = {
    Step.EXTRACTING_SEGMENT: 0.01,
    Step.DETECTING_FACES: 0.12,
    Step.COMPUTING_CAMERA_PATH: 0.02,
    Step.COMPUTING_CROP_WINDOWS: 0.01,
    Step.RENDERING: 0.80,
    Step.UPLOADING: 0.04,
    Step.UPLOAD_COMPLETE: 0.01,
}


def total_weight(*, analysed: bool) -> float:
    """The weight of all steps of a clip, with or without the analysis steps."""
    return sum(weight for step, weight in _WEIGHTS.items() if analysed or step not in ANALYSIS)


def clip_fraction(step: Step, step_fraction: float, *, analysed: bool) -> float:
    """How much of a clip is done (0 to 1) when `step` is done to `step_fraction`."""
    if step is Step.COMPLETE:
        return 1.0
    before = sum(
        weight
        for earlier, weight in _WEIGHTS.items()
        if _ORDER[earlier] < _ORDER[step] and (analysed or earlier not in ANALYSIS)
    )
    within = 0.0 if step in ANALYSIS and not analysed else _WEIGHTS.get(step, 0.0)
    done = (before + within * step_fraction) / total_weight(analysed=analysed)
    return min(done, 1.0)  # sums in another order may differ in their last digit


_ORDER = {step: place for place, step in enumerate(Step)} | {
    Step.RETRYING: 0,
    Step.FAILED: 0,
    Step.CANCELLED: 0,
}
