"""The API's own description is whole: what can be asked, what comes back, what can go wrong."""

import re

import pytest

from viralclip.engine.port import QueueDepth
from viralclip.scene_lists.columns import _SPELLINGS
from viralclip.server.metrics import Scrape
from viralclip.server.problems import MEDIA_TYPE
from viralclip.styles.registry import scene_options
from viralclip.telemetry.recorder import PrometheusRecorder

# Open to anybody: what says whether the server lives, and what takes a token in.
OPEN = {"isAlive", "isReady", "openSession", "closeSession"}
PROBLEM = {"schema": {"$ref": "#/components/schemas/Problem"}}


@pytest.fixture
async def described(served) -> dict:
    async with served.client() as client:
        return (await client.get("/api/openapi.json")).json()


def operations(described: dict) -> dict[str, dict]:
    found = [op for path in described["paths"].values() for op in path.values()]
    by_name = {operation["operationId"]: operation for operation in found}
    assert len(by_name) == len(found)
    return by_name


async def test_every_operation_says_what_it_does_under_a_name_of_its_own(described):
    for name, operation in operations(described).items():
        assert re.fullmatch(r"[a-z]+[A-Za-z]+", name)
        assert operation["summary"], name
        assert operation.get("description", "").endswith("."), name
        assert len(operation["tags"]) == 1, name


async def test_every_answer_that_has_a_body_says_of_what_kind(described):
    for name, operation in operations(described).items():
        successes = [r for s, r in operation["responses"].items() if s in ("200", "201", "202")]
        for response in successes:
            assert response["content"], name
            for content in response["content"].values():
                assert "schema" in content, name


async def test_every_refusal_is_a_problem(described):
    for name, operation in operations(described).items():
        refusals = {s: r for s, r in operation["responses"].items() if s >= "400"}
        assert "403" in refusals, name
        assert ("401" in refusals) == (name not in OPEN - {"openSession"}), name
        if operation.get("parameters") or operation.get("requestBody"):
            assert "422" in refusals or name == "describeUploads", name
        for status, refusal in refusals.items():
            # A range that is none is refused by the library that sends files.
            if status in ("400", "416") and "text/plain" in refusal["content"]:
                continue
            assert refusal["content"] == {MEDIA_TYPE: PROBLEM}, (name, status)


async def test_everything_but_the_way_in_may_need_a_token(described):
    schemes = described["components"]["securitySchemes"]
    assert set(schemes) == {"token", "session"}
    for name, operation in operations(described).items():
        if name not in OPEN:
            assert operation["security"] == [{"token": []}, {"session": []}, {}], name


async def test_every_frame_of_the_socket_is_described(described):
    schemas = described["components"]["schemas"]

    assert {"Snapshot", "Reset", "EventFrame", "TickFrame", "Progress", "Envelope"} <= set(schemas)
    for name in ("Snapshot", "Reset", "EventFrame", "TickFrame"):
        assert name in described["info"]["description"]
        assert "kind" in schemas[name]["required"]


async def test_metrics_and_a_page_change_nothing_of_it(described, serve, tmp_path):
    (tmp_path / "page").mkdir()
    scrape = Scrape(PrometheusRecorder([]), lambda: QueueDepth(0, 0, 0.0), {})
    other = await serve(scrape=scrape)
    async with other.client() as client:
        assert (await client.get("/api/openapi.json")).json() == described


async def test_the_scenes_of_a_job_have_a_type(described):
    schemas = described["components"]["schemas"]

    listed, text = schemas["NewJob"]["properties"]["scenes"]["anyOf"]
    assert listed == {"type": "array", "items": {"$ref": "#/components/schemas/SceneIn"}}
    assert text == {"type": "string"}
    options = {name for style in scene_options() for name in style.model_fields}
    assert schemas["SceneIn"]["properties"].keys() == {*_SPELLINGS, *options}
