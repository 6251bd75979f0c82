"""The scorecard as a table of Markdown."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from bench.reframe.score import Score

# The head of each column, its figure, how it is shown, and its target: the least or the most.
_COLUMNS: tuple[tuple[str, str, str, float | None, float | None], ...] = (
    ("face in", "face_in", "{:.3f}", 0.99, None),
    ("offset p95", "offset_p95", "{:.3f}", None, 0.25),
    ("padded", "padded", "{:.2f}", None, 0),
    ("v", "velocity", "{:.2f}", None, None),
    ("a", "acceleration", "{:.2f}", None, 0.8),
    ("j", "jerk", "{:.2f}", None, None),
    ("still", "still", "{:.2f}", None, None),
    ("rev/s", "reversals", "{:.2f}", None, None),
    ("late", "late", "{:.0f}", None, 0),
    ("pans", "pans", "{:.0f}", None, 0),
    ("jumps", "jumps", "{:.0f}", None, 0),
    ("on speaker", "on_speaker", "{:.3f}", 0.95, None),
    ("latency s", "latency", "{:.2f}", None, None),
    ("false", "false_switches", "{:.0f}", None, None),
)


@dataclass(frozen=True)
class Row:
    """What one tool made of one scenario; no score if it failed."""

    scenario: str
    tool: str
    score: Score | None


def misses(score: Score | None) -> list[str]:
    """The targets that were missed, by the heads of their columns."""
    if score is None:
        return ["everything"]
    return [
        head
        for head, name, _, least, most in _COLUMNS
        if not _is_met(getattr(score, name), least, most)
    ]


def markdown(rows: Iterable[Row]) -> str:
    """A row for each score; a missed target is in bold."""
    heads = ["scenario", "tool", *(column[0] for column in _COLUMNS), "targets"]
    lines = [heads, ["---"] * len(heads), *(_cells(row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells(row: Row) -> list[str]:
    missed = misses(row.score)
    verdict = "met" if not missed else f"{len(missed)} missed"
    if row.score is None:
        return [row.scenario, row.tool, *[""] * len(_COLUMNS), "failed"]
    figures = [
        _shown(getattr(row.score, name), form, is_bold=head in missed)
        for head, name, form, _, _ in _COLUMNS
    ]
    return [row.scenario, row.tool, *figures, verdict]


def _shown(value: float, form: str, *, is_bold: bool) -> str:
    if math.isnan(value):
        return ""
    return f"**{form.format(value)}**" if is_bold else form.format(value)


def _is_met(value: float, least: float | None, most: float | None) -> bool:
    """What cannot be judged is not missed."""
    return not ((least is not None and value < least) or (most is not None and value > most))
