"""Renders sources with a plain graph and measures what came out, frame by frame."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.reformatter import VideoReformatter

from viralclip.filter_graph import Filter, Graph, line
from viralclip.geometry import Size
from viralclip.media.encoders import X264, Encoder
from viralclip.media.probe import probe
from viralclip.media.render import Rendered, render
from viralclip.media.render_spec import EncoderSettings, RenderSpec, VideoGraph
from viralclip.processes.runner import Watchdogs

SIZE = Size(180, 320)
GRAPH = line(Filter.of("scale", -2, 320, flags="bilinear"), Filter.of("crop", 180, 320))


@dataclass
class Measured:
    """A video as a player sees it; flashes and beeps are the times at which each begins."""

    times: list[float] = field(default_factory=list)
    formats: set[str] = field(default_factory=set)
    sizes: set[Size] = field(default_factory=set)
    rotations: set[int] = field(default_factory=set)
    colours: set[tuple[int, int, int, int]] = field(default_factory=set)
    lumas: list[float] = field(default_factory=list)
    sar: Fraction | None = None
    rate: Fraction | None = None
    duration: float = 0
    audio_rate: int | None = None
    audio_layout: str | None = None
    loudest: float = 0
    tags: dict[str, str] = field(default_factory=dict)
    chapters: int = 0
    flashes: list[float] = field(default_factory=list)
    beeps: list[float] = field(default_factory=list)


Measure = Callable[[Path], Measured]
RenderKind = Callable[..., Awaitable[tuple[RenderSpec, Rendered, Measured]]]


@pytest.fixture
def measure() -> Measure:
    return _measure


@pytest.fixture(scope="session")
def clip_of(
    ffmpeg: Path, source: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], tuple[RenderSpec, Rendered, Measured]]:
    """`clip_of(kind)` is a clip of two seconds from a source of that kind, made once."""
    folder = tmp_path_factory.mktemp("clips")

    @functools.cache
    def make(kind: str) -> tuple[RenderSpec, Rendered, Measured]:
        spec = _spec(source(kind), folder / f"{kind}.part")
        made = asyncio.run(render(ffmpeg, spec, on_progress=lambda _: None, limits=Watchdogs()))
        return spec, made, _measure(spec.target)

    return make


@pytest.fixture
def spec_of(source: Callable[[str], Path], tmp_path: Path) -> Callable[..., RenderSpec]:
    def build(kind: str, **more: Any) -> RenderSpec:
        return _spec(source(kind), tmp_path / "clip.part", **more)

    return build


@pytest.fixture
def render_kind(ffmpeg: Path, spec_of: Callable[..., RenderSpec]) -> RenderKind:
    async def run(kind: str, **more: Any) -> tuple[RenderSpec, Rendered, Measured]:
        spec = spec_of(kind, **more)
        made = await render(ffmpeg, spec, on_progress=lambda _: None, limits=Watchdogs())
        return spec, made, _measure(spec.target)

    return run


def _spec(
    path: Path,
    target: Path,
    *,
    start: float = 0.51,
    duration: float = 2.0,
    graph: Graph = GRAPH,
    encoder: Encoder = X264,
) -> RenderSpec:
    """It begins on a frame of the source, as the clips of a job do."""
    probed = probe(path)
    video, encoding = VideoGraph(graph, SIZE), EncoderSettings(encoder)
    return RenderSpec(probed, probed.on_frame(start), duration, video, target, encoding)


def _measure(path: Path) -> Measured:
    measured = Measured()
    with av.open(str(path)) as container:
        measured.duration = (container.duration or 0) / av.time_base
        measured.chapters = len(container.chapters())
        measured.tags = dict(container.metadata)
        _look(container, measured)
        if container.streams.audio:
            container.seek(0)
            _listen(container, measured)
    return measured


def _look(container: Any, measured: Measured) -> None:
    stream = container.streams.video[0]
    measured.sar, measured.rate = stream.sample_aspect_ratio, stream.average_rate
    shrink = VideoReformatter().reformat  # one for all: each one prepares for its first frame
    for frame in container.decode(stream):
        measured.times.append(frame.time)
        measured.formats.add(frame.format.name)
        measured.sizes.add(Size(frame.width, frame.height))
        measured.rotations.add(frame.rotation)
        measured.colours.add(
            (frame.color_range, frame.colorspace, frame.color_trc, frame.color_primaries)
        )
        measured.lumas.append(
            shrink(frame, width=32, height=32, format="gray", threads=1).to_ndarray().mean()
        )
    bright = [False, *(luma > 200 for luma in measured.lumas)]
    measured.flashes = [
        time for place, time in enumerate(measured.times) if bright[place + 1] and not bright[place]
    ]


def _listen(container: Any, measured: Measured) -> None:
    stream = container.streams.audio[0]
    measured.audio_rate, measured.audio_layout = stream.rate, stream.layout.name
    to_floats = av.AudioResampler("fltp", stream.layout.name, stream.rate)
    frames = list(container.decode(stream))
    wave = [part.to_ndarray().max(axis=0) for frame in frames for part in to_floats.resample(frame)]
    sound = np.abs(np.concatenate(wave))
    measured.loudest = float(sound.max())
    loud = np.flatnonzero(sound > 0.1)
    begins = loud[np.diff(loud, prepend=-stream.rate) > stream.rate // 10]
    measured.beeps = [frames[0].time + sample / stream.rate for sample in begins]
