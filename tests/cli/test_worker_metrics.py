"""The metrics of a worker: a port of its own, for this machine or for those with a token."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from scraped import Exposition

from viralclip.app.listening import AddressTakenError, listen
from viralclip.app.queue_worker import serve_queues
from viralclip.engine.port import QueueDepth
from viralclip.server.metrics import Scrape, metrics_app
from viralclip.settings import (
    Address,
    InvalidSettingError,
    MetricsTokenMissingError,
    read_settings,
)
from viralclip.telemetry import instruments
from viralclip.telemetry.recorder import PrometheusRecorder

TOKEN = "a-token-for-scrapers-alone"  # noqa: S105 - a test's own

Start = Callable[..., tuple["subprocess.Popen[str]", int]]


@pytest.mark.parametrize(
    ("value", "address", "is_loopback"),
    [
        ("127.0.0.1:9465", Address("127.0.0.1", 9465), True),
        ("127.9.9.9:1", Address("127.9.9.9", 1), True),
        ("localhost:65535", Address("localhost", 65535), True),
        ("[::1]:9465", Address("::1", 9465), True),
        (":9465", Address("", 9465), False),
        ("0.0.0.0:9465", Address("0.0.0.0", 9465), False),  # noqa: S104 - it is looked at
        ("[::]:9465", Address("::", 9465), False),
        ("10.0.0.6:9465", Address("10.0.0.6", 9465), False),
        ("worker-1.example.com:9465", Address("worker-1.example.com", 9465), False),
    ],
)
def test_an_address_is_read_and_known_for_what_it_is(
    value: str, address: Address, is_loopback: object
):
    found = read_settings({"VIRALCLIP_METRICS": value}).telemetry.metrics

    assert found == address
    assert address.is_loopback == is_loopback


@pytest.mark.parametrize(
    "value",
    ["9465", "127.0.0.1", "127.0.0.1:", ":0", ":65536", ":99999999", "::9465", "a b:1", "²:1"],
)
def test_an_address_that_is_none_is_refused(value: str):
    with pytest.raises(InvalidSettingError, match="VIRALCLIP_METRICS"):
        read_settings({"VIRALCLIP_METRICS": value})


def test_without_the_setting_a_worker_has_no_port():
    assert read_settings({}).telemetry.metrics is None
    assert read_settings({"VIRALCLIP_METRICS": ""}).telemetry.metrics is None


@pytest.mark.parametrize("value", ["short", "with a space in it", "with-a-letter-that-is-noné"])
def test_a_token_that_is_weak_or_no_header_is_refused_and_not_repeated(value: str):
    with pytest.raises(InvalidSettingError, match="VIRALCLIP_METRICS_TOKEN") as refused:
        read_settings({"VIRALCLIP_METRICS_TOKEN": value})

    assert value not in refused.value.message


def test_a_token_is_a_secret():
    settings = read_settings({"VIRALCLIP_METRICS_TOKEN": TOKEN})

    assert settings.telemetry.metrics_token == TOKEN
    assert TOKEN in settings.secrets
    assert TOKEN not in repr(settings)


async def test_a_worker_that_others_can_reach_does_not_start_without_a_token(tmp_path: Path):
    settings = read_settings({"VIRALCLIP_STATE_DIR": str(tmp_path), "VIRALCLIP_METRICS": ":9465"})
    with pytest.raises(MetricsTokenMissingError) as refused:
        await serve_queues(settings, name=None, grace_s=0, announce=print)

    assert refused.value.message == (
        "Other machines can reach VIRALCLIP_METRICS; set VIRALCLIP_METRICS_TOKEN, or use 127.0.0.1."
    )
    assert not any(tmp_path.iterdir())  # noqa: ASYNC240 - it is a moment


def test_a_port_that_is_taken_is_named_with_its_setting():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressTakenError) as refused:
            listen("127.0.0.1", port, how="in VIRALCLIP_METRICS")

    assert refused.value.message == (
        f"Something else listens on 127.0.0.1:{port}; choose another port in VIRALCLIP_METRICS."
    )


@pytest.mark.parametrize(
    ("token", "answers"),
    [
        (None, {"": 200, "wrong": 200}),
        (TOKEN, {"": 401, "wrong": 401, TOKEN[:-1]: 401, TOKEN: 200}),
    ],
)
async def test_a_port_answers_this_machine_or_whoever_has_the_token(
    token: str | None, answers: dict[str, int]
):
    recorder = PrometheusRecorder(("worker",))
    app = metrics_app(Scrape(recorder, lambda: QueueDepth(0, 0, 0.0), {}), token=token)
    found: dict[str, int] = {}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for given in answers:
            headers = {"Authorization": f"Bearer {given}"} if given else {}
            answer = await client.get("/metrics", headers=headers)
            found[given] = answer.status_code
        elsewhere = await client.get("/api/jobs")
        rebound = await client.get("/metrics", headers={"Host": "evil.example"})

    assert found == answers
    assert elsewhere.status_code == 404
    assert rebound.status_code == (403 if token is None else 401)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """`start(host, NAME=value)` is a worker whose metrics are at that host, and their port."""
    running: list[subprocess.Popen[str]] = []

    def worker(host: str, **env: str) -> tuple["subprocess.Popen[str]", int]:
        with socket.create_server(("127.0.0.1", 0)) as probing:
            port = probing.getsockname()[1]
        inherited = {n: v for n, v in os.environ.items() if not n.startswith("VIRALCLIP_")}
        given = {"VIRALCLIP_STATE_DIR": str(tmp_path), "VIRALCLIP_METRICS": f"{host}:{port}"}
        process = subprocess.Popen(
            [sys.executable, "-m", "viralclip", "worker", "--grace", "0"],
            env={**inherited, **given, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running.append(process)
        assert process.stdout is not None
        assert any("is at work" in line for line in process.stdout)
        return process, port

    yield worker
    for each in running:
        each.kill()
        each.communicate()


def get(port: int, token: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.get(f"http://127.0.0.1:{port}/metrics", headers=headers, trust_env=False)


def test_a_worker_is_scraped_at_its_own_port_and_ends_when_it_is_told_to(start: Start):
    process, port = start("127.0.0.1", VIRALCLIP_FFMPEG_SLOTS="3")
    found = Exposition(get(port).text)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    code = process.wait(30)

    assert (code, time.monotonic() - began < 15) == (0, True)
    assert found("viralclip_worker_accepting") == 1
    assert found("viralclip_slots", state="free") == 3
    assert found("viralclip_queue_clips", state="waiting") == 0
    assert found("viralclip_disk_free_bytes", place="state") > 0
    assert not any("viewers" in name or "http_request" in name for name in found.names)


def test_a_worker_on_every_address_tells_only_who_has_the_token_and_nobody_the_token(
    start: Start, tmp_path: Path
):
    process, port = start("", VIRALCLIP_METRICS_TOKEN=TOKEN)
    answers = [get(port, token).status_code for token in (None, "wrong", TOKEN)]
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=30)
    logged = "".join(path.read_text() for path in (tmp_path / "logs").iterdir())

    assert answers == [401, 401, 200]
    assert TOKEN not in said + logged


def test_what_is_recorded_by_one_process_is_not_there_before_it_is_installed():
    assert instruments._recorder is None
