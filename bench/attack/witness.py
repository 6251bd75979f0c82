"""Run as a script: another user, who asks whether the server is ready, submits, and cancels.

A process of its own, so that what the attacks cost their own process is not measured with it.
Every request has a connection of its own, as that of somebody who has just come.
"""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.attack.server import HOST, Server, a_job

READY_WITHIN_S = 0.25
SUBMITTED_WITHIN_S = 1.0
_READY_EVERY_S = 0.05
_SUBMIT_EVERY_S = 0.7
_PATIENCE_S = 30.0

Asked = Literal["ready", "submit"]


@dataclass(frozen=True)
class Sight:
    """One request: what was asked at which moment of the machine's clock, and how it was answered;
    the status is 0 where there was no answer."""

    asked: Asked
    at: float
    took_s: float
    status: int

    @property
    def is_good(self) -> bool:
        return self.status in (http.client.OK, http.client.CREATED)


@contextmanager
def watching(server: Server, video_id: str, folder: Path) -> Iterator[Path]:
    """A witness for as long as the context is open; what it sees is written to the file."""
    seen = folder / "seen.jsonl"
    command = [sys.executable, "-m", "bench.attack.witness", str(server.port), video_id]
    with seen.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=output, cwd=Path(__file__).parents[2]
        )
    assert process.stdin
    process.stdin.write(json.dumps(server.headers("bob")).encode() + b"\n")
    process.stdin.flush()
    try:
        yield seen
    finally:
        process.stdin.close()
        process.wait(2 * _PATIENCE_S)


def read_sights(seen: Path) -> list[Sight]:
    return [Sight(**json.loads(line)) for line in seen.read_text(encoding="utf-8").splitlines()]


def main(port: int, video_id: str) -> None:
    headers = json.loads(sys.stdin.readline())
    ended = threading.Event()
    writing = threading.Lock()

    def note(asked: Asked, began: float, status: int) -> None:
        sight = Sight(asked, began, time.monotonic() - began, status)
        with writing:
            print(json.dumps(vars(sight)), flush=True)

    def ask() -> None:
        while not ended.wait(_READY_EVERY_S):
            began = time.monotonic()
            status, _ = _request(port, "GET", "/readyz", {})
            note("ready", began, status)

    def submit() -> None:
        body = json.dumps(a_job(video_id))
        typed = {**headers, "Content-Type": "application/json"}
        while not ended.wait(_SUBMIT_EVERY_S):
            began = time.monotonic()
            status, answer = _request(port, "POST", "/api/jobs", typed, body)
            note("submit", began, status)
            if status == http.client.CREATED:
                cancel = f"/api/jobs/{json.loads(answer)['job_id']}/cancel"
                _request(port, "POST", cancel, headers)

    threads = [threading.Thread(target=work) for work in (ask, submit)]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    ended.set()
    for thread in threads:
        thread.join()


def _request(
    port: int, method: str, path: str, headers: dict[str, str], body: str | None = None
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(HOST, port, timeout=_PATIENCE_S)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
