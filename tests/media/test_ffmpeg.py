"""FFmpeg is found, known by what it can, and run for clips."""

import sys
from pathlib import Path

import pytest

from viralclip.errors import (
    ClipError,
    RenderFailedError,
    RenderStalledError,
    RenderTimedOutError,
    ToolMissingError,
)
from viralclip.media.ffmpeg import abilities, find_ffmpeg, has_filters, run_ffmpeg
from viralclip.processes.runner import Watchdogs


def test_an_ffmpeg_that_is_none_is_refused():
    with pytest.raises(ToolMissingError):
        find_ffmpeg(sys.executable)
    with pytest.raises(ToolMissingError):
        find_ffmpeg("/nowhere/ffmpeg")


def test_an_old_ffmpeg_on_the_path_gives_way_to_the_one_pip_brought(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    old = tmp_path / "ffmpeg"
    old.write_text("#!/bin/sh\necho ffmpeg version 4.4.2 Copyright\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")

    assert find_ffmpeg() != old
    assert find_ffmpeg(str(old)) == old


def test_one_that_cannot_tone_map_gives_way_to_the_one_pip_brought(
    flat_ffmpeg: Path, monkeypatch: pytest.MonkeyPatch
):
    on_path = flat_ffmpeg.rename(flat_ffmpeg.with_name("ffmpeg"))
    monkeypatch.setenv("PATH", f"{on_path.parent}:/bin:/usr/bin")

    assert find_ffmpeg() != on_path
    assert abilities(find_ffmpeg()).tone_maps


def test_filters_of_a_build_are_known(ffmpeg: Path):
    assert has_filters(ffmpeg, "scale", "overlay")
    assert not has_filters(ffmpeg, "scale", "no_such_filter")


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (("-c", "import sys; sys.exit('no space')"), RenderFailedError),
        (("-c", "import time; time.sleep(9)"), RenderStalledError),
        (("-c", "while True: pass"), RenderTimedOutError),
    ],
)
async def test_how_ffmpeg_ended_is_told_as_a_clips_error(
    command: tuple[str, ...], kind: type[ClipError]
):
    limits = Watchdogs(start_s=1, stall_s=1, busy_s=2, total_s=60)
    with pytest.raises(kind) as ended:
        await run_ffmpeg(
            [sys.executable, *command], duration=1, on_progress=lambda _: None, limits=limits
        )

    assert ended.value.retryable == (kind is RenderStalledError)
    if kind is RenderFailedError:
        assert (ended.value.facts["returncode"], ended.value.detail) == (1, "no space")
