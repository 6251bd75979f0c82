"""The clips of a job as rows, as many as there is room for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from viralclip.cli import words
from viralclip.cli.clip_words import clip_words
from viralclip.cli.display.marks import HighWaterMarks
from viralclip.cli.display.screen import DIM, Screen
from viralclip.cli.display.summary import FailedAlike, Place, failures, places
from viralclip.cli.display.symbols import Symbols, style_of
from viralclip.cli.display.text import pad
from viralclip.cli.figures import percent
from viralclip.progress import ClipState, Progress
from viralclip.steps import ENDS, Step
from viralclip.text import counted

_BARS_FROM = 72  # columns
_LONG_BARS_FROM = 110
_SHOWN_NEXT = 3
_SHOWN_DONE = 8
_NAMED_ALIKE = 3
_SHORT_TITLE = 14  # columns that a long style leaves to the titles
_SPINS_PER_S = 5


def body_lines(progress: Progress, screen: Screen, marks: HighWaterMarks, room: int) -> list[Text]:
    """A line for each clip that there is room for, and one that counts the others."""
    groups = _groups(progress)
    shown = groups if groups.lines <= room else _choose(groups, room - 1)
    columns = _columns(progress, screen)
    at_work = [place._replace(clip=progress.as_shown(place.clip)) for place in shown.running]
    lines = [_row(place, columns, screen, marks) for place in at_work]
    named = _NAMED_ALIKE if shown is groups else 1
    for alike in shown.failed:
        lines += _failed(alike, columns, screen, named=named)
    lines += [_row(place, columns, screen, marks) for place in (*shown.ended, *shown.waiting)]
    if shown is not groups:
        lines.append(_hidden(groups, shown, screen))
    return lines


@dataclass(frozen=True)
class _Groups:
    running: list[Place]
    failed: list[FailedAlike]
    ended: list[Place]
    waiting: list[Place]

    @property
    def lines(self) -> int:
        named = sum(min(len(alike.places), _NAMED_ALIKE) + 1 for alike in self.failed)
        return sum(map(len, (self.running, self.ended, self.waiting))) + named


def _groups(progress: Progress) -> _Groups:
    """Clips by what matters to people: at work, failed, ended (the latest first), to come."""
    running: list[Place] = []
    ended: list[Place] = []
    waiting: list[Place] = []
    for place in places(progress):
        step = place.clip.step
        if step is Step.QUEUED:
            waiting.append(place)
        elif step not in ENDS:
            running.append(place)
        elif step is not Step.FAILED:
            ended.append(place)
    ended.sort(key=lambda place: place.clip.since.timestamp() if place.clip.since else 0.0)
    return _Groups(running, failures(progress), ended[::-1], waiting)


def _choose(groups: _Groups, room: int) -> _Groups:
    """As many as fit: what runs first, though failures always keep a third of the room."""
    kept = min(2 * len(groups.failed), max(room // 3, 2))
    running = groups.running[: max(room - kept, 0)]
    failed = groups.failed[-max((room - len(running)) // 2, 0) :] if room > len(running) else []
    room -= len(running) + 2 * len(failed)
    coming = min(len(groups.waiting), _SHOWN_NEXT, max(room // 2, 0))
    ended = groups.ended[: max(min(room - coming, _SHOWN_DONE), 0)]
    return _Groups(running, failed, ended, groups.waiting[:coming])


def _hidden(groups: _Groups, shown: _Groups, screen: Screen) -> Text:
    counts = (
        (len(groups.running) - len(shown.running), "running"),
        (_clips(groups.failed) - _clips(shown.failed), "failed"),
        (len(groups.waiting) - len(shown.waiting), "waiting"),
        (len(groups.ended) - len(shown.ended), "ended"),
    )
    said = screen.symbols.dot.join(f"{count} {what}" for count, what in counts if count)
    return Text(f"{' ' * screen.indent}+ {said}" if said else "", style=DIM)


def _clips(failed: Iterable[FailedAlike]) -> int:
    return sum(len(alike.places) for alike in failed)


@dataclass(frozen=True)
class _Columns:
    """Widths in cells; those of names are of the whole job, so that rows never shift."""

    number: int
    title: int
    style: int
    bar: int
    words: int


def _columns(progress: Progress, screen: Screen) -> _Columns:
    scenes = progress.scenes
    number = max((len(words.scene_number(scene.scene_id)) for scene in scenes), default=2)
    bar = _bar_width(screen.width)
    room = screen.columns - screen.indent - number - 3 - (bar + 1 if bar else 0) - 4 - 4
    title = max((cell_len(screen.symbols.clean(scene.title)) for scene in scenes), default=0)
    styles = {clip.style for scene in scenes for clip in scene.clips}
    style = max((cell_len(screen.symbols.clean(name)) for name in styles), default=0)
    names = max(room * 6 // 10, 0)
    style = min(style, max(names - min(title, _SHORT_TITLE), names // 2))
    title = min(title, names - style)
    return _Columns(number, title, style, bar, max(room - title - style, 0))


def _bar_width(width: int) -> int:
    if width < _BARS_FROM:
        return 0
    return 10 if width < _LONG_BARS_FROM else 20


def _row(place: Place, columns: _Columns, screen: Screen, marks: HighWaterMarks) -> Text:
    clip = place.clip
    style = style_of(clip.step)
    quiet = clip.step in ENDS or clip.step is Step.QUEUED
    line = _names(place, columns, screen, mark=_mark(clip.step, screen), quiet=quiet)
    fraction = marks.clip(place.scene.scene_id, clip)
    if columns.bar:
        waits = clip.step is Step.QUEUED
        bar = Text(" " * columns.bar) if waits else screen.symbols.bar(fraction, columns.bar, style)
        line.append_text(bar).append(" ")
    line.append(_percent(clip.step, fraction), style=DIM if quiet else "")
    said = _fitting(clip_words(clip, now=screen.now), columns.words, screen.symbols)
    return line.append(f"  {said}", style=_status_style(clip))


def _names(place: Place, columns: _Columns, screen: Screen, *, mark: str, quiet: bool) -> Text:
    symbols, step = screen.symbols, place.clip.step
    number = words.scene_number(place.scene.scene_id)
    return Text.assemble(
        " " * screen.indent,
        (mark, style_of(step)),
        (f" {number:>{columns.number}} ", DIM),
        (pad(symbols.fit(place.scene.title, columns.title), columns.title), DIM if quiet else ""),
        " ",
        (
            pad(symbols.squeeze(place.clip.style, columns.style), columns.style),
            DIM if quiet else "magenta",
        ),
        " ",
    )


def _mark(step: Step, screen: Screen) -> str:
    symbols = screen.symbols
    ends = {
        Step.QUEUED: symbols.waiting,
        Step.COMPLETE: symbols.done,
        Step.CANCELLED: symbols.stopped,
        Step.RETRYING: symbols.retrying,
    }
    spin = int(screen.now.timestamp() * _SPINS_PER_S) % len(symbols.spinner)
    return ends.get(step, symbols.spinner[spin])


def _percent(step: Step, fraction: float) -> str:
    if step in (Step.QUEUED, Step.CANCELLED):
        return "    "
    return "100%" if step is Step.COMPLETE else f"{percent(fraction):3}%"


def _status_style(clip: ClipState) -> str:
    if clip.step is Step.RETRYING or clip.slow_times:
        return "yellow"
    return DIM if clip.ended or clip.step is Step.QUEUED else ""


def _fitting(parts: Sequence[str], width: int, symbols: Symbols) -> str:
    """As many parts as fit whole; only the first may be cut."""
    said = symbols.fit(parts[0], width)
    for part in parts[1:]:
        longer = said + symbols.dot + symbols.clean(part)
        if cell_len(longer) > width:
            break
        said = longer
    return said


def _failed(alike: FailedAlike, columns: _Columns, screen: Screen, *, named: int) -> list[Text]:
    """Which clips failed in which step, and below them why."""
    lines = [_failed_clip(place, columns, screen) for place in alike.places[:named]]
    indent = screen.indent + columns.number + 3
    others = len(alike.places) - named
    also = f" (and {counted(others, 'more clip')})" if others > 0 else ""
    why = screen.symbols.fit(alike.failure.message, screen.columns - indent - len(also))
    return [*lines, Text(" " * indent + why + also, style="red")]


def _failed_clip(place: Place, columns: _Columns, screen: Screen) -> Text:
    line = _names(place, columns, screen, mark=screen.symbols.failed, quiet=False)
    where = clip_words(place.clip, now=screen.now)[0]
    return line.append(screen.symbols.fit(where, screen.columns - line.cell_len), style="red")
