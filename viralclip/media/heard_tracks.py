"""What samples of a source's audio tracks sound like, and which of them have the same sound."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import av
import numpy as np
from numpy.typing import NDArray

from viralclip.audio_tracks import AudioTrack

# Speech needs no more.
_RATE = 8000
_BLOCK = _RATE // 40
_SILENCE_DB = -120.0
# Syllables come two to eight times a second.
_SYLLABLES_HZ = (2.0, 8.0)
# Codecs differ by some packets of delay; what is mixed from a track is on the same sample.
_LAG, _SAME_TIME = _RATE * 60 // 1000, _RATE * 2 // 1000
# Above these correlations one track is a copy of the other, or has some of the same sound.
_COPY, _SHARED, _PART = 0.8, 0.25, 0.04
# A part is in its mix about as loud as on its own track.
_PART_GAIN = (0.8, 1.25)

Wave = NDArray[np.float64]


@dataclass(frozen=True)
class HeardTracks:
    """What came on each track, by number: all stretches one after another, silent where nothing."""

    waves: dict[int, Wave]

    @classmethod
    def of(
        cls,
        frames: Iterable[tuple[int, int, float, av.AudioFrame]],
        stretches: Sequence[tuple[float, float]],
    ) -> "HeardTracks":
        """From the frames of all stretches, with their track, stretch, and seconds since zero."""
        begins = np.cumsum([0, *(round((end - start) * _RATE) for start, end in stretches)])
        waves: dict[int, Wave] = {}
        ears: dict[tuple[int, int], av.AudioResampler] = {}
        for number, stretch, time, frame in frames:
            ear = ears.setdefault((number, stretch), av.AudioResampler("flt", "mono", _RATE))
            samples = _resampled(ear, frame)
            if samples is None:  # its format has changed
                del ears[number, stretch]
                continue
            offset = round((time - stretches[stretch][0]) * _RATE)
            wave = waves.setdefault(number, np.zeros(begins[-1]))
            room = wave[begins[stretch] : begins[stretch + 1]]
            first, skipped = max(0, offset), max(0, -offset)
            part = samples[skipped : skipped + max(0, len(room) - first)]
            room[first : first + len(part)] = part
        return cls(waves)

    def describe(self, track: AudioTrack) -> AudioTrack:
        wave = self.waves.get(track.number)
        if wave is None:
            return track
        part_of, overlaps = self._sharing(track.number)
        return track.model_copy(
            update={
                "level_db": round(_level(wave), 1),
                "speech": round(_speech(wave), 3),
                "part_of": part_of,
                "overlaps": overlaps,
            }
        )

    def _sharing(self, number: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The tracks that this one is a part of, and those that it shares some sound with."""
        part_of: list[int] = []
        overlaps: list[int] = []
        for other in sorted(self.waves.keys() - {number}):
            alike, at_once = self._correlations.get(frozenset((number, other)), (0.0, 0.0))
            gain = at_once * self._norms[other] / max(self._norms[number], 1e-12)
            if at_once > _PART and alike <= _COPY and _PART_GAIN[0] < gain < _PART_GAIN[1]:
                part_of.append(other)
            elif alike > _COPY or at_once > _SHARED:
                overlaps.append(other)
        return tuple(part_of), tuple(overlaps)

    @cached_property
    def _norms(self) -> dict[int, float]:
        return {number: float(np.linalg.norm(wave)) for number, wave in self.waves.items()}

    @cached_property
    def _correlations(self) -> dict[frozenset[int], tuple[float, float]]:
        """How alike two tracks are at best within a codec's delay, and at the very same time."""
        audible = [number for number, norm in self._norms.items() if norm > 0]
        size = 1 << (max(map(len, self.waves.values())) + 2 * _LAG).bit_length()
        spectra = {number: np.fft.rfft(self.waves[number], size) for number in audible}
        found: dict[frozenset[int], tuple[float, float]] = {}
        for one, other in combinations(audible, 2):
            around = np.fft.irfft(spectra[one] * np.conj(spectra[other]), size)
            near = np.abs(np.concatenate([around[-_LAG:], around[: _LAG + 1]]))
            near /= self._norms[one] * self._norms[other]
            at_once = near[_LAG - _SAME_TIME : _LAG + _SAME_TIME + 1]
            found[frozenset((one, other))] = float(near.max()), float(at_once.max())
        return found


def _blocks(wave: Wave) -> Wave:
    """The mean power of each block."""
    whole = len(wave) // _BLOCK * _BLOCK
    return np.mean(wave[:whole].reshape(-1, _BLOCK) ** 2, axis=1)


def _level(wave: Wave) -> float:
    """The level in dBFS that a twentieth of the sound is above."""
    blocks = _blocks(wave)
    loud = float(np.quantile(blocks, 0.95)) if len(blocks) else 0.0
    return max(_SILENCE_DB, 10 * np.log10(loud)) if loud else _SILENCE_DB


def _speech(wave: Wave) -> float:
    """How much of the movement of the level is in the rhythm of syllables, and how deep it is."""
    envelope = np.sqrt(_blocks(wave))
    mean = float(envelope.mean()) if len(envelope) else 0.0
    if mean <= 10 ** (_SILENCE_DB / 20):
        return 0.0
    power = np.abs(np.fft.rfft(envelope - mean)) ** 2
    at = np.fft.rfftfreq(len(envelope), _BLOCK / _RATE)
    moves = float(power[at > 0.3].sum())  # noqa: PLR2004 - slower than words
    inside = float(power[(at >= _SYLLABLES_HZ[0]) & (at <= _SYLLABLES_HZ[1])].sum())
    depth = min(1.0, float(envelope.std()) / mean)
    return depth * inside / moves if moves else 0.0


def _resampled(ear: av.AudioResampler, frame: av.AudioFrame) -> Wave | None:
    try:
        parts = [part.to_ndarray().ravel() for part in ear.resample(frame)]
    except ValueError:
        return None
    return np.concatenate(parts).astype(np.float64) if parts else np.zeros(0)
