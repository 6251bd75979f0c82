"""The server that is attacked: a process on loopback with a state folder of its own."""

import asyncio
import base64
import http
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from bench.rig import BenchError

HOST = "127.0.0.1"
# As many files as a service may usually open; raised to the hard limit, it would take hours to
# come near it.
FILES = 1024
_PATIENCE_S = 90.0
_TUS = {"Tus-Resumable": "1.0.0"}
_BYTES = {**_TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
# What the process may be found to have open to others: it is started as most are.
_AS_USUAL = 'umask 022; ulimit -n "$1"; shift; exec "$@"'
# The first byte of a WebSocket's last message.
_CLOSE = 0x88
UPGRADE = (
    *("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"),
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
)
_SIGNED_IN = {"VIRALCLIP_HOSTS": "clips.example.com", "VIRALCLIP_WEBHOOKS": "anywhere"}


@dataclass(frozen=True)
class Server:
    """A running server; `tokens` are those of its users, none where a person is alone with it."""

    process: psutil.Process
    port: int
    state: Path
    root: Path
    log: Path
    tokens: Mapping[str, str] = field(repr=False)

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"

    def headers(self, user: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[user]}"} if self.tokens else {}

    def client(self, user: str = "mallory", **headers: str) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=None)
        headers = {**self.headers(user), **headers}
        return httpx.AsyncClient(
            base_url=self.address, headers=headers, timeout=60, limits=limits, trust_env=False
        )

    async def raw(self, request: bytes, *, within_s: float = 10.0) -> bytes:
        """What the server answers to these bytes until it ends the connection, or in that time."""
        reader, writer = await asyncio.open_connection(HOST, self.port)
        said = bytearray()
        try:
            writer.write(request)
            with suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(within_s):
                    while part := await reader.read(65536):
                        said += part
        finally:
            writer.close()
        return bytes(said)

    async def status(self, request: str) -> int:
        """The status of the answer to a request that is written out; 0 for none."""
        said = await self.raw(f"{request}\r\nConnection: close\r\n\r\n".encode("latin-1"))
        return status_of(said)

    async def live(self, *headers: str) -> int:
        """The status of the answer to a request for a live view with these headers, or the code
        that the view is closed with; 101 for one that is shown something."""
        lines = ["GET /api/jobs/x/live HTTP/1.1", "Host: localhost", *headers, *UPGRADE]
        reader, writer = await asyncio.open_connection(HOST, self.port)
        try:
            writer.write("\r\n".join([*lines, "", ""]).encode())
            async with asyncio.timeout(10):
                head = await reader.readuntil(b"\r\n\r\n")
                if status_of(head) != http.HTTPStatus.SWITCHING_PROTOCOLS:
                    return status_of(head)
                kind, _ = await reader.readexactly(2)
                code = int.from_bytes(await reader.readexactly(2), "big")
                return code if kind == _CLOSE else http.HTTPStatus.SWITCHING_PROTOCOLS
        except (TimeoutError, OSError, EOFError):
            return 0
        finally:
            writer.close()

    def megabytes(self) -> float:
        """What the process holds itself, without those that it has started."""
        return self.process.memory_info().rss / 1e6

    def logged(self) -> int:
        """How many bytes it has written about what it does."""
        files = [self.log, *(self.state / "logs").rglob("*")]
        return sum(file.stat().st_size for file in files if file.is_file())


def status_of(answer: bytes) -> int:
    words = answer.partition(b"\r\n")[0].split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


async def announce(client: httpx.AsyncClient, size: int, name: str = "v.mp4") -> httpx.Response:
    metadata = f"filename {base64.b64encode(name.encode()).decode()}"
    headers = {**_TUS, "Upload-Length": str(size), "Upload-Metadata": metadata}
    return await client.post("/api/uploads", headers=headers)


async def upload(client: httpx.AsyncClient, content: bytes, name: str = "v.mp4") -> httpx.Response:
    """The answer to the last byte, or to the announcement if that was refused."""
    announced = await announce(client, len(content), name)
    if announced.status_code != httpx.codes.CREATED:
        return announced
    return await client.patch(announced.headers["location"], headers=_BYTES, content=content)


async def give_up(client: httpx.AsyncClient, announced: httpx.Response) -> None:
    await client.delete(announced.headers["location"], headers=_TUS)


def a_job(video_id: str) -> dict[str, object]:
    scene = {"title": "Scene", "start": 0, "end": 1}
    return {"source": {"video_id": video_id}, "scenes": [scene], "styles": ["original"]}


@contextmanager
def alone(folder: Path) -> Iterator[Server]:
    """As on a laptop: nobody signs in."""
    with _served(folder, users=(), settings={}) as server:
        yield server


@contextmanager
def shared(folder: Path, *, users: tuple[str, ...] = ("mallory", "bob")) -> Iterator[Server]:
    """As behind a proxy that has a name: users sign in by token. Webhooks may lead to loopback,
    for a receiver that can be watched."""
    with _served(folder, users=users, settings=_SIGNED_IN) as server:
        yield server


@contextmanager
def _served(folder: Path, *, users: tuple[str, ...], settings: dict[str, str]) -> Iterator[Server]:
    state, root, log = folder / "state", folder / "root", folder / "server.log"
    root.mkdir(parents=True)
    port = _free_port()
    env = {n: v for n, v in os.environ.items() if not n.startswith(("VIRALCLIP_", "AWS_"))}
    own = {"VIRALCLIP_STATE_DIR": str(state), "VIRALCLIP_MEDIA_ROOTS": str(root)}
    own |= {"VIRALCLIP_PORT": str(port), **settings}
    env |= own | {n: v for n in ("VIRALCLIP_FFMPEG",) if (v := os.environ.get(n))}
    command = [sys.executable, "-m", "viralclip"]
    tokens = {user: _token([*command, "token", "create", user], env) for user in users}
    usual = ["sh", "-c", _AS_USUAL, "sh", str(FILES)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*usual, *command, "serve"],
            env=env,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
        )
    try:
        _wait(process, port, log)
        yield Server(psutil.Process(process.pid), port, state, root, log, tokens)
    finally:
        _end(process)


def _token(command: list[str], env: dict[str, str]) -> str:
    made = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    return made.stdout.split()[-1]


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(httpx.TransportError):
            httpx.get(f"http://{HOST}:{port}/readyz", trust_env=False).raise_for_status()
            return
        time.sleep(0.1)
    raise BenchError(f"the server did not start:\n{log.read_text(errors='replace')[-4000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as probing:
        return probing.getsockname()[1]
