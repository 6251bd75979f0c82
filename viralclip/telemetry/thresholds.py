"""From when on somebody is alerted: one table, for Prometheus' rules and for a single machine."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["page", "ticket"]

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400

# An alert goes on for so long after its cause is over: one that comes and goes is one alert.
KEEP_FIRING_S = 5 * MINUTE_S
# A clip that fails for one of these codes failed for its source; nobody here can mend that.
BAD_SOURCE = "source_"
# What a clip's error is called when FFmpeg or the look through a scene stood still.
STALLS = ("render_stalled", "analysis_stalled", "transcription_stalled")
# So few bad events are never a burning budget: one failure of one clip at night is no outage.
LEAST_BAD_EVENTS = 5
# Slots are full when so many of them are busy: between two clips a slot is free for a moment.
FULL_SLOTS = 0.9


@dataclass(frozen=True)
class ServiceLevel:
    """What has to hold for all events but the share `budget`; `within` is the limit of a good one,
    in the unit of its metric."""

    name: str
    alert: str
    budget: float
    within: float = 0.0


@dataclass(frozen=True)
class Burn:
    """A budget of 30 days that is used up `factor` times too fast, over both windows."""

    factor: float
    long_s: int
    short_s: int
    severity: Severity


@dataclass(frozen=True)
class Limit:
    """An alert once its figure is at `least` or beyond for `for_s`; rates are over `window_s`."""

    alert: str
    severity: Severity
    least: float
    for_s: int = 0
    window_s: int = 0


CLIPS_COMPLETE = ServiceLevel("clips_complete", "ClipsFail", budget=0.01)
JOBS_BEGIN = ServiceLevel("jobs_begin", "JobsBeginLate", budget=0.05, within=60)
PROGRESS_ARRIVES = ServiceLevel("progress_arrives", "ProgressArrivesLate", budget=0.01, within=1)
TIME_LEFT_HOLDS = ServiceLevel("time_left_holds", "TimeLeftIsWrong", budget=0.1, within=0.2)
SERVICE_LEVELS = (CLIPS_COMPLETE, JOBS_BEGIN, PROGRESS_ARRIVES, TIME_LEFT_HOLDS)

FAST_BURN = Burn(14.4, HOUR_S, 5 * MINUTE_S, "page")
SLOW_BURN = Burn(6, 6 * HOUR_S, 30 * MINUTE_S, "page")
LASTING_BURN = Burn(3, DAY_S, 2 * HOUR_S, "ticket")
BURNS = (FAST_BURN, SLOW_BURN, LASTING_BURN)

# Clips wait and no worker takes any; longer than a fleet needs to start one from none.
NO_WORKER = Limit("NoWorker", "page", least=1, for_s=5 * MINUTE_S)
# Seconds that the oldest clip has waited while all slots are busy.
SLOTS_STARVED = Limit("SlotsStarved", "ticket", least=15 * MINUTE_S, for_s=10 * MINUTE_S)
# Events that a worker could not hand on, and that do not become fewer.
BUFFER_GROWS = Limit("EventBufferGrows", "page", least=20, for_s=5 * MINUTE_S)
RENDERS_STALL = Limit("RendersStall", "page", least=3, window_s=15 * MINUTE_S)
# Bytes that are left.
DISK_NEARLY_FULL = Limit("DiskNearlyFull", "page", least=2 * 1024**3, for_s=5 * MINUTE_S)
# The share of clips that take far longer than clips like them.
ANOMALIES_FREQUENT = Limit("AnomaliesFrequent", "ticket", least=0.1, window_s=HOUR_S)
LIMITS = (
    NO_WORKER,
    SLOTS_STARVED,
    BUFFER_GROWS,
    RENDERS_STALL,
    DISK_NEARLY_FULL,
    ANOMALIES_FREQUENT,
)


def can_burn(level: ServiceLevel, burn: Burn) -> bool:
    """Whether a budget can be used up so fast: a share of bad events is at most one."""
    return burn.factor * level.budget < 1
