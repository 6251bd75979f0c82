"""Making clips: plain async functions, one file per stage, that know neither an engine nor HTTP."""

import asyncio
import random
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from pydantic import BaseModel

from viralclip.analysis.analyses import Analyses
from viralclip.analysis.models import FaceModel
from viralclip.catalog.port import Catalog
from viralclip.catalog.records import ClipRecord, Ending, JobRecord
from viralclip.events import FailedDetails
from viralclip.media.encoders import Choice
from viralclip.media.loudness import Adjustments
from viralclip.pipeline.load import Load
from viralclip.pipeline.workload import Means, cores
from viralclip.plan import Clip, Video
from viralclip.processes.runner import Watchdogs
from viralclip.speech.alignments import Alignments
from viralclip.speech.recogniser import Recogniser
from viralclip.speech.transcripts import Transcripts
from viralclip.storage.objects import Storage

R = TypeVar("R", bound=BaseModel)


class Checkpoint(Protocol):
    """Runs a stage of a clip, or gives back what it gave when it ran before a crash."""

    async def __call__(
        self, name: str, stage: Callable[[], Awaitable[R]], result: type[R], /
    ) -> R: ...


async def uncheckpointed(_name: str, stage: Callable[[], Awaitable[R]], _result: type[R], /) -> R:
    """Runs the stage and remembers nothing: the pipeline as plain functions."""
    return await stage()


@dataclass(frozen=True)
class Retries:
    """How often a stage is tried on transient errors, and how long to wait between: full jitter."""

    tries: int = 4
    first_s: float = 1.0
    longest_s: float = 20.0
    spread: Callable[[], float] = random.random
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def delay(self, failures: int) -> float:
        """Seconds to wait after so many failures: between half and all of a doubling bound."""
        bound = min(self.first_s * 2.0 ** (failures - 1), self.longest_s)
        return bound * (0.5 + self.spread() / 2)


async def always_owner() -> None:
    """Nobody else could be making the same clips."""


@asynccontextmanager
async def in_place(video: Video) -> AsyncIterator[Path]:
    """The video where it lies, on this machine."""
    yield Path(video.path)


@dataclass(frozen=True)
class RenderTools:
    """What renders: an FFmpeg, how it encodes, and how it is watched; `fonts` is a folder of the
    user's for captions."""

    ffmpeg: Path
    encoder: Choice
    threads: int
    limits: Watchdogs = field(default_factory=Watchdogs)
    adjustments: Adjustments = field(default_factory=Adjustments)
    on_ffmpeg: Callable[[int], None] | None = None
    fonts: Path | None = None


@dataclass(frozen=True)
class AnalysisTools:
    """What looks into a scene, and how busy that makes the machine."""

    analyses: Analyses
    face_model: FaceModel
    load: Load = field(default_factory=Load)


@dataclass(frozen=True)
class SpeechTools:
    """What turns the sound of scenes into words; `find` raises SpeechUnavailableError or
    NotInstalledError where there is nothing to listen with. `name` is what it would be, without
    looking for it. `alignments` find words that were given."""

    transcripts: Transcripts
    alignments: Alignments
    find: Callable[[], Recogniser]
    name: str = ""


@dataclass(frozen=True)
class StorageTools:
    """Where a video is found, where a clip lies while it is made, and where it goes."""

    open_storage: Callable[[str], Storage]
    work: Path
    source: Callable[[Video], AbstractAsyncContextManager[Path]] = in_place

    def folder(self, job_id: str) -> Path:
        """Where the job's files lie on this machine while they are made."""
        return self.work / job_id


@dataclass(frozen=True)
class WorkerIdentity:
    """Who makes the clips, and on which machine: what is learned of speed is learned of that."""

    name: str
    machine: str = field(default_factory=socket.gethostname)
    # Returns once it is certain that nobody was put in this worker's place; else never.
    confirm_ownership: Callable[[], Awaitable[None]] = always_owner


@dataclass(frozen=True)
class Tools:
    """What making a clip needs from the world, opened once and passed in."""

    catalog: Catalog
    storing: StorageTools
    rendering: RenderTools
    analysing: AnalysisTools
    worker: WorkerIdentity
    speech: SpeechTools | None = None
    retries: Retries = field(default_factory=Retries)
    clock: Callable[[], float] = time.monotonic

    @property
    def means(self) -> Means:
        encoder, threads = self.rendering.encoder.encoder.name, self.rendering.threads
        return Means(encoder, threads, cores(), self.speech.name if self.speech else "")


@dataclass(frozen=True)
class ClipTask:
    """A clip to make, and the job it belongs to."""

    job: JobRecord
    clip: Clip
    crashes: int = 0
    stop: str | None = None

    @property
    def stopped_by(self) -> str | None:
        """Who asked the job, or this clip alone, to stop."""
        return self.job.stop_by or self.stop

    @property
    def key(self) -> str:
        return self.job.prefix + self.clip.filename

    @property
    def has_captions(self) -> bool:
        return self.job.plan.options.captions.look(self.clip.scene) is not None

    @property
    def shows_captions(self) -> bool:
        return self.job.plan.options.captions.burn and self.has_captions

    def record(self, ending: Ending, *, failure: FailedDetails | None = None) -> ClipRecord:
        return ClipRecord(
            job_id=self.job.job_id,
            scene_id=self.clip.scene.id,
            style=self.clip.style,
            digest=self.clip.digest,
            run=self.job.run,
            ending=ending,
            failure=failure,
        )


class ClipEnd(BaseModel, frozen=True):
    """How a clip ended; `ends_job` says that no other clip of the job can end better."""

    scene_id: int
    style: str
    ending: Literal["complete", "failed", "cancelled"]
    ends_job: bool = False
