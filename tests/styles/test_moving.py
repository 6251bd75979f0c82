"""The moving crop, read back from what FFmpeg makes of a chart: its luma tells places."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viralclip.filter_graph import line
from viralclip.geometry import Size
from viralclip.styles.moving import moving

DARKEST, BRIGHTEST = 30, 225
WIDE = Size(640, 360)
TALL = Size(270, 480)
WINDOW = Size(202, 360)


@pytest.fixture(scope="session")
def show(ffmpeg, tmp_path_factory):
    """Each window as it is seen in the output: x and width, or y and height."""

    def run(windows, *, source=WIDE, panel=TALL, fps=Fraction(25), down=False):
        folder = tmp_path_factory.mktemp("moving")
        windows = np.array(windows, np.float64)
        graph = line(*moving(windows, fps, source, panel, name="it"))
        files = {}
        for place, script in enumerate(graph.scripts):
            files[script] = str(folder / f"it's [a] {place}; file.txt")
            (folder / f"it's [a] {place}; file.txt").write_text(script)
        made = ffmpeg(
            *("-i", "pipe:0", "-filter_complex", graph.render(files=files)),
            *("-map", "[v]", "-f", "rawvideo", "-pix_fmt", "yuv420p", "pipe:1"),
            stdin=_chart(source, len(windows), fps, down=down),
        )
        area = panel.width * panel.height
        planes = np.frombuffer(made, np.uint8).reshape(-1, area * 3 // 2)
        frames = planes[:, :area].reshape(-1, panel.height, panel.width)
        assert len(frames) == len(windows)
        full = source.height if down else source.width
        return np.array([_seen(frame.T if down else frame, full) for frame in frames])

    return run


def test_a_still_window_needs_no_commands():
    graph = line(*moving(_windows(np.full(50, 100.0)), Fraction(25), WIDE, TALL, name="it"))

    assert graph.scripts == ()


def test_the_crop_is_where_it_should_be_in_every_frame(show):
    x = 219 + 200 * np.sin(np.arange(75) / 12)
    seen = show(_windows(x))

    assert seen[:, 0] == pytest.approx(x, abs=0.75)
    assert seen[:, 1] == pytest.approx(np.full(75, WINDOW.width), abs=0.75)


@pytest.mark.parametrize(
    "fps", [Fraction(25), Fraction(30000, 1001), Fraction(24000, 1001), Fraction(60)]
)
def test_a_jump_comes_exactly_with_its_frame_at_every_rate(show, fps):
    x = np.where(np.arange(90) // 10 % 2, 20.0, 400.0) + np.arange(90) / 7
    seen = show(_windows(x), fps=fps)

    assert seen[:, 0] == pytest.approx(x, abs=0.75)


def test_a_slow_pan_moves_by_less_than_a_pixel_of_the_source(show):
    x = 50 + 0.2 * np.arange(100)
    steps = np.diff(show(_windows(x))[:, 0])

    assert steps.max() < 0.9
    assert np.std(steps) < 0.4


def test_a_crop_moves_down_as_well_as_across(show):
    source, panel = Size(360, 640), Size(480, 270)
    y = 200 + 150 * np.cos(np.arange(60) / 9)
    windows = np.stack([np.zeros(60), y, np.full(60, 360.0), np.full(60, 202.0)], axis=1)
    seen = show(windows, source=source, panel=panel, down=True)

    assert seen[:, 0] == pytest.approx(y, abs=0.75)


def test_the_edges_of_the_frame_are_reached_and_not_passed(show):
    x = np.clip(np.linspace(-60, 500, 60), 0, WIDE.width - WINDOW.width)
    seen = show(_windows(x))

    assert seen[0, 0] == pytest.approx(0, abs=0.75)
    assert seen[-1].sum() == pytest.approx(WIDE.width, abs=1)


def test_a_window_may_change_its_size_with_a_jump(show):
    near = np.stack([np.linspace(30, 60, 30), np.full(30, 90.0)], axis=1)
    wide = _windows(np.linspace(300, 250, 30))
    close = np.column_stack([near, np.full(30, 100.0), np.full(30, 178.0)])
    seen = show(np.concatenate([wide, close, wide]))
    x = np.concatenate([wide, close, wide])[:, 0]

    assert seen[:, 0] == pytest.approx(x, abs=0.75)
    assert seen[35, 1] == pytest.approx(100, abs=1)


@given(
    st.integers(0, 5000),
    st.sampled_from([Size(640, 360), Size(641, 361), Size(360, 640), Size(1920, 800)]),
    st.sampled_from([TALL, Size(480, 270), Size(270, 240)]),
)
def test_no_command_ever_leaves_the_frame(seed, source, panel):
    random = np.random.default_rng(seed)
    width = min(source.width, source.height * panel.aspect) // 2 * 2
    height = min(source.height, source.width / panel.aspect) // 2 * 2
    walk = np.cumsum(random.normal(0, 4, (80, 2)), axis=0) + random.uniform(0, 300, 2)
    x = np.clip(walk[:, 0], 0, source.even().width - width)
    y = np.clip(walk[:, 1], 0, source.even().height - height)
    windows = np.column_stack([x, y, np.full(80, width), np.full(80, height)])

    graph = line(*moving(windows, Fraction(25), source, panel, name="it"))
    state = {}
    for part in graph.chains[0].filters:
        if "@" in part.name:
            keys = "whxy" if part.name.startswith("crop") else "wh"
            state |= {
                f"{part.name} {key}": int(arg) for key, arg in zip(keys, part.args, strict=False)
            }
    commands = sorted(
        (line for script in graph.scripts for line in script.splitlines()),
        key=lambda line: float(line.split()[0]),
    )
    for said in ["0 ", *commands]:
        for change in filter(None, said.partition(" ")[2].rstrip(";").split(", ")):
            target, option, value = change.split()
            state[f"{target} {option}"] = int(value)
        coarse = [state[f"crop@coarse_it {key}"] for key in "whxy"]
        assert all(side % 2 == 0 and side >= 0 for side in coarse)
        assert coarse[0] + coarse[2] <= source.width
        assert coarse[1] + coarse[3] <= source.height


def _windows(x):
    x = np.asarray(x, np.float64)
    full = np.full(len(x), WINDOW.width), np.full(len(x), WINDOW.height)
    return np.column_stack([x, np.zeros(len(x)), *full])


def _chart(size: Size, frames: int, fps: Fraction, *, down: bool) -> bytes:
    rate = f"F{fps.numerator}:{fps.denominator}"
    header = f"YUV4MPEG2 W{size.width} H{size.height} {rate} Ip A1:1 C420jpeg\n".encode()
    length, rows = (size.height, size.width) if down else (size.width, size.height)
    rise = DARKEST + (BRIGHTEST - DARKEST) * (np.arange(length) + 0.5) / length
    dither = np.arange(rows) * 0.6180339887 % 1
    ramp = np.floor(rise[None, :] + dither[:, None]).astype(np.uint8)
    luma = np.ascontiguousarray(ramp.T if down else ramp)
    chroma = bytes([128]) * (2 * ((size.width + 1) // 2) * ((size.height + 1) // 2))
    return header + (b"FRAME\n" + luma.tobytes() + chroma) * frames


def _seen(frame: np.ndarray, full: int) -> tuple[float, float]:
    levels = frame.astype(np.float64).mean(axis=0)
    length = len(levels)
    margin = length // 10
    places = np.arange(margin, length - margin) + 0.5
    slope, start = np.polyfit(places, levels[margin : length - margin], 1)
    per_pixel = (BRIGHTEST - DARKEST) / full
    return float((start - DARKEST) / per_pixel), float(slope * length / per_pixel)
