"""The sample video: a face on a known path, cuts, and something like speech."""

import itertools
from pathlib import Path

import av
import pytest

from viralclip.analysis.sound import listen
from viralclip.cli.sample import CENTRED, WANDERING, Shot, face_at, make_sample
from viralclip.geometry import Size
from viralclip.media.probe import probe


@pytest.fixture(scope="module")
def sample(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("skimage")
    target = tmp_path_factory.mktemp("sample") / "sample.mp4"
    return make_sample(ffmpeg, target, seconds=4, size=Size(640, 360))


def test_a_sample_is_as_long_and_large_as_asked_and_speaks(sample: Path):
    probed = probe(sample)
    video = probed.video
    loudness = listen(probed, start=0, duration=4)

    assert (video.size, video.fps, video.has_audio) == (Size(640, 360), "25", True)
    assert video.duration == pytest.approx(4)
    assert loudness is not None
    assert loudness.levels.max() > 0.1


def test_the_face_stays_in_the_picture_and_jumps_at_the_cuts():
    path = [face_at(frame / 25)[0] for frame in range(24 * 25)]
    jumps = [at / 25 for at, (a, b) in enumerate(itertools.pairwise(path), 1) if abs(a - b) > 20]

    assert 150 < min(path) < max(path) < 1130
    assert jumps == pytest.approx([10.08, 17.04])


def test_a_crop_of_the_middle_has_the_whole_face_of_the_demo_in_it():
    crop = 720 * 9 / 16 / 1280
    half_a_head = 0.16 * 0.78 * 720 / 1280

    def is_cut(shot: Shot) -> bool:
        path = (shot.face(frame / 25) for frame in range(24 * 25))
        return any(abs(at - 0.5) + half_a_head > crop / 2 for at in path)

    assert [is_cut(shot) for shot in CENTRED.shots] == [False, False, False]
    assert all(is_cut(shot) for shot in WANDERING.shots)


def test_the_face_is_where_the_truth_says(sample: Path):
    """Skin is redder than the wall in the first shot, which is blue."""
    size = Size(640, 360)
    with av.open(str(sample)) as container:
        frame = next(frame for frame in container.decode(video=0) if (frame.time or 0) >= 1)
    rgb = frame.to_ndarray(format="rgb24").astype(int)
    x, y = face_at(1.0, seconds=4, size=size)
    spot = rgb[round(y) - 4 : round(y) + 4, round(x) - 4 : round(x) + 4].mean(axis=(0, 1))

    assert spot[0] > spot[2] + 20
