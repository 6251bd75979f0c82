"""Reads a crop back from any output, whatever made it, by the ramp at the bottom of the film."""

from pathlib import Path

import av
import numpy as np

from bench.reframe.film import RAMP_LUMA, RAMP_ROWS, Image
from bench.reframe.scenario import Floats
from viralclip.geometry import Size

# Columns and rows near an edge may be blended with what is beyond.
_MARGIN = 0.04
# A picture whose ramp is not as straight as this shows no ramp: it is padded, or something else.
_STRAIGHT = 6.0
_LEAST_SLOPE = 15.0


def read_windows(path: Path, source: Size) -> Floats:
    """The window of each frame, (frames, 4) x, y, width, height in pixels of the source.

    The ramp's place tells x and width. A clip shows the source from top to bottom, or else it is
    padded above and below: then the window is higher than the source. Without a ramp, all are nan.
    """
    with av.open(str(path)) as container:
        frames = container.decode(container.streams.video[0])
        return np.array([_window(_luma(frame), source) for frame in frames])


def _luma(frame: av.VideoFrame) -> Image:
    """The first plane as it is stored: a conversion to grey would stretch its range."""
    return np.asarray(frame.to_ndarray(format="yuv420p")[: frame.height], np.uint8)


def _window(luma: Image, source: Size) -> list[float]:
    height, width = luma.shape
    step = max(1, int(RAMP_ROWS / source.height * height * 0.4))
    for bottom in range(height, height // 2, -step):
        found = _fit(luma[bottom - step : bottom])
        if found:
            left, across = found[0] * source.width, found[1] * source.width
            tall = across * height / width
            return [left, min(0.0, (source.height - tall) / 2), across, max(tall, source.height)]
    return [np.nan] * 4


def _fit(rows: Image) -> tuple[float, float] | None:
    """Where the ramp in these rows begins and how much of it there is, in shares of all of it."""
    width = rows.shape[1]
    places = (np.arange(width) + 0.5) / width
    inner = (places > _MARGIN) & (places < 1 - _MARGIN)
    means = rows.astype(np.float64).mean(axis=0)
    slope, level = np.polyfit(places[inner], means[inner], 1)
    apart = np.abs(means - slope * places - level)[inner].max()
    low, high = RAMP_LUMA
    if slope < _LEAST_SLOPE or apart > _STRAIGHT:
        return None
    return (level - low) / (high - low), slope / (high - low)
