"""What a file is found to hold, and that nothing but a video passes for one."""

import os
import subprocess
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from viralclip.errors import InvalidRequestError, SourceMissingError, SourceNotVideoError
from viralclip.geometry import Size
from viralclip.media import extent
from viralclip.media.packets import packets_from
from viralclip.media.probe import Chapter, identity, probe
from viralclip.media.rate import output_rate

Source = Callable[[str], Path]


@pytest.mark.parametrize(
    ("kind", "size", "fps"),
    [
        ("landscape", Size(1280, 720), "30000/1001"),
        ("wide", Size(1920, 800), "24000/1001"),
        ("portrait", Size(1080, 1920), "30"),
        ("rotated", Size(720, 1280), "30000/1001"),
        ("anamorphic", Size(1920, 1080), "25"),
        ("odd", Size(641, 361), "25"),
        ("cover", Size(1280, 720), "30000/1001"),
        ("interlaced", Size(720, 576), "25"),
        ("fps60", Size(1280, 720), "60"),
        ("fps120", Size(640, 360), "60"),
        ("vfr", Size(1280, 720), "30000/1001"),
    ],
)
def test_a_video_is_known_as_it_is_seen(kind: str, size: Size, fps: str, source: Source):
    video = probe(source(kind)).video

    assert (video.size, video.fps) == (size, fps)
    assert video.duration == pytest.approx(3, abs=0.08)


def test_only_some_videos_have_sound(source: Source):
    assert probe(source("mono")).video.has_audio
    assert not probe(source("no_audio")).video.has_audio


def test_hdr_is_noticed(source: Source):
    assert probe(source("hdr")).picture.colours.hdr
    assert not probe(source("ten_bit")).picture.colours.hdr


@pytest.mark.parametrize("kind", ["truncated", "truncated_matroska"])
def test_a_file_that_breaks_off_is_only_as_long_as_what_is_left(kind: str, source: Source):
    probed = probe(source(kind))

    assert probed.truncated
    assert 1 < probed.video.duration < 2


def test_a_recording_whose_length_nobody_wrote_down_is_read_through_once(
    source: Source, tmp_path: Path, ffmpeg: Path, monkeypatch: pytest.MonkeyPatch
):
    live = tmp_path / "live.mkv"
    copy = ("-i", source("small"), "-c", "copy", "-f", "matroska", "-live", "1", live)
    subprocess.run([ffmpeg, "-v", "error", *copy], check=True)
    begun: list[tuple[float, float]] = []

    def counted(container: Any, stream: Any, start: float, *, until: float) -> Iterator[Any]:
        begun.append((start, until))
        return packets_from(container, stream, start, until=until)

    monkeypatch.setattr(extent, "packets_from", counted)
    video = probe(live).video

    assert begun == [(0.0, float("inf"))]
    assert video.duration == pytest.approx(3, abs=0.08)


def test_chapters_are_found(source: Source):
    chapters = probe(source("chapters")).chapters

    assert chapters == (Chapter("Opening", 0, 1.2), Chapter("The rest", 1.2, 3))


def test_times_move_to_the_nearest_frame_where_frames_are_even(source: Source):
    assert probe(source("classic")).on_frame(0.713) == pytest.approx(0.72)
    assert probe(source("classic")).on_frame(0.0) == 0.0
    assert probe(source("vfr")).on_frame(0.713) == 0.713


def test_a_missing_file_is_missing(tmp_path: Path):
    with pytest.raises(SourceMissingError):
        probe(tmp_path / "none.mp4")
    with pytest.raises(SourceMissingError):
        identity(tmp_path / "none.mp4")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Dear diary, this is no video.\n",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n/etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
    ],
)
def test_what_is_no_video_is_refused(content: bytes, tmp_path: Path):
    path = tmp_path / "holiday.mp4"
    path.write_bytes(content)

    with pytest.raises(SourceNotVideoError, match=r"holiday\.mp4"):
        probe(path)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("https:/a.b/c.mp4", "The video c.mp4 is at an address (https); download it"),
        ("file:/a/c.mp4", "is given as an address; give the path without file://"),
        ("-", "The video - is not read from a pipe; save it as a file"),
        ("broken.mp4", "broken.mp4 is a link that leads to no file"),
        ("loop.mp4", "loop.mp4 is a link that leads to no file"),
        ("pipe.mp4", "it is a pipe or a device; save it as a file"),
        (".", "The file . is not a video that can be decoded; it is a folder"),
        ("empty.mp4", "it is empty"),
        ("sound.m4a", "it has sound, but no picture"),
    ],
)
def test_what_cannot_be_a_source_is_said_in_words(
    name: str,
    said: str,
    source: Source,
    ffmpeg: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.chdir(tmp_path)
    Path("broken.mp4").symlink_to("nowhere.mp4")
    Path("loop.mp4").symlink_to("loop.mp4")
    Path("empty.mp4").touch()
    os.mkfifo("pipe.mp4")
    if name == "sound.m4a":
        quick = (str(ffmpeg), "-v", "error", "-i", str(source("small")))
        subprocess.run([*quick, "-vn", "-c", "copy", name], check=True)
    with pytest.raises(InvalidRequestError) as refusal:
        probe(Path(name))

    assert said in refusal.value.message


def test_what_comes_on_stdin_is_known_by_the_file_it_is(source: Source, tmp_path: Path):
    link = tmp_path / "stdin"
    link.symlink_to(source("small"))

    assert probe(link).path == link
    assert probe(Path("/proc/self/cwd") / os.path.relpath(source("small"))).path == source("small")


def test_a_playlist_of_real_videos_is_refused(source: Source, tmp_path: Path):
    listed = tmp_path / "list.mp4"
    listed.write_text(f"ffconcat version 1.0\nfile {source('landscape')}\n")

    with pytest.raises(SourceNotVideoError):
        probe(listed)


def test_a_folder_is_refused(tmp_path: Path):
    with pytest.raises(SourceNotVideoError):
        probe(tmp_path)


def test_a_file_without_its_index_is_refused(source: Source, tmp_path: Path):
    half = tmp_path / "half.mp4"
    content = source("landscape").read_bytes()
    half.write_bytes(content[: len(content) // 2])

    with pytest.raises(SourceNotVideoError):
        probe(half)


def test_identity_follows_the_content(tmp_path: Path):
    path = tmp_path / "a"
    path.write_bytes(b"x" * 1000)
    os.utime(path, ns=(1, 1))
    before = identity(path)
    path.write_bytes(b"x" * 999 + b"y")
    os.utime(path, ns=(1, 1))

    assert identity(path) != before


@pytest.mark.parametrize(
    ("stored", "constant", "rate"),
    [
        ("25", True, "25"),
        ("2997/100", True, "30000/1001"),
        ("15", True, "30"),
        ("10", True, "30"),
        ("1", True, "24"),
        ("20", True, "40"),
        ("144", True, "48"),
        ("240000/1001", True, "60000/1001"),
        ("100", True, "50"),
        ("17", False, "30000/1001"),
        ("2990/100", False, "30000/1001"),
        ("43", False, "48"),
        ("90", False, "60"),
    ],
)
def test_clips_get_a_constant_rate_of_24_to_60(stored: str, constant: bool, rate: str):  # noqa: FBT001 - a table's column
    assert output_rate(Fraction(stored), constant=constant) == Fraction(rate)
