"""The log files as a table that can be asked questions in SQL, by DuckDB (the extra `logs`)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from viralclip.errors import InvalidRequestError, NotInstalledError

if TYPE_CHECKING:
    import duckdb

# What has a column of its own; `line` holds the whole line as JSON.
COLUMNS = {
    "timestamp": "TIMESTAMP",
    "level": "VARCHAR",
    "message": "VARCHAR",
    "job_id": "VARCHAR",
    "scene_id": "BIGINT",
    "style": "VARCHAR",
    "clip_index": "BIGINT",
    "step": "VARCHAR",
    "attempt": "BIGINT",
    "worker": "VARCHAR",
    "duration_sec": "DOUBLE",
    "code": "VARCHAR",
    "error": "VARCHAR",
    "trace_id": "VARCHAR",
}
_LOG_LINES = """
    CREATE VIEW log_lines AS
    SELECT timestamp, level, job_id, scene_id, style, step, message, duration_sec, code, error
    FROM logs
"""
_MOST_LINE_BYTES = 16 * 1024**2


class BadQueryError(InvalidRequestError):
    """The query was not understood: {why}"""

    code = "invalid_query"


@dataclass(frozen=True)
class Answer:
    """The names of the columns, and the rows."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def records(self) -> Iterator[dict[str, Any]]:
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)


class LogTable:
    """The table `logs` over some files, or over lines that are given to it; times are UTC.
    `log_lines` has what fits on a line of a terminal.

    A query is one SELECT: it reads these files and nothing else, and writes nothing. Lines that
    are no JSON, as a full disk leaves them, are left out.
    """

    def __init__(self, database: "duckdb.DuckDBPyConnection") -> None:
        self._database = database

    @classmethod
    def over_files(cls, files: Sequence[Path], *, since: datetime | None = None) -> "LogTable":
        if not files:
            return cls.over_lines([])
        database = _open()
        names = _texts(str(path) for path in files)
        database.execute(f"SET allowed_paths = {names}")
        options = f"ignore_errors = true, maximum_object_size = {_MOST_LINE_BYTES}"
        _define(database, f"read_ndjson_objects({names}, {options})", since)
        return cls(database)

    @classmethod
    def over_lines(cls, lines: Iterable[str], *, since: datetime | None = None) -> "LogTable":
        database = _open()
        database.execute("CREATE TABLE lines (json VARCHAR)")
        database.execute("INSERT INTO lines SELECT unnest(?::VARCHAR[])", [list(lines)])
        _define(database, "(SELECT json FROM lines WHERE json_valid(json))", since)
        return cls(database)

    def ask(self, sql: str, parameters: Sequence[object] = ()) -> Answer:
        """What the query gives; BadQueryError where it is not one."""
        import duckdb  # noqa: PLC0415 - an extra

        try:
            kinds = [each.type for each in self._database.extract_statements(sql)]
            if kinds != [duckdb.StatementType.SELECT]:
                raise BadQueryError(why="it has to be one SELECT")
            asked = self._database.execute(sql, list(parameters))
            columns = tuple(column[0] for column in asked.description or ())
            return Answer(columns, asked.fetchall())
        except duckdb.Error as error:
            why = str(error).partition("\n\n")[0]
            raise BadQueryError(why=why) from error


def _open() -> "duckdb.DuckDBPyConnection":
    try:
        import duckdb  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise NotInstalledError(package="duckdb", extra="logs") from error
    return duckdb.connect(":memory:")


def _define(database: "duckdb.DuckDBPyConnection", source: str, since: datetime | None) -> None:
    """Make the view; whoever asks afterwards can open no other file."""
    columns = ", ".join(
        f"TRY_CAST(json ->> '{name}' AS {kind}) AS {name}" for name, kind in COLUMNS.items()
    )
    # All of it is ours but the names of files, which are quoted.
    rows = f"SELECT {columns}, CAST(json AS VARCHAR) AS line FROM {source}"  # noqa: S608
    after = ""
    if since is not None:
        at = since.astimezone(UTC).replace(tzinfo=None)
        after = f" AND timestamp >= TIMESTAMP '{at.isoformat(sep=' ')}'"
    found = f"SELECT * FROM ({rows}) WHERE line IS NOT NULL{after}"  # noqa: S608
    database.execute(f"CREATE VIEW logs AS {found}")
    database.execute(_LOG_LINES)
    database.execute("SET enable_external_access = false")
    database.execute("SET lock_configuration = true")


def _texts(texts: Iterable[str]) -> str:
    """A list of texts in SQL."""
    quoted = ", ".join("'" + text.replace("'", "''") + "'" for text in texts)
    return f"[{quoted}]"
