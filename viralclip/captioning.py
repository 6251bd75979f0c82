"""What a job's clips show as captions: words for each scene, and what is wrong with them."""

from collections.abc import Sequence
from dataclasses import dataclass

from viralclip.captions.composing import undrawable
from viralclip.captions.fonts import Font
from viralclip.captions.registry import caption_style
from viralclip.errors import Fault, InvalidTranscriptError
from viralclip.plan import CaptionOptions
from viralclip.scenes import Scene
from viralclip.words.transcript import Transcript, Word

_SHOWN = 12


def with_words(scenes: Sequence[Scene], transcript: Transcript) -> tuple[Scene, ...]:
    """The scenes with their words of the transcript; those that have words of their own keep
    them."""
    return tuple(
        scene
        if scene.words is not None
        else scene.model_copy(update={"words": transcript.within(scene.range).words})
        for scene in scenes
    )


def clip_words(scene: Scene, start: float | None = None) -> tuple[Word, ...]:
    """The scene's words in the time of a clip of it, whose first frame is that of `start`."""
    words = Transcript(words=scene.words or ()).within(scene.range)
    return words.shifted(-(scene.start if start is None else start)).words


@dataclass(frozen=True)
class Captioned:
    """Scenes with the words that their clips show, what applies to these, and notes about it."""

    scenes: tuple[Scene, ...]
    options: CaptionOptions
    notes: tuple[str, ...] = ()


def give_captions(
    scenes: Sequence[Scene],
    options: CaptionOptions,
    *,
    transcript: Transcript | None = None,
    fonts: Sequence[Font] = (),
) -> Captioned:
    """The scenes with the words of the transcript, or with their own.

    UnknownCaptionStyleError; InvalidTranscriptError where no scene has words to show, or with every
    scene that has letters that none of the `fonts` can draw.
    """
    if options.mode == "none":
        return Captioned(tuple(scenes), options)
    caption_style(options.style)
    if options.mode == "auto":
        # Words that somebody gave are shown; the others are heard when the clips are made.
        if options.burn:
            _demand_letters(scenes, fonts)
        return Captioned(tuple(scenes), options)
    given = with_words(scenes, transcript or Transcript())
    if not any(scene.words for scene in given):
        raise InvalidTranscriptError([Fault("", "it has no words in any of the scenes")])
    if options.burn:
        _demand_letters(given, fonts)
    silent = [str(scene.id) for scene in given if not scene.words]
    return Captioned(given, options, (_without(silent),) if silent else ())


def _demand_letters(scenes: Sequence[Scene], fonts: Sequence[Font]) -> None:
    faults = [
        Fault(f"scene {scene.id}", _cannot_draw(missing))
        for scene in scenes
        if (missing := undrawable(scene.words or (), fonts))
    ]
    if faults:
        raise InvalidTranscriptError(faults)


def _cannot_draw(letters: Sequence[str]) -> str:
    few = " ".join(letters[:_SHOWN])
    more = f" and {len(letters) - _SHOWN} more" if len(letters) > _SHOWN else ""
    return (
        f"no font has {few}{more}; put a font that does into a folder and name it"
        " in VIRALCLIP_FONTS"
    )


def _without(scenes: Sequence[str]) -> str:
    if len(scenes) == 1:
        return f"Scene {scenes[0]} has no words to show as captions."
    return f"Scenes {', '.join(scenes[:-1])} and {scenes[-1]} have no words to show as captions."
