"""What a process says when something is wrong: once, in words, and once when it is over."""

from dataclasses import dataclass, field, replace

import pytest

from viralclip.telemetry import thresholds as t
from viralclip.telemetry.alert_words import WORDS
from viralclip.telemetry.alerts import CONDITIONS, Change, Figures, Watch

_LOOK_S = 15
QUIET = Figures(
    at=0.0,
    clips_waiting=0,
    clips_running=0,
    oldest_waiting_s=0.0,
    accepting=True,
    slots_busy=0,
    slots_free=4,
    disk_free_bytes={"state": 100 * 1024**3},
)


@dataclass
class Process:
    """A process that is looked at every 15 seconds; time goes by as it is told to."""

    figures: Figures = QUIET
    watch: Watch = field(default_factory=Watch)
    said: list[tuple[float, str, bool]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._look()

    def lives(self, minutes: float, **figures: object) -> list[tuple[str, bool]]:
        """What is said while these figures hold for some minutes."""
        begun = len(self.said)
        self.figures = replace(self.figures, **figures)
        for _ in range(round(minutes * 60 / _LOOK_S)):
            self.figures = replace(self.figures, at=self.figures.at + _LOOK_S)
            self._look()
        return [(alert, fires) for _, alert, fires in self.said[begun:]]

    def works(self, minutes: int, *, ended: int, failed: int = 0, anomalies: int = 0) -> None:
        """So many clips a minute end, fail, and are found too slow."""
        for _ in range(minutes):
            now = self.figures
            self.lives(
                1,
                clips_ended=now.clips_ended + ended,
                clips_failed=now.clips_failed + failed,
                anomalies=now.anomalies + anomalies,
            )

    def _look(self) -> None:
        changes = self.watch.evaluate(self.figures)
        self.said += [(self.figures.at, change.alert, change.fires) for change in changes]
        self.texts += [change.text for change in changes]

    @property
    def alerts(self) -> list[tuple[str, bool]]:
        return [(alert, fires) for _, alert, fires in self.said]


LIMITS = [
    (t.NO_WORKER, {"accepting": False, "clips_waiting": 3}),
    (t.NO_WORKER, {"accepting": None, "clips_waiting": 3, "clips_running": 0}),
    (t.SLOTS_STARVED, {"slots_busy": 4, "slots_free": 0, "oldest_waiting_s": 900.0}),
    (t.BUFFER_GROWS, {"events_buffered": 20}),
    (t.RENDERS_STALL, {"stalls": 3}),
    (t.DISK_NEARLY_FULL, {"disk_free_bytes": {"state": 10**12, "clips": 2 * 1024**3}}),
]
ALMOST = [
    {"accepting": True, "clips_waiting": 3},
    {"accepting": False, "clips_waiting": 0},
    {"accepting": None, "clips_waiting": 3, "clips_running": 1},
    {"slots_busy": 4, "slots_free": 0, "oldest_waiting_s": 899.0},
    {"slots_busy": 3, "slots_free": 1, "oldest_waiting_s": 5000.0},
    {"events_buffered": 19},
    {"stalls": 2},
    {"disk_free_bytes": {"state": 2 * 1024**3 + 1}},
    {"anomalies": 4},
    {"clips_ended": 4, "clips_failed": 4},
]


@pytest.mark.parametrize(("limit", "figures"), LIMITS, ids=lambda it: getattr(it, "alert", ""))
def test_an_alert_fires_once_after_its_time_and_is_over_once_after_its_cause(limit, figures):
    process = Process()
    before = limit.for_s / 60

    assert process.lives(max(before - 0.5, 0), **figures) == []
    assert process.lives(60 if limit is t.SLOTS_STARVED else 14, **figures) == [(limit.alert, True)]
    calm = {name: getattr(QUIET, name) for name in figures if name != "stalls"}
    assert process.lives(40, **calm) == [(limit.alert, False)]


@pytest.mark.parametrize("figures", ALMOST, ids=str)
def test_what_stays_below_its_limit_is_no_alert(figures):
    assert Process().lives(90, **figures) == []


def test_an_alert_that_comes_and_goes_is_one_alert():
    process = Process()
    process.lives(10, events_buffered=30)
    for _ in range(5):
        process.lives(2, events_buffered=0)
        process.lives(2, events_buffered=30)

    assert process.alerts == [("EventBufferGrows", True)]


def test_a_buffer_that_drains_is_no_alert():
    process = Process()
    for left in range(400, 0, -20):
        process.lives(1, events_buffered=left)

    assert process.alerts == []


def test_what_is_unknown_neither_raises_an_alert_nor_ends_one():
    process = Process()
    waiting = {"accepting": False, "clips_waiting": 2}
    unknown = {"clips_waiting": None, "oldest_waiting_s": None, "disk_free_bytes": None}
    process.lives(10, **waiting)

    assert process.lives(60, **unknown) == []
    assert process.lives(10, clips_waiting=0) == [("NoWorker", False)]


def test_clips_that_fail_are_an_alert_until_no_window_has_too_many():
    process = Process()
    process.works(60, ended=2)
    process.works(15, ended=2, failed=2)
    process.works(180, ended=2)

    assert process.alerts == [("ClipsFail", True), ("ClipsFail", False)]


def test_a_lasting_trickle_of_failures_is_an_alert_and_what_the_budget_allows_is_none():
    trickle, allowed = Process(), Process()
    for _ in range(30):
        trickle.works(9, ended=1)
        trickle.works(1, ended=1, failed=1)
        allowed.works(10, ended=10)
        allowed.works(1, ended=10, failed=1)

    assert trickle.alerts == [("ClipsFail", True)]
    assert allowed.alerts == []


def test_anomalies_of_a_tenth_of_the_clips_are_an_alert():
    process = Process()
    process.works(40, ended=10, anomalies=0)
    process.works(20, ended=10, anomalies=3)
    process.works(120, ended=10)

    assert process.alerts == [("AnomaliesFrequent", True), ("AnomaliesFrequent", False)]


def test_figures_of_long_ago_are_forgotten():
    process = Process()
    process.works(60 * 26, ended=1)

    assert len(process.watch._history._looks) <= 25 * 3600 / _LOOK_S + 2


def test_an_alert_says_what_happened_the_figures_what_to_do_and_where_its_runbook_is():
    process = Process()
    process.lives(10, accepting=False, clips_waiting=3)
    process.lives(10, clips_waiting=0)
    begun, over = process.texts

    assert begun.startswith("Clips wait and no worker takes any. 3 clips wait. Start a worker")
    assert begun.endswith("/docs/how-to/operate.md#noworker")
    assert over == "Over: Clips wait and no worker takes any."


def test_every_condition_has_words_and_its_threshold():
    severities = {limit.alert: (limit.severity, limit.for_s) for limit in t.LIMITS}
    severities["ClipsFail"] = ("page", 0)

    assert {it.alert: (it.severity, it.for_s) for it in CONDITIONS} == severities
    assert {it.alert for it in CONDITIONS} <= set(WORDS)
    assert Change("NoWorker", "page", fires=True, so_far="").text.count("  ") == 0
