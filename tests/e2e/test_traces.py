"""Traces of real commands, as a collector gets them; nothing of that where none is named."""

import json
import time
from collections import Counter

import pytest
from peers.collector import Collector, Seen, collecting
from services import free_port

SHORT = (0.5, 1.0)
CONSUMER, PRODUCER = 5, 4


@pytest.fixture
def collector(viralclip):
    with collecting() as collector:
        viralclip.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url
        yield collector


def tree(collector: Collector, root: Seen) -> dict:
    """Names under names; the clips and scenes by what they are of."""
    label = {"scene": "viralclip.scene_id", "clip": "viralclip.style"}.get(root.name)
    name = f"{root.name} {root.attributes[label]}" if label else root.name
    below = sorted(collector.under(root), key=lambda span: (span.start, span.name))
    return {name: [tree(collector, span) for span in below]}


def logged(viralclip, message: str) -> list[dict]:
    (file,) = (viralclip.state / "logs").iterdir()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [line for line in lines if line["message"] == message]


def test_a_render_is_one_trace_of_its_job_scenes_clips_and_steps(viralclip, source, collector):
    scenes = viralclip.scenes(SHORT, (1, 1.5), titles=("Secret title", "Two"))
    asked = viralclip.asked(source("small"), scenes, styles="original,left_focus")
    assert viralclip.run(*asked).code == 0
    roots = [span for span in collector.spans if not span.parent_id]
    steps = [{"extracting_segment": []}, {"rendering": []}, {"uploading": []}]
    (whole,) = collector.named("job")

    assert len(roots) == 1
    assert {span.trace_id for span in collector.spans} == {
        envelope.trace_id for envelope in viralclip.history.envelopes
    }
    ((name, ((job, found),)),) = [
        (name, [next(iter(each.items())) for each in below])
        for name, below in tree(collector, roots[0]).items()
    ]
    assert (name, job) == ("submit", "job")
    clips = {
        scene: sorted((next(iter(clip.items())) for clip in clips), key=lambda clip: clip[0])
        for each in found
        for scene, clips in each.items()
    }
    wanted = [("clip left_focus", steps), ("clip original", steps)]
    assert clips == {"scene 1": wanted, "scene 2": wanted}
    assert Counter(span.kind for span in collector.spans) == {CONSUMER: 7, PRODUCER: 1, 1: 12}
    assert whole.attributes["viralclip.outcome"] == "succeeded"
    assert whole.resource["service.name"] == "viralclip"
    wire = b"".join(collector.bodies)
    assert str(viralclip.folder).encode() not in wire
    assert str(source("small").parent).encode() not in wire
    assert b"ecret" not in wire


def test_a_job_whose_process_was_killed_is_one_trace_with_a_link(
    viralclip, source, until, collector
):
    scenes = viralclip.scenes(SHORT, (0, 8))
    asked = viralclip.asked(source("five_minutes"), scenes)
    run = viralclip.start(*asked)
    history = viralclip.history
    until(lambda: history.told(step="complete", scene_id=1))
    until(lambda: history.is_rendering(2, "original"))
    until(lambda: [span for span in collector.named("clip") if not span.is_error])
    run.kill()
    assert viralclip.run(*asked).code == 0
    clips = {
        (span.attributes["viralclip.scene_id"], span.attributes["viralclip.attempt"]): span
        for span in collector.named("clip")
    }
    lost, again = clips[2, 1], clips[2, 2]
    ids = {span.span_id for span in collector.spans}

    assert len(clips) == len(collector.named("clip")) == 3
    assert len({span.trace_id for span in collector.spans}) == 1
    assert (lost.is_error, lost.attributes["error.type"]) == (True, "worker_crashed")
    assert (again.is_error, again.links) == (False, (lost.span_id,))
    assert [span.name for span in collector.spans if not span.parent_id] == ["submit"]
    assert {span.parent_id for span in collector.spans if span.parent_id} <= ids
    assert len(ids) == len(collector.spans)
    steps = {span.name for span in collector.under(lost)} | {
        span.name for span in collector.under(again)
    }
    assert steps == {"extracting_segment", "rendering", "uploading"}


def test_a_collector_that_is_away_costs_one_warning_and_no_clip(viralclip, source):
    viralclip.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{free_port()}"
    viralclip.env["OTEL_EXPORTER_OTLP_HEADERS"] = "authorization=Bearer%20key-5ecr3t"
    viralclip.env["OTEL_BSP_SCHEDULE_DELAY"] = "50"
    asked = viralclip.asked(source("small"), viralclip.scenes(SHORT, (1, 1.5)))
    done = viralclip.run(*asked)
    ended = time.time()

    assert (done.code, done.err) == (0, "")
    assert len(logged(viralclip, "Traces not delivered; check OTEL_EXPORTER_OTLP_ENDPOINT")) == 1
    (finished,) = viralclip.history.told(type="job_finished")
    assert ended - finished.at.timestamp() < 6
    assert "5ecr3t" not in "".join(
        path.read_text() for path in (viralclip.state / "logs").iterdir()
    )


@pytest.mark.parametrize("is_named", [False, True])
def test_what_sends_traces_is_imported_only_where_they_are_asked_for(
    viralclip, source, collector, is_named
):
    if not is_named:
        del viralclip.env["OTEL_EXPORTER_OTLP_ENDPOINT"]
    viralclip.env["PYTHONPROFILEIMPORTTIME"] = "1"
    asked = viralclip.asked(source("small"), viralclip.scenes((0.5, 0.7)))
    said = viralclip.run("--help").err
    assert "viralclip.cli.app" in said
    assert "opentelemetry" not in said
    said = viralclip.run(*asked).err

    assert ("opentelemetry" in said, "viralclip.telemetry.otlp" in said) == (is_named, is_named)
    assert bool(collector.spans) is is_named


def test_without_the_extra_the_work_goes_on_and_a_warning_says_what_to_install(
    viralclip, source, collector, tmp_path
):
    """A package of that name that has no SDK in it stands before the real one."""
    (tmp_path / "hidden" / "opentelemetry").mkdir(parents=True)
    (tmp_path / "hidden" / "opentelemetry" / "__init__.py").touch()
    viralclip.env["PYTHONPATH"] = str(tmp_path / "hidden")
    done = viralclip.run(*viralclip.asked(source("small"), viralclip.scenes((0.5, 0.7))))
    (warning,) = logged(viralclip, "Traces are asked for and cannot be sent")
    doctor = viralclip.run("doctor", "--json").out

    assert (done.code, done.err, collector.spans) == (0, "", [])
    assert warning["install"] == "pip install 'viralclip-scenes[traces]'"
    assert [json.loads(line)["verdict"] for line in doctor.splitlines() if '"traces"' in line] == [
        "note"
    ]
