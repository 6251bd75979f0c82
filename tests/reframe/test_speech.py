"""Speech is told from quiet by loudness alone."""

import numpy as np
import pytest

from viralclip.reframe.footage import Loudness
from viralclip.reframe.speech import find_speech

RATE = 100.0


def loudness(*spans: tuple[float, float], seconds: float = 10.0, floor: float = 0.003, peak=0.2):
    times = np.arange(int(seconds * RATE)) / RATE
    levels = np.full(len(times), floor)
    for start, end in spans:
        levels[(times >= start) & (times < end)] = peak
    return Loudness(levels, RATE)


def test_onsets_are_where_speech_begins_after_a_pause():
    speech = find_speech(loudness((1, 3), (3.05, 4), (6, 8)))

    assert [onset.time for onset in speech.onsets] == pytest.approx([1, 6])
    assert [onset.pause for onset in speech.onsets] == pytest.approx([1, 2])


def test_shares_are_of_the_time_just_before():
    speech = find_speech(loudness((1, 3), (6, 8)))

    assert speech.share(np.array([0.5, 1.05, 2.0, 3.05]), 0.1) == pytest.approx([0, 0.5, 1, 0.5])
    assert speech.level(np.array([2.0])) == pytest.approx(0.2)


@pytest.mark.parametrize(
    "silent",
    [None, Loudness(np.zeros(0), RATE), Loudness(np.zeros(500), RATE), loudness(floor=0.001)],
)
def test_silence_has_no_speech(silent):
    speech = find_speech(silent)

    assert not speech.heard
    assert speech.onsets == ()
    assert speech.share(np.array([0.0, 1.0]), 0.1) == pytest.approx(0)
    assert speech.level(np.array([0.0, 1.0])).shape == (2,)


def test_sound_without_a_pause_may_all_be_speech():
    speech = find_speech(loudness(floor=0.1, peak=0.1))

    assert speech.active.all()
    assert speech.onsets == ()


def test_digital_silence_between_words_does_not_hide_quiet_ones():
    speech = find_speech(loudness((1, 3), (4, 5), floor=0.0))

    assert [onset.time for onset in speech.onsets] == pytest.approx([1, 4])


def test_speech_over_noise_is_found():
    speech = find_speech(loudness((1, 3), (5, 8), floor=0.03))

    assert [onset.time for onset in speech.onsets] == pytest.approx([1, 5])
