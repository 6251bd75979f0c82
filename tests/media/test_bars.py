"""Black bars are found where they are in all pictures, and nothing else is taken for them."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from stored import with_matrix

from viralclip.analysis.frames import sample_frames
from viralclip.filter_graph import Filter, line
from viralclip.geometry import Rect, Size
from viralclip.media.bars import find_bars, probe_whole
from viralclip.media.probe import probe
from viralclip.media.render import render
from viralclip.media.render_spec import RenderSpec, VideoGraph
from viralclip.processes.runner import Watchdogs

Make = Callable[..., Path]

_BLINK = "drawbox=0:0:iw:ih:black:fill:enable"
_BARRED = {
    "letterbox": ("testsrc2=s=320x134:r=25,pad=320:180:0:22:black", Rect(0, 22, 320, 134)),
    "pillarbox": ("testsrc2=s=240x180:r=25,pad=320:180:40:0:black", Rect(40, 0, 240, 180)),
    "phone": ("testsrc2=s=102x180:r=25,pad=320:180:108:0:black", Rect(108, 0, 102, 180)),
    "window": ("testsrc2=s=200x100:r=25,pad=320:180:60:40:black", Rect(60, 40, 200, 100)),
    "one side": ("testsrc2=s=320x150:r=25,pad=320:180:0:30:black", Rect(0, 30, 320, 150)),
    "odd": (
        "testsrc2=s=167x180:r=25,format=yuv444p,pad=320:180:77:0:black",
        Rect(78, 0, 166, 180),
    ),
    "noise": (
        "testsrc2=s=320x134:r=25,pad=320:180:0:22:black,noise=alls=8:allf=t",
        Rect(0, 22, 320, 134),
    ),
    "fade": (
        "testsrc2=s=320x134:r=25,fade=t=in:d=2,pad=320:180:0:22:black",
        Rect(0, 22, 320, 134),
    ),
    "black for a while": (
        f"testsrc2=s=320x134:r=25,pad=320:180:0:22:black,{_BLINK}='lt(t,2)'",
        Rect(0, 22, 320, 134),
    ),
    "wide pixels": (
        "testsrc2=s=240x134:r=25,pad=240:180:0:22:black,setsar=4/3",
        Rect(0, 22, 320, 134),
    ),
}
_WHOLE = {
    "full frame": "testsrc2=s=320x180:r=25",
    "night": "testsrc2=s=320x180:r=25,eq=brightness=-0.55",
    "titles": "color=black:s=320x180:r=25,drawbox=90:70:12:30:white:fill,"
    "drawbox=120:70:12:30:white:fill,drawbox=150:70:60:30:white:fill",
    "one letterboxed shot": "testsrc2=s=320x180:r=25,"
    "drawbox=0:0:320:22:black:fill:enable='lt(t,2)',drawbox=0:158:320:22:black:fill:enable='lt(t,2)'",
    "a lit figure": "nullsrc=s=320x180:r=25,"
    "geq=lum='if(lt(hypot(X-160-30*sin(T*2),Y-90),60),180,16)':cb=128:cr=128",
    "black": "color=black:s=320x180:r=25",
}  # fmt: skip


@pytest.fixture(scope="module")
def make(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Make:
    folder = tmp_path_factory.mktemp("bars")

    def run(name: str, graph: str, *arguments: str) -> Path:
        target = folder / f"{name.replace(' ', '-')}.mp4"
        inputs = ("-f", "lavfi", "-i", f"{graph},trim=duration=3")
        encode = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
        command = [ffmpeg, "-v", "error", "-y", *inputs, *encode, *arguments, target]
        subprocess.run(command, check=True)
        return target

    return run


@pytest.mark.parametrize("kind", _BARRED)
def test_bars_are_found(kind: str, make: Make):
    graph, area = _BARRED[kind]
    found = find_bars(probe(make(kind, graph)))

    assert found is not None
    corners = (found.x, found.y, found.x + found.width, found.y + found.height)
    wanted = (area.x, area.y, area.x + area.width, area.y + area.height)
    assert corners == pytest.approx(wanted, abs=2 if kind == "wide pixels" else 0)
    assert (found.y % 2, found.x % 2) == (0, 0)


@pytest.mark.parametrize("kind", _WHOLE)
def test_what_is_dark_but_no_bar_is_left_whole(kind: str, make: Make):
    assert find_bars(probe(make(kind, _WHOLE[kind]))) is None


def test_bars_are_found_in_many_short_groups_of_pictures(make: Make):
    graph, area = _BARRED["letterbox"]

    assert find_bars(probe(make("groups", graph, "-g", "5"))) == area


def test_a_damaged_video_has_the_bars_that_can_be_seen(make: Make, tmp_path: Path):
    graph, area = _BARRED["letterbox"]
    whole = make("whole", graph, "-g", "10", "-movflags", "+faststart").read_bytes()
    half = tmp_path / "half.mp4"
    half.write_bytes(whole[: len(whole) // 2])

    assert probe_whole(half).video.active_area == area


def test_a_video_that_becomes_unreadable_has_no_bars(make: Make, tmp_path: Path):
    probed = probe(make("letterbox", _BARRED["letterbox"][0]))
    gone = probed.video.model_copy(update={"path": str(tmp_path / "gone.mp4")})

    assert find_bars(replace(probed, video=gone)) is None


async def test_bars_of_a_turned_video_are_cut_where_they_are_shown(
    make: Make, ffmpeg: Path, tmp_path: Path
):
    """The stored picture has bars above and below; shown, a wide one on its left."""
    graph = "testsrc2=s=320x120:r=25,pad=320:180:0:40:black"
    turned = with_matrix(make("turned", graph), tmp_path / "turned.mp4", (0, 1, -1, 0))
    probed = probe_whole(turned)
    area = probed.video.active_area
    assert area == Rect(20, 0, 120, 320)

    spec = RenderSpec(
        source=probed,
        start=0.0,
        duration=0.4,
        video=VideoGraph(line(Filter.of("null")), Size(120, 320), area),
        target=tmp_path / "clip.mp4",
    )
    await render(ffmpeg, spec, on_progress=lambda _: None, limits=Watchdogs())
    looked = next(iter(sample_frames(turned, region=area))).image
    with av.open(str(spec.target)) as container:
        shown = next(container.decode(video=0)).to_ndarray(format="bgr24")

    assert looked.shape == shown.shape == (320, 120, 3)
    assert np.abs(looked.astype(int) - shown).mean() < 8
    assert shown[:, :3].mean() > 30
    assert shown[:, -3:].mean() > 30
