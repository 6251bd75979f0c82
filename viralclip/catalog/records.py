"""Records of videos, jobs, clips and step timings, and the one place that says how a clip ended."""

from typing import Any, Literal, NamedTuple
from urllib.parse import quote

from pydantic import AwareDatetime, BaseModel

from viralclip.events import FailedDetails, Outcome
from viralclip.plan import Plan, Preset

Ending = Literal["complete", "failed", "cancelled"]
Priority = Literal["urgent", "normal", "low"]


CAPTION_FORMATS = ("srt", "vtt")

# A clip among those of its job: the scene's id and the style; jobs list their clips in that order.
ClipPlace = tuple[int, str]


class JobSummary(BaseModel, frozen=True):
    """A job in a list: what it is, without the scenes that it is made of."""

    job_id: str
    owner: str
    video_id: str
    video_name: str
    video_path: str
    aspect: str
    preset: Preset
    storage_url: str
    engine_url: str
    priority: Priority
    run: int
    outcome: Outcome | None
    trace_id: str
    created_at: AwareDatetime
    finished_at: AwareDatetime | None


class JobRecord(BaseModel, frozen=True):
    """A job: what to make, where its clips go, and what became of its latest run."""

    job_id: str
    owner: str
    plan: Plan
    storage_url: str
    engine_url: str
    prefix: str = ""
    priority: Priority = "normal"
    run: int = 1
    attempt: int = 0
    outcome: Outcome | None = None
    stop_by: str | None = None
    stop_failed: bool = False
    trace_id: str
    created_at: AwareDatetime
    finished_at: AwareDatetime | None = None

    def clip_address(self, scene_id: int, style: str) -> str | None:
        """Where a server has the clip for its user; None if it was asked for from a terminal,
        whose user has it in a folder. Where a server keeps its files is nobody's business."""
        if self.prefix != f"{self.job_id}/":
            return None
        return f"/api/jobs/{self.job_id}/clips/{scene_id}/{quote(style)}/file"

    @property
    def summary(self) -> JobSummary:
        shown = {
            "video_id": self.plan.video.identity,
            "video_name": self.plan.video.name,
            "video_path": self.plan.video.path,
            "aspect": self.plan.options.aspect,
            "preset": self.plan.options.preset,
        }
        return JobSummary.model_validate(self.model_dump(exclude={"plan"}) | shown)


class ClipRecord(BaseModel, frozen=True):
    """What became of one clip; `digest` names the work, `key` and `tag` the stored file.

    `captions` says that there are files with its words beside it. `worker` is who began to make it;
    `crashes` counts those who died of it.
    """

    job_id: str
    scene_id: int
    style: str
    digest: str
    run: int
    ending: Ending | None = None
    failure: FailedDetails | None = None
    worker: str | None = None
    crashes: int = 0
    stop_by: str | None = None
    key: str | None = None
    size: int | None = None
    tag: str | None = None
    thumbnail: str | None = None
    captions: bool = False
    duration: float | None = None
    width: int | None = None
    height: int | None = None

    @property
    def caption_keys(self) -> tuple[str, ...]:
        return caption_keys(self.key) if self.key and self.captions else ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Those of all its files, its own first."""
        return tuple(key for key in (self.key, self.thumbnail, *self.caption_keys) if key)


def caption_keys(key: str) -> tuple[str, ...]:
    """What the files with a clip's words are called, in the order of CAPTION_FORMATS."""
    stem = key.removesuffix(".mp4")
    return tuple(f"{stem}.{kind}" for kind in CAPTION_FORMATS)


class FoundRun(NamedTuple):
    """A job and the records of its clips, as they stood at one moment."""

    job: JobRecord
    clips: list[ClipRecord]


class EndedClip(NamedTuple):
    """The ending of a clip that stands, and whether it is the one that was just recorded."""

    record: ClipRecord
    is_first: bool


def ended_facts(record: ClipRecord) -> dict[str, Any]:
    """What to write down when a clip ends; a key that was reserved for it stays so."""
    known = {"job_id", "scene_id", "style", "worker", "crashes"}
    file = {"key", "size", "tag"} if record.key is None else set[str]()
    return record.model_dump(exclude=known | file)


class Endings(BaseModel, frozen=True):
    """How many clips of a job ended how; `open` are those that have not."""

    complete: int = 0
    failed: int = 0
    cancelled: int = 0
    open: int = 0

    @property
    def total(self) -> int:
        return self.complete + self.failed + self.cancelled + self.open


class Claim(BaseModel, frozen=True):
    """The job an idempotency key stands for, and a digest of the request that first used it."""

    digest: str
    job_id: str


def new_clips(job: JobRecord) -> list[ClipRecord]:
    """The records of the job's clips before any of them is made."""
    return [
        ClipRecord(
            job_id=job.job_id,
            scene_id=clip.scene.id,
            style=clip.style,
            digest=clip.digest,
            run=job.run,
        )
        for clip in job.plan.clips()
    ]
