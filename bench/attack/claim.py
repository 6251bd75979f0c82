"""What an attack must not achieve, and whether it did."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """`holds` says whether the server withstood; `figure` is what was seen."""

    what: str
    holds: bool
    figure: str


def counted(values: Iterable[object]) -> str:
    """How often each value was seen, the most frequent first: `429 x 1980, 201 x 20`."""
    return ", ".join(f"{value} x {count}" for value, count in Counter(values).most_common())


def all_are(what: str, wanted: frozenset[int], seen: dict[str, int]) -> Claim:
    """Whether every request was answered with a status that is wanted; else the first others."""
    others = {request: status for request, status in seen.items() if status not in wanted}
    figure = f"{len(seen)} requests: {counted(seen.values())}"
    if others:
        figure += "; " + ", ".join(
            f"{name!r} {status}" for name, status in list(others.items())[:5]
        )
    return Claim(what, not others, figure)
