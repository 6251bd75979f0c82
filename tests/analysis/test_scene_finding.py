"""Scenes of a video without chapters."""

import subprocess
from pathlib import Path

import pytest

from viralclip.analysis.scene_finding import find_scenes
from viralclip.errors import SourceNotVideoError

HUES = (0, 137, 274, 51, 188, 325, 102, 239)


@pytest.fixture(scope="session")
def colours(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight shots of 2.2 seconds."""
    target = tmp_path_factory.mktemp("colours") / "colours.mp4"
    shots = [f"testsrc2=s=320x180:r=25:d=2.2,hue=h={hue}" for hue in HUES]
    inputs = [part for shot in shots for part in ("-f", "lavfi", "-i", shot)]
    graph = f"concat=n={len(HUES)}"
    command = [ffmpeg, "-v", "error", *inputs, "-filter_complex", graph, "-g", "250", target]
    subprocess.run(command, check=True)
    return target


def test_scenes_are_whole_shots_with_titles(colours: Path):
    scenes = find_scenes(colours, shortest=4, longest=6, on_progress=lambda _: None)

    assert [scene.title for scene in scenes] == ["Scene 1", "Scene 2", "Scene 3", "Scene 4"]
    assert [scene.id for scene in scenes] == [1, 2, 3, 4]
    assert [scene.start for scene in scenes] == pytest.approx([0, 4.4, 8.8, 13.2], abs=1e-3)
    assert [scene.end for scene in scenes] == pytest.approx([4.4, 8.8, 13.2, 17.6], abs=1e-3)


def test_progress_rises_to_one(colours: Path):
    seen: list[float] = []

    find_scenes(colours, on_progress=seen.append)

    assert seen == sorted(seen)
    assert len(seen) > 100
    assert seen[-1] == 1.0


def test_a_video_shorter_than_a_scene_is_one_scene(colours: Path):
    (scene,) = find_scenes(colours, shortest=30, longest=60, on_progress=lambda _: None)

    assert (scene.start, scene.end) == (0, pytest.approx(17.6, abs=0.01))


def test_a_file_that_is_no_video_is_refused(tmp_path: Path):
    path = tmp_path / "words.mp4"
    path.write_text("no video")

    with pytest.raises(SourceNotVideoError):
        find_scenes(path, on_progress=lambda _: None)
