"""`make attack` in miniature: that it runs and sees what it should; its figures are none."""

from pathlib import Path

import pytest

from bench.attack.__main__ import ALONE, SHARED, run
from bench.attack.claim import Claim
from bench.attack.report import Attacked, Report
from bench.attack.witness import Sight

# The others take many seconds, or are about how long something takes.
QUICK = ("promises", "traversal", "privacy")


@pytest.mark.timeout(180)
def test_a_real_server_withstands_attacks_that_are_made_small(tmp_path: Path):
    report = run(QUICK, tmp_path, short=True)
    failed = [claim for attack in report.attacks for claim in attack.claims if not claim.holds]

    assert failed == []
    assert [attack.name for attack in report.attacks] == list(QUICK)
    assert {sight.asked for sight in report.sights} == {"ready", "submit"}
    assert all(name in report.table() for name in QUICK)
    assert len({*ALONE, *SHARED}) == len(ALONE) + len(SHARED)


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
