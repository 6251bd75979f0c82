"""A job's progress as lines of text that fit a screen of any size."""

from rich.text import Text

from viralclip.cli import figures
from viralclip.cli.display.marks import HighWaterMarks
from viralclip.cli.display.rows import body_lines
from viralclip.cli.display.screen import DIM, Screen
from viralclip.cli.display.summary import (
    elapsed,
    remaining,
    tally,
    warnings,
)
from viralclip.progress import Progress

_LONGEST_JOB_BAR = 64
_TIME_LEFT = 22
_BLANKS_FROM = 12  # rows
_WARNINGS_FROM = 16
_SHOWN_WARNINGS = 2


def draw(progress: Progress, screen: Screen, marks: HighWaterMarks, *, title: str) -> list[Text]:
    """At most `screen.rows` lines of at most `screen.columns` cells."""
    head = _head(progress, screen, marks, title)
    foot = _warnings(progress, screen)
    room = screen.rows - len(head) - len(foot)
    body = body_lines(progress, screen, marks, room) if room > 0 else []
    lines = [*head, *body, *foot][: screen.rows]
    for line in lines:
        line.truncate(screen.columns)
    return lines


def _head(progress: Progress, screen: Screen, marks: HighWaterMarks, title: str) -> list[Text]:
    symbols, indent = screen.symbols, " " * screen.indent
    clock = figures.clock(elapsed(progress, screen.now))
    name = symbols.fit(title or f"job {progress.job_id}", screen.columns - screen.indent - 9)
    first = Text.assemble(indent, (name, "bold"), "  ", (clock, DIM))
    bar = _job_bar(progress, screen, marks.job(progress))
    counts = Text.assemble(indent, _tally(progress, screen, screen.columns - screen.indent))
    if not progress.has_worker:
        standstill = "".join(remaining(progress, screen.now))
        counts = Text.assemble(
            indent, (symbols.fit(standstill, screen.columns - screen.indent), "yellow")
        )
    lines = [first, *bar, counts]
    if screen.height < _BLANKS_FROM:
        return [*bar, counts]
    return [Text(), *lines, Text()] if screen.indent else [*lines, Text()]


def _job_bar(progress: Progress, screen: Screen, fraction: float) -> list[Text]:
    percent = f" {figures.percent(fraction, outcome=progress.outcome):3}%"
    left = "".join(remaining(progress, screen.now)[:1]) if progress.has_worker else ""
    if not screen.indent:
        bar = screen.symbols.bar(fraction, screen.columns - len(percent), "cyan")
        return [Text.assemble(bar, (percent, "bold")), Text(left, style="cyan")]
    width = screen.columns - screen.indent - len(percent) - _TIME_LEFT
    bar = screen.symbols.bar(fraction, min(width, _LONGEST_JOB_BAR), "cyan")
    return [Text.assemble(" " * screen.indent, bar, (percent, "bold"), "  ", (left, "cyan"))]


def _tally(progress: Progress, screen: Screen, width: int) -> Text:
    """As many counts as fit whole, and when it is done."""
    line = Text()
    for part in (*tally(progress), *remaining(progress, screen.now)[1:]):
        style = "red" if part.endswith("failed") else DIM
        longer = Text.assemble(
            line, (screen.symbols.dot if line else "", DIM), (screen.symbols.clean(part), style)
        )
        if longer.cell_len > width:
            break
        line = longer
    return line


def _warnings(progress: Progress, screen: Screen) -> list[Text]:
    if screen.height < _WARNINGS_FROM or not progress.warnings:
        return []
    room = screen.columns - screen.indent - 2
    shown = warnings(progress)[-_SHOWN_WARNINGS:]
    mark = f"{' ' * screen.indent}{screen.symbols.warning} "
    return [
        Text(),
        *(Text(mark + screen.symbols.fit(said, room), style="yellow") for said in shown),
    ]
