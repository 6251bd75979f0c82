"""The steps a clip goes through: one table of their names, words and weights, and each clip's route
through them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class Step(StrEnum):
    """Names on the wire, in the order a clip goes through them; the last three have no place."""

    QUEUED = "queued"
    EXTRACTING_SEGMENT = "extracting_segment"
    TRANSCRIBING = "transcribing"
    TRANSCRIPT_COMPLETE = "transcript_complete"
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


@dataclass(frozen=True)
class StepFacts:
    """What people read of a step, and its seconds of work per second of clip, relative to the
    others'; a step without a weight says that something is so and takes no time."""

    words: str
    weight: float = 0.0


STEPS: Mapping[Step, StepFacts] = {
    Step.QUEUED: StepFacts("waiting"),
    Step.EXTRACTING_SEGMENT: StepFacts("cutting out the scene", 0.01),
    Step.TRANSCRIBING: StepFacts("transcribing", 0.30),
    Step.TRANSCRIPT_COMPLETE: StepFacts("transcribed"),
    Step.DETECTING_FACES: StepFacts("looking for faces", 0.12),
    Step.FACE_DETECTION_COMPLETE: StepFacts("faces looked for"),
    Step.COMPUTING_CAMERA_PATH: StepFacts("planning the camera", 0.02),
    Step.CAMERA_PATH_COMPLETE: StepFacts("camera planned"),
    # Of histories that older versions wrote: the windows are part of the camera's path.
    Step.COMPUTING_CROP_WINDOWS: StepFacts("framing", 0.01),
    Step.RENDERING: StepFacts("rendering", 0.80),
    Step.RENDER_COMPLETE: StepFacts("rendered"),
    Step.UPLOADING: StepFacts("storing", 0.04),
    Step.UPLOAD_COMPLETE: StepFacts("stored", 0.01),
    Step.COMPLETE: StepFacts("done"),
    Step.FAILED: StepFacts("failed"),
    Step.RETRYING: StepFacts("trying again"),
    Step.CANCELLED: StepFacts("cancelled"),
}
ENDS = frozenset({Step.COMPLETE, Step.FAILED, Step.CANCELLED})
UNORDERED = frozenset({Step.RETRYING, Step.FAILED, Step.CANCELLED})

# The steps of one clip that take time, in their order.
Route = tuple[Step, ...]
PLAIN_ROUTE: Route = (
    Step.EXTRACTING_SEGMENT,
    Step.RENDERING,
    Step.UPLOADING,
    Step.UPLOAD_COMPLETE,
)
TRANSCRIPTION: Route = (Step.TRANSCRIBING,)
ANALYSIS: Route = (Step.DETECTING_FACES, Step.COMPUTING_CAMERA_PATH)
ANALYSED_ROUTE: Route = (PLAIN_ROUTE[0], *ANALYSIS, *PLAIN_ROUTE[1:])
# Of clips whose scene is looked at for the sake of what is drawn on it, and not to plan a camera.
LOOKED_AT_ROUTE: Route = (PLAIN_ROUTE[0], Step.DETECTING_FACES, *PLAIN_ROUTE[1:])
# Of clips whose outline only says whether they are analysed, as it did before there were routes.
_OLD_ANALYSIS: Route = (*ANALYSIS, Step.COMPUTING_CROP_WINDOWS)
OLD_ANALYSED_ROUTE: Route = (PLAIN_ROUTE[0], *_OLD_ANALYSIS, *PLAIN_ROUTE[1:])


def route_of(*, analysed: bool, captioned: bool = False) -> Route:
    """The route of a clip of a style that is analysed or not; captions keep clear of faces."""
    if analysed:
        return ANALYSED_ROUTE
    return LOOKED_AT_ROUTE if captioned else PLAIN_ROUTE


def transcribed(route: Route) -> Route:
    """The route with a step for the words of the scene, which come before all that shows them."""
    first, *rest = route
    return route if Step.TRANSCRIBING in route else (first, Step.TRANSCRIBING, *rest)


def is_transcribed(route: Route) -> bool:
    """Whether the words of a clip's scene are taken from its sound."""
    return Step.TRANSCRIBING in route


def old_route(*, analysed: bool) -> Route:
    """The route of a clip that an older version told of."""
    return OLD_ANALYSED_ROUTE if analysed else PLAIN_ROUTE


def is_analysed(route: Route) -> bool:
    """Whether a clip's scene is looked at before it is rendered."""
    return Step.DETECTING_FACES in route


def is_framed(route: Route) -> bool:
    """Whether a camera's path is planned for a clip."""
    return Step.COMPUTING_CAMERA_PATH in route


def order_of(step: Step) -> int:
    """The step's place in a clip's way; 0 for one that has none."""
    return _ORDER[step]


def is_before(step: Step, other: Step) -> bool:
    """Whether a clip comes to the step before the other; a step without a place comes first."""
    return _ORDER[step] < _ORDER[other]


def total_weight(route: Route) -> float:
    """The weight of all steps of the route."""
    return _shares(route).whole


def clip_fraction(step: Step, step_fraction: float, route: Route) -> float:
    """How much of a clip is done (0 to 1) when `step` is done to `step_fraction`."""
    if step is Step.COMPLETE:
        return 1.0
    shares = _shares(route)
    before, within = shares.of[step]
    return min((before + within * step_fraction) / shares.whole, 1.0)


@dataclass(frozen=True)
class _Shares:
    """For each step the weight of what comes before it, and its own; and that of all."""

    of: Mapping[Step, tuple[float, float]]
    whole: float


@lru_cache(maxsize=64)
def _shares(route: Route) -> _Shares:
    return _Shares(
        {
            step: (
                _weight(tuple(early for early in route if is_before(early, step))),
                STEPS[step].weight if step in route else 0.0,
            )
            for step in Step
        },
        _weight(route),
    )


def _weight(steps: Route) -> float:
    return sum(STEPS[step].weight for step in steps)


_ORDER = {step: place for place, step in enumerate(Step)} | dict.fromkeys(UNORDERED, 0)
