"""Ctrl-C and `cancel`: every FFmpeg is gone at once, nothing is half-written, the truth is told."""

import signal
import time

import pytest

LONG = (0, 250)
SHORT = (0.5, 1.5)
WITHIN_S = 2.0


@pytest.fixture
def rendering(viralclip, source, until):
    """A job of one quick clip that is done and two slow ones that are being rendered."""
    scenes = viralclip.scenes(SHORT, LONG, (10, 260))
    run = viralclip.start(*viralclip.asked(source("five_minutes"), scenes, slots=3))
    history = viralclip.history
    until(lambda: history.told(step="complete", scene_id=1))
    until(lambda: history.is_rendering(2, "original") and history.is_rendering(3, "original"))
    assert len(viralclip.ffmpegs()) == 2
    return run


def seconds_until_no_ffmpeg(viralclip, until) -> float:
    began = time.monotonic()
    until(lambda: not viralclip.ffmpegs())
    return time.monotonic() - began


def assert_cancelled_truly(viralclip, keep_promises) -> None:
    history = viralclip.history
    keep_promises(history)

    ends = {place: end.step for place, end in history.endings().items()}
    assert ends == {
        (1, "original"): "complete",
        (2, "original"): "cancelled",
        (3, "original"): "cancelled",
    }
    assert history.final().outcome == "cancelled"
    assert viralclip.clips() == {"01_scene-1_original.mp4"}
    assert viralclip.debris() == set()
    assert [job.outcome for job in viralclip.jobs()] == ["cancelled"]


def test_ctrl_c_cancels_the_job_and_keeps_what_is_done(viralclip, rendering, until, keep_promises):
    rendering.send(signal.SIGINT)
    took = seconds_until_no_ffmpeg(viralclip, until)
    done = rendering.end()

    assert took < WITHIN_S
    assert (done.code, done.err) == (130, "")
    assert "note: Cancelling" in done.out
    assert_cancelled_truly(viralclip, keep_promises)


def test_cancel_from_another_terminal_ends_the_job_in_its_own(
    viralclip, rendering, until, keep_promises
):
    stop = viralclip.start("cancel", viralclip.history.job_id)
    # The request is made when the catalog has it: starting an interpreter is no part of stopping.
    until(lambda: viralclip.jobs()[0].stop_by)
    took = seconds_until_no_ffmpeg(viralclip, until)

    assert took < WITHIN_S
    assert stop.end().code == 0
    assert rendering.end().code == 130
    assert_cancelled_truly(viralclip, keep_promises)


def test_ctrl_c_again_and_again_leaves_at_once_and_leaves_no_ffmpeg(viralclip, rendering, until):
    rendering.send(signal.SIGINT)
    until(lambda: "note: Cancelling" in rendering.out.read_text())
    until(lambda: rendering.send(signal.SIGINT) or rendering.process.poll() is not None)
    took = seconds_until_no_ffmpeg(viralclip, until)
    done = rendering.end(within_s=60)

    assert took < WITHIN_S
    assert (done.code, done.err) == (130, "")
    assert viralclip.clips() == {"01_scene-1_original.mp4"}


def test_after_an_interrupted_cancel_the_same_command_begins_anew(
    viralclip, source, until, keep_promises
):
    scenes = viralclip.scenes(LONG)
    run = viralclip.start(*viralclip.asked(source("five_minutes"), scenes))
    until(lambda: viralclip.history.is_rendering(1, "original"))
    first = viralclip.history.job_id
    run.send(signal.SIGINT)
    until(lambda: viralclip.jobs()[0].stop_by)
    run.kill()
    run = viralclip.start(*viralclip.asked(source("five_minutes"), scenes))
    until(lambda: viralclip.history.items and viralclip.history.job_id != first)
    until(lambda: viralclip.history.is_rendering(1, "original"))
    run.send(signal.SIGINT)

    assert run.end().code == 130
    keep_promises(viralclip.history)
    assert viralclip.debris() == set()
    assert [job.outcome for job in viralclip.jobs()] == ["cancelled", "cancelled"]


def test_the_cancelled_clips_are_made_by_the_same_command_later(viralclip, source, until):
    scenes = viralclip.scenes(SHORT, LONG)
    run = viralclip.start(*viralclip.asked(source("five_minutes"), scenes, slots=1))
    until(lambda: viralclip.history.is_rendering(2, "original"))
    run.send(signal.SIGINT)
    assert run.end().code == 130

    viralclip.scenes(SHORT, (0, 1))
    done = viralclip.run(*viralclip.asked(source("five_minutes"), scenes))

    assert done.code == 0
    assert viralclip.history.rendered() == {(2, "original")}
    assert viralclip.history.endings()[1, "original"].details.kept


def test_a_job_whose_process_is_gone_is_ended_by_cancel(viralclip, rendering, until, keep_promises):
    rendering.kill()
    done = viralclip.run("cancel", viralclip.history.job_id)

    assert done.code == 0
    assert done.out == f"Job {viralclip.history.job_id} is cancelled.\n"
    assert not viralclip.ffmpegs()
    watched = viralclip.run(
        "watch", viralclip.history.job_id, "--events", viralclip.history.path, "--json"
    )
    assert watched.code == 130
    assert_cancelled_truly(viralclip, keep_promises)


def test_ctrl_c_in_a_watching_terminal_does_not_disturb_the_job(viralclip, rendering, until):
    watching = viralclip.start("watch", viralclip.history.job_id, "--json")
    until(watching.out.read_text)
    watching.send(signal.SIGINT)
    done = watching.end(within_s=60)

    assert (done.code, done.err) == (130, "")
    assert len(viralclip.ffmpegs()) == 2
    assert viralclip.jobs()[0].stop_by is None


def test_cancel_of_an_ended_job_says_how_it_ended(viralclip, source):
    viralclip.run(*viralclip.asked(source("small"), viralclip.scenes(SHORT)))
    done = viralclip.run("cancel", viralclip.history.job_id)

    assert done.code == 0
    assert done.out == f"Job {viralclip.history.job_id} has already ended: succeeded\n"
