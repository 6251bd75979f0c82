"""Clips that go to an object store which fails in every way: each is there once and whole, or the
job says why not."""

import signal

import pytest
from peers.relay import Fault
from peers.s3 import SECRET

_ALWAYS = 999
_SPANS = ((0.5, 1.5), (1, 2))
_CLIPS = {"clips/01_scene-1_original.mp4", "clips/02_scene-2_original.mp4"}
_PICTURES = {"clips/01_scene-1_original.jpg", "clips/02_scene-2_original.jpg"}
_CLIP_PUT = ("PUT", ".mp4")


@pytest.fixture
def asked(viralclip, source, bucket):
    """The arguments of a render of two short clips into the bucket."""
    viralclip.env = {**bucket.env, "VIRALCLIP_STORAGE_TIMEOUT": "2"}
    scenes = viralclip.scenes(*_SPANS)
    return (
        *("render", source("small"), "--scenes", scenes, "--styles", "original", "--slots", 2),
        *("--preset", "fast", "--out", bucket.url, "--events", viralclip.history.path),
    )


def assert_all_there_once(viralclip, bucket) -> None:
    objects = bucket.objects()
    sizes = {record.key: record.size for record in viralclip.records(viralclip.history.job_id)}

    assert set(objects) == _CLIPS | _PICTURES
    assert {f"clips/{key}": size for key, size in sizes.items()} == {
        key: size for key, size in objects.items() if key in _CLIPS
    }
    assert bucket.unfinished() == []
    assert viralclip.debris() == set()


def told_of(viralclip, done) -> str:
    """Everything that was said and written anywhere."""
    files = [path for path in viralclip.folder.rglob("*") if path.is_file()]
    kept = [path.read_bytes().decode(errors="replace") for path in files if path.suffix != ".mp4"]
    return "\n".join([done.out, done.err, *kept])


def test_clips_go_to_the_bucket_and_are_kept_by_the_next_run(
    viralclip, bucket, asked, keep_promises
):
    done = viralclip.run(*asked)
    first = viralclip.history
    keep_promises(first)
    urls = {end.details.url for end in first.endings().values()}

    assert (done.code, done.err) == (0, "")
    assert urls == {f"s3://{bucket.name}/{key}" for key in _CLIPS}
    assert_all_there_once(viralclip, bucket)
    assert SECRET not in told_of(viralclip, done)

    again = viralclip.run(*asked)

    assert again.code == 0
    assert viralclip.history.rendered() == set()
    assert all(end.details.kept for end in viralclip.history.endings().values())


def test_a_store_that_fails_for_a_while_is_waited_for_in_sight(
    viralclip, bucket, asked, keep_promises
):
    """Three failures are one that is seen: a stumble is not, and each is asked three times.

    Silence is seen the first time: it has lasted long enough by then. A lost answer is hardly seen:
    the clip that is found in the store is the one that was about to be stored, if the store says so
    in time.
    """
    first, second = ("PUT", "01_", ".mp4"), ("PUT", "02_", ".mp4")
    bucket.relay.faults += [
        Fault("status", times=3, status=500, words=first),
        Fault("silence", times=1, words=first),
        Fault("status", times=3, status=503, words=second),
        Fault("cut", times=3, words=second),
        Fault("cut_answer", times=3, words=second),
    ]
    done = viralclip.run(*asked)
    history = viralclip.history
    retried = [
        (each.event.scene_id, each.event.details.code) for each in history.told(step="retrying")
    ]

    assert done.code == 0
    keep_promises(history)
    assert set(retried) == {(1, "storage_unavailable"), (2, "storage_unavailable")}
    assert retried.count((1, "storage_unavailable")) == 2
    assert retried.count((2, "storage_unavailable")) in (2, 3)
    assert {end.step for end in history.endings().values()} == {"complete"}
    assert_all_there_once(viralclip, bucket)


def test_a_store_that_stays_away_fails_the_job_in_words(viralclip, bucket, asked, keep_promises):
    bucket.relay.faults.append(Fault("status", times=_ALWAYS, words=_CLIP_PUT))
    done = viralclip.run(*asked)
    codes = {
        end.details.code for end in viralclip.history.endings().values() if end.step != "cancelled"
    }

    assert done.code == 1
    keep_promises(viralclip.history)
    assert codes == {"storage_unavailable"}
    assert "the storage did not answer" in done.out
    assert not bucket.objects().keys() & _CLIPS
    assert viralclip.debris() == set()


def test_a_store_that_refuses_fails_the_job_at_once(viralclip, bucket, asked, keep_promises):
    bucket.relay.faults.append(
        Fault("status", times=_ALWAYS, words=_CLIP_PUT, status=403, code="AccessDenied")
    )
    done = viralclip.run(*asked)
    history = viralclip.history

    assert done.code == 1
    keep_promises(history)
    assert history.told(step="retrying") == []
    assert "storage_rejected" in {
        end.details.code for end in history.endings().values() if end.step == "failed"
    }
    assert not bucket.objects().keys() & _CLIPS
    assert "AccessDenied" not in done.out


def test_after_kill_9_in_the_middle_of_an_upload_each_clip_is_there_once(
    viralclip, bucket, asked, until, keep_promises
):
    viralclip.env["VIRALCLIP_STORAGE_TIMEOUT"] = "60"
    stuck = Fault("silence", times=_ALWAYS, words=_CLIP_PUT)
    bucket.relay.faults.append(stuck)
    run = viralclip.start(*asked)
    until(lambda: len(bucket.relay.faulty) == 2, within_s=150)
    run.kill()
    seen = bucket.objects().keys() & _CLIPS
    bucket.relay.faults.clear()
    done = viralclip.run(*asked)

    assert seen == set()
    assert done.code == 0
    keep_promises(viralclip.history)
    assert viralclip.history.rendered() >= {(1, "original"), (2, "original")}
    assert_all_there_once(viralclip, bucket)


def test_ctrl_c_in_the_middle_of_an_upload_leaves_no_clip(
    viralclip, bucket, asked, until, keep_promises
):
    viralclip.env["VIRALCLIP_STORAGE_TIMEOUT"] = "60"
    bucket.relay.faults.append(Fault("silence", times=_ALWAYS, words=_CLIP_PUT))
    run = viralclip.start(*asked)
    until(lambda: len(bucket.relay.faulty) == 2, within_s=150)
    run.send(signal.SIGINT)
    done = run.end()

    assert done.code == 130
    keep_promises(viralclip.history)
    assert bucket.objects() == {}
    assert viralclip.debris() == set()
