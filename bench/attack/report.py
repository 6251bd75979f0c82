"""What the attacks came to: a row for each claim, and what another user felt meanwhile."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.attack.claim import Claim
from bench.attack.witness import READY_WITHIN_S, SUBMITTED_WITHIN_S, Asked, Sight

Row = tuple[str, str, str, str, str, str]


@dataclass(frozen=True)
class Attacked:
    """One attack from `began` to `ended`, of the machine's clock."""

    name: str
    claims: tuple[Claim, ...]
    began: float
    ended: float

    def during(self, sights: Sequence[Sight], asked: Asked) -> list[Sight]:
        return [
            sight
            for sight in sights
            if sight.asked == asked
            and sight.at + sight.took_s >= self.began
            and sight.at <= self.ended
        ]


@dataclass(frozen=True)
class Report:
    """All attacks, and what was seen of the server by somebody who had nothing to do with them."""

    attacks: tuple[Attacked, ...]
    sights: tuple[Sight, ...]

    @property
    def withstood(self) -> bool:
        claims = [claim for attack in self.attacks for claim in attack.claims]
        return all(claim.holds for claim in [*claims, *self.throughout()])

    def throughout(self) -> list[Claim]:
        """What has to hold for that somebody all the while."""
        ready = [sight for sight in self.sights if sight.asked == "ready"]
        submitted = [sight for sight in self.sights if sight.asked == "submit"]
        failed = [sight.status for sight in self.sights if not sight.is_good]
        p99, worst = percentile(ready, 0.99), percentile(submitted, 1)
        return [
            Claim(
                f"/readyz p99 < {READY_WITHIN_S * 1000:.0f} ms",
                p99 < READY_WITHIN_S,
                f"{_ms(p99)} of {_spread(ready)}",
            ),
            Claim(
                f"another user's submission < {SUBMITTED_WITHIN_S:g} s",
                worst < SUBMITTED_WITHIN_S,
                f"{_ms(worst)} of {_spread(submitted)}",
            ),
            Claim("every request of theirs succeeds", not failed, f"{len(failed)} failed"),
        ]

    def table(self) -> str:
        rows = self._rows()
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        padded = ([c.ljust(w) for c, w in zip(row, widths, strict=True)] for row in rows)
        return "\n".join("  ".join(cells).rstrip() for cells in padded)

    def markdown(self) -> str:
        head, *rows = [[cell.replace("|", "\\|") for cell in row] for row in self._rows()]
        lines = [head, ["---"] * len(head), *rows]
        return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)

    def _rows(self) -> list[Row]:
        rows: list[Row] = [("attack", "", "what has to hold", "seen", "/readyz p99", "submission")]
        rows += [row for attack in self.attacks for row in self._rows_of(attack)]
        rows += [("throughout", said(c), c.what, c.figure, "", "") for c in self.throughout()]
        return rows

    def _rows_of(self, attack: Attacked) -> Iterator[Row]:
        name = f"{attack.name}, {attack.ended - attack.began:.0f} s"
        ready = _ms(percentile(attack.during(self.sights, "ready"), 0.99))
        submitted = _ms(percentile(attack.during(self.sights, "submit"), 1))
        for claim in attack.claims:
            yield (name, said(claim), claim.what, claim.figure, ready, submitted)
            name = ready = submitted = ""


def said(claim: Claim) -> str:
    return "held" if claim.holds else "FAILED"


def percentile(sights: Sequence[Sight], share: float) -> float:
    """Seconds within which that share of the requests was answered; NaN of none."""
    times = sorted(sight.took_s for sight in sights)
    return times[math.ceil(share * len(times)) - 1] if times else math.nan


def _ms(seconds: float) -> str:
    return "-" if math.isnan(seconds) else f"{math.ceil(seconds * 1000)} ms"


def _spread(sights: Sequence[Sight]) -> str:
    middle, most = percentile(sights, 0.5), percentile(sights, 1)
    return f"{len(sights)} requests: median {_ms(middle)}, slowest {_ms(most)}"
