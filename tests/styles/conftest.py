"""Pictures whose every pixel says where it came from, and FFmpeg to draw styles on them."""

import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from viralclip.geometry import Rect, Size
from viralclip.scenes import Scene
from viralclip.styles import Graph, Style, View, join, target_size

DARKEST, BRIGHTEST = 60, 230
LEFT_U, RIGHT_U = 64, 192
SCENE = Scene(id=1, title="Chart", start=0, end=1)


@dataclass(frozen=True)
class Drawn:
    """What a style made of the chart: the luma of `across` is source x, of `down` source y."""

    source: Size
    across: np.ndarray
    down: np.ndarray
    u: np.ndarray
    sar: str

    @property
    def size(self) -> Size:
        height, width = self.across.shape
        return Size(width, height)

    def window(self, panel: Rect) -> tuple[float, float, float, float]:
        """The part of the source that a panel shows, in its pixels: x, y, width, height."""
        rows, columns = _inside(panel)
        x, width = _span(self.across[rows, columns].mean(axis=0), panel.width, self.source.width)
        y, height = _span(self.down[rows, columns].mean(axis=1), panel.height, self.source.height)
        return x, y, width, height


@pytest.fixture(scope="session")
def ffmpeg() -> Callable[..., bytes]:
    def run(*args: str, stdin: bytes = b"") -> bytes:
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *args]
        done = subprocess.run(command, input=stdin, capture_output=True, check=False)
        assert (done.returncode, done.stderr.decode()) == (0, "")
        return done.stdout

    return run


@pytest.fixture(scope="session")
def draw(ffmpeg, tmp_path_factory) -> Callable[..., dict[str, Drawn]]:
    """Several styles of one source in one FFmpeg run, by name."""

    def run(
        styles: Iterable[Style],
        source: Size,
        aspect: Fraction,
        *,
        scene: Scene = SCENE,
        before: Graph | None = None,
    ) -> dict[str, Drawn]:
        folder = tmp_path_factory.mktemp("drawn")
        graphs: list[str] = []
        outputs: list[str] = []
        for style in styles:
            view = View(source, target_size(style, source, aspect), scene)
            graph = style.graph(view) if before is None else join(before, style.graph(view))
            graphs.append(graph.render(input="0:v", output=style.name))
            outputs += ["-map", f"[{style.name}]", "-pix_fmt", "yuv420p", "-strict", "-1"]
            outputs += [str(folder / f"{style.name}.y4m")]
        ffmpeg("-i", "pipe:0", "-filter_complex", ";".join(graphs), *outputs, stdin=_chart(source))
        return {path.stem: _read(path, source) for path in folder.iterdir()}

    return run


def _chart(size: Size) -> bytes:
    header = f"YUV4MPEG2 W{size.width} H{size.height} F25:1 Ip A1:1 C420jpeg\n".encode()
    half = (size.height + 1) // 2, (size.width + 1) // 2
    u = np.full(half, LEFT_U, np.uint8)
    u[:, half[1] // 2 :] = RIGHT_U
    v = np.full(half, 128, np.uint8)
    down = _ramp(size.height, size.width).T
    planes = [_ramp(size.width, size.height), down]
    return header + b"".join(
        b"FRAME\n" + luma.tobytes() + u.tobytes() + v.tobytes() for luma in planes
    )


def _ramp(length: int, rows: int) -> np.ndarray:
    """Rising evenly along a row; dithered so that the mean of rows is finer than a level."""
    rise = DARKEST + (BRIGHTEST - DARKEST) * (np.arange(length) + 0.5) / length
    dither = np.arange(rows) * 0.6180339887 % 1
    return np.floor(rise[None, :] + dither[:, None]).astype(np.uint8)


def _read(path: Path, source: Size) -> Drawn:
    data = path.read_bytes()
    path.unlink()
    header, _, _ = data.partition(b"\n")
    words = {word[:1]: word[1:] for word in header.decode().split()[1:]}
    width, height = int(words["W"]), int(words["H"])
    area = width * height
    frame = len(b"FRAME\n") + area * 3 // 2
    first = np.frombuffer(data, np.uint8)[len(header) + 1 :].reshape(2, frame)
    luma = first[:, 6 : 6 + area].reshape(2, height, width)
    u = first[0, 6 + area : 6 + area + area // 4].reshape(height // 2, width // 2)
    return Drawn(source, luma[0], luma[1], u, words["A"])


def _inside(panel: Rect) -> tuple[slice, slice]:
    """Away from the edges, where scalers repeat the last pixel."""
    return _middle(panel.y, panel.height), _middle(panel.x, panel.width)


def _middle(start: int, length: int) -> slice:
    margin = max(length // 10, 1)
    return slice(start + margin, start + length - margin)


def _span(levels: np.ndarray, length: int, full: int) -> tuple[float, float]:
    middle = _middle(0, length)
    places = np.arange(middle.start, middle.stop) + 0.5
    slope, start = np.polyfit(places, levels, 1)
    per_pixel = (BRIGHTEST - DARKEST) / full
    return float((start - DARKEST) / per_pixel), float(slope * length / per_pixel)
