"""SQLite's write-ahead log, switched on: patient with others, at once where nothing can help."""

import sqlite3
import threading
import time
from contextlib import closing

import pytest

from viralclip.processes.sqlite_wal import use_wal

PATIENCE_S = 20.0


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "any.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("create table t (x)")
    return path


def test_a_file_that_another_process_is_changing_is_waited_for(path):
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("begin immediate")
        threading.Timer(0.2, other.execute, ("commit",)).start()
        with closing(sqlite3.connect(path, timeout=0)) as db:
            use_wal(db, patience_s=PATIENCE_S)

            assert db.execute("pragma journal_mode").fetchone() == ("wal",)


def test_patience_has_an_end(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        with (
            closing(sqlite3.connect(path, timeout=0)) as db,
            pytest.raises(sqlite3.OperationalError, match="locked"),
        ):
            use_wal(db, patience_s=0.1)


def test_a_file_that_may_not_be_written_is_said_at_once(path):
    began = time.monotonic()
    with (
        closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        use_wal(db, patience_s=PATIENCE_S)

    assert time.monotonic() - began < PATIENCE_S / 2
