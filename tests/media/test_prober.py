"""A file that takes much to look into is refused with its figures, and costs the server nothing."""

import asyncio
import resource
import shutil
import subprocess
from pathlib import Path

import pytest

from bench.attack.pictures import picture_video, png
from viralclip.errors import (
    SourceMissingError,
    SourceNotVideoError,
    SourceStillError,
    SourceTooHeavyError,
    SourceTooLargeError,
)
from viralclip.media.probe import probe
from viralclip.media.prober import ProbeLimits, Prober

MIB = 1024**2


def peak_mib() -> int:
    """The most memory that this process has ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


@pytest.fixture(scope="module")
def wide(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One frame of 20000x5000 pixels in a hundred kilobytes."""
    folder = tmp_path_factory.mktemp("bombs")
    return picture_video(ffmpeg, png(20000, 5000), folder / "wide.mkv")


def made(ffmpeg: Path, target: Path, *options: str) -> Path:
    lavfi = ("-f", "lavfi", "-i")
    subprocess.run([ffmpeg, "-v", "error", "-y", *lavfi, *options, target], check=True)
    return target


def test_more_pixels_than_can_be_used_are_refused_before_they_are_decoded(wide: Path):
    before = peak_mib()
    with pytest.raises(SourceTooLargeError) as refused:
        probe(wide)

    assert refused.value.message == (
        "The video wide.mkv has pictures of 20000x5000 pixels (100 million);"
        " at most 67 million pixels can be used."
    )
    assert peak_mib() - before < 50


def test_a_size_that_the_container_says_is_enough(ffmpeg: Path, tmp_path: Path):
    source = "color=red:s=16000x5000:r=1:d=1"
    options = ("-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", "-pix_fmt", "yuv420p")

    with pytest.raises(SourceTooLargeError, match=r"16000x5000 pixels \(80 million\)"):
        probe(made(ffmpeg, tmp_path / "large.mp4", source, *options))


def test_more_streams_than_can_be_used_are_refused(source, ffmpeg: Path, tmp_path: Path):
    many = tmp_path / "many.mkv"
    maps = ["-map", "0:v", "-map", "0:a"] * 60
    copy = ["-i", source("small"), *maps, "-c", "copy", "-t", "0.2", many]
    subprocess.run([ffmpeg, "-v", "error", "-y", *copy], check=True)

    with pytest.raises(SourceTooLargeError, match="has 120 streams; at most 100 streams"):
        probe(many)


@pytest.mark.parametrize("suffix", [".mp4", ".png", ".jpg"])
@pytest.mark.parametrize("kind", ["png", "jpeg", "bmp", "webp"])
def test_a_picture_is_no_video_whatever_it_is_called(
    ffmpeg: Path, tmp_path: Path, kind: str, suffix: str
):
    codec = {"jpeg": "mjpeg", "webp": "libwebp"}.get(kind, kind)
    picture = made(
        ffmpeg, tmp_path / f"a.{kind}", "testsrc2=s=64x64", "-frames:v", "1", "-c", codec
    )
    renamed = picture.rename(tmp_path / f"holiday{suffix}")

    with pytest.raises(SourceStillError, match=f"holiday{suffix} is a picture"):
        probe(renamed)


def test_a_drawing_is_no_video_and_reads_no_other_file(tmp_path: Path):
    drawing = tmp_path / "drawing.mp4"
    image = f"<image href='file://{tmp_path}/other'/>"
    drawing.write_text(
        f"<svg xmlns='http://www.w3.org/2000/svg' width='64' height='64'>{image}</svg>"
    )

    with pytest.raises(SourceStillError):
        probe(drawing)


def test_a_moving_gif_is_a_video(ffmpeg: Path, tmp_path: Path):
    assert probe(made(ffmpeg, tmp_path / "a.gif", "testsrc2=s=64x64:r=10:d=1")).video.width == 64


async def test_a_file_is_looked_into_once_whatever_its_name(source, tmp_path: Path, monkeypatch):
    prober = Prober()
    looks: list[Path] = []
    look = prober._probe

    async def counted(path: Path):
        looks.append(path)
        return await look(path)

    monkeypatch.setattr(prober, "_probe", counted)
    one, other = tmp_path / "one.mp4", tmp_path / "other.mp4"
    shutil.copy2(source("small"), one)
    shutil.copy2(source("small"), other)
    first = await asyncio.gather(prober(one), prober(one), prober(one))
    again = await prober(other)
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    for _ in range(2):
        with pytest.raises(SourceNotVideoError, match=r"text\.mp4"):
            await prober(text)

    assert first == [probe(one).video] * 3
    assert again == first[0].model_copy(update={"name": "other.mp4", "path": str(other)})
    assert looks == [one, text]


async def test_what_takes_much_memory_is_ended_and_the_server_has_none_of_it(
    ffmpeg: Path, tmp_path: Path
):
    heavy = picture_video(ffmpeg, png(8000, 8000, colour=6), tmp_path / "heavy.mkv")
    before = peak_mib()
    with pytest.raises(SourceTooHeavyError, match=r"heavy\.mkv takes more than 0\.25 GiB of mem"):
        await Prober(limits=ProbeLimits(memory_bytes=256 * MIB))(heavy)

    assert peak_mib() - before < 50


async def test_what_takes_much_time_is_ended(source):
    with pytest.raises(SourceTooHeavyError, match="takes more than 0 s"):
        await Prober(limits=ProbeLimits(wall_seconds=0))(source("small"))


async def test_refusals_come_out_of_the_process_as_they_are(wide: Path, tmp_path: Path):
    prober = Prober()
    with pytest.raises(SourceTooLargeError, match="20000x5000"):
        await prober(wide)
    with pytest.raises(SourceMissingError):
        await prober(tmp_path / "none.mp4")
    with pytest.raises(SourceNotVideoError):
        await prober(tmp_path)
