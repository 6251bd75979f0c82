"""A film whose every frame tells its number and whose every second begins with a click.

The number stands in black and white blocks along the top, below it four patches of known colour;
the sound is a steady tone. Whatever happens to the film on its way through a container, a codec and
a clip, picture, colour, level and sync can be read back.
"""

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 320, 180
SECONDS = 12
SOUND_RATE = 48_000

Image = NDArray[np.uint8]
Floats = NDArray[np.float64]

_BITS = 12
# Two blocks to compare with, the number, and its parity twice, once turned round.
_BLOCKS = _BITS + 4
_STRIP = 0.16
# Red, green, blue and grey, all well inside what 8 bits and limited range can show.
PATCHES = ((190, 50, 50), (50, 160, 70), (50, 70, 180), (128, 128, 128))
_PATCH_TOP, _PATCH_BOTTOM = 0.35, 0.65

_TONE_HZ, TONE = 440, 0.1
_CLICK_HZ, _CLICK, _CLICK_S = 2000, 0.6, 0.01


def write_film(folder: Path, rate: Fraction, *, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Path:
    """`SECONDS` of frames at `rate`, without loss, and `film.wav` beside it."""
    target = folder / f"film-{float(rate):.3f}-{size[0]}x{size[1]}.mkv"
    if target.exists():
        return target
    with av.open(str(target), "w") as container:
        stream = container.add_stream("ffv1", rate=rate)
        stream.width, stream.height, stream.pix_fmt = *size, "bgr0"
        for number in range(int(SECONDS * rate)):
            frame = av.VideoFrame.from_ndarray(draw(number, size), format="rgb24")
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame.reformat(format="bgr0")))
        container.mux(stream.encode(None))
    return target


def write_sound(folder: Path) -> Path:
    target = folder / "film.wav"
    if not target.exists():
        samples = (sound(SECONDS) * 32767).astype("<i2")
        with wave.open(str(target), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SOUND_RATE)
            file.writeframes(samples.tobytes())
    return target


def sound(seconds: int) -> Floats:
    time = np.arange(seconds * SOUND_RATE) / SOUND_RATE
    clicking = time % 1 < _CLICK_S
    tone = TONE * np.sin(2 * np.pi * _TONE_HZ * time)
    return np.where(clicking, _CLICK * np.sin(2 * np.pi * _CLICK_HZ * (time % 1)), tone)


def draw(number: int, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Image:
    """The frame of that number, RGB of shape (height, width, 3)."""
    width, height = size
    image = np.full((height, width, 3), 80, np.uint8)
    image[..., :] = np.linspace(60, 110, width, dtype=np.uint8)[None, :, None]
    bits = _bits(number)
    for place, bit in enumerate(bits):
        left, right = place * width // _BLOCKS, (place + 1) * width // _BLOCKS
        image[: int(height * _STRIP), left:right] = 225 if bit else 25
    top, bottom = int(height * _PATCH_TOP), int(height * _PATCH_BOTTOM)
    for place, colour in enumerate(PATCHES):
        image[top:bottom, place * width // 4 : (place + 1) * width // 4] = colour
    return image


@dataclass(frozen=True)
class Seen:
    """What a film, or a clip of it, shows and sounds like.

    `numbers` holds -1 where none can be read; `patches` is the mean RGB of each; `clicks` are
    seconds, `level` the tone's RMS in dBFS, None without sound.
    """

    size: tuple[int, int]
    rate: float
    numbers: tuple[int, ...]
    patches: Floats
    clicks: tuple[float, ...]
    level: float | None


def read(path: Path) -> Seen:
    """Everything that can be read back from a clip, decoded as a player does."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        rate = float(stream.average_rate or 0)
        images = [_upright(frame) for frame in container.decode(stream)]
    numbers = tuple(read_number(image) for image in images)
    colours = np.array([_patch_colours(image) for image in images])
    clicks, level = _listen(path)
    height, width = images[0].shape[:2]
    return Seen((width, height), rate, numbers, np.median(colours, axis=0), clicks, level)


def read_number(image: Image) -> int:
    """The number in the strip, -1 if its parity does not fit."""
    height, width = image.shape[:2]
    row = slice(int(height * _STRIP * 0.25), max(int(height * _STRIP * 0.75), 1))
    luma = image[row].mean(axis=(0, 2))
    middle = [luma[_inside(place, width)].mean() for place in range(_BLOCKS)]
    low, high = middle[1], middle[0]
    if high - low < 40:
        return -1
    bits = [value > (low + high) / 2 for value in middle]
    number = int("".join("1" if bit else "0" for bit in bits[2 : 2 + _BITS]), 2)
    return number if list(bits) == _bits(number) else -1


def _bits(number: int) -> list[bool]:
    written = [bool(number >> place & 1) for place in reversed(range(_BITS))]
    parity = sum(written) % 2 == 1
    return [True, False, *written, parity, not parity]


def _inside(place: int, width: int) -> slice:
    block = width / _BLOCKS
    return slice(round((place + 0.3) * block), max(round((place + 0.7) * block), 1))


def _upright(frame: av.VideoFrame) -> Image:
    """RGB by the matrix that the clip is tagged with, BT.709 where it is not."""
    reformatted = frame.reformat(
        format="rgb24",
        src_colorspace="ITU709" if frame.colorspace in (1, 2) else None,
        interpolation="BICUBIC",
    )
    return reformatted.to_ndarray().astype(np.uint8, copy=False)


def _patch_colours(image: Image) -> Floats:
    height, width = image.shape[:2]
    rows = slice(int(height * (_PATCH_TOP + 0.08)), int(height * (_PATCH_BOTTOM - 0.08)))
    quarter = width / 4
    return np.array(
        [
            image[rows, round((place + 0.25) * quarter) : round((place + 0.75) * quarter)].mean(
                axis=(0, 1)
            )
            for place in range(len(PATCHES))
        ]
    )


def _listen(path: Path) -> tuple[tuple[float, ...], float | None]:
    samples = np.concatenate([np.zeros(0), *_samples(path)])
    if not len(samples):
        return (), None
    loud = np.abs(samples) > _CLICK / 2
    starts = np.flatnonzero(loud & ~np.concatenate([[False], loud[:-1]]))
    clicks = [start / SOUND_RATE for start in starts]
    apart = [
        click for place, click in enumerate(clicks) if not place or click - clicks[place - 1] > 0.5
    ]
    quiet = samples[np.abs(samples) < _CLICK / 2]
    level = 20 * np.log10(max(float(np.sqrt((quiet**2).mean())), 1e-6))
    return tuple(apart), level


def _samples(path: Path) -> Iterator[Floats]:
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return
        to_mono = av.AudioResampler("flt", "stereo", SOUND_RATE)
        for frame in container.decode(container.streams.audio[0]):
            for part in to_mono.resample(frame):
                yield part.to_ndarray().reshape(-1, 2).mean(axis=1).astype(np.float64)
