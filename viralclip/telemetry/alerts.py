"""Judges what a process knows of itself by the thresholds: which alerts fire, which are over."""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from viralclip.telemetry import thresholds as t
from viralclip.telemetry.alert_words import WORDS, runbook_of
from viralclip.telemetry.thresholds import Burn, Severity

_GIB = 1024**3


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What is known at one moment, in seconds of any clock that only goes forward.

    Counters begin at zero with the process. None is what cannot be known just now, or here: it
    neither raises an alert nor ends one.
    """

    at: float
    clips_waiting: int | None = None
    clips_running: int | None = None
    oldest_waiting_s: float | None = None
    # Whether this process begins new clips; None where it renders nothing itself.
    accepting: bool | None = None
    slots_busy: int = 0
    slots_free: int = 0
    events_buffered: int = 0
    # By the name of the place.
    disk_free_bytes: Mapping[str, int] | None = None
    # Complete or failed, and of those failed; bad sources are not counted.
    clips_ended: int = 0
    clips_failed: int = 0
    stalls: int = 0
    anomalies: int = 0


@dataclass(frozen=True)
class Change:
    """An alert that fires from now on, or one that is over; `so_far` has the figures."""

    alert: str
    severity: Severity
    fires: bool
    so_far: str

    @property
    def text(self) -> str:
        """What happened, the figures, what to do next, and where the runbook is."""
        words = WORDS[self.alert]
        if not self.fires:
            return f"Over: {words.summary}"
        text = " ".join(part for part in (words.summary, self.so_far, words.description) if part)
        return f"{text}\n{runbook_of(self.alert)}"


class History:
    """The figures of the last day, for what is judged by how much it grew."""

    def __init__(self) -> None:
        self._looks: deque[Figures] = deque()

    def add(self, figures: Figures) -> None:
        self._looks.append(figures)
        while self._looks[0].at < figures.at - t.DAY_S - t.HOUR_S:
            self._looks.popleft()

    @property
    def now(self) -> Figures:
        return self._looks[-1]

    def before(self, window_s: float) -> Figures:
        """The figures as they were when the window began; the first ones if it began earlier."""
        begun = bisect_right(self._looks, self.now.at - window_s, key=lambda look: look.at)
        return self._looks[max(begun - 1, 0)]


@dataclass(frozen=True)
class Verdict:
    """Whether a condition holds, and the figures in words."""

    holds: bool
    so_far: str = ""


Judge = Callable[[History], Verdict | None]


@dataclass(frozen=True)
class Condition:
    """An alert's condition, and for how long it has to hold."""

    alert: str
    severity: Severity
    judge: Judge
    for_s: int = 0


@dataclass
class _State:
    holds_since: float | None = None
    clear_since: float | None = None
    fires: bool = False


class Watch:
    """Says of each alert once that it fires, and once that it is over."""

    def __init__(self) -> None:
        self._history = History()
        self._states = {condition.alert: _State() for condition in CONDITIONS}

    def evaluate(self, figures: Figures) -> list[Change]:
        """What changed since the last look."""
        self._history.add(figures)
        return list(self._changes(figures.at))

    def _changes(self, now: float) -> Iterator[Change]:
        for condition in CONDITIONS:
            verdict = condition.judge(self._history)
            if verdict is None:
                continue
            state = self._states[condition.alert]
            if _moves(state, now, holds=verdict.holds, for_s=condition.for_s):
                yield Change(condition.alert, condition.severity, state.fires, verdict.so_far)


def _moves(state: _State, now: float, *, holds: bool, for_s: float) -> bool:
    """Note what is so now; whether the alert begins to fire or is over."""
    if not holds:
        state.holds_since = None
        if state.clear_since is None:
            state.clear_since = now
        moves = state.fires and now - state.clear_since >= t.KEEP_FIRING_S
    else:
        state.clear_since = None
        if state.holds_since is None:
            state.holds_since = now
        moves = not state.fires and now - state.holds_since >= for_s
    if moves:
        state.fires = holds
    return moves


def _no_worker(history: History) -> Verdict | None:
    now = history.now
    if now.clips_waiting is None:
        return None
    # Who renders nothing itself sees by the queue whether anybody does.
    idle = not now.clips_running if now.accepting is None else not now.accepting
    holds = idle and now.clips_waiting >= t.NO_WORKER.least
    return Verdict(holds, f"{now.clips_waiting} clips wait.")


def _slots_starved(history: History) -> Verdict | None:
    now = history.now
    if now.oldest_waiting_s is None:
        return None
    slots = now.slots_busy + now.slots_free
    full = slots > 0 and now.slots_busy / slots >= t.FULL_SLOTS
    minutes = now.oldest_waiting_s / t.MINUTE_S
    holds = full and now.oldest_waiting_s >= t.SLOTS_STARVED.least
    return Verdict(holds, f"The oldest has waited for {minutes:.0f} minutes.")


def _buffer_grows(history: History) -> Verdict:
    kept = history.now.events_buffered
    grows = kept >= history.before(t.BUFFER_GROWS.for_s).events_buffered
    return Verdict(grows and kept >= t.BUFFER_GROWS.least, f"{kept} events wait.")


def _renders_stall(history: History) -> Verdict:
    window_s = t.RENDERS_STALL.window_s
    stalls = history.now.stalls - history.before(window_s).stalls
    so_far = f"{stalls} in the last {window_s // t.MINUTE_S} minutes."
    return Verdict(stalls >= t.RENDERS_STALL.least, so_far)


def _disk_nearly_full(history: History) -> Verdict | None:
    places = history.now.disk_free_bytes
    if places is None:
        return None
    low = {place: free for place, free in places.items() if free <= t.DISK_NEARLY_FULL.least}
    so_far = ", ".join(f"{free / _GIB:.1f} GiB are free ({place})" for place, free in low.items())
    return Verdict(bool(low), f"{so_far}." if so_far else "")


def _anomalies_frequent(history: History) -> Verdict:
    now, then = history.now, history.before(t.ANOMALIES_FREQUENT.window_s)
    anomalies, clips = now.anomalies - then.anomalies, now.clips_ended - then.clips_ended
    many = anomalies >= max(t.LEAST_BAD_EVENTS, t.ANOMALIES_FREQUENT.least * clips)
    return Verdict(many, f"{anomalies} in the last hour.")


def _clips_fail(history: History) -> Verdict:
    failed = history.now.clips_failed - history.before(t.HOUR_S).clips_failed
    burns = any(_burns(history, burn) for burn in t.BURNS)
    return Verdict(burns, f"{failed} in the last hour.")


def _burns(history: History, burn: Burn) -> bool:
    now, share = history.now, burn.factor * t.CLIPS_COMPLETE.budget
    grown = [
        (now.clips_failed - then.clips_failed, now.clips_ended - then.clips_ended)
        for then in (history.before(burn.long_s), history.before(burn.short_s))
    ]
    enough = grown[0][0] >= t.LEAST_BAD_EVENTS
    return enough and all(failed > share * ended for failed, ended in grown)


CONDITIONS = (
    Condition(t.NO_WORKER.alert, t.NO_WORKER.severity, _no_worker, t.NO_WORKER.for_s),
    Condition(
        t.SLOTS_STARVED.alert, t.SLOTS_STARVED.severity, _slots_starved, t.SLOTS_STARVED.for_s
    ),
    Condition(t.BUFFER_GROWS.alert, t.BUFFER_GROWS.severity, _buffer_grows, t.BUFFER_GROWS.for_s),
    Condition(t.RENDERS_STALL.alert, t.RENDERS_STALL.severity, _renders_stall),
    Condition(
        t.DISK_NEARLY_FULL.alert,
        t.DISK_NEARLY_FULL.severity,
        _disk_nearly_full,
        t.DISK_NEARLY_FULL.for_s,
    ),
    Condition(t.ANOMALIES_FREQUENT.alert, t.ANOMALIES_FREQUENT.severity, _anomalies_frequent),
    Condition(t.CLIPS_COMPLETE.alert, t.FAST_BURN.severity, _clips_fail),
)
