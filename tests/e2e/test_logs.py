"""`viralclip logs` after a render: what was slow, what failed, and what became of a clip."""

import json
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest


def logs(viralclip, *arguments):
    done = viralclip.run("logs", *arguments)
    assert (done.code, done.err) == (0, "")
    return done.out


def records(viralclip, *arguments):
    return [json.loads(line) for line in logs(viralclip, *arguments, "--json").splitlines()]


def test_a_render_is_found_in_the_logs_by_job_clip_and_style(source, viralclip):
    scenes = viralclip.scenes((0, 2))
    asked = viralclip.asked(source("small"), scenes)
    assert viralclip.run(*asked).code == 0
    job = viralclip.history.job_id
    query = (
        "SELECT scene_id, style, duration_sec FROM logs"
        " WHERE message = 'Clip processing completed successfully' AND duration_sec > 0"
    )
    clips = {(row["scene_id"], row["style"]) for row in records(viralclip, query)}
    scene, style = min(clips)
    clip = records(viralclip, "clip", f"{job}/{scene}-{style}")
    trace = records(viralclip, "trace", viralclip.history.envelopes[0].trace_id)

    assert len(clips) == len({style for _, style in clips}) > 0
    assert [row["message"] for row in clip][:1] == ["Clip processing began"]
    assert {row["job_id"] for row in clip} == {job}
    assert {row["job_id"] for row in records(viralclip, "job", job)} == {job}
    assert {row["job_id"] for row in trace} == {job}
    assert all(row["step"] for row in trace if row["style"])
    assert {row["style"] for row in records(viralclip, "slow")} == {style for _, style in clips}
    assert logs(viralclip, "errors") == "No lines.\n"
    assert f"{scene}" in logs(viralclip, "slow", "--since", "1h")


def test_a_query_that_is_none_says_what_there_is(viralclip):
    done = viralclip.run("logs", "slowest")

    assert done.code == 2
    assert "'slowest' is neither slow, errors, job, clip, trace nor SQL" in done.err


@pytest.mark.parametrize(
    ("options", "before"),
    [((), []), (("--since", "1h"), ["30 minutes ago"])],
    ids=["from now on", "from an hour ago"],
)
def test_new_lines_are_printed_as_they_come(viralclip, options, before):
    folder = viralclip.state / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    with (folder / f"viralclip-{now.date()}.jsonl").open("w") as opened:
        for ago in (90, 30):
            at = (now - timedelta(minutes=ago)).isoformat()
            line = {"timestamp": at, "level": "error", "message": f"{ago} minutes ago"}
            opened.write(json.dumps(line) + "\n")
    run = viralclip.start("logs", "errors", "--follow", "--json", *options)
    file = folder / "viralclip-2099-01-01.jsonl"
    deadline = time.monotonic() + 20
    whole = {"timestamp": "2099-01-01T00:00:00Z", "level": "error", "message": "of a new day"}
    while "of a new day" not in run.out.read_text() and time.monotonic() < deadline:
        time.sleep(0.5)
        with file.open("a") as opened:
            opened.write(json.dumps(whole) + "\n")
    run.send(signal.SIGINT)

    done = run.end(within_s=20)
    assert done.code == 130
    messages = [json.loads(line)["message"] for line in done.out.splitlines()]
    assert messages[: len(before)] == before
    assert set(messages[len(before) :]) == {"of a new day"}
