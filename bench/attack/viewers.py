"""One user's live views: more than a user may have, and frames that are none."""

import asyncio
import struct

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from bench.attack.claim import Claim, counted
from bench.attack.server import Server, a_job

_ALLOWED = 100
_TOO_MANY = 4429
_BAD_FRAMES = (
    b"\x81\x02hi",
    b"\x81\xff" + struct.pack(">Q", 5 << 20) + bytes(4) + b"x" * 100_000,
    b"\xf1\x80" + bytes(4),
    b"\x01\x81" + bytes(4) + b"a" + (b"\x00\x81" + bytes(4) + b"a") * 20_000,
    b"\x81\xff" + b"\xff" * 8 + bytes(4),
)


async def attack(server: Server, *, short: bool) -> list[Claim]:
    extra = 5 if short else 100
    async with server.client() as client:
        video_id = (await client.get("/api/videos")).json()[0]["video_id"]
        job_id = (await client.post("/api/jobs", json=a_job(video_id))).json()["job_id"]
        address = f"ws{server.address.removeprefix('http')}/api/jobs/{job_id}/live"
        views = [await _view(server, address) for _ in range(_ALLOWED + extra)]
        ends = await asyncio.gather(*(_first(view) for view in views))
        for view in views:
            await view.close()
        bad = await asyncio.gather(*(_send_bad(server, address, frame) for frame in _BAD_FRAMES))
        await client.post(f"/api/jobs/{job_id}/cancel")
        alive = (await client.get("/api/me")).is_success
    kept = ends.count("view") == _ALLOWED and ends.count(str(_TOO_MANY)) == extra
    return [
        Claim("a user has so many live views and no more", kept, counted(ends)),
        Claim("frames that are none end their own view", alive and all(bad), f"{len(bad)} kinds"),
    ]


async def _view(server: Server, address: str) -> ClientConnection:
    headers = server.headers("mallory")
    return await connect(address, additional_headers=headers, proxy=None, compression=None)


async def _first(view: ClientConnection) -> str:
    """`view` if it is shown something, else the code that it is closed with."""
    try:
        async with asyncio.timeout(20):
            await view.recv()
    except ConnectionClosed as closed:
        return str(closed.rcvd.code if closed.rcvd else 0)
    except TimeoutError:
        return "nothing"
    return "view"


async def _send_bad(server: Server, address: str, frame: bytes) -> bool:
    """Whether the view that sends this is ended."""
    try:
        view = await _view(server, address)
        async with asyncio.timeout(20):
            view.transport.write(frame)
            await view.wait_closed()
    except TimeoutError:
        return False
    except (OSError, WebSocketException):
        return True
    return True
