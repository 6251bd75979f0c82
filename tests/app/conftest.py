"""A program that uses viralclip: its state folder, and a video that is quick to make clips of."""

import shlex
import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny(maker: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of a test card with sound."""
    target = tmp_path_factory.mktemp("tiny") / "talk.mp4"
    card = ("-f", "lavfi", "-i", "testsrc=size=128x72:rate=10:duration=3")
    sound = ("-f", "lavfi", "-i", "sine=duration=3")
    encode = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", str(target))
    subprocess.run([maker, "-v", "error", *card, *sound, *encode], check=True)
    return target


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the program of the test works in, with a state folder of its own."""
    monkeypatch.setenv("VIRALCLIP_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def slow(program: Path, ffmpeg: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clips take many times as long as they last."""
    script = program / "slow-ffmpeg"
    real = shlex.quote(str(ffmpeg))
    script.write_text(
        f'#!/bin/sh\ncase "$*" in *-progress*) exec {real} -readrate 0.05 "$@";; esac\n'
        f'exec {real} "$@"\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("VIRALCLIP_FFMPEG", str(script))
