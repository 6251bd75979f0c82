"""From a video, scenes and styles to clips: made once, watched from anywhere, said in any form."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

SPANS = ((0.5, 1.5), (1, 2))


@pytest.fixture
def made(viralclip, source):
    """The arguments of a render of two scenes in two styles that has succeeded."""
    scenes = viralclip.scenes(*SPANS)
    asked = viralclip.asked(source("small"), scenes, styles="original,center_focus")
    done = viralclip.run(*asked)
    assert (done.code, done.err) == (0, "")
    assert len(viralclip.clips()) == 4
    return asked


def test_the_same_command_again_makes_nothing_again(made, viralclip, keep_promises, fingerprints):
    before, first = fingerprints(viralclip.out), viralclip.history.job_id
    done = viralclip.run(*made)

    assert (done.code, done.err) == (0, "")
    assert fingerprints(viralclip.out) == before
    assert viralclip.history.job_id != first
    keep_promises(viralclip.history)
    assert viralclip.history.rendered() == set()
    assert all(end.details.kept for end in viralclip.history.endings().values())
    assert viralclip.debris() == set()


def test_a_clip_that_was_deleted_is_made_again_alone(made, viralclip, fingerprints, keep_promises):
    before = fingerprints(viralclip.out)
    (viralclip.out / "02_scene-2_original.mp4").unlink()
    done = viralclip.run(*made)

    assert done.code == 0
    keep_promises(viralclip.history)
    assert viralclip.history.rendered() == {(2, "original")}
    assert viralclip.clips() == before.keys()


def test_a_clip_that_was_changed_is_made_again_alone(made, viralclip):
    victim = viralclip.out / "01_scene-1_original.mp4"
    victim.write_bytes(victim.read_bytes()[:-1])
    done = viralclip.run(*made)

    assert done.code == 0
    assert viralclip.history.rendered() == {(1, "original")}


def test_a_scene_whose_times_changed_is_made_again_alone(made, viralclip, keep_promises):
    viralclip.scenes(SPANS[0], (1, 1.8))
    done = viralclip.run(*made)

    assert done.code == 0
    keep_promises(viralclip.history)
    assert viralclip.history.rendered() == {(2, "original"), (2, "center_focus")}


def test_a_scene_with_another_title_is_renamed_and_not_made_again(made, viralclip, keep_promises):
    viralclip.scenes(*SPANS, titles=("Scene 1", "Ein schöner Morgen"))
    done = viralclip.run(*made)

    assert done.code == 0
    keep_promises(viralclip.history)
    assert "note: 2 clips have new titles and are renamed, not made again." in done.out
    names = {"02_ein-schöner-morgen_original.mp4", "02_ein-schöner-morgen_center_focus.mp4"}
    assert names < viralclip.clips()
    assert len(viralclip.clips()) == 4
    assert all(end.details.kept for end in viralclip.history.endings().values())


def test_another_aspect_makes_clips_of_other_names(made, viralclip, fingerprints):
    before = fingerprints(viralclip.out)
    done = viralclip.run(*made, "--aspect", "1:1")
    after = fingerprints(viralclip.out)

    assert done.code == 0
    assert "clips in 9:16: the names of these clips begin with 1x1_" in done.out
    assert len(viralclip.history.rendered()) == 4
    assert after.keys() == before.keys() | {f"1x1_{name}" for name in before}
    assert before.items() <= after.items()


def test_two_videos_with_the_same_titles_share_a_folder(made, viralclip, source, fingerprints):
    before = fingerprints(viralclip.out)
    scenes = viralclip.folder / "scenes.json"
    done = viralclip.run(*viralclip.asked(source("silent"), scenes))

    assert done.code == 0
    assert "the names of these clips begin with silent_" in done.out
    assert before.items() < fingerprints(viralclip.out).items()


def test_two_scenes_with_one_title_do_not_collide(viralclip, source):
    scenes = viralclip.scenes(*SPANS, titles=("日本語 / talk", "日本語 / talk"))
    done = viralclip.run(*viralclip.asked(source("small"), scenes))

    assert done.code == 0
    assert viralclip.clips() == {"01_日本語-talk_original.mp4", "02_日本語-talk_original.mp4"}


def test_every_clip_has_its_thumbnail(made, viralclip):
    pictures = {path.stem for path in viralclip.out.glob("*.jpg")}

    assert pictures == {path.stem for path in viralclip.out.glob("*.mp4")}


def test_chapters_of_the_video_are_its_scenes(viralclip, source, keep_promises):
    done = viralclip.run(
        *("render", source("chapters"), "--styles", "original", "--out", viralclip.out),
        *("--preset", "fast", "--slots", 2, "--events", viralclip.history.path),
    )

    assert (done.code, done.err) == (0, "")
    keep_promises(viralclip.history)
    assert viralclip.clips() == {"01_opening_original.mp4", "02_the-rest_original.mp4"}


def test_never_more_ffmpegs_run_than_there_are_slots_and_parents_hold_none(
    viralclip, source, until, keep_promises
):
    spans = [(start, start + 1) for start in range(6)]
    scenes = viralclip.scenes(*map(tuple, spans))
    run = viralclip.start(*viralclip.asked(source("five_minutes"), scenes, slots=2))
    seen: set[int] = set()

    def ended() -> bool:
        seen.add(len(viralclip.ffmpegs()))
        return run.process.poll() is not None

    until(ended)

    assert run.end().code == 0
    assert max(seen) == 2
    keep_promises(viralclip.history)
    assert most_at_once(viralclip.history.envelopes) == 2


def most_at_once(envelopes) -> int:
    """How many clips were between the begin and the end of rendering at one time."""
    running = most = 0
    for envelope in envelopes:
        step = getattr(envelope.event, "step", None)
        running += (step == "rendering") - (step == "render_complete")
        most = max(most, running)
    return most


def test_with_one_slot_a_job_of_many_scenes_comes_to_its_end(viralclip, source, keep_promises):
    scenes = viralclip.scenes((0, 1), (0.5, 1.5), (1, 2))
    done = viralclip.run(*viralclip.asked(source("small"), scenes, slots=1))

    assert done.code == 0
    keep_promises(viralclip.history)
    assert most_at_once(viralclip.history.envelopes) == 1


def test_a_job_is_watched_from_another_terminal_to_its_end(viralclip, source, until, keep_promises):
    scenes = viralclip.scenes((0, 12), (1, 13))
    run = viralclip.start(*viralclip.asked(source("five_minutes"), scenes))
    until(lambda: viralclip.history.is_rendering(1, "original"))
    seen = replace(viralclip.history, path=viralclip.folder / "seen.jsonl")
    done = viralclip.run("watch", viralclip.history.job_id, "--events", seen.path)

    assert (done.code, done.err) == (0, "")
    assert "All 2 clips made." in done.out
    assert run.end().code == 0
    keep_promises(seen)
    assert seen.envelopes == viralclip.history.envelopes


def test_an_ended_job_is_watched_in_an_instant(made, viralclip, keep_promises):
    first = viralclip.history
    seen = replace(first, path=viralclip.folder / "seen.jsonl")
    done = viralclip.run("watch", first.job_id, "--events", seen.path)

    assert done.code == 0
    assert seen.envelopes == first.envelopes


def test_jobs_are_listed_with_what_became_of_them(made, viralclip):
    plain = viralclip.run("jobs")
    (job,) = [json.loads(line) for line in viralclip.run("jobs", "--json").out.splitlines()]

    assert viralclip.history.job_id in plain.out
    assert "succeeded" in plain.out
    assert job.pop("created_at") < job.pop("moved_at")
    assert job == {
        "job_id": viralclip.history.job_id,
        "video": "small.mp4",
        "outcome": "succeeded",
        "fraction": 1.0,
        "eta_at": None,
        "has_worker": True,
        "clips_total": 4,
        "clips_completed": 4,
        "clips_failed": 0,
        "clips_cancelled": 0,
    }


def test_events_on_stdout_leave_what_is_for_people_on_stderr(viralclip, source, keep_promises):
    scenes = viralclip.scenes(SPANS[0])
    done = viralclip.run(*viralclip.asked(source("small"), scenes)[:-1], "-")
    viralclip.history.path.write_text(done.out)

    assert done.code == 0
    assert "made: 01" in done.err
    keep_promises(viralclip.history)


def test_json_output_is_one_object_per_line_with_a_summary_at_the_end(viralclip, source):
    scenes = viralclip.scenes(SPANS[0])
    done = viralclip.run(*viralclip.asked(source("small"), scenes), "--json")
    lines = [json.loads(line) for line in done.out.splitlines()]

    assert (done.code, done.err) == (0, "")
    assert {line["kind"] for line in lines} <= {"snapshot", "event", "tick", "summary"}
    assert lines[-1]["kind"] == "summary"
    assert lines[-1]["outcome"] == "succeeded"
    assert [Path(clip["url"]).name for clip in lines[-1]["clips"]] == ["01_scene-1_original.mp4"]


def test_scenes_prints_a_list_that_render_takes(viralclip, source):
    listed = viralclip.run("scenes", source("small"), "--longest", 3, "--shortest", 1)
    assert (listed.code, listed.err) == (0, "")
    scenes = viralclip.folder / "found.json"
    scenes.write_text(listed.out)
    done = viralclip.run(*viralclip.asked(source("small"), scenes))

    assert done.code == 0
    assert len(viralclip.clips()) == len(json.loads(listed.out)) > 0


def test_doctor_finds_this_machine_fit(viralclip):
    done = viralclip.run("doctor", "--json")
    findings = [json.loads(line) for line in done.out.splitlines()]

    assert (done.code, done.err) == (0, "")
    assert {"viralclip", "ffmpeg", "state", "styles", "encoders"} <= {f["what"] for f in findings}
    assert "missing" not in {finding["verdict"] for finding in findings}


@pytest.mark.slow
def test_the_demo_makes_six_clips(viralclip):
    done = viralclip.run("demo", "--out", viralclip.out, "--slots", 2)

    assert (done.code, done.err) == (0, "")
    assert len(viralclip.clips() - {"sample.mp4"}) == 6
