"""A relay in front of an HTTP server that answers wrongly, half or not at all when told to."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, Self

How = Literal["status", "silence", "cut", "cut_answer"]
_FEW_BYTES = 200_000
_ROUNDS = 5


@dataclass
class Fault:
    """What happens to the next `times` requests whose first line has all the `words` in it.

    `status` answers with that status; `silence` reads the request and never answers; `cut` ends the
    connection in the middle of the request's body; `cut_answer` after `most` bytes of the answer.
    """

    how: How
    times: int = 1
    words: tuple[str, ...] = ()
    status: int = 503
    code: str = "SlowDown"
    most: int = 0

    def wants(self, line: str) -> bool:
        return self.times > 0 and all(word in line for word in self.words)


@dataclass
class Relay:
    """`lines` are the first lines of all requests, and `faulty` those that met a fault."""

    host: str
    port: int
    faults: list[Fault] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    faulty: list[str] = field(default_factory=list)
    address: str = ""

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(ready.set,), daemon=True)
        self._thread.start()
        ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    def count(self, *words: str) -> int:
        """How many requests had all the words in their first line."""
        return sum(all(word in line for word in words) for line in self.lines)

    def _run(self, ready: Callable[[], None]) -> None:
        self._loop.run_until_complete(self._serve(ready))

    async def _serve(self, ready: Callable[[], None]) -> None:
        self._stop = asyncio.Event()
        self._open: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready()
        await self._stop.wait()
        server.close()
        # Connections that were just accepted are told of in the loop's next rounds.
        for _ in range(_ROUNDS):
            await asyncio.sleep(0)
        tasks = list(self._open)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        task = self._loop.create_task(self._attend(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._handle(reader, writer)
        finally:
            writer.close()

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        line = head.partition(b"\r\n")[0].decode()
        self.lines.append(line)
        fault = next((fault for fault in self.faults if fault.wants(line)), None)
        if fault is None:
            await self._pass(head, reader, writer)
            return
        fault.times -= 1
        self.faulty.append(line)
        match fault.how:
            case "silence":
                await self._stop.wait()
            case "cut":
                await reader.read(_FEW_BYTES)
            case "cut_answer":
                await self._pass(head, reader, writer, most=fault.most)
            case "status":
                await _read_body(head, reader)
                writer.write(_answer(fault))
                await writer.drain()

    async def _pass(
        self,
        head: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        most: int | None = None,
    ) -> None:
        """One request and its answer; the server closes the connection after each."""
        answering, asking = await asyncio.open_connection(self.host, self.port)
        self._writers.add(asking)
        asking.write(head)
        sending = asyncio.create_task(_pump(reader, asking))
        try:
            await _pump(answering, writer, most)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            asking.close()


async def _pump(
    source: asyncio.StreamReader, target: asyncio.StreamWriter, most: int | None = None
) -> None:
    sent = 0
    while chunk := await source.read(65536):
        left = len(chunk) if most is None else most - sent
        target.write(chunk[:left])
        await target.drain()
        sent += len(chunk)
        if len(chunk) > left:
            return


async def _read_body(head: bytes, reader: asyncio.StreamReader) -> None:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            await reader.readexactly(int(value))


def _answer(fault: Fault) -> bytes:
    body = f"<Error><Code>{fault.code}</Code><AWSAccessKeyId>key-id</AWSAccessKeyId></Error>"
    head = f"HTTP/1.1 {fault.status} Fault\r\nConnection: close\r\nContent-Length: {len(body)}"
    return f"{head}\r\n\r\n{body}".encode()
