"""Whether what is asked of Prometheus is something that viralclip says."""

import re
from collections.abc import Collection, Iterator
from inspect import signature
from typing import Any, get_args

from viralclip.telemetry.instruments import Metric
from viralclip.telemetry.metrics import TABLE

# What Prometheus itself and its client add to every series.
_ADDED = {"job", "instance"}
# What others say: Prometheus of its targets and alerts, its client of processes, and Redis.
FOREIGN = {
    "up",
    "ALERTS",
    "process_resident_memory_bytes",
    "process_cpu_seconds_total",
    "redis_memory_used_bytes",
    "redis_memory_max_bytes",
    "redis_commands_processed_total",
}
_SELECTOR = re.compile(r"\b((?:viralclip|redis|process)_\w+)(\{[^}]*\})?")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
_ENDINGS = re.compile(r"_(bucket|count|sum)$")
_METRICS = {metric.name: metric for metric in TABLE}


def faults_of(expr: str, *, recorded: Collection[str] = ()) -> list[str]:
    """What in the expression does not exist: metrics, labels, their values, buckets."""
    return list(_faults(expr, recorded))


def _faults(expr: str, recorded: Collection[str]) -> Iterator[str]:
    for name in re.findall(r"viralclip:[\w:]+", expr):
        if name not in recorded:
            yield f"{name} is not recorded"
    for name, labels in _SELECTOR.findall(expr):
        if name not in FOREIGN:
            yield from _faults_in(name, _MATCHER.findall(labels))
    for clause in re.findall(r"\bby \(([^)]*)\)", expr):
        known = {label for metric in TABLE for label in metric.labels}
        wrong = {label.strip() for label in clause.split(",")} - known - _ADDED
        yield from (
            f"nothing has a label {label}" for label in wrong - {"le", "service_level", "alertname"}
        )


def _faults_in(name: str, matchers: list[tuple[str, str, str]]) -> Iterator[str]:
    metric = _METRICS.get(name) or _METRICS.get(_ENDINGS.sub("", name))
    if metric is None:
        yield f"{name} does not exist"
        return
    ending = name.removeprefix(metric.name)
    if bool(ending) != (metric.kind == "histogram"):
        yield f"{name} is a {metric.kind}"
    for label, operator, value in matchers:
        if label == "le":
            if ending != "_bucket" or float(value) not in metric.buckets:
                yield f"{name} has no bucket {value}"
        elif label not in {*metric.labels, *_ADDED}:
            yield f"{name} has no label {label}"
        else:
            values = value.split("|") if "~" in operator else [value]
            yield from _unknown_values(metric, label, values)


def _unknown_values(metric: Metric[Any], label: str, values: list[str]) -> Iterator[str]:
    """Values of a label that has only certain ones."""
    parameter = signature(metric.labels_of).parameters.get(label)
    known = get_args(parameter.annotation) if parameter else ()
    if known:
        yield from (f"{label} is never {value}" for value in values if value not in known)
