"""Who may ask, and that everybody sees what is theirs and nothing else."""

import asyncio
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from typing import cast

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from viralclip.catalog.opening import open_catalog
from viralclip.origins import Site
from viralclip.plan import Video
from viralclip.server.identity import COOKIE
from viralclip.server.limits import Limits

ANYWHERE = "0.0.0.0"  # noqa: S104 - what is tested
OPEN = {"/healthz", "/readyz", "/api/session"}
NAME = "clips.example.com"
TRIED = "/api/jobs/job/cancel"
TUS = {"Tus-Resumable": "1.0.0"}
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


@pytest.fixture
async def guarded(serve):
    return await serve(tokens=True)


@pytest.fixture
async def anna(guarded) -> str:
    return await guarded.accounts.create("anna")


@pytest.fixture
async def bert(guarded) -> str:
    return await guarded.accounts.create("bert")


async def operations(served) -> list[tuple[str, str]]:
    async with served.client() as client:
        paths = (await client.get("/api/openapi.json")).json()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def filled(path: str, job_id: str = "job") -> str:
    facts = {"job_id": job_id, "scene_id": "1", "style": "original", "what": "file"}
    facts |= {"video_id": "video", "upload_id": "0" * 32, "webhook_id": "hook"}
    return path.format(**facts)


def code_of(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    return problem["code"]


async def closed_with(address: str, **headers: str) -> int | None:
    async with asyncio.timeout(10), connect(address, additional_headers=headers, proxy=None) as ws:
        await ws.wait_closed()
        return ws.close_code


async def test_without_a_token_every_route_says_401(guarded):
    asked = [where for where in await operations(guarded) if where[1] not in OPEN]
    assert len(asked) > 20
    async with guarded.client() as client:
        for method, path in asked:
            answer = await client.request(method, filled(path))

            assert answer.status_code == 401, (method, path)
            assert answer.headers["www-authenticate"] == "Bearer"
            if method != "HEAD":
                assert code_of(answer) == "unauthorized"


async def test_a_token_is_looked_up_before_a_body_is_waited_for(guarded):
    """A body of a hundred bytes, of which none comes: the server has a minute to wait for them."""
    asked = [where for where in await operations(guarded) if where[1] not in OPEN]
    for method, path in asked:
        head = (
            f"{method} {filled(path)} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
            "Content-Type: application/json\r\nAuthorization: Bearer made-up\r\n\r\n"
        )
        async with asyncio.timeout(20):
            reader, writer = await asyncio.open_connection("127.0.0.1", guarded.port)
            with closing(writer):
                writer.write(head.encode())
                answer = await reader.readline()

        assert answer.split()[1] == b"401", (method, path)


async def test_a_token_is_looked_up_once_in_a_request(guarded, anna, monkeypatch):
    looked_up = list[str]()
    owner_of = guarded.accounts.owner_of

    async def counted(token: str) -> str | None:
        looked_up.append(token)
        return await owner_of(token)

    monkeypatch.setattr(guarded.accounts, "owner_of", counted)
    async with guarded.client(anna) as client:
        answer = await client.post("/api/webhooks", json={"url": "https://hooks.example.com/"})

    assert answer.status_code == 201
    assert looked_up == [anna]


@pytest.mark.parametrize("token", [".", "wrong", "vc_" + "0" * 43, "\x7f", "a b"])
async def test_a_wrong_token_is_no_token(guarded, anna, token):
    async with guarded.client(headers={"Authorization": f"Bearer {token}"}) as client:
        assert (await client.get("/api/me")).status_code == 401


async def test_a_token_in_the_address_is_not_looked_at(guarded, anna):
    async with guarded.client() as client:
        for name in ("token", "access_token", "authorization", COOKIE):
            assert (await client.get("/api/me", params={name: anna})).status_code == 401
    assert await closed_with(f"{guarded.live('job')}?token={anna}") == 4401


async def test_a_live_view_without_a_token_is_closed_with_4401_and_a_foreign_one_with_4404(
    guarded, anna, bert
):
    await guarded.add("job", owner="anna")
    address = guarded.live("job")

    assert await closed_with(address) == 4401
    assert await closed_with(address, Authorization=f"Bearer {bert}") == 4404
    async with connect(
        address, additional_headers={"Authorization": f"Bearer {anna}"}, proxy=None
    ) as socket:
        assert '"kind":"snapshot"' in str(await socket.recv())


async def test_a_page_keeps_the_token_in_a_cookie_that_scripts_cannot_read(guarded, anna):
    async with guarded.client() as client:
        refused = await client.post("/api/session", json={"token": "wrong"})
        opened = await client.post("/api/session", json={"token": anna})
        me = (await client.get("/api/me")).json()
        cookie = {"Cookie": f"{COOKIE}={client.cookies[COOKIE]}"}
        assert await closed_with(guarded.live("none"), **cookie) == 4404
        await client.delete("/api/session")

        assert code_of(refused) == "unauthorized"
        assert opened.status_code == 204
        assert {"HttpOnly", "SameSite=strict"} <= set(opened.headers["set-cookie"].split("; "))
        assert (me["user"], me["needs_token"]) == ("anna", True)
        assert (await client.get("/api/me")).status_code == 401


async def test_the_cookie_of_a_page_over_tls_is_sent_over_tls_only(serve):
    guarded = await serve(tokens=True, sites=[Site(NAME)])
    token = await guarded.accounts.create("anna")
    async with guarded.client(headers={"Host": NAME, "Origin": f"https://{NAME}"}) as client:
        opened = await client.post("/api/session", json={"token": token})

    assert "Secure" in opened.headers["set-cookie"].split("; ")


async def test_a_revoked_token_is_worth_nothing(guarded, anna):
    async with guarded.client(anna) as client:
        assert (await client.get("/api/me")).status_code == 200
        assert await guarded.accounts.revoke("anna")
        assert (await client.get("/api/me")).status_code == 401


async def test_an_expired_token_is_worth_nothing(guarded):
    now = datetime.now(UTC)
    over = await guarded.accounts.create("over", expires_at=now - timedelta(seconds=1))
    good = await guarded.accounts.create("good", expires_at=now + timedelta(days=1))

    async with guarded.client(over) as client:
        assert (await client.get("/api/me")).status_code == 401
    async with guarded.client(good) as client:
        assert (await client.get("/api/me")).json()["user"] == "good"
    assert [account.name for account in await guarded.accounts.all()] == ["good", "over"]


async def test_views_that_are_open_end_when_their_token_is_revoked(serve):
    guarded = await serve(tokens=True, recheck_s=0.05)
    token, other = [await guarded.accounts.create(name) for name in ("anna", "bert")]
    await guarded.add("job", owner="anna")
    await guarded.add("other", owner="bert")
    stream = {"Accept": "text/event-stream"}
    async with (
        asyncio.timeout(30),
        connect(guarded.live("job"), additional_headers=bearer(token), proxy=None) as hers,
        connect(guarded.live("other"), additional_headers=bearer(other), proxy=None) as his,
        guarded.client(token, headers=stream) as client,
        client.stream("GET", "/api/jobs/job/events") as streamed,
    ):
        await hers.recv()
        await his.recv()
        await guarded.accounts.revoke("anna")
        await hers.wait_closed()
        await streamed.aread()  # comes to its end
        await (await his.ping())

        assert hers.close_code == 4401


async def test_a_view_stays_open_while_tokens_cannot_be_looked_up(serve, monkeypatch, until):
    guarded = await serve(tokens=True, recheck_s=0.01)
    token = await guarded.accounts.create("anna")
    await guarded.add("job", owner="anna")
    asked = []

    async def fail(_: str) -> str:
        asked.append(1)
        raise ConnectionError("the database is away")

    async with connect(guarded.live("job"), additional_headers=bearer(token), proxy=None) as socket:
        await socket.recv()
        monkeypatch.setattr(guarded.accounts, "owner_of", fail)
        await until(lambda: len(asked) > 2)
        await (await socket.ping())


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    "passed_on",
    [
        "Forwarded",
        "Via",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Real-IP",
        "CF-Connecting-IP",
        "Tailscale-User-Login",
    ],
)
async def test_a_request_that_was_passed_on_is_not_from_this_machine(serve, passed_on):
    served = await serve(tokens=True, always=False)
    await served.add("job")
    async with served.client() as here, served.client(headers={passed_on: "x"}) as there:
        for method, path in (("GET", "/api/me"), ("GET", "/api/videos/files"), ("POST", TRIED)):
            assert (await here.request(method, path)).status_code < 400
            refused = await there.request(method, path)
            assert (refused.status_code, code_of(refused)) == (401, "unauthorized")
            assert "token create" in refused.json()["detail"]
        streamed = await there.get("/api/jobs/job/events", headers={"Accept": "text/event-stream"})
        assert streamed.status_code == 401
    assert await closed_with(served.live("job"), **{passed_on: "x"}) == 4401


async def test_a_token_that_is_made_meanwhile_is_demanded_within_a_second(serve, monkeypatch):
    monkeypatch.setattr("viralclip.server.live._LOCAL_RECHECK_S", 0.05)
    served = await serve(tokens=True, always=False)
    await served.add("job")
    stream = {"Accept": "text/event-stream"}
    async with (
        asyncio.timeout(30),
        served.client() as client,
        connect(served.live("job"), proxy=None) as open_view,
        client.stream("GET", "/api/jobs/job/events", headers=stream) as streamed,
    ):
        me = (await client.get("/api/me")).json()
        token = await served.accounts.create("anna")
        made_at = asyncio.get_running_loop().time()
        while (await client.get("/api/me")).status_code == 200:
            assert asyncio.get_running_loop().time() - made_at < 2
        await open_view.wait_closed()
        await streamed.aread()

        assert (me["user"], me["needs_token"]) == ("local", False)
        assert open_view.close_code == 4401
        assert (await client.post(TRIED)).status_code == 401
        assert await closed_with(served.live("job")) == 4401
        hers = (await client.get("/api/me", headers=bearer(token))).json()
        assert (hers["user"], hers["needs_token"]) == ("anna", True)
        await served.accounts.revoke("anna")
        assert (await client.get("/api/me")).status_code == 401


async def test_whoever_cannot_be_looked_up_is_let_in_nowhere(serve, monkeypatch):
    served = await serve(tokens=True, always=False)

    async def fail(*_: str) -> str:
        raise ConnectionError("the database is away")

    monkeypatch.setattr(served.accounts, "owner_of", fail)
    monkeypatch.setattr(served.accounts, "exist", fail)
    async with served.client() as client, served.client("vc_any") as other:
        for answer in (await client.get("/api/me"), await other.get("/api/me")):
            assert (answer.status_code, code_of(answer)) == (503, "not_ready")


async def test_the_start_says_who_may_use_the_server_and_why(spawn, tmp_path):
    alone = await spawn("--no-worker")
    named = await spawn("--no-worker", VIRALCLIP_HOSTS=NAME)
    trusting = await spawn("--no-worker", "--no-auth", VIRALCLIP_HOSTS=NAME)
    async with open_catalog(f"sqlite:///{tmp_path / 'catalog.db'}") as catalog:
        await catalog.tokens.create("anna")
    with_tokens = await spawn("--no-worker")
    proxied = {"Host": NAME, "X-Forwarded-For": "203.0.113.9"}

    assert "Sign-in: none, for a person on this machine." in alone.log.read_text()
    assert f"by token, as VIRALCLIP_HOSTS names {NAME}. There are none" in named.log.read_text()
    assert "Sign-in: off, by --no-auth." in trusting.log.read_text()
    assert "by token, as there are tokens (`viralclip token list`)." in with_tokens.log.read_text()
    for process, answered in ((named, 401), (trusting, 200), (with_tokens, 401)):
        async with process.client() as client:
            assert (await client.get("/api/me")).status_code == answered
    async with named.client() as client:
        assert (await client.get("/api/me", headers=proxied)).status_code == 401


async def test_tokens_are_kept_as_hashes(guarded, anna):
    rows = sqlite3.connect(guarded.folder / "catalog.db").execute("select * from tokens").fetchall()

    assert len(rows) == 1
    assert anna not in str(rows)
    files = [path for path in guarded.folder.glob("catalog.db*") if path.is_file()]
    assert not any(anna.encode() in path.read_bytes() for path in files)


# What is asked is refused for what it is before it is looked for.
_BODIES = {
    ("PATCH", "{job_id}"): {"priority": "low"},
    ("POST", "captions"): {"scenes": {"1": [{"text": "Hm.", "start": 0, "end": 1}]}},
}


async def test_what_belongs_to_another_is_not_there(guarded, anna, bert):
    await guarded.add("job1", owner="anna")
    asked = [where for where in await operations(guarded) if "{job_id}" in where[1]]
    async with guarded.client(bert) as client:
        for method, path in asked:
            body = _BODIES.get((method, path.rpartition("/")[2]))
            answer = await client.request(method, filled(path, "job1"), json=body)

            assert (answer.status_code, code_of(answer)) == (404, "not_found"), (method, path)
        assert (await client.get("/api/jobs")).json()["jobs"] == []
    async with guarded.client(anna) as client:
        assert (await client.get("/api/jobs/job1")).status_code == 200
        assert len((await client.get("/api/jobs")).json()["jobs"]) == 1
    assert (await guarded.catalog.jobs.find("job1")).stop_by is None


async def test_videos_and_uploads_of_another_are_not_there(guarded, anna, bert):
    video = Video(
        name="v.mp4",
        path="v.mp4",
        width=2,
        height=2,
        duration=1,
        fps="1/1",
        has_audio=False,
        identity="hers",
    )
    await guarded.catalog.videos.add("anna", video)
    async with guarded.client(anna, headers=TUS) as client:
        created = await client.post("/api/uploads", headers={"Upload-Length": "10"})
        place = created.headers["location"]
        assert (await client.head(place)).status_code == 200
    async with guarded.client(bert, headers=TUS) as client:
        assert (await client.get("/api/videos")).json() == []
        assert (await client.get("/api/videos/hers")).status_code == 404
        assert (await client.get("/api/videos/hers/content")).status_code == 404
        new = {"source": {"video_id": "hers"}, "scenes": [], "styles": ["original"]}
        assert code_of(await client.post("/api/jobs", json=new)) == "not_found"
        sent = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        assert (await client.head(place)).status_code == 404
        assert (await client.patch(place, headers=sent, content=b"x")).status_code == 404
        assert (await client.delete(place)).status_code == 404
    async with guarded.client(anna, headers=TUS) as client:
        assert (await client.head(place)).headers["upload-offset"] == "0"


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "[", "", "user@localhost", "a b"],
)
async def test_a_foreign_host_name_gets_no_answer(served, host):
    """A name of somebody else's may point at this machine: the page behind it is theirs."""
    async with served.client() as client:
        answer = await client.get("/api/jobs", headers={"Host": host})

    assert answer.status_code in (400, 403)
    if answer.status_code == 403:
        assert code_of(answer) == "forbidden_origin"
        assert "VIRALCLIP_HOSTS" in answer.json()["detail"]


async def test_of_two_hosts_none_is_believed(served):
    for other in (b"evil.example", b"127.0.0.1"):
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        lines = (b"GET /api/jobs HTTP/1.1", b"Host: 127.0.0.1", b"Host: " + other, b"", b"")
        writer.write(b"\r\n".join(lines))
        status = await reader.readline()
        writer.close()

        assert status.split()[1] in (b"400", b"403")


@pytest.mark.parametrize(
    ("host", "origin", "may"),
    [
        (NAME, f"https://{NAME}", True),
        (f"{NAME}:443", f"https://{NAME}", True),
        (f"{NAME}:80", f"http://{NAME}", True),
        (NAME.upper(), f"https://{NAME}:443", True),
        ("127.0.0.1:8765", f"https://{NAME}", True),  # a proxy that asks for itself
        ("127.0.0.1:8765", "https://evil.example", False),
        (NAME, f"https://{NAME}:8443", False),
        (NAME, f"https://{NAME}.evil.example", False),
        (NAME, "null", False),
    ],
)
async def test_a_page_behind_a_proxy_may_act_however_its_address_is_written(
    serve, host, origin, may
):
    served = await serve(sites=[Site(NAME)])
    await served.add("job")
    headers = {"Host": host, "Origin": origin}
    async with served.client(headers=headers) as client:
        answer = await client.post("/api/jobs/job/cancel")
        opened = await client.get("/api/jobs/job/live", headers=UPGRADE)

    assert answer.status_code == (202 if may else 403)
    assert opened.status_code == (101 if may else 403)
    if not may:
        for refused in (answer, opened):
            assert code_of(refused) == "forbidden_origin"
            assert "VIRALCLIP_HOSTS" in refused.json()["detail"]


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "http://[",
        "x",
        "://",
    ],
)
async def test_a_foreign_page_cannot_change_anything_or_watch(served, origin):
    await served.add("job")
    async with served.client(headers={"Origin": origin}) as client:
        for method, path in (("POST", "/api/jobs"), ("DELETE", "/api/jobs/job")):
            answer = await client.request(method, path)
            assert (answer.status_code, code_of(answer)) == (403, "forbidden_origin")
        tricked = await client.get("/api/jobs/job", headers={"X-HTTP-Method-Override": "DELETE"})
        assert tricked.status_code == 200
    with pytest.raises(InvalidStatus) as refused:
        async with connect(served.live("job"), origin=cast("Origin", origin), proxy=None):
            pass

    assert refused.value.response.status_code == 403
    assert await served.catalog.jobs.find("job")


async def test_its_own_page_may(served):
    await served.add("job")
    origin = f"http://{served.address}"
    async with served.client(headers={"Origin": origin}) as client:
        assert (await client.post("/api/jobs/job/cancel")).status_code == 202
    async with connect(served.live("job"), origin=cast("Origin", origin), proxy=None) as socket:
        assert await socket.recv()


async def test_every_answer_carries_the_security_headers(serve, tmp_path, monkeypatch):
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "index.html").write_text("<title>viralclip</title>")
    served = await serve()
    monkeypatch.setattr(served.channel, "progress", None)  # a bug: it cannot be called
    await served.add("job")
    expected = {
        "/": 200,
        "/index.html": 200,
        "/missing.js": 404,
        "/api/none": 404,
        "/api/jobs?limit=x": 422,
        "/api/jobs/job": 500,
        "/healthz": 200,
        "/readyz": 503,
        "/api/openapi.json": 200,
    }
    async with served.client() as client:
        for path, status in expected.items():
            answer = await client.get(path)

            assert answer.status_code == status, path
            assert "default-src 'self'" in answer.headers["content-security-policy"]
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["x-frame-options"] == "DENY"
            assert answer.headers["referrer-policy"] == "no-referrer"
            if status >= 400:
                assert code_of(answer)
            assert "Traceback" not in answer.text
        wrong = await client.get("/", headers={"Host": "evil.example"})
        assert wrong.headers["x-content-type-options"] == "nosniff"


async def test_one_view_too_many_is_refused_and_the_place_is_given_back(serve):
    served = await serve(limits=Limits(viewers_per_user=1))
    await served.add("job")
    headers = {"Accept": "text/event-stream"}
    async with served.client(headers=headers) as client:
        async with connect(served.live("job"), proxy=None) as socket:
            await socket.recv()
            refused = await client.get("/api/jobs/job/events")
            assert (refused.status_code, code_of(refused)) == (429, "too_many")
            assert await closed_with(served.live("job")) == 4429
        async with asyncio.timeout(10), client.stream("GET", "/api/jobs/job/events") as stream:
            assert stream.status_code == 200
            assert await closed_with(served.live("job")) == 4429
        async with asyncio.timeout(10):
            while (code := await first_code(served)) == 4429:
                pass
            assert code is None


async def first_code(served) -> int | None:
    """None if the view is granted, else the code it is closed with."""
    async with connect(served.live("job"), proxy=None) as socket:
        with suppress(ConnectionClosed):
            await socket.recv()
        return socket.close_code


async def test_an_address_that_others_can_reach_demands_tokens(spawn, tmp_path):
    with pytest.raises(AssertionError, match="token create"):
        await spawn("--host", ANYWHERE, "--no-worker")
    async with open_catalog(f"sqlite:///{tmp_path / 'catalog.db'}") as catalog:
        token = await catalog.tokens.create("anna")
    process = await spawn("--host", ANYWHERE, "--no-worker")
    async with process.client() as client:
        assert (await client.get("/api/me")).status_code == 401
        foreign = {"Host": "evil.example", "Authorization": f"Bearer {token}"}
        assert (await client.get("/api/me", headers=foreign)).status_code == 403
    async with process.client(token) as client:
        by_address = await client.get("/api/me", headers={"Host": f"192.168.7.7:{process.port}"})
        assert by_address.json()["user"] == "anna"
