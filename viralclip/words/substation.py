"""ASS and SSA to cues: the dialogue's text without its overrides; karaoke has the words' times."""

import re
from collections.abc import Iterator

from viralclip.errors import Fault
from viralclip.scene_lists.rows import SceneList
from viralclip.timecode import parse_time
from viralclip.words.cues import Cue, Cues, Piece

_SECTION = re.compile(r"\[(.+)\]")
_FORMAT = ("layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect")
_OVERRIDES = re.compile(r"\{([^{}]*)\}")
_KARAOKE = re.compile(r"\\(?:k[fo]?|K)\s*(\d{1,6})")
_DRAWING = re.compile(r"\\p\s*([1-9])")
_BREAKS = re.compile(r"\\[Nnh]")


def is_substation(source: SceneList) -> bool:
    return any(line.strip().lower() == "[events]" for line in source.lines)


def read_substation(source: SceneList) -> Cues:
    """Dialogue lines by the columns that `Format:` names; comments and drawings are left out."""
    columns = [*_FORMAT, "text"]
    entries: list[Cue | Fault] = []
    for number, kind, rest in _events(source):
        if kind == "format":
            columns = [column.strip().lower() for column in rest.split(",")]
        elif kind == "dialogue":
            entries.append(_cue(f"line {number}", columns, rest))
    return Cues([entry for entry in entries if isinstance(entry, Fault) or entry.pieces])


def _events(source: SceneList) -> Iterator[tuple[int, str, str]]:
    section = ""
    for number, line in source.filled():
        if match := _SECTION.fullmatch(line):
            section = match[1].strip().lower()
        elif section == "events":
            kind, _, rest = line.partition(":")
            yield number, kind.strip().lower(), rest.strip()


def _cue(place: str, columns: list[str], rest: str) -> Cue | Fault:
    # The text is the last column, and may hold commas.
    values = rest.split(",", len(columns) - 1)
    if len(values) < len(columns) or not {"start", "end", "text"} <= set(columns):
        wanted = ", ".join(columns)
        return Fault(place, f"the dialogue has {len(values)} columns; the format names {wanted}")
    fields = dict(zip(columns, values, strict=True))
    try:
        start = parse_time(fields["start"])
    except ValueError as error:
        return Fault(place, f"start {error}")
    speaker = fields.get("name", fields.get("actor", "")).strip() or None
    return Cue(place, start, fields["end"].strip(), _pieces(fields["text"], start), speaker)


def _pieces(text: str, start: float) -> tuple[Piece, ...]:
    """What stands between overrides; behind a `\\k` it lasts as many hundredths of a second."""
    parts = _OVERRIDES.split(text)
    if any(map(_DRAWING.search, parts[1::2])):
        return ()
    pieces: list[Piece] = []
    reached = start
    for overrides, part in zip(("", *parts[1::2]), parts[::2], strict=True):
        lengths = [int(length) / 100 for length in _KARAOKE.findall(overrides)]
        # Of several in one place only the last has text to it; the others are pauses.
        begins, reached = reached + sum(lengths[:-1]), reached + sum(lengths)
        spoken = _BREAKS.sub(" ", part)
        timed = (begins, reached) if lengths else (None, None)
        pieces.append(Piece(spoken, *timed))
    return tuple(piece for piece in pieces if piece.text)
