"""`viralclip transcribe`: a file of what is said, kept work, and clear words where it cannot be."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from stand_in_engine import install_stand_in, python_path

SECONDS = 60


@pytest.fixture(scope="module")
def film(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute of noise with a pause every four seconds."""
    target = tmp_path_factory.mktemp("film") / "film.mp4"
    picture = f"color=black:s=64x64:r=5:d={SECONDS}"
    sound = f"anoisesrc=d={SECONDS}:a=0.2:r=16000,volume='lt(mod(t,4),3.5)':eval=frame"
    command = [ffmpeg, "-v", "error", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound]
    subprocess.run([*command, "-shortest", "-c:v", "libx264", "-c:a", "aac", target], check=True)
    return target


class Command:
    """The command as a user types it, with the stand-in engine installed."""

    def __init__(self, folder: Path, film: Path) -> None:
        self.folder = folder
        self.film = film
        self.log = folder / "listened"
        model = folder / "model"
        model.mkdir()
        self.env = {
            **os.environ,
            "PYTHONPATH": python_path(install_stand_in(folder / "site")),
            "STAND_IN_LOG": str(self.log),
            "VIRALCLIP_STATE_DIR": str(folder / "state"),
            "VIRALCLIP_TRANSCRIBER": "stand-in",
            "VIRALCLIP_SPEECH_MODEL": str(model),
        }

    def start(self, *options: str, **env: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "viralclip", "transcribe", str(self.film), *options]
        return subprocess.Popen(
            command,
            env=self.env | env,
            cwd=self.folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *options: str, **env: str) -> tuple[int, str, str]:
        process = self.start(*options, **env)
        said, told = process.communicate(timeout=60)
        return process.returncode, said, told

    @property
    def listened(self) -> int:
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0


@pytest.fixture
def command(tmp_path: Path, film: Path) -> Command:
    return Command(tmp_path, film)


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_file_has_the_words_in_the_format_of_its_name(command: Command):
    code, said, told = command.run("--out", "film.vtt")
    text = (command.folder / "film.vtt").read_text()

    assert (code, said) == (0, "")
    assert text.startswith("WEBVTT\nLanguage: en\n")
    assert "word0" in text
    assert "Transcribing film.mp4 ..." in told
    assert "words in 1 min 00 s of sound, by stand-in model" in told


def test_a_stretch_goes_to_stdout_in_the_time_of_the_video(command: Command):
    code, said, _ = command.run("--start", "0:30", "--end", "34", "--format", "srt")

    assert code == 0
    assert said.startswith("1\n00:00:30,")


def test_the_same_again_listens_to_nothing(command: Command):
    command.run()
    before = command.listened
    code, _, _ = command.run("--format", "json", "--start", "10")

    assert code == 0
    assert before == command.listened == 3


def test_ctrl_c_ends_it_within_a_second_and_leaves_no_file_behind(command: Command):
    (command.folder / "film.srt").write_text("older")
    process = command.start("--out", "film.srt", STAND_IN_WAITS_AT="2")
    wait_for(lambda: command.listened == 2)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)

    assert time.monotonic() - began < 1.0
    assert process.returncode == 130
    assert (command.folder / "film.srt").read_text() == "older"
    assert not list(command.folder.glob(".film*"))


def test_killed_outright_it_goes_on_where_it_stopped(
    command: Command, is_running: Callable[[int], bool]
):
    process = command.start(STAND_IN_WAITS_AT="2")
    wait_for(lambda: command.listened == 2)
    process.kill()
    process.communicate()
    code, said, _ = command.run()

    assert code == 0
    assert "word0" in said
    # The first piece once, the second again for it was not done, and the third.
    assert command.listened == 2 + 2


@pytest.mark.parametrize(
    ("options", "env", "sentence"),
    [
        ((), {"VIRALCLIP_TRANSCRIBER": "nobody"}, "There is no speech engine named nobody"),
        (
            (),
            {"VIRALCLIP_SPEECH_MODEL": "huge"},
            "The speech model huge is not on this machine; run `viralclip models fetch huge`",
        ),
        ((), {"VIRALCLIP_SPEECH_MODEL": "/no/where"}, "names a folder that is not there"),
        (("--format", "doc"), {}, "There is no transcript format named doc"),
        (("--start", "soon"), {}, "soon is not a time"),
        (("--start", "99"), {}, "it starts after the video's end"),
        (("--start", "9", "--end", "8"), {}, "it ends before it starts"),
        (("--out", "no/folder/film.srt"), {}, "cannot be written"),
        (("--audio-track", "7"), {}, "no audio track 7"),
        (("--language", "german"), {}, "in the language german: it is no tag; write one such as"),
        ((), {"VIRALCLIP_SPEECH_LANGUAGE": "german"}, "needs the tag of a language, such as en or"),
        (
            ("--language", "de-AT"),
            {"STAND_IN_LANGUAGES": "en"},
            "in the language de: the speech model model knows English alone; leave the language",
        ),
    ],
)
def test_what_cannot_be_is_said_before_anything_starts(
    command: Command, options: tuple[str, ...], env: dict[str, str], sentence: str
):
    code, said, told = command.run(*options, **env)

    assert (code, said) == (2, "")
    assert sentence in " ".join(told.split())
    assert command.listened == 0


def test_a_video_without_sound_is_named(command: Command, ffmpeg: Path):
    silent = command.folder / "silent.mp4"
    picture = "color=black:s=64x64:r=5:d=1"
    subprocess.run([ffmpeg, "-v", "error", "-f", "lavfi", "-i", picture, silent], check=True)
    command.film = silent
    code, _, told = command.run()

    assert code == 2
    assert "The video silent.mp4 has no sound" in told
