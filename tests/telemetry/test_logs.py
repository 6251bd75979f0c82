"""Log files over days and weeks: one for each day, kept for two weeks, and never taken away."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from viralclip.telemetry.logs import KEEP_DAYS, LogFiles, log_file, log_to

FIRST = date(2026, 11, 28)


class Calendar:
    """What day it is, in a test."""

    def __init__(self) -> None:
        self.day = FIRST

    def __call__(self) -> date:
        return self.day

    def passes(self, days: int, folder: Path) -> None:
        """Days go by, in which nobody writes to the files that are there."""
        self.day += timedelta(days=days)
        for path in folder.iterdir():
            written = path.stat().st_mtime - days * 86400
            os.utime(path, (written, written))


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture(autouse=True)
def unconfigured() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def lines(folder: Path) -> dict[str, list[str]]:
    """The messages in each file, by its day."""
    return {
        path.stem.removeprefix("viralclip-"): [
            json.loads(line)["message"] for line in path.read_text().splitlines()
        ]
        for path in sorted(folder.iterdir())
    }


def test_a_line_after_midnight_is_in_the_new_days_file(tmp_path, calendar):
    log_to(tmp_path, today=calendar)
    log = structlog.get_logger()
    log.info("before")
    calendar.passes(1, tmp_path)
    log.info("after")

    assert lines(tmp_path) == {"2026-11-28": ["before"], "2026-11-29": ["after"]}


def test_a_process_of_fifteen_days_loses_no_line_when_another_one_begins(tmp_path, calendar):
    log_to(tmp_path, today=calendar)
    log = structlog.get_logger()
    log.info("long ago")
    calendar.passes(15, tmp_path)
    LogFiles(tmp_path, today=calendar)
    log.info("today")

    assert lines(tmp_path) == {"2026-12-13": ["today"]}


def test_a_process_that_runs_on_removes_old_files_itself(tmp_path, calendar):
    log_to(tmp_path, today=calendar)
    log = structlog.get_logger()
    for _ in range(KEEP_DAYS + 3):
        log.info("today")
        calendar.passes(1, tmp_path)
    log.info("today")

    assert len(lines(tmp_path)) == KEEP_DAYS + 1


def test_a_file_that_an_earlier_version_still_writes_to_stays(tmp_path, calendar):
    """It keeps the file of the day it began."""
    old = tmp_path / f"viralclip-{FIRST - timedelta(days=30)}.jsonl"
    old.write_text('{"message": "still here"}\n')
    written = datetime(2026, 11, 27, tzinfo=UTC).timestamp()
    os.utime(old, (written, written))
    log_to(tmp_path, today=calendar)

    assert old.exists()


def test_a_file_that_was_moved_away_is_made_anew(tmp_path, calendar):
    log_to(tmp_path, today=calendar)
    log = structlog.get_logger()
    log.info("first")
    path = log_file()
    assert path
    path.rename(path.with_suffix(".old"))
    log.info("second")

    assert [json.loads(line)["message"] for line in path.read_text().splitlines()] == ["second"]


def test_a_log_is_for_its_owner_only(tmp_path, calendar):
    log_to(tmp_path, today=calendar)
    structlog.get_logger().info("private")
    path = log_file()
    assert path

    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("level", "said"), [("debug", 2), ("info", 1), ("warning", 0)])
def test_what_is_below_the_level_is_not_logged(tmp_path, calendar, level, said):
    log_to(tmp_path, level=level, today=calendar)
    log = structlog.get_logger()
    log.debug("FFmpeg started", command="ffmpeg -i in out")
    log.info("Clip processing began")

    assert sum(map(len, lines(tmp_path).values())) == said


def test_a_full_disk_costs_lines_and_nothing_else(tmp_path, small_disk, calendar):
    small_disk(tmp_path / "logs", 64)
    log_to(tmp_path / "logs", today=calendar)
    log = structlog.get_logger()
    for _ in range(200):
        log.info("much to say", words="x" * 1000)
    (ballast,) = (tmp_path / "logs").iterdir()
    ballast.unlink()
    log.info("room again")

    assert lines(tmp_path / "logs")["2026-11-28"] == ["room again"]
