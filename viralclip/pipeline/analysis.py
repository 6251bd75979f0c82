"""The stages before the render of an analysed style: look at the scene, plan its windows."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from viralclip.analysis.analyses import AnalysisInput, FramingRequest
from viralclip.analysis.fingerprint import framing_code, looking_code
from viralclip.errors import DetectorMissingError
from viralclip.events import NO_DETECTOR, YUNET, Algorithm
from viralclip.media.probe import Probed
from viralclip.pipeline.load import Stretch
from viralclip.pipeline.reporter import ClipReport
from viralclip.pipeline.segment import probe_source
from viralclip.pipeline.tools import ClipTask, Tools
from viralclip.pipeline.view import analysis_input_of, framing_request_of
from viralclip.plan import Plan
from viralclip.processes.ffmpeg_progress import FfmpegProgress
from viralclip.steps import is_analysed, is_framed
from viralclip.styles import AnalysedStyle, Framing, all_styles

if TYPE_CHECKING:
    from viralclip.reframe.footage import Footage

DETECTOR_MISSING = "detector_missing"
_CODE_LETTERS = 16

# Why a clip is less than what was asked for, in words.
DOUBTS = {
    DETECTOR_MISSING: (
        "Faces could not be looked for, so the crop follows the motion: the face model is not here"
        " and could not be downloaded; `viralclip models fetch` says why."
    ),
    "no_faces_found": "No face was found in this scene, so the crop follows the motion.",
    "no_sound_to_follow": (
        "This scene has no sound to tell who speaks, so the crop follows the main face."
    ),
    "no_pair_found": "No two people are together in this scene, so one crop fills the clip.",
}


class Detected(BaseModel, frozen=True):
    """What was found in the scene, and what looked for faces."""

    detector: str
    faces: int
    frames: int
    mean_confidence: float


class Planned(BaseModel, frozen=True):
    """A planned clip; the plan itself is kept with the analyses, and made again if it is lost."""

    algorithm: Algorithm
    keyframes: int
    shots: int
    speaker_switches: int
    doubts: tuple[str, ...]


@dataclass(frozen=True)
class Analysis:
    """The analysis of a clip's scene, with what there is on this machine to look with."""

    task: ClipTask
    tools: Tools
    model: Path | None

    @classmethod
    async def of(cls, task: ClipTask, tools: Tools) -> "Analysis":
        return cls(task, tools, await tools.analysing.face_model.find())

    @property
    def detector(self) -> str:
        return YUNET if self.model else NO_DETECTOR

    @property
    def algorithm(self) -> Algorithm:
        """What the style goes by, or what is left of it without a detector."""
        return "motion" if self.model is None else _algorithm(self.task.clip.style)

    @property
    def is_short_of_a_detector(self) -> bool:
        return self.model is None and needs_faces(self.task.clip.style)

    async def detect(self, report: ClipReport, stretch: Stretch) -> Detected:
        """Have the scene looked at; the stretch is this clip's own if it is done for it, and not
        found or awaited with another one."""
        if self.is_short_of_a_detector and self._plan.options.require_detector:
            raise DetectorMissingError(why="the face model is not here")
        async with self._source() as probed:
            scene_input, requests = self._subject(probed), self._wishes(probed)
            with ExitStack() as working:

                def begin() -> None:
                    stretch.is_own = True
                    working.enter_context(self.tools.analysing.load.work())

                found = await self.tools.analysing.analyses.detect(
                    scene_input, _ticker(report), requests, on_begin=begin
                )
        return Detected(
            detector=self.detector,
            faces=found.faces,
            frames=found.frames,
            mean_confidence=round(found.mean_confidence, 4),
        )

    async def footage(self) -> "Footage | None":
        """What was seen, where faces were looked for."""
        if self.model is None:
            return None
        async with self._source() as probed:
            return await self.tools.analysing.analyses.footage(self._subject(probed))

    async def plan(self, report: ClipReport) -> Planned:
        framing = await self.framing(_ticker(report))
        return Planned(
            algorithm=framing.algorithm,
            keyframes=framing.keyframes,
            shots=framing.shots,
            speaker_switches=framing.speaker_switches,
            doubts=framing.doubts,
        )

    async def framing(
        self, on_progress: Callable[[FfmpegProgress], None] = lambda _: None
    ) -> Framing:
        """The plan itself, kept or made now; the scene's other clips are planned along with it."""
        async with self._source() as probed:
            scene_input, (mine, *others) = self._subject(probed), self._wishes(probed)
            return await self.tools.analysing.analyses.frame(scene_input, mine, others, on_progress)

    @property
    def _plan(self) -> Plan:
        return self.task.job.plan

    @asynccontextmanager
    async def _source(self) -> AsyncIterator[Probed]:
        """The video, held on this machine for as long as it is looked at."""
        async with self.tools.storing.source(self._plan.video) as path:
            yield await probe_source(path)

    def _wishes(self, probed: Probed) -> list[FramingRequest]:
        """This clip, and the scene's others that are planned from the same footage."""
        mine = self.task.clip.style
        framed = [style.name for style in self._plan.styles if is_framed(style.route)]
        # Its own first, if it has a plan at all.
        names = sorted(framed, key=lambda name: name != mine)
        scene = self.task.clip.scene
        return [framing_request_of(self._plan, scene, style, probed) for style in names]

    def _subject(self, probed: Probed) -> AnalysisInput:
        return analysis_input_of(self._plan, self.task.clip.scene, probed, model=self.model)


async def effective_task(task: ClipTask, tools: Tools) -> ClipTask:
    """The task under the name of the work that is done here: by this code, with these libraries.

    Without the face model it is other work, too, so that its clip is not kept once the model is
    there.
    """
    is_planned = is_framed(task.clip.route)
    if not is_planned and not (is_analysed(task.clip.route) and task.shows_captions):
        return task
    analysis = await Analysis.of(task, tools)
    code = await asyncio.to_thread(framing_code, task.clip.style) if is_planned else looking_code()
    parts = [task.clip.digest, code[:_CODE_LETTERS]]
    if analysis.is_short_of_a_detector or (analysis.model is None and task.shows_captions):
        parts.append(NO_DETECTOR)
    return replace(task, clip=task.clip.model_copy(update={"digest": "-".join(parts)}))


def needs_faces(style: str) -> bool:
    """Whether the style is less than it says where nobody looks for faces."""
    return _algorithm(style) != "motion"


def _algorithm(name: str) -> Algorithm:
    style = all_styles()[name]
    return style.algorithm if isinstance(style, AnalysedStyle) else "motion"


def _ticker(report: ClipReport) -> Callable[[FfmpegProgress], None]:
    def tick(progress: FfmpegProgress) -> None:
        report.tick(
            progress.fraction, fps=progress.fps, speed=progress.speed, eta_sec=progress.eta_sec
        )

    return tick
