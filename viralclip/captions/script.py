"""Chunks of words to an ASS script that FFmpeg draws: libass lays out lines, and decides nothing.

Each line is an event for each word that is said, with the whole line in it. Every word, mark and
space is a run of its own in every event: kerning is done within runs, so words would move if runs
were cut differently from one event to the next.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from viralclip.captions.bands import Band
from viralclip.captions.chunks import Chunk
from viralclip.captions.layout import BOX_PADDING, GROWTH, Block, Piece
from viralclip.captions.runs import Run
from viralclip.captions.style import CaptionStyle
from viralclip.geometry import Rect, Size

_BEHIND, _TEXT, _GROWN = 0, 1, 2
_HIDDEN, _SEEN = "\\alpha&HFF&", "\\alpha&H00&"
# libass joins runs that look alike: a colour that only karaoke shows tells them apart.
_APART = ("010101", "020202", "030303")
# At the end of a run, too, where the brace of the next one follows.
_ORDER = re.compile(r"\\(?=[Nnh{}]|$)")


@dataclass(frozen=True)
class Page:
    """What is drawn on: the clip's size, frame rate and the area that the lines stand in."""

    frame: Size
    fps: Fraction
    area: Rect


def script_of(
    chunks: Sequence[Chunk], bands: Sequence[Band], style: CaptionStyle, page: Page
) -> str:
    """The whole ASS file; events begin and end half way between two frames."""
    events = [
        event
        for chunk, band in zip(chunks, bands, strict=True)
        for event in _events(chunk, band, style, page)
    ]
    return "\n".join([*_head(style, page, _first_font(chunks, style)), *events, ""])


def _first_font(chunks: Sequence[Chunk], style: CaptionStyle) -> str:
    """One that is drawn with: libass looks for that of a style even where every run has another."""
    runs = (run for chunk in chunks for line in chunk.block.lines for p in line for run in p.runs)
    return next((run.font.name for run in runs), style.letters.font)


def _head(style: CaptionStyle, page: Page, font: str) -> Iterator[str]:
    yield "[Script Info]\nScriptType: v4.00+"
    yield f"PlayResX: {page.frame.width}\nPlayResY: {page.frame.height}"
    yield "WrapStyle: 2\nScaledBorderAndShadow: yes\nYCbCr Matrix: None\n"
    yield "[V4+ Styles]"
    yield (
        "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour,"
        " BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle,"
        " BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding"
    )
    paint = style.paint
    fill, edge, box = (_colour(each) for each in (paint.fill, paint.outline_colour, paint.box))
    for name, border, outline, encoding in (
        ("Text", 1, edge, 1), ("Right", 1, edge, -1), ("Box", 3, box, 1),
    ):  # fmt: skip
        yield (
            f"Style: {name},{font},40,&H00{fill},&H00{fill},&H00{outline},&H00{outline},"
            f"0,0,0,0,100,100,0,0,{border},0,0,5,0,0,0,{encoding}"
        )
    yield "\n[Events]"
    yield "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text"


def _events(chunk: Chunk, band: Band, style: CaptionStyle, page: Page) -> Iterator[str]:
    block = chunk.block
    count = len(block.lines)
    for at, line in enumerate(block.lines):
        middle = band.middle + (at - (count - 1) / 2) * block.pitch
        placed = f"\\an5\\pos({page.area.x + page.area.width / 2:g},{middle:.1f})"
        for begin, end, active in _states(chunk, line, style, page.fps):
            times = f"{_time(begin, page.fps)},{_time(end, page.fps)}"
            for layer, name, text in _layers(line, active, block, style):
                yield f"Dialogue: {layer},{times},{name},,0,0,0,,{{{placed}}}{text}"


def _states(
    chunk: Chunk, line: Sequence[Piece], style: CaptionStyle, fps: Fraction
) -> Iterator[tuple[int, int, int | None]]:
    """First frame, frame behind the last and the line's word that is being said, if it is one."""
    first, last = round(chunk.start * fps), round(chunk.end * fps)
    own = {piece.word for piece in line}
    states: list[tuple[int, int | None]] = []
    for at, word in enumerate(chunk.words):
        frame = max(round(word.start * fps), first)
        active = at if at in own and style.highlight != "none" else None
        if chunk.block.right_to_left and active is not None:
            active = min(own)
        if states and states[-1][0] == frame:
            states[-1] = (frame, active)
        elif not states or states[-1][1] != active:
            states.append((frame, active))
    borders = [*(frame for frame, _ in states[1:]), last]
    for (frame, active), following in zip(states, borders, strict=True):
        if frame < following:
            yield frame, following, active


def _layers(
    line: Sequence[Piece], active: int | None, block: Block, style: CaptionStyle
) -> Iterator[tuple[int, str, str]]:
    """The layer, the style's name and the text of each event that draws the line."""
    paint, em = style.paint, block.em
    edge = f"{{\\bord{paint.outline * em:.1f}}}"
    lit, unlit = f"\\1c&H{_colour(paint.active)}&", f"\\1c&H{_colour(paint.fill)}&"
    if block.right_to_left:
        # An effect within a line would run the wrong way.
        colour = unlit if active is None else lit
        yield _TEXT, "Right", f"{{{colour}}}{edge}" + "".join(_plain(line, em))
        return
    written = partial(_written, line, active, em)
    if style.highlight == "box" and active is not None:
        padding = f"{{\\xbord{BOX_PADDING * em:.1f}\\ybord0}}"
        box = "\\3a&H00&\\1a&HFF&\\4a&HFF&"
        yield _BEHIND, "Box", padding + written(lit=box, others=_HIDDEN)
    if style.highlight != "pop" or active is None:
        apart = style.highlight == "colour"
        yield _TEXT, "Text", edge + written(lit=lit, others=unlit, marks_apart=apart)
        return
    grown = f"\\fscx{GROWTH * 100:.0f}\\fscy{GROWTH * 100:.0f}"
    yield _TEXT, "Text", edge + written(lit=_HIDDEN, others=f"{_SEEN}{unlit}")
    others = f"{_HIDDEN}\\fscx100\\fscy100"
    yield _GROWN, "Text", edge + written(lit=f"{_SEEN}{lit}{grown}", others=others)


def _written(
    line: Sequence[Piece],
    active: int | None,
    em: float,
    *,
    lit: str,
    others: str,
    marks_apart: bool = False,
) -> str:
    """The line with `lit` before the active word's letters and `others` before all else."""
    written: list[str] = []
    for at, piece in enumerate(line):
        if at and not piece.joined and piece.runs:
            written.append(_space(piece, em, others, len(written)))
        for run, is_mark in _marked(piece.runs, apart=marks_apart):
            look = lit if piece.word == active and not is_mark else others
            written.append(_run(run, em, f"\\fscx100{look}", len(written)))
    return "".join(written)


def _marked(runs: Sequence[Run], *, apart: bool) -> Iterator[tuple[Run, bool]]:
    """The runs, with the punctuation at the word's end apart: it would flash with the word."""
    for at, run in enumerate(runs):
        letters = run.text.rstrip(".,!?;:…。、！？،؟")  # noqa: RUF001 - meant
        if not apart or at < len(runs) - 1 or letters in {run.text, ""}:
            yield run, False
            continue
        yield Run(letters, run.font), False
        yield Run(run.text[len(letters) :], run.font), True


def _plain(line: Sequence[Piece], em: float) -> Iterator[str]:
    """The line in as few runs as its fonts need, for what must be shaped and ordered as a whole."""
    font = None
    for at, piece in enumerate(line):
        for place, run in enumerate(piece.runs):
            space = " " if at and not place and not piece.joined else ""
            change = ""
            if run.font is not font:
                change = f"{{\\fn{run.font.name}\\fs{run.font.line_height(em):.2f}}}"
            font = run.font
            # A font of emoji has a space as wide as they are.
            yield (space + change if run.is_symbol else change + space) + escape(run.text)


def _space(piece: Piece, em: float, look: str, number: int) -> str:
    space = Run(" ", piece.runs[0].font)
    natural = space.width(1.0)
    stretch = 100 * piece.space / natural if natural else 100
    return _run(space, em, f"{look}\\fscx{stretch:.1f}", number)


def _run(run: Run, em: float, look: str, number: int) -> str:
    apart = _APART[number % len(_APART)]
    font = f"\\fn{run.font.name}\\fs{run.font.line_height(em):.2f}"
    return f"{{{font}\\2c&H{apart}&{look}}}{escape(run.text)}"


def escape(text: str) -> str:
    """Text that libass draws as it is: braces have an escape; a backslash has none, and gets a
    neighbour without width where it would make sense with the one it has."""
    safe = _ORDER.sub("\\\\\u200b", " ".join(text.split("\n")))
    return safe.replace("{", "\\{").replace("}", "\\}")


def _colour(written: str) -> str:
    """#RRGGBB as ASS has it."""
    return f"{written[5:7]}{written[3:5]}{written[1:3]}".upper()


def _time(frame: int, fps: Fraction) -> str:
    hundredths = max(round((frame - Fraction(1, 2)) / fps * 100), 0)
    seconds, rest = divmod(hundredths, 100)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}.{rest:02}"
