"""`viralclip serve` as people run it, with a worker inside and jobs that are made, or fail."""

import asyncio
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fleet import Viewer
from services import free_port

_PATIENCE_S = 60.0
# Fails in the scene that begins at the second second, which is read from a moment before; and
# renders no quicker than three times the speed of life.
_FFMPEG = """#!/bin/sh
case "$1" in -version) exec {ffmpeg} "$@";; esac
case "$*" in *"-ss 1."*|*"-ss 2."*) exit 1;; esac
exec {ffmpeg} -readrate 3 "$@"
"""
GOOD = ({"id": 1, "title": "One", "start": 0.0, "end": 1.0},)
BAD = tuple(
    {"id": at, "title": f"Bad {at}", "start": start, "end": start + 0.4}
    for at, start in ((2, 2.0), (3, 2.2), (4, 2.4))
)
PARTLY_BAD = (*GOOD, BAD[0])
_STYLES = ("original", "center_focus")


@dataclass(frozen=True)
class Served:
    """A server that runs, and the environment that its commands have."""

    port: int
    env: dict[str, str]
    video: Path

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=30)

    def submit(self, scenes: tuple[dict[str, Any], ...]) -> str:
        request = {
            "source": {"path": str(self.video)},
            "scenes": scenes,
            "styles": _STYLES,
            "preset": "fast",
        }
        with self.client() as client:
            answer = client.post("/api/jobs", json=request)
        assert answer.status_code == 201, answer.text
        return answer.json()["job_id"]

    def watch(self, job_id: str) -> None:
        """Watch the job live until it has ended."""

        async def watched() -> None:
            async with asyncio.timeout(_PATIENCE_S):
                await Viewer(self.address, job_id).watch()

        asyncio.run(watched())


@contextmanager
def served(folder: Path, ffmpeg: Path, video: Path, **settings: str) -> Iterator[Served]:
    """A server for as long as the context is open; its state is in the folder."""
    script = folder / "ffmpeg"
    script.write_text(_FFMPEG.format(ffmpeg=shlex.quote(str(ffmpeg))))
    script.chmod(0o755)
    env = {
        **os.environ,
        "VIRALCLIP_STATE_DIR": str(folder / "state"),
        "VIRALCLIP_MEDIA_ROOTS": str(video.parent),
        "VIRALCLIP_FFMPEG": str(script),
        "VIRALCLIP_FFMPEG_SLOTS": "2",
        **settings,
    }
    here = Served(free_port(), env, video)
    command = [sys.executable, "-m", "viralclip", "serve", "--port", str(here.port)]
    with (folder / "serve.err").open("wb") as errors:
        process = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
        )
    try:
        assert process.stdout
        # It is connected to from then on, and answers as soon as it is ready.
        said = next((line for line in process.stdout if b"viralclip is at" in line), None)
        assert said, (folder / "serve.err").read_text(errors="replace")
        with here.client() as client:
            assert client.get("/readyz").is_success
        yield here
    finally:
        process.terminate()
        process.wait(30)
        if process.stdout:
            process.stdout.close()
