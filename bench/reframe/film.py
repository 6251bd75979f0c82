"""Films of scenarios: a face on its known path, a mouth that talks, a ramp that tells the crop."""

import subprocess
import wave
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data

from bench.reframe.scenario import Floats, Person, Scenario, Shot

Image = NDArray[np.uint8]

AUDIO_RATE = 48_000
# Rows at the bottom whose luma rises from left to right, and its range.
RAMP_ROWS = 24
RAMP_LUMA = (16.0, 235.0)

# Eileen Collins by NASA, public domain: where in the portrait her face is, measured by hand.
_FACE = (177.0, 62.0, 91.0, 118.0)
_MOUTH = (219.0, 143.0)
_JAW_DROP = 11.0
_OPENNESS_LEVELS = 9
_PORTRAIT = 512
# Rows that are added below the portrait, so that nobody floats.
_LEGS = 320
_NOISE, _NOISES = 1.2, 4


def write_film(ffmpeg: Path, target: Path, scenario: Scenario) -> Path:
    """The scenario as a file with picture and sound."""
    sound = _write_sound(target.with_suffix(".wav"), scenario)
    size = f"{scenario.size.width}x{scenario.size.height}"
    command = [
        *(str(ffmpeg), "-nostdin", "-v", "error", "-y"),
        *("-f", "rawvideo", "-pixel_format", "bgr24", "-video_size", size),
        *("-framerate", f"{scenario.fps:g}", "-i", "pipe:0", "-i", str(sound)),
        *("-vf", "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd,format=yuv420p"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-crf", "16", "-g", "50"),
        *("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"),
        *("-c:a", "aac", "-b:a", "128k", "-shortest", str(target)),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin
        for frame in frames_of(scenario):
            process.stdin.write(frame.tobytes())
        process.stdin.close()
    if process.returncode:
        raise RuntimeError(f"FFmpeg failed on {target.name}")
    sound.unlink()
    return target


def frames_of(scenario: Scenario, times: Floats | None = None) -> Iterator[Image]:
    """BGR pictures, one for each of the scenario's times or of those given."""
    times = scenario.times if times is None else times
    ramp = np.linspace(*_ramp_levels(), scenario.size.width)[None, :, None]
    for shot, rows in scenario.in_shots(times):
        backdrops = _noisy(_backdrop(shot.backdrop, scenario.size.width, scenario.size.height))
        for number, time in enumerate(times[rows].tolist()):
            frame = backdrops[number % len(backdrops)].copy()
            for person in sorted(shot.people, key=lambda person: person.width):
                _draw(frame, person, time)
            _draw_pillar(frame, shot)
            frame[-RAMP_ROWS:] = np.round(ramp)
            yield frame


def _noisy(backdrop: NDArray[np.float32]) -> list[Image]:
    """A few pictures of the same, as no camera sees twice the same."""
    random = np.random.default_rng(17)
    noises = (random.normal(0, _NOISE, (*backdrop.shape[:2], 1)) for _ in range(_NOISES))
    return [np.clip(np.round(backdrop + noise), 0, 255).astype(np.uint8) for noise in noises]


def _ramp_levels() -> tuple[float, float]:
    """Grey levels that become the wanted luma in limited range."""
    low, high = RAMP_LUMA
    return (low - 16) * 255 / 219, (high - 16) * 255 / 219


def _draw(frame: Image, person: Person, time: float) -> None:
    """Puts the portrait where the face has to be, to a fraction of a pixel."""
    x, y, width, _ = person.boxes(np.array([time]))[0]
    scale = float(width) / _FACE[2]
    openness = float(person.mouth(np.array([time]))[0])
    portrait, opacity = _portrait(person.look, round(openness * (_OPENNESS_LEVELS - 1)))
    left, top = float(x) - _FACE[0] * scale, float(y) - _FACE[1] * scale
    side, high = int(_PORTRAIT * scale) + 2, int((_PORTRAIT + _LEGS) * scale) + 2
    first_x, first_y = int(np.floor(left)), int(np.floor(top))
    matrix = np.array([[scale, 0, left - first_x], [0, scale, top - first_y]])
    flags = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
    drawn = cv2.warpAffine(portrait, matrix, (side, high), flags=flags)
    mask = cv2.warpAffine(opacity, matrix, (side, high), flags=flags)[..., None]
    rows = slice(max(first_y, 0), min(first_y + high, frame.shape[0]))
    columns = slice(max(first_x, 0), min(first_x + side, frame.shape[1]))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    own = (
        slice(rows.start - first_y, rows.stop - first_y),
        slice(columns.start - first_x, columns.stop - first_x),
    )
    part = frame[rows, columns]
    part[:] = np.round(part + (drawn[own] - part) * mask[own])


def _draw_pillar(frame: Image, shot: Shot) -> None:
    if shot.pillar:
        left, right = int(shot.pillar.x), int(shot.pillar.x + shot.pillar.width)
        shade = np.linspace(60, 120, right - left)[None, :, None]
        frame[:, left:right] = np.round(shade)


@cache
def _portrait(look: int, level: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """BGR and opacity, 512 pixels square, with the mouth open to a level."""
    picture = data.astronaut()[..., ::-1].astype(np.float32)
    if look:
        picture = _disguised(picture, look)
    opened = _open_mouth(picture, level / (_OPENNESS_LEVELS - 1))
    opacity = _head_and_shoulders()
    if look == 1:
        # Mirrored about the middle of the face, so that the face stays where it is.
        middle = round(2 * (_FACE[0] + _FACE[2] / 2)) - (_PORTRAIT - 1)
        opened, opacity = (np.roll(part[:, ::-1], middle, axis=1) for part in (opened, opacity))
        if middle < 0:
            opacity[:, middle:] = 0
    legs = ((0, _LEGS), (0, 0))
    return np.pad(opened, (*legs, (0, 0)), mode="edge"), np.pad(opacity, legs, mode="edge")


def _disguised(picture: NDArray[np.float32], look: int) -> NDArray[np.float32]:
    """Somebody else: other colours."""
    grey = picture.mean(axis=2, keepdims=True)
    tint = np.array([[1.04, 1.0, 0.96], [0.9, 0.97, 1.06]][look - 1], dtype=np.float32)
    return np.clip((0.45 * picture + 0.55 * grey) * tint, 0, 255)


def _open_mouth(picture: NDArray[np.float32], openness: float) -> NDArray[np.float32]:
    """The jaw drops, and between the lips it is dark."""
    y, x = np.mgrid[0:_PORTRAIT, 0:_PORTRAIT].astype(np.float32)
    across = np.clip(1 - ((x - _MOUTH[0]) / 48) ** 2, 0, 1)
    below = np.clip((y - _MOUTH[1]) / 6, 0, 1) * np.clip((215 - y) / 35, 0, 1)
    drop = openness * _JAW_DROP * across * below
    moved = cv2.remap(picture, x, y - drop, cv2.INTER_LINEAR)
    high = 1 + openness * _JAW_DROP * 0.55
    middle = _MOUTH[1] + openness * _JAW_DROP * 0.45
    distance = ((x - _MOUTH[0]) / 17) ** 2 + ((y - middle) / high) ** 2
    dark = (np.clip((1.15 - distance) / 0.4, 0, 1) * min(1.0, 4 * openness))[..., None]
    return moved * (1 - dark) + np.array([25, 18, 60], dtype=np.float32) * dark


def _head_and_shoulders() -> NDArray[np.float32]:
    y, x = np.mgrid[0:_PORTRAIT, 0:_PORTRAIT].astype(np.float32) / _PORTRAIT
    parts = (
        ((0.437, 0.205), (0.158, 0.200)),
        ((0.440, 0.430), (0.180, 0.150)),
        ((0.440, 0.930), (0.440, 0.520)),
    )
    kept = [
        np.clip((1 - np.hypot((x - cx) / rx, (y - cy) / ry)) / 0.12, 0, 1)
        for (cx, cy), (rx, ry) in parts
    ]
    return np.maximum.reduce(kept).astype(np.float32)


def _backdrop(number: int, width: int, height: int) -> NDArray[np.float32]:
    """A texture in a colour of its own; from 100 on the same one in colours of equal luma."""
    texture = ("gravel", "brick", "grass")[number % 3] if number < 100 else "brick"
    grey = cv2.resize(getattr(data, texture)(), (max(width, height),) * 2)[:height, :width]
    level = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 2.5)
    level = 105 + (level - level.mean()) * (16 / max(float(level.std()), 1e-3))
    random = np.random.default_rng(number)
    colour = random.uniform(0.6, 1.4, 3)
    colour /= colour @ np.array([0.114, 0.587, 0.299])
    return (level[..., None] * colour).astype(np.float32)


def _write_sound(target: Path, scenario: Scenario) -> Path:
    """Noise as loud as the voices, over a little noise of the room."""
    random = np.random.default_rng(23)
    times: Floats = np.arange(int(scenario.duration * AUDIO_RATE)) / AUDIO_RATE
    samples = random.normal(0, 1, len(times)) * (0.15 * scenario.voice(times) + 0.003)
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(AUDIO_RATE)
        file.writeframes(np.round(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return target
