"""What is said in a stretch of a video, word by word, each with its time."""

from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    FiniteFloat,
    StringConstraints,
    model_validator,
)

from viralclip.timecode import TimeRange

# As long as the longest words of any language, with room for a phrase someone typed as one word.
MAX_WORD = 200
_Text = Annotated[
    str,
    BeforeValidator(lambda text: " ".join(text.split()) if isinstance(text, str) else text),
    StringConstraints(min_length=1, max_length=MAX_WORD),
]
_Seconds = Annotated[FiniteFloat, Field(ge=0)]
_Share = Annotated[FiniteFloat, Field(ge=0, le=1)]


class Word(BaseModel, frozen=True):
    """A word as it is shown, punctuation included, and when it is said: seconds of the video.

    `confidence` is 0 to 1, or None where nobody says. `speaker` is a name or label. `break_after`
    says that a caption ends behind the word (True) or goes on (False); None leaves it open.
    `joined` says that no space stands before the word, as in Japanese, Chinese and Thai. `spread`
    is the stretch that the word has its letters' share of, where a file gives times of lines only.
    """

    text: _Text
    start: _Seconds
    end: _Seconds
    confidence: _Share | None = None
    speaker: str | None = None
    break_after: bool | None = None
    joined: bool = False
    spread: tuple[_Seconds, _Seconds] | None = None

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if self.end < self.start:
            raise ValueError("a word ends before it starts")
        return self

    @property
    def duration(self) -> float:
        return self.end - self.start

    @property
    def shown(self) -> str:
        """What a clip shows of it, as text that is equal where that is; words with their own times
        are as they were before others shared one."""
        return self.model_dump_json(exclude={"confidence", *([] if self.spread else ["spread"])})

    def during(self, start: float, end: float) -> "Word":
        """The same word at another time."""
        return self.model_copy(update={"start": start, "end": end})


class Transcript(BaseModel, frozen=True):
    """The words of a video, or of the stretch from `start` to `end` (None: to its end), in the
    order they are said.

    `language` is a tag such as `en` or `pt-BR`, or empty. `origin` says where the words are from:
    a file's name, or an engine and its model.
    """

    words: tuple[Word, ...] = ()
    language: str = ""
    origin: str = ""
    start: _Seconds = 0.0
    end: _Seconds | None = None

    def within(self, stretch: TimeRange) -> "Transcript":
        """The words that are said for the greater part in the stretch, cut at its borders."""
        update = {"words": within(self.words, stretch), "start": stretch.start, "end": stretch.end}
        return self.model_copy(update=update)

    def shifted(self, by: float) -> "Transcript":
        """The same words `by` seconds later, or earlier; nothing starts before zero."""
        moved = tuple(_shifted(word, by) for word in self.words)
        end = None if self.end is None else _late(self.end, by)
        return self.model_copy(update={"words": moved, "start": _late(self.start, by), "end": end})


def within(words: Iterable[Word], stretch: TimeRange) -> tuple[Word, ...]:
    """The words that are said for the greater part in the stretch, cut at its borders."""
    return tuple(
        word.during(max(word.start, stretch.start), min(word.end, stretch.end))
        for word in words
        if stretch.start <= (word.start + word.end) / 2 < stretch.end
    )


def spelled(words: Iterable[Word]) -> str:
    """The words as they are written in one line."""
    return "".join(word.text if word.joined else f" {word.text}" for word in words).strip()


def in_order(words: Iterable[Word]) -> tuple[Word, ...]:
    """The words by the time they start; those that start together stay as they stand."""
    return tuple(sorted(words, key=lambda word: word.start))


def _shifted(word: Word, by: float) -> Word:
    moved = word.during(_late(word.start, by), _late(word.end, by))
    if word.spread is None:
        return moved
    start, end = word.spread
    return moved.model_copy(update={"spread": (_late(start, by), _late(end, by))})


def _late(seconds: float, by: float) -> float:
    return max(seconds + by, 0.0)
