"""A made-up talk with a moving face, for a first try and for tests without any footage."""

import math
import subprocess
import tempfile
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viralclip.errors import RenderFailedError, ToolMissingError
from viralclip.geometry import Size

SAMPLE_SIZE = Size(1280, 720)
_FPS = 25
_AUDIO_RATE = 48_000
_BACKDROP_ROOM = 1.2
_PORTRAIT_SHARE = 0.78
# Where the middle of the face is in the portrait, as shares of its sides.
_FACE_AT = (0.43, 0.25)
# Places on the wall behind, left and right of the head, as shares of the portrait's sides.
_BESIDE_THE_HEAD = ((0.30, 0.05), (0.66, 0.12))
# How far apart the channels of a pixel of the wall are at most.
_GREY = 0.17
_RING_TILT = math.radians(35)

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]
Point = tuple[float, float]
Cut = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Shot:
    """A stretch up to a share of the whole; the face swings around a share of the width."""

    end: float
    colour: tuple[float, float, float]
    centre: float
    swing: float
    period_s: float

    def face(self, time: float) -> float:
        return self.centre + self.swing * math.sin(2 * math.pi * time / self.period_s)


@dataclass(frozen=True)
class Talk:
    """Where the face is in each shot, and how it is cut out of its picture."""

    shots: tuple[Shot, ...]
    cut: Cut


def _head_and_shoulders(picture: Floats) -> Floats:
    """How much of each pixel to keep, 0 to 1: what is near them, with a rim of the wall behind."""
    return _near(picture, collar=((0.440, 0.430), (0.180, 0.150)))


def _without_the_wall(picture: Floats) -> Floats:
    """The same without the rim."""
    near = _near(picture, collar=((0.425, 0.420), (0.200, 0.160)))
    return near * (1 - _wall(picture))


def _near(picture: Floats, *, collar: tuple[Point, Point]) -> Floats:
    side = len(picture)
    y, x = np.mgrid[0:side, 0:side] / side
    head = _ellipse(x, y, centre=(0.437, 0.205), radii=(0.158, 0.200))
    ring = _ellipse(x, y, centre=collar[0], radii=collar[1])
    shoulders = _ellipse(x, y, centre=(0.440, 0.930), radii=(0.440, 0.520))
    return np.maximum(np.maximum(head, ring), shoulders)


def _wall(picture: Floats) -> Floats:
    """Where the wall is, with soft edges: what is bright and grey from either side of the head on.

    The ring of the suit mirrors it: it is left out of the search.
    """
    from skimage import filters, segmentation  # an optional extra, which is there by now

    side = len(picture)
    colourful = filters.gaussian(np.ptp(picture, axis=2), 1)
    grey = np.where(colourful < _GREY, picture.min(axis=2), 0.0)
    grey[_ring(side)] = 0.0
    seeds = [(int(y * side), int(x * side)) for x, y in _BESIDE_THE_HEAD]
    found = [segmentation.flood(grey, seed, tolerance=0.22) for seed in seeds]
    return np.clip(1.6 * filters.gaussian(np.any(found, axis=0).astype(float), 1.5), 0, 1)


def _ring(side: int) -> NDArray[np.bool_]:
    y, x = np.mgrid[0:side, 0:side] / side
    right, down = x - 0.41, y - 0.43
    along = right * math.cos(_RING_TILT) + down * math.sin(_RING_TILT)
    across = down * math.cos(_RING_TILT) - right * math.sin(_RING_TILT)
    return np.hypot(along / 0.195, across / 0.118) < 1


def _ellipse(
    x: Floats,
    y: Floats,
    *,
    centre: Point,
    radii: Point,
) -> Floats:
    distance = np.hypot((x - centre[0]) / radii[0], (y - centre[1]) / radii[1])
    return np.clip((1.0 - distance) / 0.12, 0, 1)


_BLUE, _BROWN, _GREEN = (0.36, 0.50, 0.70), (0.68, 0.47, 0.33), (0.38, 0.58, 0.46)
# To try what follows a face: it walks through the picture. Figures of benches are of this one.
WANDERING = Talk(
    (
        Shot(0.42, _BLUE, centre=0.38, swing=0.16, period_s=9.0),
        Shot(0.71, _BROWN, centre=0.68, swing=0.08, period_s=6.0),
        Shot(1.00, _GREEN, centre=0.47, swing=0.22, period_s=12.0),
    ),
    _head_and_shoulders,
)
# To try what crops the middle of the frame: the face sways there.
CENTRED = Talk(
    (
        Shot(0.42, _BLUE, centre=0.50, swing=0.04, period_s=5.0),
        Shot(0.71, _BROWN, centre=0.52, swing=0.05, period_s=4.0),
        Shot(1.00, _GREEN, centre=0.48, swing=0.06, period_s=6.0),
    ),
    _without_the_wall,
)


def make_sample(
    ffmpeg: Path,
    target: Path,
    *,
    seconds: float = 24,
    size: Size = SAMPLE_SIZE,
    talk: Talk = WANDERING,
) -> Path:
    """Writes the sample video; ToolMissingError without scikit-image, which brings the face."""
    portrait = _portrait(round(size.height * _PORTRAIT_SHARE), talk.cut)
    with tempfile.TemporaryDirectory() as folder:
        inputs = _write_inputs(Path(folder), portrait, seconds, size, talk.shots)
        graph = _graph(portrait.shape[1], seconds, size, talk.shots)
        encode = ("-c:v", "libx264", "-preset", "superfast", "-crf", "20", "-c:a", "aac")
        maps = ("-map", "[v]", "-map", f"{len(talk.shots) + 1}:a", "-t", f"{seconds:.6f}")
        command = [ffmpeg, "-nostdin", "-v", "error", "-y", *inputs, "-filter_complex", graph]
        output = (*maps, *encode, "-movflags", "+faststart", f"file:{target}")
        made = subprocess.run([*command, *output], check=False, capture_output=True)
    if made.returncode:
        raise RenderFailedError(returncode=made.returncode, detail=made.stderr.decode()[-4000:])
    return target


def face_at(time: float, *, seconds: float = 24, size: Size = SAMPLE_SIZE) -> tuple[float, float]:
    """The middle of the wandering face in pixels at `time`, which a tracker is measured by."""
    side = round(size.height * _PORTRAIT_SHARE)
    shot = next((it for it in WANDERING.shots if time < it.end * seconds), WANDERING.shots[-1])
    return shot.face(time) * size.width, size.height - side * (1 - _FACE_AT[1])


def _portrait(side: int, cut: Cut) -> Pixels:
    """Eileen Collins by NASA, public domain: head and shoulders with soft edges, as RGBA."""
    try:
        from skimage import data, transform  # an optional extra
    except ImportError as error:
        tool = "scikit-image (pip install 'viralclip-scenes[demo]')"
        raise ToolMissingError(tool=tool, detail=repr(error)) from error
    picture = np.asarray(transform.resize(data.astronaut(), (side, side), anti_aliasing=True))
    return np.round(np.dstack([picture, cut(picture)]) * 255).astype(np.uint8)


def _write_inputs(
    folder: Path, portrait: Pixels, seconds: float, size: Size, shots: Sequence[Shot]
) -> list[str]:
    """FFmpeg's inputs: a backdrop for each shot, the portrait, the sound."""
    room = Size(int(size.width * _BACKDROP_ROOM), int(size.height * _BACKDROP_ROOM)).even()
    pictures = [_backdrop(room, shot, seed) for seed, shot in enumerate(shots)]
    inputs: list[str] = []
    for place, picture in enumerate([*pictures, portrait]):
        file = folder / f"{place}.raw"
        file.write_bytes(picture.tobytes())
        height, width, channels = picture.shape
        pixels = "rgba" if channels == 4 else "rgb24"  # noqa: PLR2004 - red, green, blue, alpha
        inputs += ["-f", "rawvideo", "-pixel_format", pixels, "-video_size", f"{width}x{height}"]
        inputs += ["-framerate", str(_FPS), "-i", str(file)]
    return [*inputs, "-i", str(_write_sound(folder / "sound.wav", seconds))]


def _backdrop(size: Size, shot: Shot, seed: int) -> Pixels:
    """A softly lit wall of panels with some grain, so that motion and cuts can be seen."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0 : size.height, 0 : size.width] / size.height
    light = 0.75 + 0.35 * np.exp(-((x - 0.6) ** 2 + (y - 0.3) ** 2) * 1.5)
    panel = random.uniform(0.82, 1.08, (8, 16))[
        (y * 5).astype(int) % 8, (x * 4 + 0.5 * ((y * 5).astype(int) % 2)).astype(int) % 16
    ]
    grain = random.normal(0, 0.02, x.shape)
    wall = (light * panel + grain)[..., None] * np.array(shot.colour)
    return np.round(np.clip(wall, 0, 1) * 255).astype(np.uint8)


def _graph(portrait_width: int, seconds: float, size: Size, shots: Sequence[Shot]) -> str:
    """Each shot has its own slowly moving backdrop; the face moves on the path of `face_at`."""
    count = len(shots)
    pads = "".join(f"[p{place}]" for place in range(count))
    parts = [f"[{count}:v]format=yuva420p,loop=loop=-1:size=1,split={count}{pads}"]
    starts = [0.0, *(shot.end * seconds for shot in shots)]
    for place, shot in enumerate(shots):
        frames = round(shot.end * seconds * _FPS) - round(starts[place] * _FPS)
        time = f"(t+{round(starts[place] * _FPS) / _FPS})"
        face = f"{shot.centre}+{shot.swing}*sin(2*PI*{time}/{shot.period_s})"
        x = f"({face})*{size.width}-{portrait_width * _FACE_AT[0]:.3f}"
        parts.append(
            f"[{place}:v]format=yuv420p,loop=loop=-1:size=1,trim=end_frame={frames},"
            f"crop={size.width}:{size.height}:x='(iw-ow)*(0.5+0.45*sin({time}/5))'"
            f":y='(ih-oh)*(0.5+0.3*cos({time}/4))'[b{place}];"
            f"[b{place}][p{place}]overlay=x='{x}':y=H-h:shortest=1[s{place}]"
        )
    joined = "".join(f"[s{place}]" for place in range(count))
    return ";".join([*parts, f"{joined}concat=n={count}:v=1:a=0[v]"])


def _write_sound(target: Path, seconds: float) -> Path:
    """Something like speech: voiced syllables, four a second, in phrases with pauses between."""
    random = np.random.default_rng(7)
    time = np.arange(int(seconds * _AUDIO_RATE)) / _AUDIO_RATE
    pitch = 2 * np.pi * np.cumsum(120 + 15 * np.sin(2 * np.pi * time / 1.7)) / _AUDIO_RATE
    voice = sum(np.sin(pitch * harmonic) / harmonic for harmonic in range(1, 12))
    voice = voice + random.normal(0, 0.5, time.shape)
    syllables = np.clip(np.sin(2 * np.pi * 4 * time), 0, 1) ** 0.5
    phrases = (time % 4.0) < 2.8  # noqa: PLR2004 - seconds of speech in each four
    samples = np.round(voice * syllables * phrases * 5000).astype("<i2")
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_AUDIO_RATE)
        file.writeframes(samples.tobytes())
    return target
