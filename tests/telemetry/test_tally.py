"""What alerts are made of is counted from what is recorded, and everything is handed on."""

from collections.abc import Iterator

import pytest

from viralclip.telemetry import instruments
from viralclip.telemetry.metrics import (
    ANOMALIES,
    CLIP_SECONDS,
    CLIPS,
    EVENTS_BUFFERED,
    QUEUE_CLIPS,
    RETRIES,
    SLOTS,
    WORKER_ACCEPTING,
)
from viralclip.telemetry.recorder import PrometheusRecorder
from viralclip.telemetry.tally import Tally


@pytest.fixture
def tally() -> Iterator[Tally]:
    before = instruments.installed()
    tally = Tally(PrometheusRecorder(("worker",)))
    instruments.install(tally)
    yield tally
    instruments.install(before)


def test_clips_are_counted_by_how_they_ended_and_bad_sources_are_not(tally: Tally) -> None:
    CLIPS.count(style="split", outcome="complete")
    CLIPS.count(style="split", outcome="kept")
    CLIPS.count(style="split", outcome="cancelled")
    CLIPS.count(style="split", outcome="failed", code="source_unreadable")
    CLIPS.count(style="split", outcome="failed", code="render_failed")
    CLIPS.count(style="original", outcome="failed", code="render_stalled")
    figures = tally.figures(1.0)

    assert (figures.clips_ended, figures.clips_failed, figures.stalls) == (3, 2, 1)


def test_stalls_are_counted_whether_they_are_tried_again_or_not(tally: Tally) -> None:
    RETRIES.count(code="render_stalled")
    RETRIES.count(code="analysis_stalled")
    RETRIES.count(code="storage_unavailable")
    CLIPS.count(style="split", outcome="failed", code="render_stalled")

    assert tally.figures(1.0).stalls == 3


def test_what_is_so_now_is_what_was_said_last(tally: Tally) -> None:
    nothing = tally.figures(0.0)
    WORKER_ACCEPTING.set(1)
    SLOTS.set(3, state="busy")
    SLOTS.set(1, state="free")
    EVENTS_BUFFERED.set(7)
    EVENTS_BUFFERED.set(5)
    ANOMALIES.count(step="rendering")
    ANOMALIES.count(step="uploading")
    figures = tally.figures(1.0)

    assert not nothing.accepting
    assert figures.accepting
    assert (figures.slots_busy, figures.slots_free) == (3, 1)
    assert (figures.events_buffered, figures.anomalies) == (5, 2)


def test_everything_is_handed_on_to_whoever_is_scraped(tally: Tally) -> None:
    CLIPS.count(style="split", outcome="complete")
    CLIP_SECONDS.observe(2.0)
    QUEUE_CLIPS.set(4, state="waiting")
    assert isinstance(tally._onward, PrometheusRecorder)
    text = tally._onward.exposition("text/plain")[0].decode()
    QUEUE_CLIPS.clear()
    later = tally._onward.exposition("text/plain")[0].decode()

    assert 'viralclip_clips_total{code="",outcome="complete",style="split"} 1.0' in text
    assert "viralclip_clip_seconds_sum 2.0" in text
    assert 'viralclip_queue_clips{state="waiting"} 4.0' in text
    assert "viralclip_queue_clips{" not in later


def test_without_anybody_who_scrapes_it_counts_all_the_same() -> None:
    tally = Tally(None)
    for record in (tally.add, tally.set, tally.observe):
        record(EVENTS_BUFFERED, (), 1.0)
    tally.clear(QUEUE_CLIPS)

    assert tally.figures(1.0).events_buffered == 1
