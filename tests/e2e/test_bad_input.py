"""What cannot be made is refused in one clear sentence, and nothing is left half-done."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from services import free_port

from viralclip.media.ffmpeg import find_ffmpeg
from viralclip.settings import StateNotWritableError

SPAN = (0.5, 1.5)


@dataclass(frozen=True)
class Bad:
    """A request with one thing wrong, and what must be said about it."""

    said: str
    source: str = "landscape"
    scenes: str | None = None
    arguments: tuple[str, ...] = ()


REFUSED = {
    "an unknown style": Bad(
        "There is no style named sideways; choose from original, split",
        arguments=("--styles", "original,sideways"),
    ),
    "no style at all": Bad("No style was chosen; name some", arguments=("--styles", ",")),
    "an unknown preset": Bad(
        "There is no preset named best; choose from fast, balanced, quality.",
        arguments=("--preset", "best"),
    ),
    "an unknown aspect": Bad(
        "The aspect ratio 9:15 is not supported; choose from 9:16, 1:1, 4:5, 16:9.",
        arguments=("--aspect", "9:15"),
    ),
    "an unknown encoder": Bad("There is no encoder named h999", arguments=("--encoder", "h999")),
    "a scene past the end": Bad(
        "scenes[1].end: 1:30 is beyond the end of the video",
        scenes='[{"start": 0, "end": 1}, {"start": 1, "end": 90}]',
    ),
    "an empty scene list": Bad("the list holds no scenes", scenes="[]"),
    "an empty scene file": Bad("the list holds no scenes", scenes=""),
    "broken JSON": Bad("JSON", scenes='[{"start": 0, "end": 1'),
    "an unreadable time": Bad(
        "scenes[0].end: 00:01:75 is not a time", scenes='[{"start": 0, "end": "00:01:75"}]'
    ),
    "an end before its start": Bad(
        "scenes[0].end: 0:01 is not after the start 0:02",
        scenes='[{"start": 2, "end": 1}]',
    ),
    "a video that is not there": Bad(
        "The video gone.mp4 does not exist or cannot be read; check the path and its permissions.",
        source="gone.mp4",
    ),
    "a folder for a video": Bad("it is a folder; give one of the videos", source="folder.mp4"),
    "a text file called .mp4": Bad(
        "The file text.mp4 is not a video that can be decoded; its format is not known here",
        source="text.mp4",
    ),
    "an empty file called .mp4": Bad("it is empty.", source="empty.mp4"),
    "an address for a video": Bad("is at an address (https); download it", source="https://a.b/c"),
    "a name that is not UTF-8": Bad("The name of the video caf\\xe9.mp4,", source="caf\udce9.mp4"),
    "a name that clears the screen": Bad("The video \\x1b[2J.mp4 does not", source="\x1b[2J.mp4"),
    "a video without its index": Bad("The file headless.mp4 is not a video", source="headless.mp4"),
    "an event file in no folder": Bad(
        "The file nowhere/e.jsonl cannot be written",
        arguments=("--events", "nowhere/e.jsonl"),
    ),
    "an output folder that is a file": Bad(
        "Clips cannot be written to text.mp4; text.mp4 is a file; give a folder.",
        arguments=("--out", "text.mp4"),
    ),
    "an output folder below a file": Bad("text.mp4 is a file", arguments=("--out", "text.mp4/a")),
    "an output folder without a name": Bad("give one with --out", arguments=("--out", "")),
    "an output folder that is not UTF-8": Bad(
        "The name of the output folder o\\xe9,", arguments=("--out", "o\udce9")
    ),
    "an output folder on the web": Bad(
        "http://x, it is no place to store in; give a folder or az://, file://, gs://, s3://.",
        arguments=("--out", "http://x/y"),
    ),
}


@pytest.fixture
def places(viralclip, source) -> Callable[[str], Path]:
    """Bad files by their names, and good videos by their kinds."""
    folder = viralclip.folder
    (folder / "folder.mp4").mkdir()
    (folder / "text.mp4").write_text("This is not a video, whatever it is called.\n" * 100)
    (folder / "empty.mp4").touch()
    whole = source("landscape").read_bytes()
    (folder / "headless.mp4").write_bytes(whole[: len(whole) * 3 // 4])
    (folder / "caf\udce9.mp4").write_bytes(whole)
    return lambda name: Path(name) if "." in name else source(name)


def assert_refused(viralclip, done, said: str) -> None:
    lines = done.err.splitlines()

    assert done.code == 2
    assert all(line.startswith("viralclip: ") for line in lines)
    assert said in done.err
    assert "Traceback" not in done.err
    assert done.out == ""
    assert viralclip.clips() == set()
    assert viralclip.debris() == set()
    assert viralclip.jobs() == []


@pytest.mark.parametrize("name", REFUSED)
def test_a_request_with_a_fault_is_refused_and_nothing_is_queued(name, viralclip, places):
    bad = REFUSED[name]
    scenes = viralclip.scenes(SPAN)
    if bad.scenes is not None:
        scenes.write_text(bad.scenes)
    done = viralclip.run(*viralclip.asked(places(bad.source), scenes), *bad.arguments)

    assert_refused(viralclip, done, bad.said)
    assert viralclip.history.items == []


def test_every_fault_of_a_scene_list_is_listed_with_its_place(viralclip, source):
    scenes = viralclip.scenes()
    scenes.write_text('[{"start": "x", "end": 1}, {"start": 1}, {"start": 0, "end": 99}]')
    done = viralclip.run(*viralclip.asked(source("landscape"), scenes))

    assert_refused(viralclip, done, "The scene list has 3 fault(s).")
    assert [line.split(":")[1].strip() for line in done.err.splitlines()[:3]] == [
        "scenes[0].start",
        "scenes[1]",
        "scenes[2].end",
    ]


def test_a_scene_list_that_is_not_there_is_said_by_its_name(viralclip, source):
    done = viralclip.run(*viralclip.asked(source("landscape"), Path("nowhere.json")))

    assert_refused(viralclip, done, "nowhere.json: cannot be read: No such file or directory")


def test_a_video_without_chapters_needs_a_scene_list(viralclip, source):
    done = viralclip.run("render", source("landscape"), "--out", viralclip.out)

    assert_refused(viralclip, done, "no chapters in the video; give a scene list with --scenes")


def test_a_setting_with_a_wrong_value_is_named(viralclip, source):
    viralclip.env["VIRALCLIP_FFMPEG_SLOTS"] = "many"
    done = viralclip.run("render", source("landscape"), "--out", viralclip.out)

    assert_refused(viralclip, done, "VIRALCLIP_FFMPEG_SLOTS has the value many")


@pytest.mark.parametrize("command", ["render", "serve", "worker"])
def test_a_redis_in_cluster_mode_is_refused_at_the_start(
    command, viralclip, source, redis_cluster_node: str
):
    viralclip.env["VIRALCLIP_CHANNEL"] = redis_cluster_node
    asked = {
        "render": viralclip.asked(source("landscape"), viralclip.scenes((0, 1))),
        "serve": ("serve", "--port", free_port()),
        "worker": ("worker",),
    }
    done = viralclip.run(*asked[command])

    assert done.code == 2
    assert "cluster mode, which viralclip does not support; set VIRALCLIP_CHANNEL" in done.err
    assert "Traceback" not in done.err
    assert viralclip.debris() == set()


def test_an_ffmpeg_that_is_none_is_refused_before_anything_is_queued(viralclip, source):
    viralclip.env["VIRALCLIP_FFMPEG"] = sys.executable
    scenes = viralclip.scenes(SPAN)
    done = viralclip.run(*viralclip.asked(source("landscape"), scenes))

    assert_refused(viralclip, done, "No usable FFmpeg was found")


def test_after_a_refusal_there_are_no_jobs_to_list(viralclip):
    done = viralclip.run("render", "gone.mp4", "--out", viralclip.out)
    listed = viralclip.run("jobs", "--json")

    assert done.code == 2
    assert (listed.code, listed.out) == (0, "")


def test_a_job_that_is_not_known_is_refused_by_every_command(viralclip):
    for command in ("watch", "cancel", "retry"):
        done = viralclip.run(command, "no-such-job")

        assert_refused(viralclip, done, "There is no job no-such-job; `viralclip jobs` lists")


@pytest.fixture
def bound(viralclip):
    """Lets permissions bind the command, also where the tests run as root."""
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("setpriv (package util-linux) is missing")
        viralclip.wrap = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--")


def test_an_output_folder_without_permission_is_refused(bound, viralclip, source):
    viralclip.out.mkdir(mode=0o555)
    done = viralclip.run(*viralclip.asked(source("landscape"), viralclip.scenes(SPAN)))

    assert_refused(viralclip, done, f"Clips cannot be written to {viralclip.out}")


def test_an_event_file_without_permission_is_refused(bound, viralclip, source):
    viralclip.history.path.touch(mode=0o444)
    done = viralclip.run(*viralclip.asked(source("landscape"), viralclip.scenes(SPAN)))

    assert_refused(viralclip, done, f"The file {viralclip.history.path} cannot be written")


@pytest.mark.parametrize("inside", ["", "logs", "engines", "catalog.db"])
def test_a_state_folder_without_permission_is_refused(inside, bound, viralclip, source):
    viralclip.state.mkdir()
    place = viralclip.state / inside
    if inside.endswith(".db"):
        place.touch(mode=0o444)
    elif inside:
        place.mkdir(mode=0o555)
    else:
        place.chmod(0o555)
    done = viralclip.run(*viralclip.asked(source("landscape"), viralclip.scenes(SPAN)))

    assert done.code == 2
    assert done.err == f"viralclip: {StateNotWritableError(name=viralclip.state).message}\n"
    assert viralclip.clips() == set()


def test_a_source_without_permission_is_refused(bound, viralclip, source):
    video = viralclip.folder / "secret.mp4"
    shutil.copy(source("landscape"), video)
    video.chmod(0)
    done = viralclip.run(*viralclip.asked(video, viralclip.scenes(SPAN)))

    assert_refused(viralclip, done, "The video secret.mp4 does not exist or cannot be read")


def test_a_full_destination_ends_the_job_and_leaves_no_part_of_a_clip(
    small_disk, viralclip, source, keep_promises
):
    small_disk(viralclip.out, 64)
    done = viralclip.run(*viralclip.asked(source("landscape"), viralclip.scenes(SPAN)))

    assert done.code == 1
    assert "The destination is full; free some space and retry the job." in done.out
    assert done.err == ""
    keep_promises(viralclip.history)
    assert {end.details.code for end in viralclip.history.endings().values()} == {"storage_full"}
    assert list(viralclip.out.iterdir()) == []
    assert viralclip.debris() == set()


def test_a_full_disk_for_the_work_fails_the_clip_in_words(
    small_disk, viralclip, source, keep_promises
):
    small_disk(viralclip.state / "work", 256)
    done = viralclip.run(*viralclip.asked(source("landscape"), viralclip.scenes(SPAN)))

    assert done.code == 1
    assert "The disk is full; free some space and retry the job." in done.out
    assert done.err == ""
    keep_promises(viralclip.history)
    assert {end.details.code for end in viralclip.history.endings().values()} == {"disk_full"}
    assert viralclip.clips() == set()
    assert viralclip.debris() == set()


def test_a_full_disk_for_the_state_is_said_in_one_sentence(small_disk, viralclip, source):
    small_disk(viralclip.state, 64)
    done = viralclip.run(*viralclip.asked(source("landscape"), viralclip.scenes(SPAN)))

    assert done.code == 2
    assert done.err == f"viralclip: {StateNotWritableError(name=viralclip.state).message}\n"
    assert viralclip.clips() == set()


@pytest.mark.parametrize("kind", ["truncated", "truncated_matroska"])
def test_a_truncated_video_gives_what_it_has_with_a_note(kind, viralclip, source, keep_promises):
    done = viralclip.run(*viralclip.asked(source(kind), viralclip.scenes((0, 1))))

    assert (done.code, done.err) == (0, "")
    assert "note: The video is incomplete: it ends before its own index says." in done.out
    keep_promises(viralclip.history)
    assert viralclip.clips() == {"01_scene-1_original.mp4"}
    assert viralclip.debris() == set()


def test_a_scene_in_the_lost_part_of_a_truncated_video_is_refused(viralclip, source):
    scenes = viralclip.scenes((0, 1), (1.9, 2.9))
    done = viralclip.run(*viralclip.asked(source("truncated"), scenes))

    assert_refused(viralclip, done, "scenes[1].start: 0:01.9 is beyond the end of the video")


def test_a_failure_names_the_log_and_the_log_has_ffmpegs_command(viralclip, source):
    broken = viralclip.folder / "ffmpeg"
    ffmpeg = find_ffmpeg()
    broken.write_text(
        f'#!/bin/sh\ncase "$*" in *" -progress "*) exit 1;; esac\nexec "{ffmpeg}" "$@"\n'
    )
    broken.chmod(0o755)
    viralclip.env["VIRALCLIP_FFMPEG"] = str(broken)
    asked = viralclip.asked(source("small"), viralclip.scenes((0, 1)))
    done = viralclip.run(*asked, "--log-level", "debug")
    (log,) = (viralclip.state / "logs").iterdir()
    commands = [line for line in log.read_text().splitlines() if "FFmpeg started" in line]

    assert done.code == 1
    assert f"note: Why clips failed is in the log: {log}" in done.out
    assert commands
    assert "-filter_complex" in json.loads(commands[0])["command"]
