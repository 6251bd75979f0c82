"""Sampling real files: times, orientation, rate, seeking, damage, and exact cuts."""

import functools
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from skimage import data

from viralclip.analysis.frames import SampledFrame, sample_frames
from viralclip.errors import SourceUnreadableError
from viralclip.media.probe import probe
from viralclip.reframe.shots import CutFinder, Times, signature

Source = Callable[[str], Path]

FPS = 25
SIZE = (320, 180)
# More samples per second than any source here has frames.
EVERY = 1000.0
SHOTS = (("astronaut", 61), ("coffee", 44), ("chelsea", 77), ("rocket", 52), ("coffee", 66))
CUTS = [float(cut) / FPS for cut in np.cumsum([frames for _, frames in SHOTS])[:-1]]


def frame_times(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        zero = (container.start_time or 0) / av.time_base
        return [(frame.time or 0.0) - zero for frame in container.decode(video=0)]


def cuts_in(path: Path) -> list[float]:
    """The times of the first frames of all shots but the first, as the container has them."""
    times = frame_times(path)
    return [times[round(cut * FPS)] for cut in CUTS]


def sampled_times(path: Path, **wanted) -> list[float]:
    return [frame.time for frame in sample_frames(path, **wanted)]


@pytest.fixture(scope="session")
def film(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory):
    """`film(options)` is twelve seconds of five panning, grainy shots with one camera flash."""
    folder = tmp_path_factory.mktemp("films")

    def make(*encode: str, suffix: str = ".mp4") -> Path:
        target = folder / f"{abs(hash(encode))}{suffix}"
        if not target.exists():
            width, height = SIZE
            source = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}")
            command = [ffmpeg, "-v", "error", *source, "-r", str(FPS), "-i", "-", *encode, target]
            subprocess.run(command, input=pictures(), check=True)
        return target

    return make


@functools.cache
def pictures() -> bytes:
    return b"".join(_pictures())


def _pictures() -> Iterator[bytes]:
    random = np.random.default_rng(0)
    for name, frames in SHOTS:
        whole = getattr(data, name)()
        for place in range(frames):
            rows = np.linspace(0, whole.shape[0] - 1, SIZE[1]).astype(int)
            columns = np.linspace(0, whole.shape[1] * 0.8 - 1, SIZE[0]) + place * 0.5
            picture = whole[rows][:, columns.astype(int)] + random.normal(0, 5, (*SIZE[::-1], 3))
            if name == "chelsea" and place in (30, 31, 32):
                picture = picture * 0.4 + 180
            yield np.clip(picture, 0, 255).astype(np.uint8).tobytes()


X264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p")
ENCODINGS = [
    pytest.param((*X264,), ".mp4", id="x264"),
    pytest.param(
        (*X264, "-bf", "16", "-b-pyramid", "none", "-b_strategy", "0"), ".mp4", id="many_b"
    ),
    pytest.param((*X264, "-g", "600", "-sc_threshold", "0"), ".mp4", id="one_keyframe"),
    pytest.param((*X264, "-crf", "38"), ".mkv", id="poor"),
    pytest.param((*X264,), ".ts", id="ts"),
    pytest.param(("-c:v", "mpeg4", "-bf", "2", "-q:v", "5"), ".avi", id="avi"),
]


def cuts_found(path: Path, *, start: float = 0.0, end: float | None = None) -> Times:
    finder = CutFinder()
    for frame in sample_frames(path, start=start, end=end):
        finder.add(frame.time, signature(frame.image), frame.between())
    return finder.finish()


@pytest.mark.parametrize(("encode", "suffix"), ENCODINGS)
def test_every_cut_is_found_to_the_frame_and_no_other(film, encode, suffix):
    path = film(*encode, suffix=suffix)

    assert cuts_found(path) == pytest.approx(cuts_in(path), abs=1e-3)


def test_cuts_of_a_range_are_in_the_range_s_own_time(film):
    cuts = cuts_found(film(*X264), start=3.0, end=8.0)

    assert cuts == pytest.approx([cut - 3.0 for cut in CUTS if 3.0 < cut < 8.0], abs=1e-3)


def test_samples_come_at_the_wanted_rate(source: Source):
    times = sampled_times(source("landscape"))

    assert len(times) == 30
    assert np.diff(times) == pytest.approx(np.full(29, 0.1), abs=0.034)


@pytest.mark.parametrize("kind", ["landscape", "vfr", "fps120"])
def test_every_frame_is_a_sample_or_passed_between_two(source: Source, kind: str):
    path = source(kind)
    seen = [t for frame in sample_frames(path) for t in (*_passed(frame), frame.time)]

    assert seen == pytest.approx([t for t in frame_times(path) if t <= seen[-1]], abs=1e-4)


def _passed(frame: SampledFrame) -> list[float]:
    return [passed.time for passed in frame.passed]


def test_a_passed_frame_has_its_own_picture(film):
    samples = list(sample_frames(film(*X264), end=0.5))
    [passed, *_] = samples[1].passed

    apart = [np.abs(passed.image.astype(int) - sample.image).mean() for sample in samples[:2]]
    assert passed.image.shape == samples[0].image.shape
    assert min(apart) > 0


@pytest.mark.parametrize("kind", ["landscape", "vfr", "held", "fps120", "matroska", "late_audio"])
def test_times_are_those_of_frames(source: Source, kind: str):
    path = source(kind)
    truth = np.array(frame_times(path))

    for seen in sampled_times(path):
        assert np.abs(truth - seen).min() < 1e-4


def test_a_held_picture_leaves_a_gap(source: Source):
    times = sampled_times(source("held"))

    assert np.diff(times).max() == pytest.approx(1.3, abs=0.1)


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("landscape", (360, 640)),
        ("portrait", (640, 360)),
        ("rotated", (640, 360)),
        ("anamorphic", (360, 640)),
        ("odd", (360, 640)),
        ("ten_bit", (360, 640)),
        ("four_two_two", (360, 640)),
        ("wide", (267, 640)),
    ],
)
def test_pictures_are_upright_in_square_pixels_and_small(source: Source, kind: str, shape):
    image = next(iter(sample_frames(source(kind)))).image

    assert image.shape == (*shape, 3)
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous


def test_a_small_picture_is_not_made_larger(source: Source):
    assert next(iter(sample_frames(source("small"), long_side=2000))).image.shape == (480, 640, 3)


@pytest.mark.parametrize("kind", ["landscape", "rotated"])
def test_pictures_are_as_ffmpeg_shows_them(ffmpeg: Path, source: Source, kind: str):
    start = probe(source(kind)).on_frame(1.5)
    sampled = next(iter(sample_frames(source(kind), start=start)))
    height, width = sampled.image.shape[:2]
    scale = ("-vf", f"scale={width}:{height}:flags=area", "-frames:v", "1")
    raw = ("-f", "rawvideo", "-pix_fmt", "bgr24", "-")
    command = [ffmpeg, "-v", "error", "-ss", f"{start:.6f}", "-i", source(kind), *scale, *raw]
    shown = subprocess.run(command, check=True, capture_output=True).stdout
    expected = np.frombuffer(shown, np.uint8).reshape(height, width, 3)

    assert np.abs(sampled.image.astype(int) - expected).mean() < 3


def test_a_range_holds_its_frames_and_counts_from_its_start(source: Source):
    path = source("vfr")
    inside = [t - 1.2 for t in frame_times(path) if 1.2 < t < 2.3 - 1e-4]

    times = sampled_times(path, start=1.2, end=2.3, fps=EVERY)

    assert times == pytest.approx([0.0, *inside], abs=1e-4)


def test_a_range_begins_with_the_picture_on_screen_then(source: Source):
    """In this source no frame comes between 1.3 and 2.6 s."""
    path = source("held")
    whole = {round(frame.time, 3): frame.image for frame in sample_frames(path, fps=EVERY)}
    [held] = sample_frames(path, start=1.6, end=2.3)

    assert held.time == 0.0
    assert (held.image == whole[1.3]).all()


def test_a_range_far_into_a_video_is_reached_without_decoding_what_is_before(source: Source):
    path = source("five_minutes")
    begun = time.process_time()
    list(sample_frames(path, end=10.0, threads=1))
    ten_seconds = time.process_time() - begun

    begun = time.process_time()
    list(sample_frames(path, start=290.0, end=290.5, threads=1))

    assert time.process_time() - begun < ten_seconds * 2


def test_a_broken_off_file_gives_what_it_has(source: Source):
    times = sampled_times(source("truncated"))

    assert 5 <= len(times) < 30


def test_damage_in_the_middle_is_left_out(film, tmp_path: Path):
    content = bytearray(film(*X264, "-g", "25", suffix=".ts").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4000] = bytes(4000)
    damaged = tmp_path / "damaged.ts"
    damaged.write_bytes(content)

    times = sampled_times(damaged)

    assert times[-1] > 11
    assert len(times) > 90


def test_a_range_beyond_the_end_is_unreadable(source: Source):
    with pytest.raises(SourceUnreadableError):
        sampled_times(source("landscape"), start=100.0)


def test_a_file_that_is_no_video_is_unreadable(tmp_path: Path):
    path = tmp_path / "words.mp4"
    path.write_text("no video")

    with pytest.raises(SourceUnreadableError):
        sampled_times(path)


def test_a_file_that_is_gone_is_unreadable(tmp_path: Path):
    with pytest.raises(SourceUnreadableError):
        sampled_times(tmp_path / "gone.mp4")


@pytest.mark.parametrize("kind", ["constant_luminance", "ictcp"])
def test_a_picture_is_looked_at_whatever_its_matrix(kind: str, source: Callable[[str], Path]):
    assert len(list(sample_frames(source(kind), start=0.0, end=1.0, fps=5.0))) == 5
