"""Films whose frames show their numbers and whose sound clicks, to read back what a clip holds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

RATE = 48_000
_COLUMNS, _ROWS = 8, 2
_CLICK_S = 0.02
_LOUD, _QUIET_S = 0.3, 0.1


@dataclass(frozen=True)
class Film:
    """How to write a film: frames at `times`, each showing its place in them; click when told."""

    times: Sequence[float]
    clicks: Sequence[float] = ()
    seconds: float = 0.0
    size: tuple[int, int] = (160, 90)
    codec: str = "libx264"
    options: dict[str, str] = field(default_factory=lambda: {"preset": "ultrafast", "g": "100"})
    pixels: str = "yuv420p"
    clock: int = 90_000
    rate: Fraction | None = Fraction(25)
    sound: str | None = "aac"
    channels: str = "mono"
    sound_rate: int = RATE
    late: float = 0.0
    first: int = 0
    declared: bool = True
    container: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Shown:
    """What a film shows: its frames' times and numbers; when it clicks, and how long it is heard
    (0 without sound)."""

    times: list[float]
    numbers: list[int]
    clicks: list[float]
    heard: float


def even(seconds: float, fps: float, start: float = 0.0) -> list[float]:
    return [start + n / fps for n in range(round(seconds * fps))]


def clicks_until(seconds: float) -> list[float]:
    """About two a second, with changing gaps, so that no shift of theirs looks like another."""
    times = [place * 0.5 + 0.1 + place * 37 % 10 * 0.02 for place in range(int(seconds * 2))]
    return [time for time in times if time + _QUIET_S < seconds]


def picture(number: int, width: int, height: int) -> NDArray[np.uint8]:
    """Sixteen blocks in two rows: the number's bits."""
    bits = [(number >> place) & 1 for place in range(_COLUMNS * _ROWS)]
    blocks = np.array(bits, np.uint8).reshape(_ROWS, _COLUMNS) * 200 + 20
    rows = np.arange(height) * _ROWS // height
    columns = np.arange(width) * _COLUMNS // width
    return blocks[rows][:, columns]


def number_in(grey: NDArray[Any]) -> int:
    height, width = grey.shape
    rows = ((np.arange(_ROWS) + 0.5) * height / _ROWS).astype(int)
    columns = ((np.arange(_COLUMNS) + 0.5) * width / _COLUMNS).astype(int)
    bits = grey[rows][:, columns].ravel() > 120
    return int((bits * 2 ** np.arange(bits.size)).sum())


def write_film(path: Path, film: Film) -> Path:
    with av.open(str(path), "w", container_options=film.container) as container:
        video = container.add_stream(film.codec, rate=film.rate, options=film.options)
        assert isinstance(video, av.VideoStream)
        video.width, video.height = film.size
        video.pix_fmt = film.pixels
        video.codec_context.time_base = Fraction(1, film.clock)
        audio: Any = None
        if film.sound:
            audio = container.add_stream(film.sound, rate=film.sound_rate, layout=film.channels)
        packets = [*_pictures(film, video), *(_sound(film, audio) if audio else ())]
        for _, packet in sorted(packets, key=lambda timed: timed[0]):
            container.mux(packet)
    if not film.declared:
        _forget_rate(path)
    return path


def join_films(path: Path, *films: Film) -> Path:
    """A transport stream of one film after another, as recorders write and `cat` joins them."""
    parts = [write_film(path.with_stem(f"{path.stem}-{n}"), film) for n, film in enumerate(films)]
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def _forget_rate(path: Path) -> None:
    """Matroska as browsers and screen recorders write it: its DefaultDuration made void."""
    content = path.read_bytes()
    before, found, after = content.partition(b"\x23\xe3\x83\x84")
    assert found
    path.write_bytes(before + b"\xec\x86" + bytes(6) + after[4:])


def _pictures(film: Film, video: Any) -> list[tuple[float, Any]]:
    packets: list[Any] = []
    convert = VideoReformatter().reformat  # one for all: each one prepares for its first frame
    for number, time in enumerate(film.times, start=film.first):
        frame = av.VideoFrame.from_ndarray(picture(number, *film.size), format="gray")
        frame = convert(frame, format=film.pixels, threads=1)
        frame.pts, frame.time_base = round(time * film.clock), Fraction(1, film.clock)
        packets += video.encode(frame)
    packets += video.encode(None)
    return [(float(packet.dts * packet.time_base), packet) for packet in packets]


def _sound(film: Film, audio: Any) -> list[tuple[float, Any]]:
    seconds, rate = film.seconds or film.times[-1] + 0.04, film.sound_rate
    wave = np.zeros(round((seconds - film.late) * rate), np.float32)
    tone = np.sin(np.arange(round(_CLICK_S * rate)) * 2 * np.pi * 3000 / rate) * 0.8
    for click in film.clicks:
        at = round((click - film.late) * rate)
        if 0 <= at < len(wave) - len(tone):
            wave[at : at + len(tone)] = tone
    waves = np.stack([wave] * len(av.AudioLayout(film.channels).channels))
    frame = av.AudioFrame.from_ndarray(waves, format="fltp", layout=film.channels)
    frame.sample_rate, frame.pts = rate, round(film.late * rate)
    frame.time_base = Fraction(1, rate)
    packets = [*audio.encode(frame), *audio.encode(None)]
    return [(float(packet.dts * packet.time_base), packet) for packet in packets]


def read_film(path: Path, *, stream: int = 0) -> Shown:
    """A film from its beginning to its end, as a player shows it that never seeks."""
    with av.open(str(path)) as container:
        zero = (container.start_time or 0) / av.time_base
        times: list[float] = []
        numbers: list[int] = []
        convert = VideoReformatter().reformat
        for frame in container.decode(container.streams.video[stream]):
            times.append((frame.time or 0.0) - zero)
            numbers.append(number_in(convert(frame, format="gray", threads=1).to_ndarray()))
    return Shown(times, numbers, *_listen(path))


def _listen(path: Path) -> tuple[list[float], float]:
    """When it clicks, and how long it is heard."""
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return [], 0.0
        zero = (container.start_time or 0) / av.time_base
        audio = container.streams.audio[0]
        ears: dict[tuple[Any, ...], av.AudioResampler] = {}
        loud: list[NDArray[np.float64]] = []
        heard = 0.0
        for frame in container.decode(audio):
            heard += frame.samples / frame.sample_rate
            kind = (frame.format.name, frame.layout.name, frame.sample_rate)
            ear = ears.setdefault(kind, av.AudioResampler("flt", "mono", RATE))
            for part in ear.resample(frame):
                places = np.flatnonzero(np.abs(part.to_ndarray().ravel()) > _LOUD)
                loud.append(places / RATE + (part.time or 0.0) - zero)
    times = np.concatenate([*loud, np.empty(0)])
    return times[np.diff(times, prepend=-1.0) > _QUIET_S].tolist(), heard
