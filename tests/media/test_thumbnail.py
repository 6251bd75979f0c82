"""A thumbnail shows the clip: not a black, blurred or flashing moment of it."""

import subprocess
from pathlib import Path

import av
import numpy as np
import pytest

from viralclip.errors import ThumbnailFailedError
from viralclip.media.thumbnail import make_thumbnail, score


@pytest.fixture(scope="module")
def clip(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Black, then blurred, then white, then half a second of a sharp picture, then black."""
    target = tmp_path_factory.mktemp("clip") / "clip.mp4"
    shaped = (
        "testsrc2=s=360x640:r=25:d=4,"
        "drawbox=enable='lt(t,1)+gte(t,3.2)':color=black:thickness=fill,"
        "gblur=enable='between(t,1,2)':sigma=30,"
        "drawbox=enable='between(t,2,2.5)':color=white:thickness=fill"
    )
    made = [ffmpeg, "-v", "error", "-f", "lavfi", "-i", shaped, "-pix_fmt", "yuv420p", target]
    subprocess.run(made, check=True)
    return target


def test_the_sharp_moment_is_chosen(clip: Path, tmp_path: Path):
    make_thumbnail(clip, tmp_path / "clip.jpg")
    thumbnail = _decoded(tmp_path / "clip.jpg")
    with av.open(str(clip)) as container:
        frames = list(container.decode(video=0))
    nearest = min(frames, key=lambda frame: _difference(frame, thumbnail))

    assert nearest.time is not None
    assert 2.5 < nearest.time < 3.2


def test_a_thumbnail_is_a_jpeg_of_at_most_720_pixels(tmp_path: Path, ffmpeg: Path):
    large = tmp_path / "large.mp4"
    picture = "testsrc2=s=1080x1920:r=25:d=0.2"
    subprocess.run([ffmpeg, "-v", "error", "-f", "lavfi", "-i", picture, large], check=True)
    make_thumbnail(large, tmp_path / "large.jpg")
    frame = _decoded(tmp_path / "large.jpg")

    assert (frame.width, frame.height) == (404, 720)
    assert (tmp_path / "large.jpg").read_bytes()[:3] == b"\xff\xd8\xff"


def test_the_same_clip_gives_the_same_thumbnail(clip: Path, tmp_path: Path):
    make_thumbnail(clip, tmp_path / "1.jpg")
    make_thumbnail(clip, tmp_path / "2.jpg")

    assert (tmp_path / "1.jpg").read_bytes() == (tmp_path / "2.jpg").read_bytes()


def test_no_thumbnail_is_one_kind_of_error_and_leaves_nothing(tmp_path: Path):
    (tmp_path / "text.mp4").write_text("no video")

    for clip in ("text.mp4", "none.mp4"):
        with pytest.raises(ThumbnailFailedError):
            make_thumbnail(tmp_path / clip, tmp_path / "clip.jpg")
    assert [path.name for path in tmp_path.iterdir()] == ["text.mp4"]


def test_a_flash_scores_below_what_is_usual():
    stripes = np.tile(np.array([60, 160], dtype=np.float32), (40, 20))

    assert score(stripes, usual=110) > score(np.clip(stripes + 90, 0, 255), usual=110)
    assert score(stripes, usual=110) > score(stripes * 0, usual=110)


def _difference(one: av.VideoFrame, other: av.VideoFrame) -> float:
    pictures = (each.reformat(format="gray").to_ndarray().astype(float) for each in (one, other))
    return float(np.abs(next(pictures) - next(pictures)).mean())


def _decoded(path: Path) -> av.VideoFrame:
    with av.open(str(path)) as container:
        return next(container.decode(video=0))
