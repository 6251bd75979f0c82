"""Words that came with times of lines only are drawn when they are heard.

The files beside the clip keep the times that were given: who gives them back finds them unchanged.
"""

from dataclasses import dataclass

import structlog

from viralclip.audio_tracks import VOICE
from viralclip.errors import NoSpeechTrackError
from viralclip.media.probe import Probed
from viralclip.processes.runner import ProcessError
from viralclip.scenes import Scene
from viralclip.speech.alignments import Alignments
from viralclip.speech.spoken import spoken_source

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class AlignedScene:
    """A scene with its words as they are drawn; where the sound could not be listened to they keep
    their shares of the lines' times, and `is_aligned` is False."""

    scene: Scene
    is_aligned: bool = True


async def aligned_scene(
    scene: Scene, probed: Probed, alignments: Alignments, *, audio_track: str = VOICE
) -> AlignedScene:
    """The scene with its words where they are heard."""
    words = scene.words or ()
    if not any(word.spread for word in words):
        return AlignedScene(scene)
    try:
        source = spoken_source(probed, audio_track)
        aligned = await alignments.aligned(source, scene.range, words)
    except NoSpeechTrackError:
        return AlignedScene(scene)
    except (ProcessError, OSError) as error:
        log.warning("Captions drawn at the times of lines", error=str(error))
        return AlignedScene(scene, is_aligned=False)
    return AlignedScene(scene.model_copy(update={"words": aligned}))
