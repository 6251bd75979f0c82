"""Spans are ended once, whatever leaves them, and nothing happens where nobody takes them."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from peers.taken import Taken, taking

from viralclip.errors import RenderFailedError
from viralclip.telemetry import traces

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def taken() -> Iterator[Taken]:
    with taking() as spans:
        yield spans


def test_without_a_sink_nothing_is_open():
    with traces.span("job", trace_id=TRACE) as span, traces.step("rendering", {}):
        span.note({"a": 1})
        span.fail("code", "message")
        span.again("1" * 16, {})

        assert span.span is None
        assert traces.current().span is None


def test_a_trace_that_has_no_good_id_is_left_alone(taken):
    with traces.span("job", trace_id="t"):
        pass

    assert taken == []


def test_a_step_lies_under_what_is_open_and_both_are_taken_once(taken):
    since = datetime(2026, 11, 29, 4, 0, 0, 123456, tzinfo=UTC)
    with (
        traces.span("clip", trace_id=TRACE, span_id="a" * 16, since=since) as clip,
        traces.step("rendering", {"viralclip.step": "rendering"}),
    ):
        clip.note({"viralclip.outcome": "complete"})
    step, whole = taken

    assert (step.name, step.parent_id, step.trace_id) == ("rendering", whole.span_id, TRACE)
    assert (whole.name, whole.span_id, whole.parent_id) == ("clip", "a" * 16, None)
    assert whole.started_ns == 1795924800123456000
    assert whole.attributes == {"viralclip.outcome": "complete"}
    assert whole.error is None


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (RenderFailedError(detail="/srv/secret"), "render_failed", "FFmpeg could not render"),
        (KeyError("/srv/secret"), "internal", "Something went wrong"),
    ],
)
def test_an_error_is_its_code_and_its_sentence_and_no_more(taken, error, code, message):
    with pytest.raises(type(error)), traces.span("clip", trace_id=TRACE):
        raise error
    (span,) = taken

    assert (span.error, span.message.startswith(message)) == (code, True)
    assert "secret" not in repr(span)


def test_another_attempt_has_a_span_of_its_own_that_is_linked(taken):
    with traces.span("clip", trace_id=TRACE, span_id="a" * 16, attributes={"n": 1}) as clip:
        clip.fail("storage_unavailable", "Not there.")
        clip.again("b" * 16, {"n": 2})
    first, second = taken

    assert (first.span_id, first.error, first.links) == ("a" * 16, "storage_unavailable", ())
    assert (second.span_id, second.error, second.links) == ("b" * 16, None, ("a" * 16,))
    assert (first.attributes, second.attributes) == ({"n": 1}, {"n": 2})
    assert first.ended_ns <= second.started_ns


@pytest.mark.parametrize("when_cut", ["end", "drop"])
async def test_what_another_process_goes_on_with_is_not_ended_here(taken, when_cut):
    async def work() -> None:
        with traces.span("scene", trace_id=TRACE, when_cut=when_cut):
            await asyncio.get_running_loop().create_future()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    outcomes = [span.attributes["viralclip.outcome"] for span in taken]
    assert outcomes == (["interrupted"] if when_cut == "end" else [])
