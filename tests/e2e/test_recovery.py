"""Killed, crashed, stopped, failed: the same command goes on, and nothing is made twice."""

import json
import os
import re
import shutil
import signal
from pathlib import Path

import pytest

LONG = (0, 250)
SHORT = (0.5, 1.5)
BOOM = """
from dataclasses import dataclass

from viralclip.styles import StaticStyle


@dataclass(frozen=True)
class Boom(StaticStyle):
    name: str = "boom"
    summary: str = "raises whatever it is asked"

    def graph(self, view):
        raise RuntimeError("secret detail of a broken style")


BOOM = Boom()
"""


def tidy(viralclip) -> bool:
    return viralclip.debris() == set() and not viralclip.ffmpegs()


def test_after_kill_9_the_same_command_goes_on_and_makes_no_clip_twice(
    viralclip, source, until, keep_promises, fingerprints
):
    scenes = viralclip.scenes(SHORT, (1, 2), (0, 20), (5, 25))
    asked = viralclip.asked(source("five_minutes"), scenes, slots=4)
    run = viralclip.start(*asked)
    history = viralclip.history
    until(lambda: len(history.told(step="complete")) >= 2)
    until(lambda: len(viralclip.ffmpegs()) == 2)
    run.kill()
    job_id, before = history.job_id, fingerprints(viralclip.out)
    complete = set(history.endings())
    until(lambda: not viralclip.ffmpegs(), within_s=2)

    done = viralclip.run(*asked)

    assert (done.code, done.err) == (0, "")
    assert "note: Going on with a job that was cut short." in done.out
    assert history.job_id == job_id
    keep_promises(history)
    assert before.items() <= fingerprints(viralclip.out).items()
    assert len(viralclip.clips()) == 4
    for scene_id, style in complete:
        assert len(history.told(step="rendering", scene_id=scene_id, style=style)) == 1
    (recovered,) = history.told(type="job_recovered")
    assert recovered.event.from_worker != recovered.event.to_worker
    assert [told.event.attempt for told in history.told(type="job_started")] == [1, 2]
    assert tidy(viralclip)


def test_a_clip_that_was_running_at_three_crashes_fails_and_its_siblings_complete(
    viralclip, source, until, keep_promises
):
    asked = viralclip.asked(source("five_minutes"), viralclip.scenes(LONG, SHORT, (1, 2)))
    history = viralclip.history
    for attempt in (1, 2, 3):
        run = viralclip.start(*asked)
        until(lambda a=attempt: history.is_rendering(1, "original", attempt=a))
        until(lambda: len(history.told(step="complete")) == 2)
        run.kill()
        until(lambda: not viralclip.ffmpegs(), within_s=2)
    done = viralclip.run(*asked)

    assert (done.code, done.err) == (3, "")
    keep_promises(history)
    ends = history.endings()
    assert ends[1, "original"].details.code == "worker_crashed"
    assert {end.step for place, end in ends.items() if place[0] > 1} == {"complete"}
    assert tidy(viralclip)


def test_sigterm_hands_the_job_back_without_counting_a_crash(
    viralclip, source, until, keep_promises, fingerprints
):
    scenes = viralclip.scenes(SHORT, (0, 20))
    asked = viralclip.asked(source("five_minutes"), scenes)
    run = viralclip.start(*asked)
    history = viralclip.history
    until(lambda: history.told(step="complete", scene_id=1))
    until(lambda: history.is_rendering(2, "original"))
    run.send(signal.SIGTERM)
    until(lambda: not viralclip.ffmpegs(), within_s=2)
    stopped = run.end()

    assert stopped.code == 143
    assert stopped.err == "viralclip: Stopped. Run the same command again to go on.\n"
    assert list((viralclip.state / "workers").iterdir()) == []
    assert list((viralclip.state / "ffmpegs").iterdir()) == []
    assert [clip.crashes for clip in viralclip.records(history.job_id)] == [0, 0]
    job_id, before = history.job_id, fingerprints(viralclip.out)

    done = viralclip.run(*asked)

    assert (done.code, done.err) == (0, "")
    assert history.job_id == job_id
    keep_promises(history)
    assert before.items() <= fingerprints(viralclip.out).items()
    assert history.endings()[2, "original"].attempt == 2
    assert [clip.crashes for clip in viralclip.records(job_id)] == [0, 0]
    assert tidy(viralclip)


def test_a_second_terminal_with_the_same_request_watches_the_first(
    viralclip, source, until, keep_promises
):
    asked = viralclip.asked(source("five_minutes"), viralclip.scenes((0, 60)))
    run = viralclip.start(*asked)
    until(lambda: viralclip.history.is_rendering(1, "original"))
    other = viralclip.start(*asked[:-1], viralclip.folder / "other.jsonl")

    assert run.end().code == 0
    second = other.end()
    assert second.code == 0
    assert "note: The same request is being rendered elsewhere; watching it." in second.out
    assert len(viralclip.jobs()) == 1
    seen = type(viralclip.history)(viralclip.folder / "other.jsonl")
    assert seen.envelopes == viralclip.history.envelopes
    keep_promises(seen)


def test_a_source_that_vanishes_fails_the_clips_to_come_and_retry_makes_only_those(
    viralclip, source, until, keep_promises, fingerprints
):
    video = viralclip.folder / "talk.mp4"
    shutil.copy(source("five_minutes"), video)
    away = video.with_name("away.mp4")
    scenes = viralclip.scenes((0, 8), SHORT, (1, 2))
    history = viralclip.history
    run = viralclip.start(*viralclip.asked(video, scenes, slots=1))
    until(lambda: history.is_rendering(1, "original"))
    video.rename(away)
    done = run.end()

    assert (done.code, done.err) == (3, "")
    keep_promises(history)
    ends = history.endings()
    assert ends[1, "original"].step == "complete"
    assert [ends[scene, "original"].details.code for scene in (2, 3)] == ["source_changed"] * 2
    assert f"next: viralclip retry {history.job_id}" in done.out

    again = viralclip.run("retry", history.job_id, "--events", history.path)
    assert again.code == 3

    away.rename(video)
    before = fingerprints(viralclip.out)
    done = viralclip.run("retry", history.job_id, "--events", history.path, "--slots", 2)

    assert (done.code, done.err) == (0, "")
    keep_promises(history)
    assert history.rendered(run=3) == {(2, "original"), (3, "original")}
    assert before.items() <= fingerprints(viralclip.out).items()
    assert history.final().clips_completed == 3
    assert tidy(viralclip)


def test_a_source_that_is_replaced_is_not_taken_for_the_one_that_was_planned_with(
    viralclip, source, until, keep_promises
):
    video = viralclip.folder / "talk.mp4"
    shutil.copy(source("five_minutes"), video)
    run = viralclip.start(*viralclip.asked(video, viralclip.scenes((0, 8), SHORT), slots=1))
    until(lambda: viralclip.history.is_rendering(1, "original"))
    other = viralclip.folder / "other.mp4"
    shutil.copy(source("small"), other)
    other.replace(video)

    assert run.end().code == 3
    keep_promises(viralclip.history)
    assert viralclip.history.endings()[2, "original"].details.code == "source_changed"


@pytest.fixture
def broken_style(viralclip) -> None:
    """A style of another package, installed beside viralclip, that always raises."""
    package = viralclip.folder / "package"
    info = package / "boom-1.0.dist-info"
    info.mkdir(parents=True)
    (package / "boom_style.py").write_text(BOOM)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: boom\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[viralclip.styles]\nboom = boom_style:BOOM\n")
    viralclip.env["PYTHONPATH"] = os.pathsep.join([str(package), os.environ.get("PYTHONPATH", "")])


def test_a_clip_that_fails_does_not_stop_its_siblings(
    broken_style, viralclip, source, keep_promises
):
    scenes = viralclip.scenes(SHORT)
    history = viralclip.history
    done = viralclip.run(*viralclip.asked(source("small"), scenes, styles="boom,center_focus"))

    assert (done.code, done.err) == (3, "")
    assert "secret detail" not in done.out + history.path.read_text()
    (log,) = (viralclip.state / "logs").iterdir()
    assert "secret detail" in log.read_text()
    keep_promises(history)
    ends = history.endings()
    assert ends[1, "center_focus"].step == "complete"
    assert ends[1, "boom"].details.code == "internal"
    assert history.final().outcome == "partial"

    again = viralclip.run("retry", history.job_id, "--events", history.path)

    assert again.code == 3
    keep_promises(history)
    assert set(history.endings(run=2)) == {(1, "boom")}
    assert tidy(viralclip)


def test_a_job_of_which_every_clip_failed_has_failed(
    broken_style, viralclip, source, keep_promises
):
    done = viralclip.run(*viralclip.asked(source("small"), viralclip.scenes(SHORT), styles="boom"))

    assert done.code == 1
    keep_promises(viralclip.history)
    assert viralclip.history.final().outcome == "failed"
    assert viralclip.history.final().fraction < 1
    assert tidy(viralclip)


def test_a_storage_that_rejects_midway_fails_the_job(viralclip, source, until, keep_promises):
    scenes, styles = viralclip.scenes((0, 8)), "original,left_focus,right_focus"
    asked = viralclip.asked(source("five_minutes"), scenes, styles=styles, slots=1)
    run = viralclip.start(*asked)
    history = viralclip.history
    until(lambda: history.is_rendering(1, "original"))
    viralclip.out.rmdir()
    Path(viralclip.out).write_text("no folder any more")
    done = run.end()

    assert (done.code, done.err) == (1, "")
    keep_promises(history)
    ends = history.endings()
    assert ends[1, "original"].step == "failed"
    assert ends[1, "original"].details.code.startswith("storage_")
    assert {ends[1, style].step for style in ("left_focus", "right_focus")} == {"cancelled"}
    assert history.final().outcome == "failed"
    assert not viralclip.ffmpegs()

    viralclip.out.unlink()
    done = viralclip.run("retry", history.job_id, "--events", history.path)

    assert done.code == 0
    keep_promises(history)
    assert len(viralclip.clips()) == 3
    assert tidy(viralclip)


def test_a_job_that_runs_cannot_be_retried(viralclip, source, until):
    run = viralclip.start(*viralclip.asked(source("five_minutes"), viralclip.scenes(LONG)))
    until(lambda: viralclip.history.is_rendering(1, "original"))
    done = viralclip.run("retry", viralclip.history.job_id)

    assert done.code == 2
    assert "is still running; cancel it or wait for its end first" in done.err
    assert run.process.poll() is None


def test_a_job_whose_command_has_died_is_interrupted_in_every_list(viralclip, source, until):
    run = viralclip.start(*viralclip.asked(source("five_minutes"), viralclip.scenes((0, 250))))
    until(lambda: viralclip.history.is_rendering(1, "original"))
    going_on = viralclip.run("jobs").out
    job_id = viralclip.history.job_id
    watching = viralclip.start("watch", job_id)
    run.kill()
    interrupted = " ".join(viralclip.run("jobs").out.split())
    (facts,) = [json.loads(line) for line in viralclip.run("jobs", "--json").out.splitlines()]
    advice = viralclip.run("doctor").out
    until(lambda: "no worker; nothing has moved since" in watching.out.read_text())
    watching.kill()

    assert "interrupted" not in going_on
    assert re.search(r"interrupted; nothing has moved since \d\d:\d\d", interrupted)
    assert "%" not in interrupted
    assert not facts["has_worker"]
    assert f"`viralclip retry {job_id}` goes on with it" in advice
