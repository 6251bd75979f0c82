"""A Firestore emulator in a process of its own, with an empty project for each test."""

import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from peers import missing

_FOLDER = Path(__file__).parent.parent / "catalog" / "firestore_emulator"
_PATIENCE_S = 180


@pytest.fixture(scope="session")
def firestore_port() -> Iterator[int]:
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        missing("install Node.js 20 or later to test the catalog on Firestore")
    _install()
    command = [node, _FOLDER / "serve.js"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        yield int(process.stdout.readline())
        process.kill()


def _install() -> None:
    """The packages of the lock, unless they are here already."""
    done = _FOLDER / "node_modules" / ".package-lock.json"
    lock = _FOLDER / "package-lock.json"
    if done.exists() and done.stat().st_mtime >= lock.stat().st_mtime:
        return
    command = ["npm", "ci", "--ignore-scripts"]
    try:
        subprocess.run(command, cwd=_FOLDER, check=True, capture_output=True, timeout=_PATIENCE_S)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        missing(f"the Firestore emulator cannot be installed: {error}")
    done.touch()


@pytest.fixture
def firestore_url(firestore_port: int, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{firestore_port}")
    return f"firestore://test-{uuid.uuid4().hex[:12]}"
