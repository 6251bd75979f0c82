"""However a container says to turn, mirror or crop a picture: clips and analysis show it so."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from stored import MATRICES, Matrix, with_clap, with_matrix

from viralclip.analysis.frames import sample_frames
from viralclip.filter_graph import Filter, line
from viralclip.geometry import Rect, Size
from viralclip.media.probe import probe
from viralclip.media.render import render
from viralclip.media.render_spec import RenderSpec, VideoGraph
from viralclip.processes.runner import Watchdogs

Make = Callable[..., Path]

_CORNERS = {"r": (255, 0, 0), "g": (0, 255, 0), "b": (0, 0, 255), "w": (255, 255, 255)}
_SYSTEM = shutil.which("ffmpeg")
_CORNER_BOXES = (
    "drawbox=0:0:iw/2:ih/2:red:fill,drawbox=iw/2:0:iw/2:ih/2:lime:fill,"
    "drawbox=0:ih/2:iw/2:ih/2:blue:fill,drawbox=iw/2:ih/2:iw/2:ih/2:white:fill"
)


@pytest.fixture(scope="module")
def make(maker: Path, tmp_path_factory: pytest.TempPathFactory) -> Make:
    folder = tmp_path_factory.mktemp("corners")

    def run(name: str, graph: str, *arguments: str, sound: bool = False) -> Path:
        """A video of 2 s with a keyframe each second."""
        heard = ("-f", "lavfi", "-i", "sine=d=2", "-c:a", "aac") if sound else ()
        inputs = ("-f", "lavfi", "-i", f"{graph},trim=duration=2", *heard)
        encode = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25")
        command = [maker, "-v", "error", "-y", *inputs, *encode, *arguments, folder / name]
        subprocess.run(command, check=True)
        return folder / name

    return run


@pytest.fixture(scope="module")
def corners(make: Make) -> Path:
    return make("corners.mp4", f"color=black:s=160x96:r=25,{_CORNER_BOXES}")


@pytest.fixture(scope="module")
def audible_corners(make: Make) -> Path:
    return make("audible.mp4", f"color=black:s=160x96:r=25,{_CORNER_BOXES}", sound=True)


@pytest.mark.parametrize("matrix", MATRICES)
async def test_a_picture_is_turned_as_its_matrix_says(
    matrix: Matrix, corners: Path, ffmpegs: list[Path], tmp_path: Path
):
    turned = with_matrix(corners, tmp_path / "turned.mp4", matrix)
    wanted = _turned(matrix)

    assert _quadrants(next(iter(sample_frames(turned))).image) == wanted
    assert _quadrants(next(iter(sample_frames(turned, start=1.5))).image) == wanted
    for ffmpeg in ffmpegs:
        clip = await _clip(ffmpeg, turned, tmp_path / "clip.mp4")
        assert _shown(clip) == wanted


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
async def test_a_clip_with_sound_is_turned_once(
    suffix: str, audible_corners: Path, maker: Path, ffmpegs: list[Path], tmp_path: Path
):
    turned = with_matrix(audible_corners, tmp_path / "turned.mp4", (0, -1, -1, 0))
    source = _copied(maker, turned, tmp_path / f"source{suffix}")

    for each in ffmpegs:
        clip = await _clip(each, source, tmp_path / "clip.mp4")
        assert _shown(clip) == _turned((0, -1, -1, 0))


# A clean aperture of odd sides off the centre, in half pixels, and where FFmpeg puts it.
_APERTURES = [((160, 60), (0, 0)), ((101, 61), (7, -3)), ((159, 95), (1, 1))]


@pytest.mark.parametrize(("size", "off"), _APERTURES)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
async def test_a_picture_is_cropped_as_its_container_says(
    size: tuple[int, int], off: tuple[int, int], suffix: str, make: Make,
    maker: Path, ffmpegs: list[Path], tmp_path: Path,
):  # fmt: skip
    ramp = make("ramp.mp4", "nullsrc=s=160x96:r=25,geq=lum='40+X':cb=128:cr=128", "-crf", "1")
    cropped = with_clap(ramp, tmp_path / "clap.mp4", size=size, off=off)
    source = _copied(maker, cropped, tmp_path / f"source{suffix}")

    picture = probe(source).picture
    assert picture.shown == _said_by_ffmpeg(maker, source, picture.stored)
    assert probe(source).video.size == Size(*size)
    looked = _ramp_start(next(iter(sample_frames(source))).image)
    assert looked == pytest.approx(picture.shown.x, abs=1)
    for each in ffmpegs:
        clip = await _clip(each, source, tmp_path / "clip.mp4")
        assert _clip_ramp(clip) == pytest.approx(picture.shown.x, abs=0.6)


async def test_cropping_comes_before_turning_and_before_the_aspect_of_pixels(
    make: Make, ffmpegs: list[Path], tmp_path: Path
):
    graph = f"color=black:s=80x96:r=25,{_CORNER_BOXES},pad=120:120:12:20:gray,setsar=4/3"
    wide = make("wide.mp4", graph)
    cropped = with_clap(wide, tmp_path / "clap.mp4", size=(80, 96), off=(-16, 16))
    source = with_matrix(cropped, tmp_path / "turned.mp4", (0, 1, -1, 0))

    assert probe(source).video.size == Size(96, 107)
    assert _edges(next(iter(sample_frames(source))).image) == _turned_edges()
    for ffmpeg in ffmpegs:
        clip = await _clip(ffmpeg, source, tmp_path / "clip.mp4")
        assert _edges(_first(clip)) == _turned_edges()


def test_a_container_that_asks_for_nonsense_is_shown_whole(corners: Path, tmp_path: Path):
    odd = with_clap(corners, tmp_path / "odd.mp4", size=(161, 50), off=(0, 0))
    far = with_clap(corners, tmp_path / "far.mp4", size=(100, 50), off=(100, 0))

    assert probe(odd).picture.shown == Rect(0, 0, 160, 96)
    assert probe(far).picture.shown == Rect(0, 0, 160, 96)


async def _clip(ffmpeg: Path, source: Path, target: Path) -> Path:
    probed = probe(source)
    size = probed.video.size.even()
    graph = line(Filter.of("crop", size.width, size.height, 0, 0))
    spec = RenderSpec(probed, 0.0, 0.4, VideoGraph(graph, size), target)
    await render(ffmpeg, spec, on_progress=lambda _: None, limits=Watchdogs())
    return target


def _copied(ffmpeg: Path, original: Path, target: Path) -> Path:
    subprocess.run([ffmpeg, "-v", "error", "-i", original, "-c", "copy", target], check=True)
    return target


def _first(clip: Path, pixels: str = "bgr24") -> Any:
    """As the file has it: a matrix in the clip would turn it a second time."""
    with av.open(str(clip)) as container:
        frame = next(container.decode(video=0))
        assert frame.rotation == 0
        return frame.to_ndarray(format=pixels)


def _shown(clip: Path) -> str:
    return _quadrants(_first(clip))


def _quadrants(image: Any) -> str:
    height, width = image.shape[:2]
    spots = [(y, x) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    return "".join(_name(image[spot][::-1]) for spot in spots)


def _edges(image: Any) -> str:
    """The colours just inside the corners: none of the padding may be left."""
    height, width = image.shape[:2]
    spots = [(y, x) for y in (3, height - 4) for x in (3, width - 4)]
    return "".join(_name(image[spot][::-1]) for spot in spots)


def _name(colour: Any) -> str:
    off = {name: np.abs(np.array(known) - colour).sum() for name, known in _CORNERS.items()}
    return min(off, key=lambda name: off[name]) if min(off.values()) < 150 else "?"


def _turned(matrix: Matrix) -> str:
    a, b, c, d = matrix
    stored = {(0, 0): "r", (1, 0): "g", (0, 1): "b", (1, 1): "w"}
    shown = {
        ((a * x + c * y) % 2 if a + c > 0 else 1 + a * x + c * y,
         (b * x + d * y) % 2 if b + d > 0 else 1 + b * x + d * y): name
        for (x, y), name in stored.items()
    }  # fmt: skip
    return "".join(shown[x, y] for y in (0, 1) for x in (0, 1))


def _turned_edges() -> str:
    return _turned((0, 1, -1, 0))


def _said_by_ffmpeg(ffmpeg: Path, source: Path, stored: Size) -> Rect:
    asked = subprocess.run([ffmpeg, "-i", source], capture_output=True, text=True, check=False)
    said = next(line for line in asked.stderr.splitlines() if "Cropping" in line)
    left, right, top, bottom = map(int, said.split(":")[1].split("/"))
    return Rect(left, top, stored.width - left - right, stored.height - top - bottom)


def _ramp_start(image: Any) -> float:
    """The stored column at the left edge: luma is 40 and that, in limited range."""
    return _column(image[..., 0] * (219 / 255) + 16)


def _clip_ramp(clip: Path) -> float:
    return _column(_first(clip, "yuv420p")[: probe(clip).video.height])


def _column(luma: Any) -> float:
    middle = luma[10:-10, 4:-4]
    return float(np.mean(middle - 40.0 - np.arange(4, 4 + middle.shape[1])))
