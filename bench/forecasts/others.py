"""Other models of how long a render takes, told the same and judged on the same clips."""

import importlib.util
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from bench.forecasts.replay import MACHINE
from viralclip.durations import Model
from viralclip.workload import Observation

_FORGETTING = 0.999
_UNKNOWN = 10.0


class Learns(Protocol):
    """A model that learns from one clip after the other."""

    def predict(self, seen: Observation) -> float:
        """The seconds it would have told before the clip was made."""
        ...

    def observe(self, seen: Observation) -> None: ...


@dataclass
class Ours:
    """The one that times left are told by."""

    model: Model = field(default_factory=Model)

    def predict(self, seen: Observation) -> float:
        return self.model.predict(seen.workload, machine=MACHINE, busy=seen.busy).seconds

    def observe(self, seen: Observation) -> None:
        self.model = self.model.observe(seen)


@dataclass
class LeastSquares:
    """Recursive least squares that forget, in NumPy; of the same features, or also of our sum."""

    from_typical: bool
    names: list[str] = field(default_factory=list)
    weights: Any = field(default_factory=lambda: np.zeros(0))
    covariance: Any = field(default_factory=lambda: np.zeros((0, 0)))

    def predict(self, seen: Observation) -> float:
        x = self._features(seen)  # which makes room for the weights of new ones
        return math.exp(self._base(seen) + float(self.weights @ x))

    def observe(self, seen: Observation) -> None:
        x = self._features(seen)
        error = math.log(seen.seconds) - self._base(seen) - float(self.weights @ x)
        reach = self.covariance @ x
        gain = reach / (_FORGETTING + float(x @ reach))
        self.weights = self.weights + gain * error
        self.covariance = (self.covariance - np.outer(gain, reach)) / _FORGETTING

    def _base(self, seen: Observation) -> float:
        return math.log(seen.workload.typical_seconds(seen.busy)) if self.from_typical else 0.0

    def _features(self, seen: Observation) -> Any:
        features = seen.workload.features(seen.busy)
        for name in features:
            if name not in self.names:
                self.names.append(name)
                self.weights = np.append(self.weights, 0.0)
                grown = np.eye(len(self.names)) * _UNKNOWN
                grown[:-1, :-1] = self.covariance
                self.covariance = grown
        return np.array([features.get(name, 0.0) for name in self.names])


@dataclass
class River:
    """A model of the library river, of the same features."""

    model: Any

    def predict(self, seen: Observation) -> float:
        told = self.model.predict_one(self._features(seen))
        return math.exp(max(-3.0, min(float(told), 9.0)))

    def observe(self, seen: Observation) -> None:
        self.model.learn_one(self._features(seen), math.log(seen.seconds))

    def _features(self, seen: Observation) -> Mapping[str, float]:
        return seen.workload.features(seen.busy)


def models() -> dict[str, Callable[[], Learns]]:
    """Each by its name; river's where it is installed."""
    ours: dict[str, Callable[[], Learns]] = {
        "Kalman filter on our sum (used)": Ours,
        "recursive least squares on our sum, NumPy": lambda: LeastSquares(from_typical=True),
        "recursive least squares, NumPy": lambda: LeastSquares(from_typical=False),
    }
    if importlib.util.find_spec("river") is None:
        return ours
    return ours | _of_river()


def _of_river() -> dict[str, Callable[[], Learns]]:
    linear: Any = importlib.import_module("river.linear_model")
    forest: Any = importlib.import_module("river.forest")
    scaling: Any = importlib.import_module("river.preprocessing")
    return {
        "Bayesian linear regression, river": lambda: River(linear.BayesianLinearRegression()),
        "linear regression (SGD), river": lambda: River(
            scaling.StandardScaler() | linear.LinearRegression()
        ),
        "adaptive random forest, river": lambda: River(forest.ARFRegressor(seed=1)),
    }


def errors(orders: Sequence[Sequence[Observation]], *, learned: int) -> dict[str, float]:
    """By model: the mean absolute error of a clip's seconds after so many were learned, in percent
    of what it took."""
    return {
        name: statistics.fmean(
            off for order in orders for off in _errors(make(), order, learned=learned)
        )
        for name, make in models().items()
    }


def _errors(model: Learns, order: Sequence[Observation], *, learned: int) -> list[float]:
    found = []
    for place, seen in enumerate(order):
        if place >= learned:
            found.append(abs(model.predict(seen) - seen.seconds) / seen.seconds * 100)
        model.observe(seen)
    return found
