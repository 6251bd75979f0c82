"""`make attack` tells what got through; the attacks themselves take minutes, and are not here."""

import pytest

from bench.attack.claim import Claim
from bench.attack.report import Attacked, Report
from bench.attack.witness import Sight

GOOD = (Sight("ready", 1.0, 0.01, 200), Sight("submit", 1.0, 0.1, 201))


@pytest.mark.parametrize(
    ("holds", "sights", "withstood"),
    [
        (True, GOOD, True),
        (False, GOOD, False),
        (True, (), False),
        (True, (*GOOD, Sight("ready", 2.0, 0.3, 200)), False),
        (True, (*GOOD, Sight("submit", 2.0, 1.5, 201)), False),
        (True, (*GOOD, Sight("submit", 2.0, 0.1, 0)), False),
    ],
)
def test_an_attack_that_got_through_or_a_limit_that_did_not_hold_is_told(holds, sights, withstood):
    attack = Attacked("flood", (Claim("it is refused", holds, "429"),), began=0, ended=3)
    report = Report((attack,), sights)

    assert report.withstood is withstood
    assert ("FAILED" in report.table()) is not withstood
