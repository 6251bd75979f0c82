"""Who is alive is told by locks that the system lets go of, not by clocks."""

import os
import subprocess
import sys
import time

import pytest

from viralclip.worker.liveness import (
    FileLock,
    FileRoster,
    WorkerIdTakenError,
    life_of,
    remove_lock,
    remove_stale_locks,
)

HOLD = """
import sys
from pathlib import Path
from viralclip.worker.liveness import FileLock
with FileLock(Path(sys.argv[1]), "w1"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path):
    """Another process that holds the lock of w1 until its stdin is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_a_worker_is_alive_while_its_process_holds_the_lock(other, tmp_path):
    assert life_of(tmp_path, "w1") == "alive"


def test_a_killed_worker_has_crashed(other, tmp_path):
    other.kill()
    other.wait()

    assert life_of(tmp_path, "w1") == "crashed"


def test_a_worker_that_ended_in_good_order_has_left(other, tmp_path):
    other.communicate()

    assert life_of(tmp_path, "w1") == "left"


def test_a_buried_worker_is_forgotten(other, tmp_path):
    other.kill()
    other.wait()
    remove_lock(tmp_path, "w1")
    remove_lock(tmp_path, "w1")

    assert life_of(tmp_path, "w1") == "left"


@pytest.mark.parametrize(("days", "life"), [(6, "crashed"), (8, "left")])
def test_a_crash_is_remembered_for_a_week(other, tmp_path, days, life):
    other.kill()
    other.wait()
    then = time.time() - days * 24 * 3600
    os.utime(tmp_path / "w1.lock", (then, then))
    remove_stale_locks(tmp_path)

    assert life_of(tmp_path, "w1") == life


def test_the_living_are_not_forgotten_however_old(tmp_path):
    with FileLock(tmp_path, "w1"):
        os.utime(tmp_path / "w1.lock", (0, 0))
        remove_stale_locks(tmp_path)

        assert life_of(tmp_path, "w1") == "alive"


def test_a_second_worker_with_the_same_id_is_refused(other, tmp_path):
    with pytest.raises(WorkerIdTakenError, match="w1"), FileLock(tmp_path, "w1"):
        pass

    assert life_of(tmp_path, "w1") == "alive"


def test_asking_about_a_worker_does_not_take_its_place(tmp_path):
    with FileLock(tmp_path, "w1"):
        assert life_of(tmp_path, "w1") == "alive"
        assert life_of(tmp_path, "w1") == "alive"
    with FileLock(tmp_path, "w1"):
        assert life_of(tmp_path, "w1") == "alive"


def test_ids_are_unique_and_name_host_and_process():
    from viralclip.worker.process import new_worker_id  # noqa: PLC0415 - brings the whole engine

    assert len({new_worker_id() for _ in range(20)}) == 20


async def test_a_worker_tells_something_else_while_it_lives(tmp_path):
    roster = FileRoster(tmp_path)
    async with roster.hold("w1", advertised="hears and takes clips") as lease:
        lease.advertise("hears")

        assert await roster.advertised() == {"w1": "hears"}


async def test_what_the_living_tell_is_known_as_long_as_they_live(tmp_path):
    roster = FileRoster(tmp_path)
    (tmp_path / "w3.lock").write_text("died")
    async with roster.hold("w1", advertised="hears"), roster.hold("w2"):
        told = await roster.advertised()

    assert (told, await roster.advertised()) == ({"w1": "hears", "w2": ""}, {})
