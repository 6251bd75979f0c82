"""A change of speaker is put where speech begins, if it begins near."""

import numpy as np
import pytest

from viralclip.reframe.footage import Loudness
from viralclip.reframe.speakers import speech_start
from viralclip.reframe.speech import find_speech

TIMES = np.arange(1000) / 100
SPEECH = find_speech(
    Loudness(np.where((TIMES > 2) & ((TIMES < 4) | (TIMES > 4.3)), 0.2, 0.002), 100.0)
)


@pytest.mark.parametrize(("seen", "meant"), [(2.25, 2.0), (4.1, 4.3), (4.45, 4.3)])
def test_a_change_near_an_onset_happens_at_it(seen, meant):
    assert speech_start(seen, SPEECH) == pytest.approx(meant, abs=0.011)


def test_a_change_far_from_any_onset_happens_where_it_was_seen():
    assert speech_start(7.35, SPEECH) == 7.35
