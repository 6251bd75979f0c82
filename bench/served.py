"""`viralclip serve` in a process of its own, for pictures of what people see of it."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from bench import rig

VIDEO = "talk.mp4"
_START_S = 240.0


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The address of a server with the videos of `folder/media`."""
    port = _free_port()
    settings = {"VIRALCLIP_MEDIA_ROOTS": str(folder / "media"), "VIRALCLIP_FFMPEG_SLOTS": "2"}
    process = rig.viralclip("serve", "--port", str(port), state=folder / "state", settings=settings)
    try:
        address = f"http://127.0.0.1:{port}"
        _await(address)
        yield address
    finally:
        process.terminate()
        process.communicate()


def _await(address: str) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        with suppress(httpx.TransportError), httpx.Client(trust_env=False) as client:
            if client.get(f"{address}/healthz").is_success:
                return
        time.sleep(0.2)
    raise rig.BenchError(f"nothing answers at {address}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probing:
        return probing.getsockname()[1]
