"""Brings a clip's sound to -14 LUFS: measured first, then one gain and a limiter for the peaks.

loudnorm in one pass misses by 4 to 7 LU where speech follows silence or music, and it changes the
balance within the clip. The loudness is that of EBU R 128, over exactly what the clip will have.
"""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from viralclip.filter_graph import escape
from viralclip.media.command import listen_command
from viralclip.media.ffmpeg import run_ffmpeg
from viralclip.media.reading import find_reading
from viralclip.media.render_spec import RenderSpec
from viralclip.media.soundtrack import AUDIO_RATE, CEILING_DB, shape_of
from viralclip.processes.ffmpeg_progress import FfmpegProgress
from viralclip.processes.runner import Watchdogs
from viralclip.processes.shared import OnProgress, SharedByKey

TARGET_LUFS = -14.0
# Below that there is silence or noise, which nobody wants to hear louder.
FLOOR_LUFS = -60.0
MAX_GAIN_DB = 40.0
# Peaks that stand further above the ceiling would be heard to be pressed down.
MAX_LIMITING_DB = 10.0
TOLERANCE_LU = 0.5

TOO_QUIET, PEAK_BOUND = "sound_too_quiet", "sound_peak_bound"

# Loudness is judged in blocks of 0.4 s; what is shorter is repeated until there are some.
_SHORT_S, _REPEATED_S = 0.5, 2.0
_CLOSE_LU = 0.2
# What the meter says where no block is above the absolute gate of the standard.
_NOTHING_LUFS = -70.0
_MOST_RUNS = 4
_KEPT = 256

Measure = Callable[[float | None], Awaitable["Level"]]


@dataclass(frozen=True)
class Level:
    """Integrated loudness in LUFS and true peak in dBTP; -inf where there is only silence."""

    integrated: float
    true_peak: float


@dataclass(frozen=True)
class Adjustment:
    """The gain for a clip's sound, if any, the level it then has, and what it falls short by."""

    gain_db: float | None
    level: Level
    doubt: str | None = None


class Adjustments:
    """Finds the gains of scenes, once for all their styles; whoever asks meanwhile waits."""

    def __init__(self) -> None:
        self._known: OrderedDict[object, Adjustment] = OrderedDict()
        self._shared = SharedByKey[Adjustment]()

    async def find(
        self,
        ffmpeg: Path,
        spec: RenderSpec,
        *,
        on_progress: OnProgress,
        limits: Watchdogs,
        on_start: Callable[[int], None] | None = None,
    ) -> Adjustment:
        """The adjustment for the sound of `spec`; a clip without sound needs none."""
        if not spec.heard:
            return Adjustment(None, Level(-math.inf, -math.inf))
        key = (spec.source.video.identity, spec.heard, spec.start, spec.samples)
        if key not in self._known:
            meter = _Meter(ffmpeg, spec, limits, on_start)
            self._known[key] = await self._shared.wait(key, meter.adjust, on_progress)
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return self._known[key]


async def find_gain(measure: Measure) -> Adjustment:
    """The gain that brings what `measure` measures to TARGET_LUFS, within TOLERANCE_LU if it can.

    `measure(None)` is the level as it is, `measure(gain)` that behind the gain and the limiter.
    """
    plain = await measure(None)
    if plain.integrated < FLOOR_LUFS:
        return Adjustment(None, plain, TOO_QUIET if math.isfinite(plain.integrated) else None)
    by_peaks = CEILING_DB - plain.true_peak + MAX_LIMITING_DB
    highest = min(MAX_GAIN_DB, max(by_peaks, 0.0))
    gain = min(TARGET_LUFS - plain.integrated, highest)
    if plain.true_peak + gain <= CEILING_DB:
        level = Level(plain.integrated + gain, plain.true_peak + gain)
    else:
        gain, level = await _limited(measure, gain, highest)
    if TARGET_LUFS - level.integrated <= TOLERANCE_LU:
        return Adjustment(gain, level)
    return Adjustment(gain, level, PEAK_BOUND if highest < MAX_GAIN_DB else TOO_QUIET)


async def _limited(measure: Measure, gain: float, highest: float) -> tuple[float, Level]:
    """The limiter takes some loudness away with the peaks: the gain makes up for it."""
    level = await measure(gain)
    slope = 1.0
    for _ in range(_MOST_RUNS - 2):
        missing = TARGET_LUFS - level.integrated
        if abs(missing) <= _CLOSE_LU or (missing > 0 and gain >= highest):
            break
        further = min(gain + missing / slope, highest)
        after = await measure(further)
        slope = min(max((after.integrated - level.integrated) / (further - gain), 0.3), 1.0)
        gain, level = further, after
    return gain, level


@dataclass
class _Meter:
    """Measures the sound of one clip, with an FFmpeg that decodes nothing else."""

    ffmpeg: Path
    spec: RenderSpec
    limits: Watchdogs
    on_start: Callable[[int], None] | None
    _runs: int = field(default=0, init=False)

    async def adjust(self, on_progress: OnProgress) -> Adjustment:
        async def measure(gain_db: float | None) -> Level:
            done, self._runs = self._runs, self._runs + 1
            return await self._measure(
                gain_db,
                lambda run: on_progress(FfmpegProgress((done + run.fraction) / _MOST_RUNS)),
            )

        return await find_gain(measure)

    async def _measure(self, gain_db: float | None, on_progress: OnProgress) -> Level:
        report = self.spec.target.with_name(f"{self.spec.target.name}.level.txt")
        shape = [] if gain_db is None else shape_of(self.spec.heard, gain_db)
        reading = await asyncio.to_thread(find_reading, self.ffmpeg, self.spec)
        command = listen_command(
            self.ffmpeg, self.spec, reading, shape=shape, meter=self._filters(report)
        )
        try:
            await run_ffmpeg(
                command,
                duration=self.spec.output_duration,
                on_progress=on_progress,
                limits=self.limits,
                on_start=self.on_start,
            )
            return await asyncio.to_thread(_read_level, report)
        finally:
            report.unlink(missing_ok=True)

    def _filters(self, report: Path) -> str:
        repeat = ""
        if self.spec.output_duration < _SHORT_S:
            times = math.ceil(_REPEATED_S * AUDIO_RATE / self.spec.samples)
            repeat = f"aloop=loop={times}:size={self.spec.samples},"
        return f"{repeat}ebur128=metadata=1:peak=true,ametadata=print:file={escape(str(report))}"


def _read_level(report: Path) -> Level:
    """The last line of each kind holds what was found in all of the sound."""
    lines = report.read_text().splitlines()
    found = dict(line.removeprefix("lavfi.r128.").split("=", 1) for line in lines if "=" in line)
    integrated = float(found.get("I", "-inf"))
    # It is written to three decimals; what it could be at most counts.
    peak = float(found.get("true_peak", "0")) + 0.0005
    silent = not math.isfinite(integrated) or integrated <= _NOTHING_LUFS
    return Level(-math.inf if silent else integrated, 20 * math.log10(peak))
