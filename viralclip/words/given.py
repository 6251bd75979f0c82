"""Words as scene lists and requests give them: objects with our fields, faults with places."""

from collections.abc import Callable, Sequence
from typing import cast

from pydantic import ValidationError

from viralclip.scene_lists.rows import shown
from viralclip.timecode import TimeRange, format_time
from viralclip.words.transcript import Word, in_order, within

MAX_SCENE_WORDS = 20_000
Blame = Callable[[str, str], None]


def read_words(
    value: object, place: str, span: TimeRange | None, blame: Blame
) -> tuple[Word, ...] | None:
    """The words of a scene that lasts for `span`, cut at its borders; None for what is no list.

    Their times are the video's: words that are given in another time all lie elsewhere.
    """
    if not isinstance(value, list):
        blame(place, f"{shown(value)} is not a list of words like {{text, start, end}}")
        return None
    items = cast("list[object]", value)
    if len(items) > MAX_SCENE_WORDS:
        blame(place, too_many_words(len(items)))
        return None
    words = [
        word
        for at, item in enumerate(items)
        if (word := _word(item, f"{place}[{at}]", blame)) is not None
    ]
    if span is None:
        return in_order(words)
    kept = within(in_order(words), span)
    if words and not kept:
        blame(place, _elsewhere(words, span))
    return kept


def too_many_words(count: int) -> str:
    """What is wrong with a scene of more than MAX_SCENE_WORDS words."""
    return f"the scene has {count:,} words; at most {MAX_SCENE_WORDS:,} are shown"


def _elsewhere(words: Sequence[Word], span: TimeRange) -> str:
    said = f"{format_time(words[0].start)} to {format_time(words[-1].end)}"
    scene = f"{format_time(span.start)} to {format_time(span.end)}"
    return f"the words are said from {said}, outside the scene ({scene}); give the video's times"


def _word(item: object, place: str, blame: Blame) -> Word | None:
    if not isinstance(item, dict):
        blame(place, f"{shown(item)} is not a word like {{text, start, end}}")
        return None
    try:
        return Word.model_validate(item)
    except ValidationError as error:
        for each in error.errors():
            at = ".".join((place, *map(str, each["loc"])))
            blame(
                at, each["msg"].removeprefix("Value error, ").replace("Input should", "it should")
            )
        return None
