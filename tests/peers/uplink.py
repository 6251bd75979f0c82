"""A line of so many bytes a second that all connections to a server share, with a delay.

It never stands still for long: each connection gets its turn. `cut` forgets a connection without a
word, as a router does that was switched off and on.
"""

import asyncio
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

_PIECE = 16 * 1024
_BUFFER = 64 * 1024


@dataclass
class Uplink:
    """`most` is how many requests with a body were under way at once."""

    port: int
    bytes_per_s: float
    delay_s: float = 0.0
    # Connections, counted from the first, that forget what is sent on them after some bytes.
    cut: dict[int, int] = field(default_factory=dict)
    accepted: int = 0
    carried: int = 0
    address: str = ""

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._next = time.monotonic()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=lambda: self._loop.run_until_complete(self._serve(ready)), daemon=True
        )
        self._thread.start()
        ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self, ready: threading.Event) -> None:
        self._stop = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        listening = socket.socket()
        # Little waits in the kernel: what it has acknowledged counts as arrived.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        listening.bind(("127.0.0.1", 0))
        server = await asyncio.start_server(self._accept, sock=listening, limit=_BUFFER)
        self.address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        ready.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        number, self.accepted = self.accepted, self.accepted + 1
        with suppress(OSError, asyncio.CancelledError):
            await self._carry(reader, writer, self.cut.get(number))
        writer.transport.abort()
        self._tasks.discard(task)

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int | None
    ) -> None:
        answering, asking = await asyncio.open_connection("127.0.0.1", self.port)
        back = asyncio.create_task(self._back(answering, writer))
        try:
            carried = 0
            await asyncio.sleep(self.delay_s)
            while piece := await reader.read(_PIECE):
                if most is not None and carried >= most:
                    await self._stop.wait()
                await self._turn(len(piece))
                asking.write(piece)
                await asking.drain()
                carried += len(piece)
                self.carried += len(piece)
            await back
        finally:
            back.cancel()
            asking.transport.abort()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(_PIECE):
            await asyncio.sleep(self.delay_s)
            writer.write(piece)
            await writer.drain()
        writer.close()

    async def _turn(self, size: int) -> None:
        now = time.monotonic()
        self._next = max(self._next, now) + size / self.bytes_per_s
        await asyncio.sleep(self._next - now)
