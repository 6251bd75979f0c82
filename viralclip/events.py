"""What is said about a job: durable events in envelopes, perishable ticks, their wire format."""

from functools import cached_property
from typing import Annotated, Literal, Self, cast

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    Tag,
    TypeAdapter,
)
from pydantic.json_schema import JsonSchemaValue, SkipJsonSchema
from pydantic_core import CoreSchema

from viralclip.routes import Routed
from viralclip.steps import ENDS, Step

Outcome = Literal["succeeded", "partial", "failed", "cancelled"]
Algorithm = Literal["basic", "motion", "audio_aware", "speaker_aware"]
Level = Literal["debug", "info", "warning", "error"]


class _Value(BaseModel, frozen=True):
    # Unknown fields are ignored so that a new worker and an old server can meet during an upgrade.
    model_config = ConfigDict(extra="ignore", json_schema_serialization_defaults_required=True)


class _Fact(_Value, frozen=True):
    @property
    def dedup_key(self) -> str:
        """What the fact is about, within one run of its job: facts about one place are the same."""
        raise AssertionError  # pragma: no cover - every fact says its own place


class ClipOutline(_Value, Routed, frozen=True):
    """A clip to come: which style, and the steps it goes through."""

    style: str


class SceneOutline(_Value, frozen=True):
    """A scene to come, and its clips in this run."""

    scene_id: int
    title: str
    start_sec: float
    duration_sec: float
    clips: tuple[ClipOutline, ...]


class JobQueued(_Fact, frozen=True):
    """A run of the job was accepted; clips not named here keep what an earlier run gave them."""

    type: Literal["job_queued"] = "job_queued"
    run: int
    scenes: tuple[SceneOutline, ...]

    @property
    def dedup_key(self) -> str:
        return "queued"


class JobStarted(_Fact, frozen=True):
    type: Literal["job_started"] = "job_started"
    worker: str
    attempt: int

    @property
    def dedup_key(self) -> str:
        return f"started/{self.attempt}"


class SceneStarted(_Fact, frozen=True):
    type: Literal["scene_started"] = "scene_started"
    scene_id: int
    title: str
    style_count: int
    start_sec: float
    duration_sec: float

    @property
    def dedup_key(self) -> str:
        return f"{self.scene_id}/started"


class _ClipStep(_Fact, frozen=True):
    type: Literal["clip_progress"] = "clip_progress"
    scene_id: int
    style: str
    step: Step
    attempt: int = 1

    @property
    def dedup_key(self) -> str:
        # One place for all three ends: a clip ends once per run, whoever reports first.
        if self.step in ENDS:
            return f"{self.scene_id}/{self.style}/end"
        return f"{self.tick_key}/{self.step}"

    @property
    def tick_key(self) -> str:
        """The slot of the ticks that are out of date once this step has begun."""
        return f"{self.scene_id}/{self.style}/{self.attempt}"


class NoDetails(_Value, frozen=True):
    pass


class ExtractingSegmentDetails(_Value, frozen=True):
    start_sec: float
    end_sec: float
    duration_sec: float


class TranscribingDetails(_Value, frozen=True):
    """`language` is empty where it is told from the sound; `audio_sec` is the scene's."""

    engine: str
    model: str
    language: str = ""
    audio_sec: float


class TranscriptCompleteDetails(_Value, frozen=True):
    """`words` counts those of the scene."""

    words: int
    language: str


# What a detector may be.
YUNET, NO_DETECTOR = "yunet", "none"


class DetectingFacesDetails(_Value, frozen=True):
    detector: str
    sample_fps: float


class FaceDetectionCompleteDetails(_Value, frozen=True):
    faces: int
    frames: int
    mean_confidence: float


class ComputingCameraPathDetails(_Value, frozen=True):
    algorithm: Algorithm


class CameraPathCompleteDetails(_Value, frozen=True):
    keyframes: int
    shots: int
    speaker_switches: int


class ComputingCropWindowsDetails(_Value, frozen=True):
    frames: int


class RenderingDetails(_Value, frozen=True):
    style: str
    encoder: str


class RenderCompleteDetails(_Value, frozen=True):
    bytes: int
    duration_sec: float
    width: int
    height: int


class UploadingDetails(_Value, frozen=True):
    filename: str
    bytes: int


class UploadCompleteDetails(_Value, frozen=True):
    key: str


class CompleteDetails(_Value, frozen=True):
    """`kept` says that the clip was complete and unchanged from earlier, and was not made again.

    What is null is not known: an earlier version did not say it.
    """

    clip_id: str
    url: str
    kept: bool = False
    bytes: int | None = None
    duration_sec: float | None = None
    has_thumbnail: bool | None = None
    has_captions: bool | None = None


class FailedDetails(_Value, frozen=True):
    step: Step
    code: str
    message: str
    retryable: bool


class RetryingDetails(_Value, frozen=True):
    """The coming attempt, the wait before it, and why the last one ended."""

    attempt: int
    delay_sec: float
    code: str


class CancelledDetails(_Value, frozen=True):
    by: str


class Queued(_ClipStep, frozen=True):
    step: Literal[Step.QUEUED] = Step.QUEUED
    details: NoDetails = NoDetails()


class ExtractingSegment(_ClipStep, frozen=True):
    step: Literal[Step.EXTRACTING_SEGMENT] = Step.EXTRACTING_SEGMENT
    details: ExtractingSegmentDetails


class Transcribing(_ClipStep, frozen=True):
    step: Literal[Step.TRANSCRIBING] = Step.TRANSCRIBING
    details: TranscribingDetails


class TranscriptComplete(_ClipStep, frozen=True):
    step: Literal[Step.TRANSCRIPT_COMPLETE] = Step.TRANSCRIPT_COMPLETE
    details: TranscriptCompleteDetails


class DetectingFaces(_ClipStep, frozen=True):
    step: Literal[Step.DETECTING_FACES] = Step.DETECTING_FACES
    details: DetectingFacesDetails


class FaceDetectionComplete(_ClipStep, frozen=True):
    step: Literal[Step.FACE_DETECTION_COMPLETE] = Step.FACE_DETECTION_COMPLETE
    details: FaceDetectionCompleteDetails


class ComputingCameraPath(_ClipStep, frozen=True):
    step: Literal[Step.COMPUTING_CAMERA_PATH] = Step.COMPUTING_CAMERA_PATH
    details: ComputingCameraPathDetails


class CameraPathComplete(_ClipStep, frozen=True):
    step: Literal[Step.CAMERA_PATH_COMPLETE] = Step.CAMERA_PATH_COMPLETE
    details: CameraPathCompleteDetails


class ComputingCropWindows(_ClipStep, frozen=True):
    step: Literal[Step.COMPUTING_CROP_WINDOWS] = Step.COMPUTING_CROP_WINDOWS
    details: ComputingCropWindowsDetails


class Rendering(_ClipStep, frozen=True):
    step: Literal[Step.RENDERING] = Step.RENDERING
    details: RenderingDetails


class RenderComplete(_ClipStep, frozen=True):
    step: Literal[Step.RENDER_COMPLETE] = Step.RENDER_COMPLETE
    details: RenderCompleteDetails


class Uploading(_ClipStep, frozen=True):
    step: Literal[Step.UPLOADING] = Step.UPLOADING
    details: UploadingDetails


class UploadComplete(_ClipStep, frozen=True):
    step: Literal[Step.UPLOAD_COMPLETE] = Step.UPLOAD_COMPLETE
    details: UploadCompleteDetails


class Complete(_ClipStep, frozen=True):
    step: Literal[Step.COMPLETE] = Step.COMPLETE
    details: CompleteDetails


class Failed(_ClipStep, frozen=True):
    step: Literal[Step.FAILED] = Step.FAILED
    details: FailedDetails


class Retrying(_ClipStep, frozen=True):
    step: Literal[Step.RETRYING] = Step.RETRYING
    details: RetryingDetails


class Cancelled(_ClipStep, frozen=True):
    step: Literal[Step.CANCELLED] = Step.CANCELLED
    details: CancelledDetails


ClipProgressed = (
    Queued
    | ExtractingSegment
    | Transcribing
    | TranscriptComplete
    | DetectingFaces
    | FaceDetectionComplete
    | ComputingCameraPath
    | CameraPathComplete
    | ComputingCropWindows
    | Rendering
    | RenderComplete
    | Uploading
    | UploadComplete
    | Complete
    | Failed
    | Retrying
    | Cancelled
)


class SceneCompleted(_Fact, frozen=True):
    """Every clip of the scene has ended; counts are of the whole scene, earlier runs included."""

    type: Literal["scene_completed"] = "scene_completed"
    scene_id: int
    clips_completed: int
    clips_failed: int
    clips_cancelled: int

    @property
    def dedup_key(self) -> str:
        return f"{self.scene_id}/completed"


class JobRecovered(_Fact, frozen=True):
    type: Literal["job_recovered"] = "job_recovered"
    from_worker: str
    to_worker: str

    @property
    def dedup_key(self) -> str:
        return f"recovered/{self.from_worker}/{self.to_worker}"


class Warned(_Fact, frozen=True):
    """Something non-critical went wrong; the work goes on."""

    type: Literal["warning"] = "warning"
    code: str
    message: str
    scene_id: int | None = None
    style: str | None = None

    @property
    def dedup_key(self) -> str:
        return f"{self.scene_id}/{self.style}/warning/{self.code}"


class Logged(_Fact, frozen=True):
    type: Literal["log"] = "log"
    level: Level
    message: str

    @property
    def dedup_key(self) -> str:
        return f"log/{self.level}/{self.message}"


class AnomalyFound(_Fact, frozen=True):
    """A step that goes on takes far longer than it should: about `times` what clips like this take
    on this machine. `score` is how far off that is, in median absolute deviations."""

    type: Literal["anomaly"] = "anomaly"
    scene_id: int
    style: str
    step: Step
    score: float
    times: float | None = None

    @property
    def dedup_key(self) -> str:
        return f"{self.scene_id}/{self.style}/anomaly/{self.step}"


class JobFinished(_Fact, frozen=True):
    """The run is over; counts are of the whole job, earlier runs included."""

    type: Literal["job_finished"] = "job_finished"
    outcome: Outcome
    clips_completed: int
    clips_failed: int
    clips_cancelled: int

    @property
    def dedup_key(self) -> str:
        return "finished"


class _PlainUnion:
    """OpenAPI knows no union inside a union's discriminator; the literals of each class suffice."""

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = handler(core_schema)
        schema.pop("discriminator", None)
        return schema


Event = Annotated[
    JobQueued
    | JobStarted
    | SceneStarted
    | Annotated[ClipProgressed, Field(discriminator="step"), _PlainUnion()]
    | SceneCompleted
    | JobRecovered
    | Warned
    | Logged
    | AnomalyFound
    | JobFinished,
    Field(discriminator="type"),
    _PlainUnion(),
]


class UnknownEvent(_Value, frozen=True):
    """A fact told by a newer version: it keeps its place and words, and this version skips it."""

    model_config = ConfigDict(extra="allow")

    type: str


_TYPES = tuple(
    kind.model_fields["type"].default
    for kind in (
        JobQueued,
        JobStarted,
        SceneStarted,
        _ClipStep,
        SceneCompleted,
        JobRecovered,
        Warned,
        Logged,
        AnomalyFound,
        JobFinished,
    )
)
_STEPS = tuple(Step)


def _familiarity(event: object) -> Literal["known", "unknown"]:
    if not isinstance(event, dict):
        return "unknown" if isinstance(event, UnknownEvent) else "known"
    fields = cast("dict[str, object]", event)
    known = fields.get("type") in _TYPES and fields.get("step", Step.QUEUED) in _STEPS
    return "known" if known else "unknown"


class NewEvent(_Value, frozen=True):
    """An event on its way to the channel, which numbers it; `run` makes its key unique per run."""

    job_id: str
    run: int
    at: AwareDatetime
    trace_id: str
    event: Event

    @property
    def key(self) -> str:
        """Equal for a fact told again after a crash: the channel keeps the first telling."""
        return f"{self.run}/{self.event.dedup_key}"

    def numbered(self, seq: int) -> "Envelope":
        return Envelope(
            job_id=self.job_id, seq=seq, at=self.at, trace_id=self.trace_id, event=self.event
        )

    @cached_property
    def json_around_seq(self) -> tuple[str, str]:
        """The envelope's JSON before and after its number, written once for whoever needs it.

        ValueError for what is no text. Inside of a JSON text a quote is always escaped, so that the
        first match is the field itself.
        """
        head, field, tail = self.numbered(0).model_dump_json().partition('"seq":0')
        return head + field[:-1], tail

    def json_numbered(self, seq: int) -> str:
        """The JSON of the envelope with this number."""
        head, tail = self.json_around_seq
        return f"{head}{seq}{tail}"

    def __copy__(self) -> Self:
        """A copy may be given other values: it is written anew."""
        copied = super().__copy__()
        vars(copied).pop("json_around_seq", None)
        return copied


class Envelope(_Value, frozen=True):
    """An event with its place in the job's history; `seq` rises by exactly one."""

    job_id: str
    seq: int
    at: AwareDatetime
    trace_id: str
    # A writer says only what it knows: the schema that clients are made from has no unknown events.
    event: Annotated[
        Annotated[Event, Tag("known")] | SkipJsonSchema[Annotated[UnknownEvent, Tag("unknown")]],
        Discriminator(_familiarity),
    ]


class ClipTick(_Value, frozen=True):
    """How far a step is now (fraction 0 to 1), FFmpeg's speed, and seconds left in the step."""

    type: Literal["clip_tick"] = "clip_tick"
    job_id: str
    scene_id: int
    style: str
    attempt: int
    step: Step
    fraction: float
    fps: float | None = None
    speed: float | None = None
    eta_sec: float | None = None

    @property
    def tick_key(self) -> str:
        """Ticks with one slot replace each other."""
        return f"{self.scene_id}/{self.style}/{self.attempt}"


class JobTick(_Value, frozen=True):
    """The job's fraction and its time left in seconds, with the band it is expected to fall in.

    `eta_at` is when the job will be done, as it is to be shown: it and its band stay where they are
    until an estimate contradicts them. The seconds are the latest estimate, and waver. It comes
    about once a second for as long as a worker is at the job; `at` is when it was sent.
    """

    type: Literal["job_tick"] = "job_tick"
    job_id: str
    at: AwareDatetime | None = None
    fraction: float
    eta_sec: float | None = None
    eta_low_sec: float | None = None
    eta_high_sec: float | None = None
    eta_at: AwareDatetime | None = None
    eta_low_at: AwareDatetime | None = None
    eta_high_at: AwareDatetime | None = None

    @property
    def tick_key(self) -> str:
        return "job"


class WorkerTick(_Value, frozen=True):
    """Whether a worker is at the job, as whoever shows the job sees it; it is never stored."""

    type: Literal["worker_tick"] = "worker_tick"
    job_id: str
    alive: bool

    @property
    def tick_key(self) -> str:
        return "worker"


Tick = Annotated[ClipTick | JobTick | WorkerTick, Field(discriminator="type")]
TICK: TypeAdapter[Tick] = TypeAdapter(Tick)
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
