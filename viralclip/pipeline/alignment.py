"""Words that came with times of lines only are drawn when they are heard.

The files beside the clip keep the times that were given: who gives them back finds them unchanged.
"""

import structlog

from viralclip.errors import NoSpeechTrackError
from viralclip.pipeline.segment import probe_source
from viralclip.pipeline.tools import ClipTask, SpeechTools, Tools
from viralclip.pipeline.transcription import with_words
from viralclip.processes.runner import ProcessError
from viralclip.speech.spoken import spoken_source
from viralclip.words.transcript import Word

log = structlog.get_logger(__name__)


async def aligned_task(task: ClipTask, tools: Tools) -> ClipTask:
    """The task whose scene has its words where they are heard; where that cannot be found out, they
    keep their shares of the lines' times."""
    words = task.clip.scene.words or ()
    if tools.speech is None or not any(word.spread for word in words):
        return task
    try:
        return with_words(task, await _aligned(task, tools, tools.speech))
    except NoSpeechTrackError:
        return task
    except (ProcessError, OSError) as error:
        log.warning("Captions drawn at the times of lines", error=str(error))
        return task


async def _aligned(task: ClipTask, tools: Tools, speech: SpeechTools) -> tuple[Word, ...]:
    plan, scene = task.job.plan, task.clip.scene
    async with tools.storing.source(plan.video) as path:
        source = spoken_source(await probe_source(path), plan.options.audio_track)
        return await speech.alignments.aligned(source, scene.range, scene.words or ())
