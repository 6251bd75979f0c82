"""Every awkward kind of source through the whole program in every style, measured on the clips."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from viralclip.geometry import Size
from viralclip.styles import STYLES

START, END = 0.5, 1.5
KINDS = (
    "landscape",
    "wide",
    "classic",
    "portrait",
    "rotated",
    "vfr",
    "mono",
    "no_audio",
    "ten_bit",
    "odd",
)


@dataclass(frozen=True)
class Clip:
    """What a player finds in a file."""

    codec: str
    pixels: set[str]
    sizes: set[Size]
    sar: Fraction | None
    frames: int
    fps: Fraction
    duration: float
    channels: int
    late: float | None


def look(path: Path, *, start: float = 0.0) -> Clip:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [
            (frame.time, frame.format.name, Size(frame.width, frame.height), _luma(frame))
            for frame in container.decode(stream)
        ]
        codec, sar = stream.codec_context.name, stream.sample_aspect_ratio
        fps = stream.average_rate or Fraction(0)
        duration = (container.duration or 0) / av.time_base
    channels, beep = _beep(path, start)
    late = (
        None
        if beep is None
        else beep - _flash([f for f in frames if start <= f[0] < start + END - START])
    )
    return Clip(
        codec,
        {name for _, name, _, _ in frames},
        {size for _, _, size, _ in frames},
        sar,
        len(frames),
        fps,
        duration,
        channels,
        late,
    )


def _luma(frame: Any) -> float:
    return frame.reformat(width=16, height=16, format="gray").to_ndarray().mean()


def _flash(frames: list[tuple[float, str, Size, float]]) -> float:
    """When the picture became brighter than ever."""
    rises = np.diff([luma for *_, luma in frames])
    return frames[int(rises.argmax()) + 1][0]


def _beep(path: Path, start: float) -> tuple[int, float | None]:
    """How many channels there are, and when the first tone from `start` on begins."""
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return 0, None
        stream = container.streams.audio[0]
        to_floats = av.AudioResampler("fltp", stream.layout.name, stream.rate)
        heard = list(container.decode(stream))
        wave = np.concatenate(
            [part.to_ndarray().max(axis=0) for one in heard for part in to_floats.resample(one)]
        )
        times = (heard[0].time or 0.0) + np.arange(wave.size) / stream.rate
    loud = np.flatnonzero((np.abs(wave) > 0.1) & (times >= start))
    return stream.layout.nb_channels, float(times[loud[0]]) if loud.size else None


@pytest.mark.parametrize("kind", KINDS)
def test_a_source_of_any_kind_becomes_right_clips_in_all_styles_and_true_events(
    kind, source, viralclip, keep_promises
):
    video = source(kind)
    done = viralclip.run(*viralclip.asked(video, viralclip.scenes((START, END)), styles="all"))

    assert (done.code, done.err) == (0, "")
    assert viralclip.debris() == set()
    keep_promises(viralclip.history)
    ends = viralclip.history.endings()
    assert len(ends) >= len(STYLES) - 3
    assert {Path(end.details.url).name for end in ends.values()} == viralclip.clips()
    assert {end.step for end in ends.values()} == {"complete"}
    original = look(video, start=START)
    for place, end in ends.items():
        clip = look(Path(end.details.url))
        made = viralclip.history.told(step="render_complete", style=place[1])[0].event.details

        assert (clip.codec, clip.pixels) == ("h264", {"yuv420p"}), place
        assert clip.sizes == {Size(made.width, made.height)}, place
        assert clip.sar in (None, 1), place
        assert abs(clip.duration - (END - START)) <= 1 / clip.fps, place
        assert clip.frames == round((END - START) * clip.fps), place
        assert clip.channels == (0 if kind == "no_audio" else 2), place
        if original.late is not None:
            assert clip.late is not None
            assert abs(clip.late - original.late) < 0.020, place
