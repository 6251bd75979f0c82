"""A measured figure with its target, and the table that shows them as they are."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """What was measured, in `unit`; `at_most` or `at_least` is the target, `raw` what the figure
    is made of."""

    what: str
    value: float
    unit: str
    raw: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def verdict(self) -> str:
        if self.at_most is not None:
            return "met" if self.value <= self.at_most else "MISSED"
        if self.at_least is not None:
            return "met" if self.value >= self.at_least else "MISSED"
        return ""

    @property
    def target(self) -> str:
        if self.at_most is not None:
            return f"<= {self.at_most:g}"
        return f">= {self.at_least:g}" if self.at_least is not None else ""

    @property
    def shown(self) -> str:
        """Rounded away from the target, so that no miss ever looks like a hit."""
        digits = _digits(self.value)
        away = math.floor if self.at_least is not None else math.ceil
        rounded = away(self.value * 10**digits) / 10**digits
        return f"{rounded:,.{digits}f} {self.unit}".rstrip()


def table(figures: Sequence[Figure]) -> str:
    rows = [("figure", "measured", "target", "", "from")]
    rows += [(f.what, f.shown, f.target, f.verdict, f.raw) for f in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = (
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def spread(values: Sequence[float], unit: str, *, digits: int = 2) -> str:
    """The median and, of several, the least and the most: `12.30 s (12.11-12.90, n=3)`."""
    middle = f"{statistics.median(values):.{digits}f} {unit}"
    if len(values) == 1:
        return f"{middle} (n=1)"
    return f"{middle} ({min(values):.{digits}f}-{max(values):.{digits}f}, n={len(values)})"


def _digits(value: float) -> int:
    """Enough to see a ratio's third decimal, none where thousands are counted."""
    return 3 if value < 100 else 0
