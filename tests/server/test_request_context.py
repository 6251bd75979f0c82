"""What is known of a request is found in the log under the trace id that its answer carries."""

import json
import re
from collections.abc import Iterator

import pytest
import structlog
from peers.taken import taking

from viralclip.errors import SourceNotVideoError
from viralclip.telemetry.logs import log_to

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{SPAN}-01"
PRIVATE = "/srv/private/token-5ecr3t"
NEW_JOB = {
    "source": {"path": "talk.mp4"},
    "scenes": [{"title": "One", "start": 0, "end": 1}],
    "styles": ["original"],
    "preset": "fast",
}


@pytest.fixture
def logged(tmp_path) -> Iterator:
    """`logged(trace_id)` are the lines of that trace so far."""
    folder = tmp_path / "logs"
    log_to(folder)

    def lines(trace_id: str) -> list[dict]:
        text = "".join(path.read_text() for path in folder.iterdir())
        found = (json.loads(line) for line in text.splitlines())
        return [line for line in found if line.get("trace_id") == trace_id]

    yield lines
    structlog.reset_defaults()


@pytest.fixture
async def rooted(serve, source, tmp_path):
    async def start(**changes):
        served = await serve(**changes)
        (tmp_path / "media" / "talk.mp4").write_bytes(source("small").read_bytes())
        return served

    return start


async def trace_of_new_job(served, headers) -> str:
    async with served.client() as client:
        made = await client.post("/api/jobs", json=NEW_JOB, headers=headers)
        told = await client.get(f"/api/jobs/{made.json()['job_id']}")
        events = await client.get(f"/api/jobs/{made.json()['job_id']}/events")
    trace_id = told.json()["job"]["trace_id"]
    assert {event["trace_id"] for event in events.json()["events"]} == {trace_id}
    return trace_id


async def test_a_job_has_the_trace_of_the_request_that_made_it(rooted, logged):
    served = await rooted()
    trace_id = await trace_of_new_job(served, {"traceparent": PARENT})

    assert trace_id == TRACE
    (queued,) = logged(TRACE)
    assert (queued["message"], queued["method"], queued["route"]) == (
        "Job queued",
        "POST",
        "/api/jobs",
    )


@pytest.mark.parametrize(
    "headers",
    [{}, {"traceparent": "nonsense"}, [("traceparent", PARENT), ("traceparent", PARENT)]],
)
async def test_a_job_of_a_request_without_a_good_trace_gets_a_fresh_one(rooted, headers):
    trace_id = await trace_of_new_job(await rooted(), headers)

    assert re.fullmatch("[0-9a-f]{32}", trace_id)
    assert trace_id not in (TRACE, "0" * 32)


async def test_a_bug_is_told_by_its_trace_and_its_stack_is_in_the_log(rooted, logged):
    async def broken(_path):
        raise RuntimeError(PRIVATE)

    served = await rooted(probe=broken)
    async with served.client() as client:
        answer = await client.post("/api/jobs", json=NEW_JOB)
    problem = answer.json()
    (line,) = logged(problem["trace_id"])

    assert (answer.status_code, problem["code"]) == (500, "internal")
    assert PRIVATE not in answer.text
    assert "RuntimeError" not in answer.text
    assert (line["level"], line["route"], line["method"]) == ("error", "/api/jobs", "POST")
    assert PRIVATE in line["error"]
    assert "Traceback" in line["exception"]
    assert "test_request_context" in line["exception"]


async def test_what_is_behind_a_refusal_is_in_the_log(rooted, logged):
    async def refusing(_path):
        raise SourceNotVideoError(name="talk.mp4", detail=PRIVATE)

    served = await rooted(probe=refusing)
    async with served.client() as client:
        answer = await client.post("/api/jobs", json=NEW_JOB, headers={"traceparent": PARENT})

    assert (answer.status_code, answer.json()["trace_id"]) == (422, TRACE)
    assert PRIVATE not in answer.text
    assert [(line["level"], line["error"]) for line in logged(TRACE)] == [("info", PRIVATE)]


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/jobs/nothing", {}, 404),
        ("/nowhere", {}, 404),
        ("/api/jobs?limit=no", {}, 422),
        ("/api/jobs", {"host": "evil.example"}, 403),
    ],
)
async def test_every_refusal_carries_its_requests_trace(served, path, headers, status):
    async with served.client() as client:
        answer = await client.get(path, headers={"traceparent": PARENT, **headers})

    assert (answer.status_code, answer.json()["trace_id"]) == (status, TRACE)


async def test_a_request_that_makes_a_job_is_a_span_under_its_callers(rooted):
    served = await rooted()
    with taking() as spans:
        await trace_of_new_job(served, {"traceparent": PARENT})
    request, submit = spans.one("POST /api/jobs"), spans.one("submit")

    assert {span.trace_id for span in spans} == {TRACE}
    assert (request.kind, request.parent_id) == ("server", SPAN)
    assert (submit.kind, submit.parent_id) == ("producer", request.span_id)
    assert request.attributes == {"http.request.method": "POST", "http.route": "/api/jobs"}
    assert len(spans) == 2


async def test_a_request_that_is_refused_is_a_span_that_failed(rooted):
    served = await rooted()
    with taking() as spans:
        async with served.client() as client:
            await client.post("/api/jobs", json={**NEW_JOB, "styles": ["no"]})

    assert spans.one("POST /api/jobs").error == "unknown_style"


async def test_a_clip_of_a_server_is_told_by_its_address_there(served):
    job = await served.add("a1")

    assert job.clip_address(1, "left focus") == "/api/jobs/a1/clips/1/left%20focus/file"
    assert job.model_copy(update={"prefix": "talk_"}).clip_address(1, "original") is None
