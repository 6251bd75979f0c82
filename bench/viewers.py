"""Run as a script: many viewers of one server, which say what they got and how late it was."""

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from viralclip.server.live import LINES

_MARK = b'"message":"'
# Without anything new for so long, the rest does not come any more.
_SILENCE_S = 20.0
_CONNECTING = 25


@dataclass
class Tally:
    """What all viewers together got."""

    received: int = 0
    in_order: bool = True
    late_ns: list[int] = field(default_factory=list)
    last_ns: int = 0


class Viewer(WSListener):
    """Counts what it is sent; each message says its number, and when it was told."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._expected = 1
        self.joined = asyncio.get_running_loop().create_future()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        now = time.monotonic_ns()
        payload = frame.get_payload_as_bytes()
        lines = payload.split(b"\n") if _MARK in payload else []
        for line in lines:
            self._hear(line, now)
        if not lines:
            self._greet(transport, payload)

    def _hear(self, line: bytes, now: int) -> None:
        number, when, _ = line.partition(_MARK)[2].split(b" ", 2)
        tally = self._tally
        tally.in_order &= int(number) == self._expected
        self._expected += 1
        tally.received += 1
        tally.late_ns.append(now - int(when))
        tally.last_ns = now

    def _greet(self, transport: WSTransport, payload: bytes) -> None:
        """Ours begins with a snapshot; socket.io is joined and pinged by hand."""
        if payload.startswith(b"0{"):
            transport.send(WSMsgType.TEXT, b"40")
        elif payload == b"2":
            transport.send(WSMsgType.TEXT, b"3")
        elif payload.startswith((b"40{", b'{"kind":"snapshot"')) and not self.joined.done():
            self.joined.set_result(None)


async def main(url: str, count: int) -> None:
    tally = Tally()
    viewers = await _join(url, count, tally)
    print("joined", flush=True)
    while asked := await asyncio.to_thread(sys.stdin.readline):
        wanted = int(asked) * len(viewers)
        await _until(tally, wanted)
        print(json.dumps(_said(tally, wanted)), flush=True)
        tally.received = 0
        tally.late_ns.clear()


async def _join(url: str, count: int, tally: Tally) -> list[Viewer]:
    gate = asyncio.Semaphore(_CONNECTING)

    async def join() -> Viewer:
        async with gate:
            _, viewer = await ws_connect(
                lambda: Viewer(tally),
                url,
                websocket_handshake_timeout=60,
                extra_headers={"Sec-WebSocket-Protocol": LINES},
            )
            assert isinstance(viewer, Viewer)
            await viewer.joined
            return viewer

    return await asyncio.gather(*(join() for _ in range(count)))


async def _until(tally: Tally, wanted: int) -> None:
    seen, since = tally.received, time.monotonic()
    while tally.received < wanted and time.monotonic() - since < _SILENCE_S:
        if tally.received != seen:
            seen, since = tally.received, time.monotonic()
        await asyncio.sleep(0.05)


def _said(tally: Tally, wanted: int) -> dict[str, Any]:
    late = sorted(tally.late_ns)
    return {
        "share": tally.received / wanted,
        "in_order": tally.in_order,
        "p50_ms": late[len(late) // 2] / 1e6 if late else 0.0,
        "p99_ms": late[len(late) * 99 // 100] / 1e6 if late else 0.0,
        "last_ns": tally.last_ns,
    }


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
