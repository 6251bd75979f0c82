"""Where there is speech in a scene's sound, from its loudness alone."""

from dataclasses import dataclass

import numpy as np

from viralclip.reframe.footage import Flags, Floats, Loudness

_QUIETEST_DB = -100.0
# Sound that never gets louder than this is silence.
_SILENCE_DB = -55.0
# Speech is louder than this share of the way from the quiet parts to the loud ones.
_SPEECH_SHARE = 0.5
_QUIET_PERCENT, _LOUD_PERCENT = 10, 95
# With less between quiet and loud, it is one continuous sound, all of it perhaps speech.
_LEAST_RANGE_DB = 6.0
# The loud parts are not counted as louder than this above the quiet ones: digital silence is deep.
_WIDEST_RANGE_DB = 40.0
# The level at a time is the mean of so many seconds.
_AROUND_S = 0.08
# Shorter breaks are those between syllables.
_SYLLABLE_GAP_S = 0.1


@dataclass(frozen=True)
class Onset:
    """Speech begins at `time`, after a pause of so many seconds."""

    time: float
    pause: float


@dataclass(frozen=True)
class Speech:
    """`active` says for each of the sound's `levels` (n,), `rate` a second, if there is speech."""

    levels: Floats
    active: Flags
    rate: float
    onsets: tuple[Onset, ...]

    @property
    def heard(self) -> bool:
        return bool(self.active.any())

    def share(self, times: Floats, span: float) -> Floats:
        """How much of the `span` seconds before each time has speech, 0 to 1."""
        return self._within(np.concatenate([[0.0], np.cumsum(self.active)]), times, span) / span

    def level(self, times: Floats) -> Floats:
        """The level around each time."""
        half = _AROUND_S / 2
        total = np.concatenate([[0.0], np.cumsum(self.levels)])
        return self._within(total, times + half, _AROUND_S) / _AROUND_S

    def _within(self, total: Floats, times: Floats, span: float) -> Floats:
        """What a running total gained in the `span` seconds before each time, times a second."""
        seconds = np.arange(len(total)) / self.rate
        gained = np.interp(times, seconds, total) - np.interp(times - span, seconds, total)
        return gained / self.rate


def find_speech(loudness: Loudness | None) -> Speech:
    """Speech is what is clearly louder than the quiet parts; silence and no sound have none."""
    if loudness is None or not len(loudness.levels):
        return Speech(np.zeros(1), np.zeros(1, dtype=np.bool_), 1.0, ())
    level = 20 * np.log10(np.maximum(loudness.levels, 10 ** (_QUIETEST_DB / 20)))
    quiet, loud = (float(q) for q in np.percentile(level, [_QUIET_PERCENT, _LOUD_PERCENT]))
    quiet = max(quiet, loud - _WIDEST_RANGE_DB)
    line = quiet + _SPEECH_SHARE * (loud - quiet) if loud - quiet >= _LEAST_RANGE_DB else -np.inf
    active = level > max(line, _SILENCE_DB)
    onsets = _onsets(active, loudness.rate)
    return Speech(loudness.levels, active, loudness.rate, onsets)


def _onsets(active: Flags, rate: float) -> tuple[Onset, ...]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], active, [False]]).astype(np.int8)))
    starts, ends = edges[::2], np.concatenate([[0], edges[1::2]])
    pauses = (starts - ends[: len(starts)]) / rate
    return tuple(
        Onset(float(start) / rate, float(pause))
        for start, pause in zip(starts, pauses, strict=True)
        if pause >= _SYLLABLE_GAP_S
    )
