"""What decides how long one stage of a clip takes, and what is known of it beforehand.

That is a sum: some seconds to begin, and for each second of clip the work of decoding, framing and
encoding its pixels, shared among the cores that are free.
"""

import math
from typing import Literal

from pydantic import BaseModel

Stage = Literal["transcription", "analysis", "render"]
STAGES: tuple[Stage, ...] = ("transcription", "analysis", "render")
FramingKind = Literal["static", "moving", "split", "blurred"]

# Seconds before the first frame and after the last.
_STARTUP_S: dict[Stage, float] = {"render": 0.35, "analysis": 1.2, "transcription": 2.0}
# Core seconds per million pixels: decoded from the source, and per frame written at a preset.
_DECODE = 0.006
_ENCODE = {"fast": 0.013, "balanced": 0.027, "quality": 0.048}
# The same for framing: what is scaled and written once, in layers, or after a blur.
_FRAME: dict[FramingKind, float] = {
    "static": 0.006,
    "moving": 0.012,
    "split": 0.008,
    "blurred": 0.012,
}
# Core seconds of looking for faces per second of clip; the planner's are within.
_LOOK_S = 0.12
# The same of listening to speech, by the size of the model, which its name tells.
_LISTEN_S = {"tiny": 0.13, "base": 0.25, "small": 0.6, "medium": 1.8, "turbo": 1.8, "large": 3.5}
_USUAL_LISTEN_S = 0.6
# A picture with much detail or noise, told by the source's bits per pixel, takes longer to encode:
# each doubling beyond the first tenth of a bit by so much, in logarithms.
_FINE_BITS, _DETAIL, _USUAL_DETAIL = 0.1, 0.35, 0.2
# How many cores one FFmpeg keeps busy, when it may use as many threads as it likes and with one.
_MOST_LANES, _ONE_THREAD_LANES = 6.0, 1.7
# Middles that numeric features are counted from.
_SECONDS, _RATE, _THREADS = 5.0, 40.0, 2.0
_USUAL_STARTUP = 0.1


class Workload(BaseModel, frozen=True):
    """What decides how long a stage takes; rates are in millions of pixels a second.

    `source` names the video. What does not matter to a stage is empty: an analysis has no style,
    preset or encoder. `bits` are those of the source per pixel, where they are known. `threads` is
    FFmpeg's option per codec, 0 for its own choice; `cores` are those of the machine. `listener` is
    what turns speech into words: an engine and its model.
    """

    stage: Stage
    source: str = ""
    style: str
    seconds: float
    output_rate: float
    source_rate: float
    bits: float | None = None
    codec: str = ""
    framing: FramingKind = "static"
    captions: bool = False
    loudness: bool = False
    preset: str = "balanced"
    encoder: str = "x264"
    listener: str = ""
    threads: int = 0
    cores: int = 2

    def typical_seconds(self, busy: float) -> float:
        """How long it takes by what is known before anything is learned, beside `busy` - 1 more."""
        work = self.seconds * self._core_seconds
        return self._startup(busy) + work / self._lanes(busy)

    def _startup(self, busy: float) -> float:
        """To begin and to end keeps one core busy, where more of its kind than cores share them."""
        return _STARTUP_S[self.stage] * max(busy / self.cores, 1.0)

    def features(self, busy: float) -> dict[str, float]:
        """What may make it differ from that, by name; of the logarithm, around a common middle."""
        measured = {
            "bias": 1.0,
            "seconds": _log_ratio(self.seconds, _SECONDS),
            "output": _log_ratio(self.output_rate, _RATE),
            "source": _log_ratio(self.source_rate, _RATE),
            "detail": self._detail,
            "threads": _log_ratio(self.threads or self.cores, _THREADS),
            "busy": math.log(max(busy, 1.0)),
            "startup": self._startup(busy) / self.typical_seconds(busy) - _USUAL_STARTUP,
        }
        named = {
            f"codec:{self.codec}": 1.0 if self.codec else 0.0,
            f"framing:{self.framing}": 1.0,
            f"preset:{self.preset}": 1.0 if self.preset else 0.0,
            f"encoder:{self.encoder}": 1.0 if self.encoder else 0.0,
            f"listener:{self.listener}": 1.0 if self.listener else 0.0,
            f"style:{self.style}": 1.0 if self.style else 0.0,
            f"detail:{self.preset}": self._detail if self.preset else 0.0,
            "captions": float(self.captions),
            "loudness": float(self.loudness),
        }
        return {name: value for name, value in (measured | named).items() if value}

    @property
    def _core_seconds(self) -> float:
        """Core seconds of work per second of clip."""
        if self.stage == "transcription":
            sizes = (work for size, work in _LISTEN_S.items() if size in self.listener)
            return next(sizes, _USUAL_LISTEN_S)
        decode = _DECODE * self.source_rate
        if self.stage == "analysis":
            return decode + _LOOK_S
        encode = _ENCODE.get(self.preset, _ENCODE["balanced"])
        work = decode + (_FRAME[self.framing] + encode) * self.output_rate
        return work * math.exp(_DETAIL * self._detail)

    @property
    def _detail(self) -> float:
        """How much more detail than usual there is in the source's picture, in logarithms."""
        return math.log1p(self.bits / _FINE_BITS) - _USUAL_DETAIL if self.bits else 0.0

    def _lanes(self, busy: float) -> float:
        """How many cores work on it, where `busy` of its kind share them all evenly."""
        wanted = _MOST_LANES if self.threads == 0 else _ONE_THREAD_LANES * self.threads
        share = self.cores / max(busy, 1.0)
        # Smoothly the lesser of the two: nothing uses all that it could use.
        return (wanted**-3 + share**-3) ** (-1 / 3)


class Observation(BaseModel, frozen=True):
    """A stage was done in `seconds` on the machine, beside `busy` - 1 others on average."""

    workload: Workload
    machine: str
    busy: float
    seconds: float


def _log_ratio(value: float, middle: float) -> float:
    return math.log(max(value, 1e-3) / middle)
