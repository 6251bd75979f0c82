"""Webhooks: told of every ended job, signed, until they have it, and never lured into the house."""

import asyncio
import base64
import hashlib
import hmac
import json
import socket
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from viralclip.catalog.database import Database
from viralclip.catalog.sealing import Seal, SecretKeyDiffersError
from viralclip.catalog.sql.webhooks import sql_webhooks
from viralclip.server import webhook_http as posting
from viralclip.server.limits import Limits
from viralclip.server.webhook_delivery import WAITS_S, WebhookDelivery
from viralclip.server.webhook_http import PostError, WebhookAddressError, parse_target, post

KEY = Seal(bytes(32))
EXAMPLE = "https://hooks.example.com/viralclip"


@dataclass
class Clock:
    """Time that moves when the test says so."""

    at: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Receiver:
    """What was received; `answers` are sent in order, then 204."""

    url: str = ""
    answers: deque[bytes] = field(default_factory=deque)
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(EOFError, OSError, asyncio.LimitOverrunError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            lines = (line.partition(": ") for line in head[1:] if line)
            headers = {name.lower(): value for name, _, value in lines}
            body = await reader.readexactly(int(headers["content-length"]))
            self.requests.append((head[0], headers, body))
            writer.write(self.answers.popleft() if self.answers else answer(204))
            await writer.drain()


@asynccontextmanager
async def receiving(*answers: bytes) -> AsyncIterator[Receiver]:
    receiver = Receiver(answers=deque(answers))
    async with await asyncio.start_server(receiver.take, "127.0.0.1", 0) as server:
        receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/told?by=viralclip"
        yield receiver


def answer(status: int, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{n}: {v}" for n, v in headers.items()), "", ""]
    return "\r\n".join(lines).encode()


@pytest.fixture
async def open_served(serve):
    """A server whose webhooks may lead to this machine, as the receivers here do."""
    return await serve(limits=Limits(webhooks_anywhere=True))


def courier_of(served, clock: Callable[[], datetime], **settings) -> WebhookDelivery:
    return WebhookDelivery(
        served.backends.webhooks, served.catalog, anywhere=True, now=clock, **settings
    )


async def rounds(courier: WebhookDelivery) -> None:
    """Until nothing is due any more."""
    while await courier.round():
        pass


async def end(served, job_id: str, outcome: str = "succeeded", run: int = 1) -> None:
    await served.catalog.runs.finish(job_id, run, outcome, datetime(2026, 1, 1, tzinfo=UTC))


async def told_of(served, receiver: Receiver, job_id: str = "job", owner: str = "local"):
    """A job of which a webhook at the receiver is owed the end; the webhook."""
    webhooks = served.backends.webhooks
    webhook = await webhooks.hooks.add(owner, receiver.url, datetime(2026, 1, 1, tzinfo=UTC))
    await webhooks.deliveries.expect(owner, job_id, 1, datetime(2026, 1, 1, tzinfo=UTC))
    await served.add(job_id, owner=owner)
    return webhook


async def test_a_webhook_is_told_of_an_ended_job_with_a_signature_that_proves_it(open_served):
    clock = Clock()
    async with receiving() as receiver, open_served.client() as client:
        made = (await client.post("/api/webhooks", json={"url": receiver.url})).json()
        await open_served.backends.webhooks.deliveries.expect("local", "job", 1, clock())
        await open_served.add("job")
        courier = courier_of(open_served, clock)
        assert await courier.round() == 1
        assert receiver.requests == []
        await end(open_served, "job", "partial")
        clock.forward(60)
        await rounds(courier)
        told = (await client.get(f"/api/webhooks/{made['webhook_id']}/deliveries")).json()

    ((line, headers, body),) = receiver.requests
    assert line == "POST /told?by=viralclip HTTP/1.1"
    assert headers["host"] in receiver.url
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == {
        "type": "job_finished",
        "job_id": "job",
        "run": 1,
        "outcome": "partial",
        "clips_completed": 0,
        "clips_failed": 0,
        "clips_cancelled": 0,
        "finished_at": "2026-01-01T00:00:00Z",
    }
    key = base64.b64decode(made["secret"].removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert int(headers["webhook-timestamp"]) == clock().timestamp()
    assert [(each["state"], each["answer"], each["attempts"]) for each in told] == [
        ("delivered", "http_204", 1)
    ]
    assert told[0]["delivery_id"] == headers["webhook-id"]


async def test_a_receiver_that_fails_at_first_is_tried_again_later_with_the_same_id(open_served):
    clock = Clock()
    async with receiving(answer(500), answer(302, Location="http://127.0.0.1/"), b"") as receiver:
        webhook = await told_of(open_served, receiver)
        await end(open_served, "job")
        courier = courier_of(open_served, clock)
        await rounds(courier)
        answers = []
        for wait in WAITS_S[:3]:
            (delivery,) = await open_served.backends.webhooks.deliveries.of(webhook.webhook_id)
            answers.append((delivery.state, delivery.answer))
            assert 0.8 * wait <= (delivery.due_at - clock()).total_seconds() <= 1.2 * wait
            assert await courier.round() == 0
            clock.forward(1.2 * wait)
            await rounds(courier)
        (delivery,) = await open_served.backends.webhooks.deliveries.of(webhook.webhook_id)

    assert answers == [("due", "http_500"), ("due", "http_302"), ("due", "not_reached")]
    assert (delivery.state, delivery.attempts) == ("delivered", 4)
    assert len({headers["webhook-id"] for _, headers, _ in receiver.requests}) == 1
    assert len({headers["webhook-timestamp"] for _, headers, _ in receiver.requests}) == 4


async def test_a_receiver_that_never_answers_well_is_given_up_in_the_end(open_served, counted):
    clock = Clock()
    async with receiving(*[answer(503)] * 20) as receiver:
        webhook = await told_of(open_served, receiver)
        await end(open_served, "job")
        courier = courier_of(open_served, clock)
        for _ in range(len(WAITS_S) + 3):
            await rounds(courier)
            clock.forward(24 * 3600)
        (delivery,) = await open_served.backends.webhooks.deliveries.of(webhook.webhook_id)

    assert (delivery.state, delivery.answer) == ("given_up", "http_503")
    assert len(receiver.requests) == len(WAITS_S) + 1
    calls = "viralclip_webhook_deliveries_total"
    assert counted(calls, outcome="postponed") == len(WAITS_S)
    assert counted(calls, outcome="given_up") == 1
    assert counted(calls, outcome="delivered") == 0


async def test_a_receiver_that_is_gone_is_not_asked_again(open_served):
    clock = Clock()
    async with receiving(answer(410)) as receiver:
        webhook = await told_of(open_served, receiver)
        await end(open_served, "job")
        await rounds(courier_of(open_served, clock))
        (delivery,) = await open_served.backends.webhooks.deliveries.of(webhook.webhook_id)

    assert (delivery.state, delivery.answer) == ("given_up", "http_410")


async def test_what_was_owed_when_a_server_died_is_delivered_by_the_next(open_served):
    """The first had taken the delivery up, and died before it was sent."""
    clock = Clock()
    async with receiving() as receiver:
        await told_of(open_served, receiver)
        await end(open_served, "job")
        webhooks = open_served.backends.webhooks
        until = clock() + timedelta(seconds=60)
        taken = await webhooks.queue.claim_due(clock(), until, limit=10, each=10, busy={})
        assert len(taken) == 1
        async with Database(database_of(open_served)) as tables:
            again = await sql_webhooks(tables, seal=KEY)
            courier = WebhookDelivery(again, open_served.catalog, anywhere=True, now=clock)
            await rounds(courier)
            assert receiver.requests == []
            clock.forward(61)
            await rounds(courier)

    assert len(receiver.requests) == 1


async def test_one_users_receiver_that_never_answers_holds_up_nobody_else(open_served, until):
    async def never(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            await hung_up.wait()

    hung_up = asyncio.Event()
    webhooks, clock = open_served.backends.webhooks, Clock()
    async with await asyncio.start_server(never, "127.0.0.1", 0) as dead, receiving() as receiver:
        url = f"http://127.0.0.1:{dead.sockets[0].getsockname()[1]}/"
        hers = await webhooks.hooks.add("anna", url, clock())
        for _ in range(120):
            await webhooks.deliveries.send(hers.webhook_id, "{}", clock())
        his = await webhooks.hooks.add("bob", receiver.url, clock())
        courier = asyncio.create_task(courier_of(open_served, clock, look_s=0.02).run())
        await asyncio.sleep(0)
        clock.forward(1)
        await webhooks.deliveries.send(his.webhook_id, "{}", clock())
        await until(lambda: receiver.requests, within_s=20)
        owed = await webhooks.queue.claim_due(clock(), clock(), limit=200, each=200, busy={})
        courier.cancel()
        await asyncio.wait({courier})
        hung_up.set()

    assert len(owed) == 116


async def test_two_couriers_do_not_send_the_same_twice(open_served):
    clock = Clock()
    async with receiving() as receiver:
        for number in range(10):
            await told_of(open_served, receiver, f"job{number}")
            await end(open_served, f"job{number}")
        # Each job's end is owed to the webhooks that were there when it was submitted.
        expected = sum(range(1, 11))
        couriers = [courier_of(open_served, clock) for _ in range(2)]
        await asyncio.gather(*map(rounds, couriers))
        await asyncio.gather(*map(rounds, couriers))

    ids = [headers["webhook-id"] for _, headers, _ in receiver.requests]
    assert len(ids) == len(set(ids)) == expected


async def test_a_receiver_that_does_not_answer_keeps_nobody_else_waiting(open_served, until):
    async with receiving() as good:
        silent = socket.create_server(("127.0.0.1", 0))
        with silent:
            stuck = Receiver(url=f"http://127.0.0.1:{silent.getsockname()[1]}/")
            await told_of(open_served, stuck, "slow", owner="slow")
            await end(open_served, "slow")
            await told_of(open_served, good, "job")
            await end(open_served, "job")
            courier = courier_of(open_served, lambda: datetime.now(UTC), look_s=0.01)
            running = asyncio.create_task(courier.run())
            await until(lambda: good.requests)
            running.cancel()
            await asyncio.wait({running})

    assert running.cancelled()


async def test_a_receiver_that_does_not_answer_in_time_has_failed(open_served):
    clock = Clock()
    silent = socket.create_server(("127.0.0.1", 0))
    with silent:
        receiver = Receiver(url=f"http://127.0.0.1:{silent.getsockname()[1]}/")
        webhook = await told_of(open_served, receiver)
        await end(open_served, "job")
        await rounds(courier_of(open_served, clock, answer_s=0.05))
        (delivery,) = await open_served.backends.webhooks.deliveries.of(webhook.webhook_id)

    assert (delivery.state, delivery.answer) == ("due", "timeout")


@pytest.mark.parametrize("action", ["retry", "delete"])
async def test_the_end_of_a_run_is_told_even_if_the_job_goes_on_or_away_at_once(
    open_served, action
):
    clock = Clock()
    async with receiving() as receiver, open_served.client() as client:
        await told_of(open_served, receiver)
        await end(open_served, "job", "failed")
        if action == "retry":
            assert (await client.post("/api/jobs/job/retry")).status_code == 202
        else:
            assert (await client.delete("/api/jobs/job")).status_code == 204
        clock.forward(365 * 24 * 3600)
        await rounds(courier_of(open_served, clock))
        first = [json.loads(body)["run"] for *_, body in receiver.requests]
        if action == "retry":
            await end(open_served, "job", "succeeded", run=2)
            clock.forward(60)
            await rounds(courier_of(open_served, clock))

    assert first == [1]
    runs = [
        (json.loads(body)["run"], json.loads(body)["outcome"]) for *_, body in receiver.requests
    ]
    assert runs == [(1, "failed"), (2, "succeeded")][: len(runs)]
    assert len(runs) == (2 if action == "retry" else 1)


async def test_a_job_that_was_never_queued_is_not_waited_for_for_ever(open_served):
    clock = Clock()
    async with receiving() as receiver:
        webhooks = open_served.backends.webhooks
        webhook = await webhooks.hooks.add("local", receiver.url, clock())
        await webhooks.deliveries.expect("local", "lost", 1, clock())
        courier = courier_of(open_served, clock)
        await courier.round()
        assert len(await webhooks.deliveries.of(webhook.webhook_id)) == 1
        clock.forward(2 * 3600)
        await courier.round()

        assert await webhooks.deliveries.of(webhook.webhook_id) == []


async def test_what_was_delivered_is_forgotten_after_a_week(open_served):
    clock = Clock()
    async with receiving() as receiver:
        webhook = await told_of(open_served, receiver)
        await end(open_served, "job")
        await rounds(courier_of(open_served, clock))
        clock.forward(8 * 24 * 3600)
        await rounds(courier_of(open_served, clock))

        assert await open_served.backends.webhooks.deliveries.of(webhook.webhook_id) == []


async def test_a_courier_whose_records_fail_goes_on_when_they_are_back(
    open_served, until, monkeypatch
):
    async with receiving() as receiver:
        await told_of(open_served, receiver)
        await end(open_served, "job")
        webhooks = open_served.backends.webhooks
        take, failures = webhooks.queue.claim_due, iter(range(3))

        async def failing(*where, **how):
            if next(failures, None) is not None:
                raise ConnectionError("the database is away")
            return await take(*where, **how)

        monkeypatch.setattr(webhooks.queue, "claim_due", failing)
        courier = courier_of(open_served, lambda: datetime.now(UTC), look_s=0.01)
        running = asyncio.create_task(courier.run())
        await until(lambda: receiver.requests)
        running.cancel()
        await asyncio.wait({running})


async def test_a_webhook_is_made_listed_pinged_and_removed(open_served):
    clock = Clock()
    async with receiving() as receiver, open_served.client() as client:
        made = (await client.post("/api/webhooks", json={"url": receiver.url})).json()
        listed = (await client.get("/api/webhooks")).json()
        pinged = await client.post(f"/api/webhooks/{made['webhook_id']}/ping")
        clock.at = datetime.now(UTC)
        await rounds(courier_of(open_served, clock))
        gone = await client.delete(f"/api/webhooks/{made['webhook_id']}")
        again = await client.delete(f"/api/webhooks/{made['webhook_id']}")

    assert made["secret"].startswith("whsec_")
    assert [each["webhook_id"] for each in listed] == [made["webhook_id"]]
    assert "secret" not in listed[0]
    assert (pinged.status_code, gone.status_code, again.status_code) == (202, 204, 404)
    assert [json.loads(body) for *_, body in receiver.requests] == [{"type": "ping"}]


def database_of(served) -> str:
    return f"sqlite:///{served.folder / 'catalog.db'}"


async def test_a_secret_lies_nowhere_in_clear(served):
    async with served.client() as client:
        made = (await client.post("/api/webhooks", json={"url": EXAMPLE})).json()

    secret = made["secret"].removeprefix("whsec_")
    contents = [path.read_bytes() for path in served.folder.rglob("*") if path.is_file()]
    assert EXAMPLE.encode() in b"".join(contents)
    assert secret.encode() not in b"".join(contents)
    assert base64.b64decode(secret) not in b"".join(contents)


async def test_a_secret_that_an_earlier_version_kept_in_clear_is_sealed_and_goes_on_signing(served):
    secret = base64.b64encode(b"k" * 24).decode()
    old = (f"whsec_{secret}", "hook", "anna", EXAMPLE, "2026-01-01")
    with closing(sqlite3.connect(served.folder / "catalog.db")) as db, db:
        db.execute(
            "insert into webhooks (secret, webhook_id, owner, url, created_at)"
            " values (?, ?, ?, ?, ?)",
            old,
        )
    async with Database(database_of(served)) as tables:
        webhooks = await sql_webhooks(tables, seal=KEY)
        (hook,) = await webhooks.hooks.of("anna")

        assert webhooks.hooks.secret_of(hook) == b"k" * 24
    for path in served.folder.glob("catalog.db*"):
        assert secret.encode() not in path.read_bytes(), path


async def test_without_a_key_no_webhook_is_made_and_with_another_none_is_signed(serve):
    served = await serve()
    async with Database(database_of(served)) as tables:
        keyless = await sql_webhooks(tables, seal=None)
        bare = await serve(webhooks=keyless)
        async with bare.client() as client:
            answered = await client.post("/api/webhooks", json={"url": EXAMPLE})
    made = await served.backends.webhooks.hooks.add("local", EXAMPLE, datetime.now(UTC))
    async with Database(database_of(served)) as tables:
        other = await sql_webhooks(tables, seal=Seal(b"other" * 8))
        with pytest.raises(SecretKeyDiffersError):
            other.hooks.secret_of(made)

    assert (answered.status_code, answered.json()["code"]) == (503, "secret_key_missing")
    assert "VIRALCLIP_SECRET_KEY" in answered.json()["detail"]


def test_a_sealed_secret_opens_under_its_own_key_and_context_only():
    sealed = KEY.seal(b"s" * 24, "webhook 1")

    assert len(sealed) <= 64
    assert KEY.open(sealed, "webhook 1") == b"s" * 24
    for seal, text, context in (
        (KEY, sealed, "webhook 2"),
        (KEY, sealed[:-4] + "AAAA", "webhook 1"),
        (Seal(b"other" * 8), sealed, "webhook 1"),
        (KEY, "whsec_clear", "webhook 1"),
    ):
        with pytest.raises(SecretKeyDiffersError):
            seal.open(text, context)


async def test_a_webhook_of_another_is_not_there(serve):
    served = await serve(tokens=True)
    token = await served.accounts.create("bert")
    hers = await served.backends.webhooks.hooks.add("anna", EXAMPLE, datetime.now(UTC))
    place = f"/api/webhooks/{hers.webhook_id}"
    async with served.client(token) as client:
        assert (await client.get("/api/webhooks")).json() == []
        for method, path in (("DELETE", ""), ("POST", "/ping"), ("GET", "/deliveries")):
            answered = await client.request(method, place + path)
            assert (answered.status_code, answered.json()["code"]) == (404, "not_found")

    assert await served.backends.webhooks.hooks.of("anna") == [hers]
    assert await served.backends.webhooks.deliveries.of(hers.webhook_id) == []


async def test_there_are_only_so_many_webhooks(serve):
    served = await serve(limits=Limits(webhooks_per_user=1))
    async with served.client() as client:
        first = await client.post("/api/webhooks", json={"url": EXAMPLE})
        second = await client.post("/api/webhooks", json={"url": EXAMPLE})

    assert (first.status_code, second.status_code) == (201, 429)
    assert second.json()["code"] == "too_many"


async def test_a_submitted_job_is_owed_to_its_owners_webhooks_and_to_no_others(serve):
    served = await serve(tokens=True)
    webhooks = served.backends.webhooks
    at = datetime.now(UTC)
    hers = await webhooks.hooks.add("anna", EXAMPLE, at)
    his = await webhooks.hooks.add("bert", EXAMPLE, at)
    await webhooks.deliveries.expect("anna", "job", 1, at)
    await webhooks.deliveries.expect("anna", "job", 1, at)

    assert len(await webhooks.deliveries.of(hers.webhook_id)) == 1
    assert await webhooks.deliveries.of(his.webhook_id) == []


BAD = [
    "ftp://hooks.example.com/",
    "file:///etc/passwd",
    "hooks.example.com/",
    "//hooks.example.com/",
    "http://",
    "http:///path",
    "https://user:secret@hooks.example.com/",
    "https://hooks.example.com:99999/",
    "https://hooks.example.com:0/",
    "https://hooks.example.com/a b",
    "https://hooks.example.com/\r\nX: y",
    "https://hooks.example.com/\x00",
    "https://höks.example.com/",
    "https://[::1/",
    "gopher://127.0.0.1/",
    "",
]
PRIVATE = [
    "http://localhost/",
    "http://LOCALHOST./",
    "http://a.localhost:8000/",
    "http://printer.local/",
    "http://metadata.google.internal/",
    "http://127.0.0.1/",
    "http://127.7.7.7:1/",
    "http://0.0.0.0/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://224.0.0.1/",
    "http://[::1]/",
    "http://[::]/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://[ff02::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
]


async def test_an_address_that_is_none_or_leads_into_the_house_is_refused(served):
    async with served.client() as client:
        for url in (*BAD, *PRIVATE):
            answered = await client.post("/api/webhooks", json={"url": url})

            assert (answered.status_code, answered.json()["code"]) == (422, "invalid_webhook"), url
    assert await served.backends.webhooks.hooks.of("local") == []


@pytest.mark.parametrize("url", BAD)
def test_an_address_that_is_none_is_refused_whatever_is_allowed(url):
    with pytest.raises(WebhookAddressError):
        parse_target(url, anywhere=True)


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "017700000001"])
async def test_a_name_is_judged_by_the_address_it_leads_to(host):
    """Spellings of 127.0.0.1 that a resolver knows; a name in the DNS may lead there, too."""
    target = parse_target(f"http://{host}/", anywhere=False)
    with pytest.raises(PostError, match=r"forbidden_address|unknown_host"):
        await post(target, {}, b"", anywhere=False, timeout_s=5)


async def test_a_name_that_leads_into_the_house_when_it_is_used_gets_nothing(
    open_served, monkeypatch
):
    """It led elsewhere when the webhook was made; or one of its addresses still does."""
    async with receiving() as receiver:
        port = int(receiver.url.split(":")[2].partition("/")[0])
        target = parse_target(f"http://hooks.example.com:{port}/", anywhere=False)
        loop = asyncio.get_running_loop()

        async def resolve(*_: object) -> list[tuple[object, ...]]:
            return [(0, 0, 0, "", (host, port)) for host in ("93.184.216.34", "127.0.0.1")]

        monkeypatch.setattr(loop, "getaddrinfo", resolve)
        with pytest.raises(PostError, match="forbidden_address"):
            await post(target, {}, b"", anywhere=False, timeout_s=5)

    assert receiver.requests == []


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"SSH-2.0-OpenSSH\r\n", "no_http_answer"),
        (b"HTTP/1.1 abc\r\n", "no_http_answer"),
        (b"x" * 200_000, "no_http_answer"),
        (b"", "not_reached"),
        (b"HTTP/1.1 100 Continue\r\n", "not_reached"),
    ],
)
async def test_an_answer_that_is_none_is_a_failure(said, code):
    async with receiving(said) as receiver:
        with pytest.raises(PostError, match=code):
            await post(
                parse_target(receiver.url, anywhere=True), {}, b"", anywhere=True, timeout_s=5
            )


async def test_an_early_word_of_the_receiver_is_not_its_answer():
    async with receiving(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + answer(201)) as receiver:
        target = parse_target(receiver.url, anywhere=True)
        status = await post(target, {}, b"", anywhere=True, timeout_s=5)

    assert status == 201


async def test_a_receiver_without_tls_does_not_pass_for_one_with():
    async with receiving() as receiver:
        target = parse_target(receiver.url.replace("http:", "https:"), anywhere=True)
        with pytest.raises(PostError, match=r"tls_failed|not_reached|timeout"):
            await post(target, {}, b"", anywhere=True, timeout_s=0.5)

    assert receiver.requests == []


def test_what_is_public_is_not_taken_for_private():
    public = ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"]

    assert all(posting._is_public(address) for address in public)
