"""How long one stage of a clip takes: a model in log space that learns from every clip made.

A Bayesian linear regression (Kalman filter) learns by which factors this machine, preset, style or
size differ from what is known beforehand: all unknown at first within a variance, and closer known
with every clip.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from viralclip.factors import (
    CLIPPED,
    DRIFT_OF,
    MACHINE_VARIANCE,
    SHORTEST_S,
    VARIANCES,
    Machine,
    Prediction,
    Source,
    clipped,
    prior,
)
from viralclip.kalman import cholesky, dot, times, updated
from viralclip.workload import STAGES, Observation, Stage, Workload

T = TypeVar("T")
# A factor's variance grows again by this share of what it was before anything was learned.
_FORGETTING = 0.0005
_NOISE = 0.03
_LEAST_NOISE = 0.002
# The clock and the rest of the machine disturb by so many seconds, however short the work.
_JITTER_S = 0.12
_MIN_GAIN = 0.03
# An outlier teaches nothing once so many clips were learned: it would hide the next ones, and that
# the machine has changed. Before that, and of a machine that has changed, it counts as one of just
# so many deviations, and the less the further it is off.
_SETTLED = 10
_MOST_NAMES, _MOST_MACHINES, _MOST_SOURCES = 48, 64, 32
_KEPT_RESIDUALS = 100
# What 80 % of a normal variable's absolute values are below.
_EIGHT_TENTHS = statistics.NormalDist().inv_cdf(0.9)
# So many made-up residuals of a normal variable temper what the first real ones say of the band.
_TEMPERING = 20


class Model(BaseModel, frozen=True):
    """What was learned of one stage: factors by feature, how surely, and each machine's own.

    `covariance` is the lower triangle, row by row. Unknown features enter with what is believed of
    them before anything is learned; beyond a bounded number they are left out.
    """

    names: tuple[str, ...] = ()
    mean: tuple[float, ...] = ()
    covariance: tuple[tuple[float, ...], ...] = ()
    noise: float = _NOISE
    count: int = 0
    machines: dict[str, Machine] = {}
    sources: dict[str, Source] = {}
    residuals: tuple[float, ...] = ()

    def predict(self, workload: Workload, *, machine: str, busy: float = 1.0) -> Prediction:
        """How long the stage takes on the machine beside `busy` - 1 others."""
        features = workload.features(busy)
        typical = workload.typical_seconds(busy)
        own, source = self.machine(machine), self.source(workload)
        shift, spread = self._shift(features)
        log_seconds = math.log(typical) + shift + own.log_factor + source.log_factor
        return Prediction(
            log_seconds=log_seconds,
            doubt=spread + own.variance + source.variance,
            noise=self._noise_of(math.exp(log_seconds)),
            scale=self.scale,
        )

    def glimpse(self, seen: Observation, doubt: float) -> "Model":
        """The model with what a stage that still runs says of others like it, for a forecast: its
        seconds are an estimate, and `doubt` the variance of their logarithm."""
        known = self._with_names(seen.workload.features(seen.busy))
        expected = known.predict(seen.workload, machine=seen.machine, busy=seen.busy)
        error, variance = expected.error(seen.seconds), expected.doubt + expected.noise + doubt
        return known.moved(seen, known.machine(seen.machine), *clipped(error, variance))

    def observe(self, seen: Observation) -> "Model":
        """The model after one more stage that was done."""
        known = self._with_names(seen.workload.features(seen.busy))
        expected = known.predict(seen.workload, machine=seen.machine, busy=seen.busy)
        error, variance = expected.error(seen.seconds), expected.doubt + expected.noise
        residual = error / math.sqrt(variance)
        machine = known.machine(seen.machine).after(residual)
        if abs(residual) > CLIPPED and self.count >= _SETTLED and not machine.drifting:
            return known.unmoved(seen.machine, machine, residual)
        moved = known.moved(seen, machine, *clipped(error, variance))
        return moved.model_copy(
            update={
                "covariance": _forgetful(known.names, moved.covariance),
                "noise": known.noise_after(error, expected),
                "count": known.count + 1,
                "residuals": known.residuals_after(residual),
            }
        )

    def moved(self, seen: Observation, machine: Machine, error: float, variance: float) -> "Model":
        """The factors after an error that was expected with that variance."""
        features = seen.workload.features(seen.busy)
        x = [features.get(name, 0.0) for name in self.names]
        mean, covariance = updated(self.mean, self.covariance, x, error, variance)
        machine, source = machine.moved(error, variance), self.source(seen.workload)
        source = source.after(error, variance)
        return self.model_copy(
            update={
                "mean": mean,
                "covariance": covariance,
                "machines": _latest(self.machines, seen.machine, machine, most=_MOST_MACHINES),
                "sources": _latest(self.sources, seen.workload.source, source, most=_MOST_SOURCES),
            }
        )

    def unmoved(self, name: str, machine: Machine, residual: float) -> "Model":
        """The same model after a clip that teaches nothing but that it was an outlier."""
        return self.model_copy(
            update={
                "count": self.count + 1,
                "machines": _latest(self.machines, name, machine, most=_MOST_MACHINES),
                "residuals": self.residuals_after(residual),
            }
        )

    def residuals_after(self, residual: float) -> tuple[float, ...]:
        return (*self.residuals, round(residual, 3))[-_KEPT_RESIDUALS:]

    def machine(self, name: str) -> Machine:
        """What is known of the machine."""
        return self.machines.get(name, Machine())

    def source(self, workload: Workload) -> Source:
        """What is known of the workload's video."""
        return self.sources.get(workload.source, Source())

    @property
    def unknown_machine(self) -> float:
        """The variance of the factor of a machine that has made no clip yet."""
        return MACHINE_VARIANCE

    @property
    def scale(self) -> float:
        """How much wider the band must be for eight tenths of the latest residuals to be in it.

        Conformal: whatever the residuals' distribution is, the band holds what it says.
        """
        if not self.residuals:
            return 1.0
        sizes = sorted(map(abs, self.residuals))
        at = min(math.ceil(0.8 * (len(sizes) + 1)), len(sizes)) - 1
        seen = max(sizes[at], 0.1) / _EIGHT_TENTHS
        return math.exp(math.log(seen) * len(sizes) / (len(sizes) + _TEMPERING))

    @property
    def robust_deviation(self) -> float:
        """That of the latest standardised residuals, by their median absolute deviation."""
        if len(self.residuals) < DRIFT_OF:
            return 1.0
        middle = statistics.median(self.residuals)
        spread = statistics.median(abs(residual - middle) for residual in self.residuals)
        return max(1.4826 * spread, 0.5)

    def doubts(self, workload: Workload, busy: float = 1.0) -> Mapping[str, float]:
        """How far one standard deviation of each independent doubt moves the logarithm.

        Their squares add up to the variance that clips of a kind share, but for the machine's.
        """
        features = workload.features(busy)
        x = [features.get(name, 0.0) for name in self.names]
        root = cholesky(self.covariance)
        known = {
            name: sum(x[i] * root[i][j] for i in range(j, len(x)))
            for j, name in enumerate(self.names)
        }
        unknown = {
            name: value * math.sqrt(prior(name))
            for name, value in features.items()
            if name not in self.names
        }
        return known | unknown

    def _shift(self, features: Mapping[str, float]) -> tuple[float, float]:
        """The logarithm of the learned factor, and its variance."""
        x = [features.get(name, 0.0) for name in self.names]
        spread = sum(
            value * value * prior(name)
            for name, value in features.items()
            if name not in self.names
        )
        spread += dot(x, times(self.covariance, x))
        return dot(self.mean, x), max(spread, 0.0)

    def _noise_of(self, seconds: float) -> float:
        return self.noise + (_JITTER_S / max(seconds, SHORTEST_S)) ** 2

    def noise_after(self, error: float, expected: Prediction) -> float:
        """What of the error is neither doubt nor jitter is the clips' own difference."""
        jitter = expected.noise - self.noise
        if error * error > CLIPPED**2 * (expected.doubt + expected.noise):
            return self.noise
        own = max(error * error - expected.doubt - jitter, 0.0)
        gain = max(1 / (self.count + 10), _MIN_GAIN)
        return max(self.noise + gain * (own - self.noise), _LEAST_NOISE)

    def _with_names(self, features: Mapping[str, float]) -> "Model":
        new = [name for name in features if name not in self.names]
        new = new[: max(_MOST_NAMES - len(self.names), 0)]
        if not new:
            return self
        rows = list(self.covariance)
        for name in new:
            rows.append((*(0.0 for _ in rows), prior(name)))
        return self.model_copy(
            update={
                "names": (*self.names, *new),
                "mean": (*self.mean, *(0.0 for _ in new)),
                "covariance": tuple(rows),
            }
        )


class Timings(BaseModel, frozen=True):
    """The models of all stages."""

    models: dict[Stage, Model] = {}

    def predict(self, workload: Workload, *, machine: str, busy: float = 1.0) -> Prediction:
        return self.model(workload.stage).predict(workload, machine=machine, busy=busy)

    def glimpse(self, seen: Observation, doubt: float) -> "Timings":
        """The models with an estimate of what a stage takes that still runs."""
        stage = seen.workload.stage
        return Timings(models={**self.models, stage: self.model(stage).glimpse(seen, doubt)})

    def observe(self, seen: Observation) -> "Timings":
        stage = seen.workload.stage
        return Timings(models={**self.models, stage: self.model(stage).observe(seen)})

    def model(self, stage: Stage) -> Model:
        return self.models.get(stage, Model())


def read_model(state: str) -> Model:
    """The model as it was stored; one that another version stored otherwise begins anew."""
    try:
        model = Model.model_validate_json(state)
    except ValidationError:
        return Model()
    return model if all(map(_is_feature, model.names)) else Model()


def read_timings(states: Mapping[str, str]) -> Timings:
    """The models as they were stored, by stage; stages that this version knows not are left out."""
    return Timings(models={stage: read_model(states[stage]) for stage in STAGES if stage in states})


def _is_feature(name: str) -> bool:
    return name.partition(":")[0] in VARIANCES


def _latest(known: Mapping[str, T], name: str, newest: T, *, most: int) -> dict[str, T]:
    """What is known with this one as the latest; those heard of longest ago are forgotten."""
    others = {other: value for other, value in known.items() if other != name}
    kept = list(others.items())[-(most - 1) :]
    return {**dict(kept), name: newest}


def _forgetful(
    names: Sequence[str], covariance: Sequence[Sequence[float]]
) -> tuple[tuple[float, ...], ...]:
    """A little less sure of each factor, never less than before anything was learned."""
    return tuple(
        (
            *(round(value, 9) for value in row[:-1]),
            round(min(row[-1] + _FORGETTING * prior(name), prior(name)), 9),
        )
        for name, row in zip(names, covariance, strict=True)
    )
