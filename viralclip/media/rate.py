"""How often a source shows another picture, and the constant frame rate its clips have."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from statistics import fmean
from typing import TYPE_CHECKING

from viralclip.media.packets import ROUNDING_S, packets_from, zero_of

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

_STANDARD_RATES = tuple(
    Fraction(rate)
    for rate in ("24000/1001", "24", "25", "30000/1001", "30", "48", "50", "60000/1001", "60")
)
_MAX_RATE = 60
# Below this the picture of a clip would be late for its sound, and players and platforms balk.
_MIN_RATE = _STANDARD_RATES[0]
_PLACES = 8
_PLACE_S = 2.0
_MOST_PACKETS = 60
# A burst is so many frames; fewer say nothing where times are whole milliseconds.
_BURST = 12
_OFF_GRID = 0.1
_NEARLY = 0.9
# As slow as this comes from slides, or one picture for a whole podcast.
_SLIDES = 2


@dataclass(frozen=True)
class Rate:
    """Frames a second: `stored` if they come evenly, else those of the busiest place found.

    `frame` is the time of a frame from which the others can be counted where they come evenly.
    """

    stored: Fraction
    constant: bool
    frame: float

    @property
    def of_clips(self) -> Fraction:
        return output_rate(self.stored, constant=self.constant)

    @property
    def is_slow(self) -> bool:
        """Whether clips have more frames than the source has pictures."""
        return self.stored < _MIN_RATE * Fraction(999, 1000)

    @property
    def holds(self) -> bool:
        """Whether a picture may stay on screen for long, so that its end is not known from it."""
        return not self.constant or self.stored <= _SLIDES


def find_rate(
    container: "InputContainer", stream: "VideoStream", *, first: float, seconds: float
) -> Rate:
    """The rate of a stream of so many `seconds` that shows its first frame at `first`, told by
    packets in many places.

    What libav makes of a stream without a declared rate is a guess from its first seconds.
    """
    average = stream.average_rate or stream.guessed_rate or Fraction(30)
    base = stream.base_rate or average
    places = [times for times in _places(container, stream, seconds) if times]
    several = len({time for times in places for time in times}) > 1
    declared = abs(base - average) < base / 200
    if several and declared and all(_is_even(times, base) for times in places):
        # Some writers hold the very first frame for as long as the sound is early.
        return Rate(base, constant=True, frame=_on_grid(places[0], base))
    busiest = max((_busiest(times) for times in places), default=0.0)
    stored = max(average, Fraction(busiest).limit_denominator(1001))
    return Rate(stored, constant=False, frame=first)


def output_rate(stored: Fraction, *, constant: bool) -> Fraction:
    """The rate of clips, 24 to 60, for a stream of the rate `stored`."""
    if not constant:
        return _standard_rate_above(stored)
    standard = min(_STANDARD_RATES, key=lambda rate: abs(rate - stored))
    if abs(standard - stored) < stored / 2000:
        return standard
    # A whole multiple or divisor keeps the frames evenly spaced.
    if stored < _MIN_RATE:
        return (stored * -(-_MIN_RATE // stored)).limit_denominator(1001)
    return (stored / -(-stored // _MAX_RATE)).limit_denominator(1001)


def _standard_rate_above(busiest: Fraction) -> Fraction:
    """Bursts are faster than the average; below 30 a frame may miss its sound by 20 ms."""
    lowest = max(busiest * Fraction(98, 100), Fraction(2997, 100))
    return next((rate for rate in _STANDARD_RATES if rate >= lowest), _STANDARD_RATES[-1])


def _places(
    container: "InputContainer", stream: "VideoStream", seconds: float
) -> Iterator[list[float]]:
    """The times of the frames in some short parts all over the stream, in order."""
    index = stream.index_entries
    if stream.time_base and 0 < stream.frames <= len(index):
        for place in range(_PLACES):
            some = index[len(index) * place // _PLACES :][:_MOST_PACKETS]
            yield [float(entry.timestamp * stream.time_base) - zero_of(container) for entry in some]
        return
    for place in range(_PLACES):
        yield _times_from(container, stream, seconds * place / _PLACES)


def _times_from(container: "InputContainer", stream: "VideoStream", start: float) -> list[float]:
    packets = packets_from(container, stream, start, until=start + _PLACE_S)
    some = list(islice(packets, _MOST_PACKETS))
    if any(timed.packet.pts is None for timed in some):
        # Not said of each frame; where they come evenly, they are decoded as evenly.
        return [timed.decoded for timed in some]
    # Of what is shown after the last was decoded, some is not among them.
    end = some[-1].decoded if some else start
    return sorted(timed.time for timed in some if timed.time <= end + ROUNDING_S)


def _is_even(times: list[float], rate: Fraction) -> bool:
    """Whether frames come when the rate says, and hardly one is missing."""
    frames = [(time - _middle(times)) * float(rate) for time in times]
    allowed = _OFF_GRID + ROUNDING_S * float(rate)
    on_grid = sorted({round(frame) for frame in frames if abs(frame - round(frame)) < allowed})
    most = _NEARLY * (len(times) - 1)
    return len(on_grid) >= most and len(on_grid) >= _NEARLY * (on_grid[-1] - on_grid[0])


def _on_grid(times: list[float], rate: Fraction) -> float:
    """The time of the middle frame, told by all of them, as each may be rounded."""
    middle = _middle(times)
    return fmean(time - round((time - middle) * rate) / rate for time in times)


def _middle(times: list[float]) -> float:
    return times[len(times) // 2]


def _busiest(times: list[float]) -> float:
    """The most frames a second in any burst."""
    count = min(_BURST, len(times) - 1)
    if count < 1:
        return 0.0
    spans = (late - early for early, late in zip(times, times[count:], strict=False))
    return max((count / span for span in spans if span > 0), default=0.0)
