"""Names of clips: titles as parts of file names, and what to do where a name is taken."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import count

# File systems take 255 bytes: a label, a scene's number, its title, a style and a number fit.
_SLUG_CHARS, _SLUG_BYTES = 60, 168
_LABEL_CHARS, _LABEL_BYTES = 20, 24
# Letters and marks that fonts draw nothing for: fillers, joiners, a soft hyphen.
_UNSEEN = frozenset(
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u200d\u2060\u3164\ufeff\uffa0"
)


def slug(title: str) -> str:
    """A title as part of a file name: letters and digits of any script, joined by dashes."""
    return _slug(title, chars=_SLUG_CHARS, size=_SLUG_BYTES) or "scene"


def labels(video_name: str, aspect: str, *, of_video: bool, of_aspect: bool) -> Iterator[str]:
    """What a job's clips may be called by in front, the first choice first.

    `of_video` says that other videos' clips are there, `of_aspect` that this video's clips in
    another aspect are; where neither is, no label is needed.
    """
    shape = f"{aspect.replace(':', 'x')}_" if of_aspect else ""
    stem, dot, _ = video_name.rpartition(".")
    video = _slug(stem if dot else video_name, chars=_LABEL_CHARS, size=_LABEL_BYTES) or "video"
    if not of_video:
        yield shape
    yield from (f"{_numbered(video, number)}_{shape}" for number in count(1))


def numbered(name: str) -> Iterator[str]:
    """A file's name, and what it is called instead where others have that: `a.mp4`, `a-2.mp4`."""
    stem, dot, suffix = name.rpartition(".")
    return (f"{_numbered(stem, number)}{dot}{suffix}" for number in count(1))


def is_numbered(name: str, of: str) -> bool:
    """Whether a file may be called so instead of `of`."""
    stem, _, suffix = of.rpartition(".")
    pattern = rf"{re.escape(stem)}(-[1-9]\d*)?\.{re.escape(suffix)}"
    return re.fullmatch(pattern, name) is not None


def _numbered(stem: str, number: int) -> str:
    return stem if number == 1 else f"{stem}-{number}"


def _slug(text: str, *, chars: int, size: int) -> str:
    folded = unicodedata.normalize("NFKC", text).lower()
    joined = re.sub(r"\s+", "-", _letters(folded).strip())
    short = joined[:chars]
    while len(short.encode()) > size:
        short = short[:-1]
    return short.strip("-")


def _letters(text: str) -> str:
    """Letters and digits with the marks that they bear, anything else as spaces.

    What cannot be seen is dropped: emoji are followed by such signs, and a mark that has lost
    what it stood on would be a name that nobody can type.
    """
    kept: list[str] = []
    for ch in text:
        kind = unicodedata.category(ch)
        if ch in _UNSEEN or _is_selector(ch) or kind == "Me":
            continue
        stands_alone = kind[0] == "M" and (not kept or kept[-1] == " ")
        kept.append(ch if kind[0] in "LMN" and not stands_alone else " ")
    return "".join(kept)


def _is_selector(ch: str) -> bool:
    """Whether the sign chooses between two looks of the one before it."""
    return "\ufe00" <= ch <= "\ufe0f" or "\U000e0100" <= ch <= "\U000e01ef"
