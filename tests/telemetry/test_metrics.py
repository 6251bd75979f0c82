"""The table of metrics, and what records and shows it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from viralclip.telemetry import metrics
from viralclip.telemetry.instruments import Counter, Histogram, Metric, install
from viralclip.telemetry.metrics import CLIPS, EVENTS_PUBLISHED, STEP_SECONDS, TABLE, VIEWERS

# What design and operators call a dimension; an id of anything is none.
DIMENSIONS = {
    *("style", "step", "outcome", "code", "preset", "encoder", "transport", "priority", "state"),
    *("place", "route", "at", "version"),
}


class Notes:
    """A recorder that writes down what it is asked to do."""

    def __init__(self) -> None:
        self.notes: list[tuple[Any, ...]] = []

    def add(self, metric: Metric[...], labels: tuple[str, ...], amount: float) -> None:
        self.notes.append(("add", metric.name, labels, amount))

    def set(self, metric: Metric[...], labels: tuple[str, ...], value: float) -> None:
        self.notes.append(("set", metric.name, labels, value))

    def observe(self, metric: Metric[...], labels: tuple[str, ...], value: float) -> None:
        self.notes.append(("observe", metric.name, labels, value))

    def clear(self, metric: Metric[...]) -> None:
        self.notes.append(("clear", metric.name))


@pytest.fixture
def notes() -> Iterator[list[tuple[Any, ...]]]:
    recorder = Notes()
    install(recorder)
    yield recorder.notes
    install(None)


def test_every_metric_is_in_the_table_once():
    defined = [value for value in vars(metrics).values() if isinstance(value, Metric)]

    assert list(TABLE) == defined
    assert len({metric.name for metric in TABLE}) == len(TABLE)


@pytest.mark.parametrize("metric", TABLE, ids=lambda metric: metric.name)
def test_names_and_labels_are_as_prometheus_wants_them(metric: Metric[...]):
    assert re.fullmatch(r"viralclip_[a-z_]+", metric.name)
    assert metric.name.endswith("_total") == isinstance(metric, Counter)
    assert bool(metric.buckets) == isinstance(metric, Histogram)
    assert list(metric.buckets) == sorted(set(metric.buckets))
    assert set(metric.labels) <= DIMENSIONS
    assert all(len(values) == len(metric.labels) for values in metric.from_start)
    assert metric.help[0].isupper() or metric.help[0].isdigit()
    assert metric.help.endswith(".")


def test_nothing_is_recorded_until_a_recorder_is_installed():
    EVENTS_PUBLISHED.count()
    STEP_SECONDS.observe(1.0, step="rendering", style="split")
    VIEWERS.set(1, transport="sse")
    VIEWERS.clear()


def test_what_is_recorded_has_its_labels_in_the_order_of_their_names(notes: list[Any]):
    CLIPS.count(style="split", outcome="failed", code="disk_full")
    EVENTS_PUBLISHED.add(3)
    STEP_SECONDS.observe(1.5, style="split", step="rendering")
    VIEWERS.add(-1, transport="sse")
    VIEWERS.set(4, transport="websocket")
    VIEWERS.clear()

    assert STEP_SECONDS.labels == ("step", "style")
    assert notes == [
        ("add", CLIPS.name, ("split", "failed", "disk_full"), 1.0),
        ("add", EVENTS_PUBLISHED.name, (), 3),
        ("observe", STEP_SECONDS.name, ("rendering", "split"), 1.5),
        ("add", VIEWERS.name, ("sse",), -1),
        ("set", VIEWERS.name, ("websocket",), 4),
        ("clear", VIEWERS.name),
    ]


def test_a_code_that_an_extension_made_up_is_counted_as_other(notes: list[Any]):
    CLIPS.count(style="mine", outcome="failed", code="file 4711 is odd")
    CLIPS.count(style="mine", outcome="complete")

    assert [labels for _, _, labels, _ in notes] == [
        ("mine", "failed", "other"),
        ("mine", "complete", ""),
    ]
