"""Storages to keep promises with, and a file of several chunks."""

from collections.abc import Callable
from pathlib import Path

import pytest
from obstore.store import MemoryStore
from peers.s3 import Bucket

from viralclip.storage.objects import Storage
from viralclip.storage.opening import open_storage

_MB = 1_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def folder_storage(folder: Path) -> Storage:
    return open_storage(folder.as_uri())


@pytest.fixture
def memory_storage() -> Storage:
    return Storage(MemoryStore(), url="memory://", folder=None)


@pytest.fixture
def s3_storage(bucket: Bucket) -> Storage:
    return open_storage(bucket.url)


@pytest.fixture
def make_file(tmp_path: Path) -> Callable[[int], Path]:
    """`make_file(n)` is a file of n million bytes, none of them like the other."""

    def make(millions: int) -> Path:
        path = tmp_path / "clip.mp4"
        path.write_bytes(b"".join(bytes([i]) * _MB for i in range(millions)))
        return path

    return make


@pytest.fixture
def clip(make_file: Callable[[int], Path]) -> Path:
    return make_file(6)
