"""Foreign names that lead to this machine, and foreign pages that act."""

import json

from bench.attack.claim import Claim, all_are
from bench.attack.server import Server

_REFUSED = frozenset({400, 403})
_HOSTS = (
    "evil.example",
    "evil.example:{port}",
    "localhost.evil.example",
    "127.0.0.1.nip.io",
    "",
    "user@127.0.0.1",
    "127.0.0.1@evil.example",
    "127.1",
    "0.0.0.0",  # noqa: S104 - asked for, not listened on
    "0",
    "2130706433",
    "0x7f000001",
    "017700000001",
    "[::ffff:127.0.0.1]",
    "[::]",
    "evil.example#localhost",
    "evil.example\\localhost",
    "localhost/evil.example",
    "localhost\r\nHost: evil.example",
    "evil.example\r\nHost: localhost",
)
_ORIGINS = (
    "null",
    "https://evil.example",
    "http://127.0.0.1:{port}.evil.example",
    "http://127.0.0.1:{port}@evil.example",
    "http://127.0.0.1:1",
    "http://evil.example:{port}",
    "http://localhost.evil.example:{port}",
    "file://",
    "chrome-extension://abcdef",
)
_TYPES = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")


async def attack(server: Server, *, short: bool) -> list[Claim]:  # noqa: ARG001 - it is quick
    return [
        all_are("a foreign name gets no answer", _REFUSED, await _hosts(server)),
        all_are("a foreign page does not act", _REFUSED, await _origins(server)),
        all_are("nor does a form", frozenset({415, 422}), await _forms(server)),
        await _reads(server),
    ]


async def _hosts(server: Server) -> dict[str, int]:
    seen: dict[str, int] = {}
    for host in _HOSTS:
        for path in ("/", "/api/jobs"):
            request = f"GET {path} HTTP/1.1\r\nHost: {host.format(port=server.port)}"
            seen[f"{host} {path}"] = await server.status(request)
    seen["none"] = await server.status("GET /api/jobs HTTP/1.1")
    return seen


async def _origins(server: Server) -> dict[str, int]:
    seen: dict[str, int] = {}
    for origin in (origin.format(port=server.port) for origin in _ORIGINS):
        async with server.client(Origin=origin) as client:
            hook = await client.post("/api/webhooks", json={"url": "https://example.com/"})
            seen[f"{origin} webhook"] = hook.status_code
            seen[f"{origin} upload"] = (await client.post("/api/uploads")).status_code
        seen[f"{origin} live"] = await server.live(f"Origin: {origin}")
    return seen


async def _forms(server: Server) -> dict[str, int]:
    """What a page can send without asking first, by a browser that does not say from where."""
    body = json.dumps({"url": "https://example.com/"})
    seen: dict[str, int] = {}
    for kind in _TYPES:
        async with server.client(**{"Content-Type": kind}) as client:
            seen[kind] = (await client.post("/api/webhooks", content=body)).status_code
    return seen


async def _reads(server: Server) -> Claim:
    async with server.client(Origin="https://evil.example") as client:
        read = await client.get("/api/jobs")
        asked = {"Access-Control-Request-Method": "POST"}
        preflight = await client.options("/api/jobs", headers=asked)
    allowed = [
        name for answer in (read, preflight) for name in answer.headers if "access-control" in name
    ]
    figure = f"preflight {preflight.status_code}, {len(allowed)} headers that allow"
    return Claim("a foreign page reads nothing", not allowed and preflight.is_error, figure)
