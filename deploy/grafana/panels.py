"""Boards as values: what a panel shows, and the queries that panels share."""

from dataclasses import dataclass
from typing import Literal

RATE = "[$__rate_interval]"

Kind = Literal["timeseries", "stat"]
Unit = Literal["short", "s", "percentunit", "bytes", "Bps", "ops", "cps"]


@dataclass(frozen=True)
class Query:
    """What is asked, and what its lines are called; `{{label}}` is filled in."""

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Panel:
    """One picture: `says` tells whoever looks at it what to make of it."""

    title: str
    says: str
    queries: tuple[Query, ...]
    unit: Unit = "short"
    kind: Kind = "timeseries"
    width: int = 8
    height: int = 7


@dataclass(frozen=True)
class Variable:
    """A choice at the top of the board: one or all of a label's values."""

    name: str
    label: str
    values_of: str


@dataclass(frozen=True)
class Board:
    uid: str
    title: str
    panels: tuple[Panel, ...]
    variable: Variable | None = None


def figure(title: str, says: str, expr: str, unit: Unit = "short") -> Panel:
    """One number, and how it came to be."""
    return Panel(title, says, (Query(expr),), unit, "stat", width=4, height=4)


def lines(title: str, says: str, *queries: Query, unit: Unit = "short") -> Panel:
    return Panel(title, says, queries, unit)


def rate(counter: str, *, by: str = "", where: str = "") -> str:
    selector = f"{{{where}}}" if where else ""
    return f"sum{f' by ({by}) ' if by else ''}(rate({counter}{selector}{RATE}))"


def quantile(share: float, histogram: str, *, by: str = "", where: str = "") -> str:
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, {rate(f'{histogram}_bucket', by=labels, where=where)})"


def quantiles(histogram: str, *shares: float, where: str = "") -> tuple[Query, ...]:
    return tuple(
        Query(quantile(share, histogram, where=where), f"{share:.0%} are below") for share in shares
    )


def within(histogram: str, limit: float, *, by: str = "", where: str = "") -> str:
    """The share of events that are no more than the limit, which is one of the buckets."""
    bound = f'le="{float(limit)}"'
    good = rate(f"{histogram}_bucket", by=by, where=f"{bound},{where}" if where else bound)
    return f"{good} / {rate(f'{histogram}_count', by=by, where=where)}"
