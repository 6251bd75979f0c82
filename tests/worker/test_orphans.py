"""FFmpegs that outlived their worker are ended at the next start, and nothing else is."""

import subprocess
import sys

import psutil
import pytest

from viralclip.worker.liveness import FileLock
from viralclip.worker.orphans import FfmpegLedger, sweep

WAIT = "import sys; print('up', flush=True); sys.stdin.read()"


@pytest.fixture
def child():
    """A process that runs until it is ended."""
    process = subprocess.Popen(
        [sys.executable, "-c", WAIT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


@pytest.fixture
def places(tmp_path):
    return tmp_path / "ffmpegs", tmp_path / "workers"


def test_an_ffmpeg_whose_worker_is_gone_is_ended(child, places):
    FfmpegLedger(places[0], "w1").record(child.pid)

    assert sweep(*places) == 1
    assert child.wait(10) != 0
    assert list(places[0].iterdir()) == []


def test_an_ffmpeg_whose_worker_lives_is_left_alone(child, places):
    FfmpegLedger(places[0], "w1").record(child.pid)
    with FileLock(places[1], "w1"):
        assert sweep(*places) == 0

    assert child.poll() is None
    assert len(list(places[0].iterdir())) == 1


def test_a_later_process_with_the_same_number_is_left_alone(child, places):
    FfmpegLedger(places[0], "w1").record(child.pid)
    (entry,) = places[0].iterdir()
    entry.write_text(repr(psutil.Process(child.pid).create_time() - 60))

    assert sweep(*places) == 0
    assert child.poll() is None
    assert list(places[0].iterdir()) == []


@pytest.mark.parametrize("text", ["", "no number", "1e3"])
def test_an_entry_that_cannot_be_read_ends_nothing(text, child, places):
    FfmpegLedger(places[0], "w1")
    (places[0] / f"w1@{child.pid}").write_text(text)

    assert sweep(*places) == 0
    assert child.poll() is None


def test_a_process_that_is_gone_already_is_forgotten(child, places):
    FfmpegLedger(places[0], "w1").record(child.pid)
    child.kill()
    child.wait()

    assert sweep(*places) == 0
    assert list(places[0].iterdir()) == []


def test_a_worker_forgets_its_own_and_no_others(child, places):
    mine, other = FfmpegLedger(places[0], "w1"), FfmpegLedger(places[0], "w11")
    mine.record(child.pid)
    other.record(child.pid)
    mine.clear()

    assert [entry.name for entry in places[0].iterdir()] == [f"w11@{child.pid}"]


def test_without_a_ledger_there_is_nothing_to_sweep(places):
    assert sweep(*places) == 0
