"""Paths that try to leave the folders that are served."""

import asyncio
from collections.abc import Iterator
from urllib.parse import quote

from bench.attack.claim import Claim, counted
from bench.attack.server import Server, status_of

_STEPS = (
    *("../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "..\\", "%252e%252e%252f", "..%c0%af"),
    *("....//", "..;/", "%00", "..%00/", "//", "file:///", "C:%5c", "\\\\?\\C:\\"),
)
_PLACES = (
    *("/{}", "/assets/{}", "/api/jobs/{}", "/api/jobs/{}/clips", "/api/jobs/{}/clips.zip"),
    *("/api/jobs/{}/clips/1/original/file", "/api/jobs/x/clips/1/{}/file", "/api/jobs/{}/events"),
    *("/api/videos/{}", "/api/videos/{}/content", "/api/uploads/{}", "/api/webhooks/{}/deliveries"),
)
_NAMED = "secret.mp4"
SECRET = b"what nobody may read"
# How files begin that must not be read: accounts of the machine, our own databases, a key.
_LEAKS = (b"root:x:0", b"SQLite format", b"PRIVATE KEY", SECRET)
_AT_ONCE = 8


async def attack(server: Server, *, short: bool) -> list[Claim]:
    secret = server.root.parent / "private" / _NAMED
    secret.parent.mkdir(exist_ok=True)
    secret.write_bytes(SECRET)
    (server.root / "link.mp4").symlink_to(secret)
    (server.root / "folder").symlink_to(secret.parent)
    (server.root / "passwd.mp4").symlink_to("/etc/passwd")
    steps = _STEPS[:3] if short else _STEPS
    answers = await _asked(server, list(_targets(steps)))
    leaks = [target for target, said in answers.items() if any(leak in said for leak in _LEAKS)]
    broken = [target for target, said in answers.items() if not 0 < status_of(said) < 500]
    opened = await _opened(server, str(secret))
    statuses = counted(status_of(said) for said in answers.values())
    for name in ("link.mp4", "folder", "passwd.mp4"):
        (server.root / name).unlink()
    return [
        Claim(
            "no path leads out", not leaks, f"{len(answers)} requests: {statuses} {leaks[:3] or ''}"
        ),
        Claim(
            "none breaks the server",
            not broken,
            f"{len(broken)} without an answer {broken[:3] or ''}",
        ),
        Claim(
            "no name leads out of a media root",
            not opened["taken"],
            f"{opened['asked']} names, taken: {opened['taken'] or 'none'}",
        ),
    ]


def _targets(steps: tuple[str, ...]) -> Iterator[str]:
    for step in steps:
        for deep in (
            step,
            f"{step * 6}etc/passwd",
            f"{step * 6}etc%2fpasswd",
            f"{step * 3}catalog.db",
        ):
            yield from (place.format(deep) for place in _PLACES)


async def _asked(server: Server, targets: list[str]) -> dict[str, bytes]:
    gate = asyncio.Semaphore(_AT_ONCE)
    token = "".join(f"{name}: {value}\r\n" for name, value in server.headers("mallory").items())

    async def ask(target: str) -> bytes:
        head = f"GET {target} HTTP/1.1\r\nHost: localhost\r\n{token}Connection: close\r\n\r\n"
        async with gate:
            return await server.raw(head.encode("latin-1"))

    return dict(
        zip(targets, await asyncio.gather(*(ask(target) for target in targets)), strict=True)
    )


async def _opened(server: Server, secret: str) -> dict[str, object]:
    names = (
        *("../private/secret.mp4", secret, "link.mp4", "folder/secret.mp4", "passwd.mp4"),
        *("..%2fprivate%2fsecret.mp4", "./../private/secret.mp4", f"file:{secret}", "\0", "~/x"),
        *("/proc/self/environ", "/dev/stdin", "folder", ".", "", "/", "\\..\\..\\etc\\passwd"),
    )
    taken: list[str] = []
    async with server.client() as client:
        for name in names:
            opened = await client.post(f"/api/videos/files?path={quote(name, safe='')}")
            asked = {"source": {"path": name}, "scenes": "0,1", "styles": ["original"]}
            submitted = await client.post("/api/jobs", json=asked)
            if not {opened.status_code, submitted.status_code} <= {404, 422}:
                taken.append(name)
    return {"asked": len(names), "taken": taken}
