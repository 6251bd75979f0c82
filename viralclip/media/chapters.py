"""The chapters that a file carries, in the time that all of ours count: from its first stream."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from viralclip.media.packets import zero_of

if TYPE_CHECKING:
    from av.container import InputContainer

_ROUNDING = 1.0


@dataclass(frozen=True)
class Chapter:
    title: str
    start: float
    end: float


def read_chapters(container: "InputContainer") -> tuple[Chapter, ...]:
    """Chapters stand on the file's clock, unless the first ends before that clock's streams begin:
    then some program moved the streams and left the chapters.
    """
    chapters = [
        Chapter(
            title=chapter["metadata"].get("title", ""),
            start=float(chapter["start"] * chapter["time_base"]),
            end=float(chapter["end"] * chapter["time_base"]),
        )
        for chapter in container.chapters()
        if chapter["time_base"] is not None
    ]
    zero = zero_of(container)
    if not all(chapter.start > zero - _ROUNDING for chapter in chapters):
        zero = 0.0
    return tuple(
        Chapter(chapter.title, chapter.start - zero, chapter.end - zero) for chapter in chapters
    )
