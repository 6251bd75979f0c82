"""SRT and WebVTT to cues: what stands between two times is said between them."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from viralclip.errors import Fault
from viralclip.scene_lists.rows import SceneList, shown
from viralclip.timecode import parse_time
from viralclip.words.cues import Cue, Cues, Piece

_CLOCK = r"\d{1,3}(?:[:;]\d{1,3}){0,3}(?:[.,]\d{1,9})?"
_TIMING = re.compile(r"\s*(.*?)\s*-{1,2}>\s*(\S*)")
_IS_TIMING = re.compile(rf"\s*{_CLOCK}\s*-{{1,2}}>")
_TAG = re.compile(r"</?(?:[bciuv]|font|lang|ruby|rt)(?:[\s.][^<>]*)?>|\{\\[^{}]*\}", re.IGNORECASE)
_STAMP = re.compile(r"<(\d[\d:.,]*)>")
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^<>]+)>", re.IGNORECASE)
_NO_CUES = ("WEBVTT", "NOTE", "STYLE", "REGION")
# Words that scroll up stay on screen for a moment more; that many of such cues are no chance.
_ROLLING_GAP = 0.05
_ROLLING_SHARE = 0.3
_ROLLING_LEAST = 2


def is_subtitles(source: SceneList) -> bool:
    return source.text.startswith("WEBVTT") or any(map(_is_timing, source.lines))


def read_subtitles(source: SceneList) -> Cues:
    """Cues in any order; a WebVTT cue may hold the times of its words, and who speaks.

    Lines that scroll up are said once.
    """
    blocks, faults = _blocks(source)
    cues = [_cue(block) for block in (_without_repeats(blocks) if source.scrolls else blocks)]
    return Cues([*faults, *cues], language=_language(source))


@dataclass(frozen=True)
class _Block:
    """A timing with its lines of text."""

    line: int
    start: str
    end: str
    text: tuple[str, ...]


def _blocks(source: SceneList) -> tuple[list[_Block], list[Fault]]:
    blocks: list[_Block] = []
    faults: list[Fault] = []
    for first, lines in source.paragraphs():
        timings = [at for at, line in enumerate(lines) if _is_timing(line)]
        head = lines[: timings[0]] if timings else lines
        stray = head[:-1] if timings else head
        if stray and not (blocks or stray[0].startswith(_NO_CUES)):
            faults.append(Fault(f"line {first}", "the text has no line like 0:10 --> 0:12"))
        elif stray and not (stray[0].startswith(_NO_CUES) and source.text.startswith("WEBVTT")):
            # An empty line within a cue ends it for players, but the words were meant.
            blocks[-1] = replace(blocks[-1], text=(*blocks[-1].text, *stray))
        for here, following in pairwise([*timings, len(lines)]):
            text = lines[here + 1 : following]
            if following < len(lines) and text and text[-1].isdecimal():
                text.pop()  # the number of the next cue, which came without an empty line
            match = _TIMING.match(lines[here])
            start, end = (match[1], match[2]) if match else ("", "")
            blocks.append(_Block(first + here, start, end, tuple(text)))
    return blocks, faults


def _is_timing(line: str) -> bool:
    return "-->" in line or _IS_TIMING.match(line) is not None


def _without_repeats(blocks: Sequence[_Block]) -> list[_Block]:
    """The blocks without lines that stand in the one before already, if the file scrolls."""
    repeats = [0, *(_repeated(before, block) for before, block in pairwise(blocks))]
    scrolled = sum(map(bool, repeats))
    if scrolled < max(_ROLLING_LEAST, _ROLLING_SHARE * len(blocks)):
        return list(blocks)
    kept = [
        replace(block, text=block.text[count:])
        for block, count in zip(blocks, repeats, strict=True)
    ]
    return [block for block in kept if _plain(" ".join(block.text)).strip()]


def _repeated(before: _Block, block: _Block) -> int:
    """How many of the block's first lines are the last of the one that ends where it starts."""
    try:
        gap = parse_time(block.start) - parse_time(before.end)
    except ValueError:
        return 0
    if abs(gap) > _ROLLING_GAP:
        return 0
    earlier, lines = ([_plain(line) for line in each.text] for each in (before, block))
    counts = range(min(len(earlier), len(lines)), 0, -1)
    return next((count for count in counts if earlier[-count:] == lines[:count]), 0)


def _plain(text: str) -> str:
    return html.unescape(_TAG.sub("", _STAMP.sub("", text)))


def _cue(block: _Block) -> Cue | Fault:
    place = f"line {block.line}"
    text = "\n".join(block.text)
    voice = _VOICE.search(text)
    pieces: list[Piece] = []
    parts = _STAMP.split(text)
    for stamp, part in zip((None, *parts[1::2]), parts[::2], strict=True):
        try:
            start = None if stamp is None else parse_time(stamp)
        except ValueError:
            return Fault(place, f"{shown(f'<{stamp}>')} is not a time")
        pieces.append(Piece(html.unescape(_TAG.sub("", part)), start))
    speaker = html.unescape(voice[1]).strip() if voice else None
    return Cue(place, block.start, block.end, _with_ends(pieces), speaker or None)


def _with_ends(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """A stamp before a word is its start, and one before nothing is the end of the word before."""
    ended: list[Piece] = []
    for piece in pieces:
        if ended and piece.start is not None:
            ended[-1] = replace(ended[-1], end=piece.start)
        if piece.text.strip() or not ended:
            ended.append(piece)
        else:
            ended[-1] = replace(ended[-1], text=ended[-1].text + piece.text)
            ended.append(Piece(""))
    return tuple(piece for piece in ended if piece.text)


def _language(source: SceneList) -> str:
    """WebVTT as YouTube writes it names its language below the first line."""
    head = source.lines[1:4] if source.text.startswith("WEBVTT") else []
    found = (re.fullmatch(r"Language:\s*([A-Za-z-]{2,20})\s*", line) for line in head)
    return next((match[1] for match in found if match), "")
