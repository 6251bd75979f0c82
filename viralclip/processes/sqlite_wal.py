"""SQLite's write-ahead log, switched on among processes that do the same to a new file at once."""

import sqlite3
import time

_TURN_S = 0.02


def use_wal(db: sqlite3.Connection, *, patience_s: float) -> None:
    """Keep the file's changes in a write-ahead log from now on.

    SQLite does not wait here for others who do the same, however long its busy timeout, so this
    does. What no waiting mends, such as a file that may not be written, is raised at once.
    Raises sqlite3.OperationalError.
    """
    deadline = time.monotonic() + patience_s
    while db.execute("pragma journal_mode").fetchone() != ("wal",):
        try:
            db.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(_TURN_S)


def _is_busy(error: sqlite3.OperationalError) -> bool:
    # The low byte names the kind; the others say which of its cases it is.
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
