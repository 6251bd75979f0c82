"""Whatever is sent to it, the server never fails, and it answers only what OpenAPI says."""

import asyncio
import shutil
from collections import Counter

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
PATIENT = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TUS = {"Tus-Resumable": "1.0.0"}

# The bytes of an upload are sent as they are.
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


@pytest.mark.timeout(240)
async def test_no_request_makes_the_server_fail_or_say_what_is_not_documented(
    spawn, source, tmp_path
):
    (tmp_path / "media").mkdir()
    shutil.copy(source("small"), tmp_path / "media" / "talk.mp4")
    process = await spawn("--no-worker", VIRALCLIP_MEDIA_ROOTS=str(tmp_path / "media"))
    async with process.client() as client:
        described = (await client.get("/api/openapi.json")).json()
        opened = await client.post("/api/videos/files", params={"path": "talk.mp4"})
        asked = {
            "source": {"path": "talk.mp4"},
            "scenes": [{"title": "One", "start": 0, "end": 1}],
            "styles": ["original"],
        }
        made = await client.post("/api/jobs", json=asked)
        created = await client.post("/api/uploads", headers={**TUS, "Upload-Length": "10"})
        hook = await client.post("/api/webhooks", json={"url": "https://hooks.example.com/"})
    known = {
        "job_id": made.json()["job_id"],
        "video_id": opened.json()["video_id"],
        "upload_id": created.headers["location"].rpartition("/")[2],
        "webhook_id": hook.json()["webhook_id"],
        "scene_id": 1,
        "style": "original",
    }

    tried = await asyncio.to_thread(fuzz, described, f"http://{process.address}", known)

    operations = {
        (method, path) for path, methods in described["paths"].items() for method in methods
    }
    assert tried.keys() == operations
    assert min(tried.values()) >= 2
    assert tried.total() > 400
    assert await process.answers()


def fuzz(described: dict, address: str, known: dict) -> Counter[tuple[str, str]]:
    """Every operation with made-up input, and again with the ids of what is there; how often."""
    schema = schemathesis.openapi.from_dict(described)
    tried: Counter[tuple[str, str]] = Counter()
    with requests.Session() as session:
        session.trust_env = False
        for found in schema.get_all_operations():
            assert isinstance(found, Ok)
            operation = found.ok()

            @PATIENT
            @given(case=operation.as_strategy())
            def check(case):
                for places in (case.path_parameters, {**(case.path_parameters or {}), **known}):
                    names = [part.name for part in case.operation.path_parameters]
                    case.path_parameters = {name: (places or {})[name] for name in names}
                    headers = TUS if "/uploads" in case.operation.path else {}
                    case.call_and_validate(
                        base_url=address, session=session, headers=headers, checks=CHECKS
                    )
                    tried[case.operation.method, case.operation.path] += 1

            check()
    return tried
