"""Edges of words are brought to where the sound rises and falls, and not far."""

from itertools import pairwise

import numpy as np
import pytest

from viralclip.speech.port import SAMPLE_RATE
from viralclip.speech.snapping import snap
from viralclip.speech.sound import Samples
from viralclip.words.transcript import Word


def bursts(*spans: tuple[float, float], seconds: float = 2.0) -> Samples:
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    noise = np.random.default_rng(3).normal(0, 0.1, len(time))
    loud = np.zeros(len(time), bool)
    for start, end in spans:
        loud |= (time >= start) & (time < end)
    return np.where(loud, noise, noise / 1000).astype(np.float32)


def word(start: float, end: float) -> Word:
    return Word(text="word", start=start, end=end)


@pytest.mark.parametrize("off", [-0.07, -0.03, 0.0, 0.03, 0.07])
def test_an_edge_nearby_goes_to_where_the_sound_changes(off: float):
    (snapped,) = snap([word(0.5 + off, 1.0 + off)], bursts((0.5, 1.0)))

    assert snapped.start == pytest.approx(0.5, abs=0.011)
    assert snapped.end == pytest.approx(1.0, abs=0.011)


def test_a_word_that_begins_in_silence_begins_with_its_sound():
    (snapped,) = snap([word(0.1, 1.4)], bursts((0.5, 1.0)))

    assert snapped.start == pytest.approx(0.5, abs=0.011)
    assert snapped.end == pytest.approx(1.0, abs=0.011)


def test_where_nothing_changes_times_stay():
    (snapped,) = snap([word(0.5, 1.0)], bursts((0.0, 2.0)))

    assert (snapped.start, snapped.end) == (0.5, 1.0)


def test_in_silence_times_stay():
    (snapped,) = snap([word(0.5, 1.0)], np.zeros(2 * SAMPLE_RATE, np.float32))

    assert (snapped.start, snapped.end) == (0.5, 1.0)


def test_words_stay_in_order_and_last_for_a_moment():
    words = [word(0.46, 0.5), word(0.5, 0.55), word(0.55, 1.0)]
    snapped = snap(words, bursts((0.5, 1.0)))

    assert all(each.duration >= 0.035 for each in snapped)
    assert all(a.end <= b.start for a, b in pairwise(snapped))


def test_without_words_there_is_nothing_to_do():
    assert snap([], np.zeros(10, np.float32)) == ()
