"""The stage before all that shows words: what is said in a scene, where nobody gave its words."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace

from pydantic import BaseModel

from viralclip.captions.composing import undrawable
from viralclip.errors import SpeechUnavailableError
from viralclip.media.fonts import load_fonts
from viralclip.pipeline.load import Stretch
from viralclip.pipeline.reporter import ClipReport
from viralclip.pipeline.segment import probe_source
from viralclip.pipeline.tools import ClipTask, SpeechTools, Tools
from viralclip.processes.ffmpeg_progress import FfmpegProgress
from viralclip.speech.recogniser import Recogniser
from viralclip.speech.spoken import spoken_source
from viralclip.steps import is_transcribed
from viralclip.words.transcript import Word

NO_SPEECH_WORDS = "No speech was found in this scene, so its clip has no captions."
LETTERS_WORDS = (
    "No font has {letters}, which is said in this scene and left out of its captions; put a font"
    " that does into a folder and name it in VIRALCLIP_FONTS."
)
_IDENTITY_LETTERS = 16
_SHOWN = 12


class Transcribed(BaseModel, frozen=True):
    """The words of a scene, and their language."""

    words: tuple[Word, ...]
    language: str


@dataclass(frozen=True)
class Transcription:
    """The transcription of a clip's scene, with what there is on this machine to listen with."""

    task: ClipTask
    tools: Tools
    speech: SpeechTools
    recogniser: Recogniser

    @classmethod
    async def of(cls, task: ClipTask, tools: Tools) -> "Transcription":
        if tools.speech is None:
            raise SpeechUnavailableError(why="this worker has nothing to listen with")
        recogniser = await asyncio.to_thread(tools.speech.find)
        recogniser.demand(task.job.plan.options.captions.language)
        return cls(task, tools, tools.speech, recogniser)

    async def listen(self, report: ClipReport, stretch: Stretch) -> Transcribed:
        """Have the scene listened to; the stretch is this clip's own if it is done for it, and not
        found or awaited with another one."""
        plan, scene = self.task.job.plan, self.task.clip.scene
        with ExitStack() as working:

            def begin() -> None:
                stretch.is_own = True
                working.enter_context(self.tools.analysing.load.work())

            async with self.tools.storing.source(plan.video) as path:
                source = spoken_source(await probe_source(path), plan.options.audio_track)
                transcript = await self.speech.transcripts.transcript(
                    source,
                    scene.range,
                    self.recogniser,
                    language=plan.options.captions.language,
                    on_progress=_ticker(report),
                    on_begin=begin,
                )
        return Transcribed(words=transcript.words, language=transcript.language)

    async def undrawable(self, heard: Transcribed) -> str:
        """Some of the letters that would be burnt in and that no font has: nobody could be asked
        beforehand."""
        if not self.task.job.plan.options.captions.burn:
            return ""
        fonts = await asyncio.to_thread(load_fonts, self.tools.rendering.fonts)
        return " ".join(undrawable(heard.words, fonts)[:_SHOWN])


def with_words(task: ClipTask, words: tuple[Word, ...]) -> ClipTask:
    """The task with what is said in its scene."""
    scene = task.clip.scene.model_copy(update={"words": words})
    return replace(task, clip=task.clip.model_copy(update={"scene": scene}))


async def transcribed_task(task: ClipTask, tools: Tools) -> ClipTask:
    """The task under the name of the work that is done here: what listens decides what is shown."""
    if not is_transcribed(task.clip.route):
        return task
    transcription = await Transcription.of(task, tools)
    known = await asyncio.to_thread(lambda: transcription.recogniser.identity)
    digest = f"{task.clip.digest}-{known[:_IDENTITY_LETTERS]}"
    return replace(task, clip=task.clip.model_copy(update={"digest": digest}))


def _ticker(report: ClipReport) -> Callable[[FfmpegProgress], None]:
    def tick(progress: FfmpegProgress) -> None:
        report.tick(progress.fraction, speed=progress.speed, eta_sec=progress.eta_sec)

    return tick
