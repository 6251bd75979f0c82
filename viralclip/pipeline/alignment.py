"""Words that came with times of lines only are drawn when they are heard.

The files beside the clip keep the times that were given: who gives them back finds them unchanged.
"""

import structlog

from viralclip.audio_tracks import VOICE
from viralclip.errors import NoSpeechTrackError
from viralclip.media.probe import Probed
from viralclip.processes.runner import ProcessError
from viralclip.scenes import Scene
from viralclip.speech.alignments import Alignments
from viralclip.speech.spoken import spoken_source

log = structlog.get_logger(__name__)


async def aligned_scene(
    scene: Scene, probed: Probed, alignments: Alignments, *, audio_track: str = VOICE
) -> Scene:
    """The scene with its words where they are heard; where that cannot be found out, they keep
    their shares of the lines' times."""
    words = scene.words or ()
    if not any(word.spread for word in words):
        return scene
    try:
        source = spoken_source(probed, audio_track)
        aligned = await alignments.aligned(source, scene.range, words)
    except NoSpeechTrackError:
        return scene
    except (ProcessError, OSError) as error:
        log.warning("Captions drawn at the times of lines", error=str(error))
        return scene
    return scene.model_copy(update={"words": aligned})
