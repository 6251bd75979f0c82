"""A model is fetched by its name from where Hugging Face would be: a server on this machine."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytest.importorskip("faster_whisper")

FILES = {
    "config.json": b"{}",
    "model.bin": b"weights" * 1000,
    "tokenizer.json": b"{}",
    "vocabulary.txt": b"a\nb\n",
    "README.md": b"not asked for",
}
COMMIT = "c" * 40


class Hub(BaseHTTPRequestHandler):
    """Answers as the hub does for one repository."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.server.asked.append(self.path)  # pyright: ignore[reportAttributeAccessIssue]
        name = self.path.rpartition("/")[2]
        if "/api/models/Systran/faster-whisper-tiny" in self.path:
            self._send(200, self._listed())
        elif "/resolve/" in self.path and name in FILES:
            self._send(200, FILES[name])
        else:
            self._send(404, b"")

    def _listed(self) -> bytes:
        files = [{"rfilename": name, "size": len(data)} for name, data in FILES.items()]
        tree = [
            {"type": "file", "path": name, "size": len(data), "oid": _oid(data)}
            for name, data in FILES.items()
        ]
        whole = {"id": "Systran/faster-whisper-tiny", "sha": COMMIT, "siblings": files}
        return json.dumps(tree if "/tree/" in self.path else whole).encode()

    def _send(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{_oid(content)}"')
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called
        pass


def _oid(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


@pytest.fixture
def hub() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.asked = []  # pyright: ignore[reportAttributeAccessIssue]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def fetch(folder: Path, name: str, address: str) -> subprocess.CompletedProcess[str]:
    env = {
        **os.environ,
        "VIRALCLIP_STATE_DIR": str(folder / "state"),
        "HOME": str(folder),
        "HF_HOME": str(folder / "hub"),
        "HF_ENDPOINT": address,
        "HF_HUB_DISABLE_XET": "1",
        "NO_PROXY": "127.0.0.1",
    }
    command = [sys.executable, "-m", "viralclip", "models", "fetch", name]
    return subprocess.run(
        command, env=env, text=True, capture_output=True, timeout=120, check=False
    )


def test_a_model_is_fetched_by_its_name_and_found_afterwards(hub, tmp_path: Path):
    address = f"http://127.0.0.1:{hub.server_port}"
    fetched = fetch(tmp_path, "tiny", address)
    asked = len(hub.asked)
    again = fetch(tmp_path, "tiny", address)

    assert fetched.returncode == 0, fetched.stderr
    [model] = tmp_path.rglob("model.bin")
    assert model.read_bytes() == FILES["model.bin"]
    assert {path.name for path in model.parent.iterdir() if path.is_file()} == (
        FILES.keys() - {"README.md"}
    )
    assert again.returncode == 0
    assert len(hub.asked) == asked


def test_a_name_that_nobody_has_and_a_hub_that_is_gone_are_said(hub, tmp_path: Path):
    unknown = fetch(tmp_path, "tinny", f"http://127.0.0.1:{hub.server_port}")
    gone = fetch(tmp_path, "tiny", "http://127.0.0.1:9")

    assert "there is none of that name; choose from tiny" in unknown.stderr
    assert "it cannot be downloaded; check the network" in gone.stderr
    assert not list(tmp_path.rglob("model.bin"))
