"""How long one stage of a clip takes: a model in log space that learns from every clip made.

What is known beforehand is a sum: some seconds to begin, and for each second of clip the work of
decoding, framing and encoding its pixels, shared among the cores that are free. A Bayesian linear
regression (Kalman filter) learns by which factors this machine, preset, style or size differ from
that sum: all unknown at first within a variance, and closer known with every clip.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from pydantic import BaseModel, ValidationError

Stage = Literal["transcription", "analysis", "render"]
STAGES: tuple[Stage, ...] = ("transcription", "analysis", "render")
T = TypeVar("T")
FramingKind = Literal["static", "moving", "split", "blurred"]

# Seconds before the first frame and after the last.
_STARTUP_S: dict[Stage, float] = {"render": 0.35, "analysis": 1.2, "transcription": 2.0}
# Core seconds per million pixels: decoded from the source, and per frame written at a preset.
_DECODE = 0.006
_ENCODE = {"fast": 0.013, "balanced": 0.027, "quality": 0.048}
# The same for framing: what is scaled and written once, in layers, or after a blur.
_FRAME: dict[FramingKind, float] = {
    "static": 0.006,
    "moving": 0.012,
    "split": 0.008,
    "blurred": 0.012,
}
# Core seconds of looking for faces per second of clip; the planner's are within.
_LOOK_S = 0.12
# The same of listening to speech, by a model of middling size.
_LISTEN_S = 0.6
# A picture with much detail or noise, told by the source's bits per pixel, takes longer to encode:
# each doubling beyond the first tenth of a bit by so much, in logarithms.
_FINE_BITS, _DETAIL, _USUAL_DETAIL = 0.1, 0.35, 0.2
# How many cores one FFmpeg keeps busy, when it may use as many threads as it likes and with one.
_MOST_LANES, _ONE_THREAD_LANES = 6.0, 1.7

# Variances of what is learned, before anything is: of the logarithm of a factor.
_MACHINE_VARIANCE = 0.12
# How a source differs from others like it is learned from its first clips.
_SOURCE_VARIANCE, _MOST_OF_SOURCE = 0.05, 0.4
_VARIANCES = {
    "bias": 0.35,
    "seconds": 0.01,
    "output": 0.03,
    "source": 0.03,
    "detail": 0.05,
    "threads": 0.02,
    "busy": 0.05,
    "startup": 0.3,
    "captions": 0.03,
    "loudness": 0.01,
    "codec": 0.04,
    "framing": 0.06,
    "preset": 0.10,
    "encoder": 0.50,
    "style": 0.02,
}
# Middles that numeric features are counted from.
_SECONDS, _RATE, _THREADS = 5.0, 40.0, 2.0
_USUAL_STARTUP = 0.1
# A factor's variance grows again by this share of what it was before anything was learned.
_FORGETTING = 0.0005
# That of a machine's own factor grows by this with each of its clips: it forgets within some tens.
_MACHINE_FORGETTING = 0.0001
_NOISE = 0.03
_LEAST_NOISE = 0.002
# The clock and the rest of the machine disturb by so many seconds, however short the work.
_JITTER_S = 0.12
_MIN_GAIN = 0.03
# What is beyond so many deviations once so many clips were learned is an outlier, and teaches
# nothing: it would hide the next ones, and that the machine has changed. Before that, and of a
# machine that has changed, it counts as one of just so many, and the less the further it is off.
_CLIPPED, _SETTLED = 3.0, 10
_MOST_NAMES, _MOST_MACHINES, _MOST_SOURCES = 48, 64, 32
_KEPT_RESIDUALS = 100
_SHORTEST_S = 0.05
# Five of the last six residuals of a machine on one side, and not by a hair, are a drift.
DRIFT_OF, _DRIFT_SIDE, _DRIFT_BY = 6, 5, 0.8

_NORMAL = statistics.NormalDist()
# What 80 % of a normal variable's absolute values are below.
_EIGHT_TENTHS = _NORMAL.inv_cdf(0.9)
# So many made-up residuals of a normal variable temper what the first real ones say of the band.
_TEMPERING = 20


class Workload(BaseModel, frozen=True):
    """What decides how long a stage takes; rates are in millions of pixels a second.

    `source` names the video. What does not matter to a stage is empty: an analysis has no style,
    preset or encoder. `bits` are those of the source per pixel, where they are known. `threads` is
    FFmpeg's option per codec, 0 for its own choice; `cores` are those of the machine.
    """

    stage: Stage
    source: str = ""
    style: str
    seconds: float
    output_rate: float
    source_rate: float
    bits: float | None = None
    codec: str = ""
    framing: FramingKind = "static"
    captions: bool = False
    loudness: bool = False
    preset: str = "balanced"
    encoder: str = "x264"
    threads: int = 0
    cores: int = 2

    def typical_seconds(self, busy: float) -> float:
        """How long it takes by what is known before anything is learned, beside `busy` - 1 more."""
        work = self.seconds * self._core_seconds
        return self._startup(busy) + work / self._lanes(busy)

    def _startup(self, busy: float) -> float:
        """To begin and to end keeps one core busy, where more of its kind than cores share them."""
        return _STARTUP_S[self.stage] * max(busy / self.cores, 1.0)

    def features(self, busy: float) -> dict[str, float]:
        """What may make it differ from that, by name; of the logarithm, around a common middle."""
        measured = {
            "bias": 1.0,
            "seconds": _log_ratio(self.seconds, _SECONDS),
            "output": _log_ratio(self.output_rate, _RATE),
            "source": _log_ratio(self.source_rate, _RATE),
            "detail": self._detail,
            "threads": _log_ratio(self.threads or self.cores, _THREADS),
            "busy": math.log(max(busy, 1.0)),
            "startup": self._startup(busy) / self.typical_seconds(busy) - _USUAL_STARTUP,
        }
        named = {
            f"codec:{self.codec}": 1.0 if self.codec else 0.0,
            f"framing:{self.framing}": 1.0,
            f"preset:{self.preset}": 1.0 if self.preset else 0.0,
            f"encoder:{self.encoder}": 1.0 if self.encoder else 0.0,
            f"style:{self.style}": 1.0 if self.style else 0.0,
            f"detail:{self.preset}": self._detail if self.preset else 0.0,
            "captions": float(self.captions),
            "loudness": float(self.loudness),
        }
        return {name: value for name, value in (measured | named).items() if value}

    @property
    def _core_seconds(self) -> float:
        """Core seconds of work per second of clip."""
        if self.stage == "transcription":
            return _LISTEN_S
        decode = _DECODE * self.source_rate
        if self.stage == "analysis":
            return decode + _LOOK_S
        encode = _ENCODE.get(self.preset, _ENCODE["balanced"])
        work = decode + (_FRAME[self.framing] + encode) * self.output_rate
        return work * math.exp(_DETAIL * self._detail)

    @property
    def _detail(self) -> float:
        """How much more detail than usual there is in the source's picture, in logarithms."""
        return math.log1p(self.bits / _FINE_BITS) - _USUAL_DETAIL if self.bits else 0.0

    def _lanes(self, busy: float) -> float:
        """How many cores work on it, where `busy` of its kind share them all evenly."""
        wanted = _MOST_LANES if self.threads == 0 else _ONE_THREAD_LANES * self.threads
        share = self.cores / max(busy, 1.0)
        # Smoothly the lesser of the two: nothing uses all that it could use.
        return (wanted**-3 + share**-3) ** (-1 / 3)


class Observation(BaseModel, frozen=True):
    """A stage was done in `seconds` on the machine, beside `busy` - 1 others on average."""

    workload: Workload
    machine: str
    busy: float
    seconds: float


@dataclass(frozen=True)
class Prediction:
    """The logarithm of seconds, how well it is known, and how much single clips differ.

    `doubt` is the variance of what all clips of a kind share, `noise` that of each one's own.
    `scale` is how much wider than they say residuals were of late.
    """

    log_seconds: float
    doubt: float
    noise: float
    scale: float = 1.0

    @property
    def seconds(self) -> float:
        return math.exp(self.log_seconds)

    @property
    def deviation(self) -> float:
        return self.scale * math.sqrt(self.doubt + self.noise)

    def quantile(self, share: float) -> float:
        """The seconds that such a share of clips like this take at most."""
        return math.exp(self.log_seconds + self.deviation * _NORMAL.inv_cdf(share))


class Source(BaseModel, frozen=True):
    """By how much the clips of one video differ from those of others like it."""

    log_factor: float = 0.0
    variance: float = _SOURCE_VARIANCE

    def after(self, error: float, variance: float) -> "Source":
        """The same after one more clip, whose error was expected with that variance."""
        gain = self.variance / variance
        moved = self.log_factor + gain * error
        return Source(
            log_factor=round(max(-_MOST_OF_SOURCE, min(moved, _MOST_OF_SOURCE)), 6),
            variance=round((1 - gain) * self.variance, 6),
        )


class Machine(BaseModel, frozen=True):
    """By how much one machine differs from the others, and its latest standardised residuals.

    `drifting` counts the clips since it was seen to have become another machine, 0 if it has not.
    """

    log_factor: float = 0.0
    variance: float = _MACHINE_VARIANCE
    residuals: tuple[float, ...] = ()
    drifting: int = 0

    def after(self, residual: float) -> "Machine":
        """The machine once one more clip was off by so many deviations."""
        residuals = (*self.residuals, round(residual, 3))[-DRIFT_OF:]
        drifting = self.drifting + 1 if drift_of(residuals) else 0
        return self.model_copy(update={"residuals": residuals, "drifting": drifting})

    def moved(self, error: float, variance: float) -> "Machine":
        """The machine after an error that was expected with that variance.

        One that drifts is learned anew, for it is another now.
        """
        gain = self.variance / variance
        known = min((1 - gain) * self.variance + _MACHINE_FORGETTING, _MACHINE_VARIANCE)
        return self.model_copy(
            update={
                "log_factor": self.log_factor + gain * error,
                "variance": _MACHINE_VARIANCE if self.drifting else known,
            }
        )


def drift_of(residuals: Sequence[float]) -> int:
    """1 if a machine with these latest residuals has become slower, -1 faster, 0 neither."""
    latest = residuals[-DRIFT_OF:]
    if len(latest) < DRIFT_OF:
        return 0
    slower = sum(residual > _DRIFT_BY for residual in latest)
    faster = sum(residual < -_DRIFT_BY for residual in latest)
    return (slower >= _DRIFT_SIDE) - (faster >= _DRIFT_SIDE)


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
        own = self.machines.get(machine, Machine())
        source = self.source(workload)
        shift, spread = self._shift(features)
        log_seconds = math.log(typical) + shift + own.log_factor + source.log_factor
        return Prediction(
            log_seconds=log_seconds,
            doubt=spread + own.variance + source.variance,
            noise=self._noise_of(math.exp(log_seconds)),
            scale=self.scale,
        )

    def observe(self, seen: Observation) -> "Model":
        """The model after one more stage that was done."""
        features = seen.workload.features(seen.busy)
        known = self._with_names(features)
        expected = known.predict(seen.workload, machine=seen.machine, busy=seen.busy)
        error = math.log(max(seen.seconds, _SHORTEST_S)) - expected.log_seconds
        variance = expected.doubt + expected.noise
        residual = error / math.sqrt(variance)
        machine = known.machines.get(seen.machine, Machine()).after(residual)
        if abs(residual) > _CLIPPED and self.count >= _SETTLED and not machine.drifting:
            return known.unmoved(seen.machine, machine, residual)
        weight = min(1.0, _CLIPPED / max(abs(residual), 1e-9))
        clipped, variance = error * weight, variance / weight**2
        x = [features.get(name, 0.0) for name in known.names]
        mean, covariance = _updated(known.mean, known.covariance, x, clipped, variance)
        return Model(
            names=known.names,
            mean=mean,
            covariance=_forgetful(known.names, covariance),
            noise=known.noise_after(error, expected),
            count=known.count + 1,
            machines=_latest(
                known.machines,
                seen.machine,
                machine.moved(clipped, variance),
                most=_MOST_MACHINES,
            ),
            sources=_latest(
                known.sources,
                seen.workload.source,
                known.source(seen.workload).after(clipped, variance),
                most=_MOST_SOURCES,
            ),
            residuals=known.residuals_after(residual),
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

    def source(self, workload: Workload) -> Source:
        """What is known of the workload's video."""
        return self.sources.get(workload.source, Source())

    @property
    def unknown_machine(self) -> float:
        """The variance of the factor of a machine that has made no clip yet."""
        return _MACHINE_VARIANCE

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
        root = _cholesky(self.covariance)
        known = {
            name: sum(x[i] * root[i][j] for i in range(j, len(x)))
            for j, name in enumerate(self.names)
        }
        unknown = {
            name: value * math.sqrt(_prior(name))
            for name, value in features.items()
            if name not in self.names
        }
        return known | unknown

    def _shift(self, features: Mapping[str, float]) -> tuple[float, float]:
        """The logarithm of the learned factor, and its variance."""
        x = [features.get(name, 0.0) for name in self.names]
        spread = sum(
            value * value * _prior(name)
            for name, value in features.items()
            if name not in self.names
        )
        spread += _dot(x, _times(self.covariance, x))
        return _dot(self.mean, x), max(spread, 0.0)

    def _noise_of(self, seconds: float) -> float:
        return self.noise + (_JITTER_S / max(seconds, _SHORTEST_S)) ** 2

    def noise_after(self, error: float, expected: Prediction) -> float:
        """What of the error is neither doubt nor jitter is the clips' own difference."""
        jitter = expected.noise - self.noise
        if error * error > _CLIPPED**2 * (expected.doubt + expected.noise):
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
            rows.append((*(0.0 for _ in rows), _prior(name)))
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
    return name.partition(":")[0] in _VARIANCES


def _prior(name: str) -> float:
    """The variance of a factor's logarithm before anything is learned of it."""
    return _VARIANCES[name.partition(":")[0]]


def _latest(known: Mapping[str, T], name: str, newest: T, *, most: int) -> dict[str, T]:
    """What is known with this one as the latest; those heard of longest ago are forgotten."""
    others = {other: value for other, value in known.items() if other != name}
    kept = list(others.items())[-(most - 1) :]
    return {**dict(kept), name: newest}


def _updated(
    mean: Sequence[float],
    covariance: Sequence[Sequence[float]],
    x: Sequence[float],
    error: float,
    variance: float,
) -> tuple[tuple[float, ...], tuple[tuple[float, ...], ...]]:
    """The Kalman filter's step for one scalar observation `x` that was off by `error`."""
    reach = _times(covariance, x)
    moved = tuple(round(m + r * error / variance, 7) for m, r in zip(mean, reach, strict=True))
    rows = tuple(
        tuple(value - reach[i] * reach[j] / variance for j, value in enumerate(row))
        for i, row in enumerate(covariance)
    )
    return moved, rows


def _forgetful(
    names: Sequence[str], covariance: Sequence[Sequence[float]]
) -> tuple[tuple[float, ...], ...]:
    """A little less sure of each factor, never less than before anything was learned."""
    return tuple(
        (
            *(round(value, 9) for value in row[:-1]),
            round(min(row[-1] + _FORGETTING * _prior(name), _prior(name)), 9),
        )
        for name, row in zip(names, covariance, strict=True)
    )


def _times(covariance: Sequence[Sequence[float]], x: Sequence[float]) -> list[float]:
    """A symmetric matrix, given as its lower triangle, times a vector that is mostly zeros."""
    given = [(j, value) for j, value in enumerate(x) if value]
    return [
        sum((covariance[i][j] if j <= i else covariance[j][i]) * value for j, value in given)
        for i in range(len(x))
    ]


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return sum(left * right for left, right in zip(a, b, strict=True))


def _cholesky(covariance: Sequence[Sequence[float]]) -> list[list[float]]:
    """The lower triangular root; a pivot that rounding made negative counts as zero."""
    root: list[list[float]] = []
    for i, row in enumerate(covariance):
        new = [0.0] * (i + 1)
        for j in range(i + 1):
            rest = row[j] - sum(new[k] * (root[j][k] if j < i else new[k]) for k in range(j))
            if j == i:
                new[j] = math.sqrt(max(rest, 0.0))
            else:
                new[j] = rest / root[j][j] if root[j][j] > 0 else 0.0
        root.append(new)
    return root


def _log_ratio(value: float, middle: float) -> float:
    return math.log(max(value, 1e-3) / middle)
