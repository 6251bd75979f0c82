"""Log files are asked in SQL: every file, every field, and nothing else on the machine."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from viralclip.telemetry.log_table import BadQueryError, LogTable

SLOW = (
    "SELECT scene_id, style, duration_sec FROM logs"
    " WHERE message = 'Clip processing completed successfully' AND duration_sec > 60"
)
FAILURES = (
    "SELECT style, COUNT(*) AS failures FROM logs"
    " WHERE message = 'Clip processing failed' GROUP BY style ORDER BY failures DESC"
)
MADE, LOST = "Clip processing completed successfully", "Clip processing failed"


def line(message: str, *, at: str = "10:00:00.5", **facts: object) -> str:
    return json.dumps({"timestamp": f"2026-11-28T{at}Z", "message": message, **facts})


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two days; a full disk cut a line short, and an old line has fields that none has now."""
    first, second = tmp_path / "viralclip-2026-11-27.jsonl", tmp_path / "viralclip-2026-11-28.jsonl"
    lines = [
        line(MADE, scene_id=1, style="split", duration_sec=61.5),
        '{"timestamp": "2026-11-28T10:0',
        line(LOST, style="left_focus", error='it\'s "so"\nand so', extra={"deep": [1]}),
    ]
    first.write_text("\n".join(lines) + "\n")
    more = [
        line(MADE, scene_id=2, style="split", duration_sec=9.0, at="12:00:00"),
        line(LOST, style="split", at="12:00:01", scene_id="no number"),
        line(LOST, style="split", at="12:00:02"),
    ]
    second.write_text("\n".join(more) + "\n")
    return [first, second]


def test_the_slow_clips_and_the_failures_of_each_style_are_found(files: list[Path]):
    table = LogTable.over_files(files)
    slow, failures = table.ask(SLOW), table.ask(FAILURES)

    assert slow.columns == ("scene_id", "style", "duration_sec")
    assert slow.rows == [(1, "split", 61.5)]
    assert failures.rows == [("split", 2), ("left_focus", 1)]


def test_every_field_of_a_line_can_be_asked_for(files: list[Path]):
    table = LogTable.over_files(files)
    (found,) = table.ask(
        "SELECT line ->> '$.extra.deep[0]', error FROM logs WHERE error != ''"
    ).rows

    assert found == ("1", 'it\'s "so"\nand so')


def test_only_what_was_written_since_then_is_asked(files: list[Path]):
    noon = datetime(2026, 11, 28, 12, 0, 1, tzinfo=UTC)

    assert LogTable.over_files(files, since=noon).ask("SELECT count(*) FROM logs").rows == [(2,)]


def test_no_files_are_no_lines():
    assert LogTable.over_files([]).ask(FAILURES).rows == []


def test_lines_that_are_given_are_asked_alike():
    table = LogTable.over_lines([line(LOST, style="split"), "{cut sh"])

    assert table.ask(FAILURES).rows == [("split", 1)]


def test_a_query_reads_no_other_file_and_writes_none(files: list[Path], tmp_path: Path):
    other = tmp_path.parent / "other.csv"
    other.write_text("secret\n")
    target = tmp_path.parent / "copied.csv"
    table = LogTable.over_files(files)
    unlisted = tmp_path / "notes.txt"
    unlisted.write_text("secret\n")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    beside = tmp_path / "beside.json"

    for query in (
        f"COPY logs TO '{beside}'",
        f"COPY (SELECT 1) TO '{files[0]}'",
        "SELECT 1; DROP VIEW logs",
        "CREATE TABLE more AS SELECT 1",
        f"FROM read_csv('{other}')",
        f"FROM read_text('{unlisted}')",
        f"COPY logs TO '{target}'",
        f"ATTACH '{target}' AS more",
        "SET enable_external_access = true",
    ):
        with pytest.raises(BadQueryError):
            table.ask(query)
    assert not target.exists()
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("query", ["SELECT nothing FROM logs", "DROP DATABASE", "", "SELECT 1 +"])
def test_what_is_no_query_is_said_in_a_line(files: list[Path], query: str):
    with pytest.raises(BadQueryError) as refused:
        LogTable.over_files(files).ask(query)
    assert "\n\n" not in refused.value.message
