"""The state's disk is full, or a database only reads, while clips are made: every job ends."""

import asyncio
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from fleet import Fleet, check, full
from services import PostgresServer

pytestmark = pytest.mark.timeout(240)

Harm = Callable[[Path], AbstractContextManager[None]]
_ONE_MACHINE = {"VIRALCLIP_DATABASE": "sqlite", "VIRALCLIP_CHANNEL": "embedded"}
_STATE_KB = 32 * 1024
# Long enough for everything that is tried again to be in the middle of it.
_FULL_S = 8.0


@contextmanager
def only_reading(postgres: PostgresServer) -> Iterator[None]:
    """As a server is whose disk is full, or that is being failed over."""
    with postgres.connect() as db:
        db.execute("alter system set default_transaction_read_only = on")
        db.execute("select pg_reload_conf()")
    try:
        yield
    finally:
        with postgres.connect() as db:
            db.execute("set transaction_read_only = off")
            db.execute("alter system reset default_transaction_read_only")
            db.execute("select pg_reload_conf()")


@contextmanager
def mounted_read_only(disk: Path) -> Iterator[None]:
    """Nothing on the disk can be opened but to read it; what was open before stays as it was, as a
    disk on which files are being written cannot be made read-only as a whole."""
    subprocess.run(["mount", "--bind", disk, disk], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", disk], check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


@pytest.fixture
def one_machine(fleet: Fleet, small_disk: Callable[[Path, int], None]) -> Path:
    """The fleet is one process, whose state is on a disk of its own: where that is."""
    state = fleet.folder / "alone"
    small_disk(state, _STATE_KB)
    fleet.database = f"sqlite:///{state / 'catalog.db'}"
    return state


@pytest.mark.parametrize("harmed", [full, mounted_read_only])
async def test_a_job_ends_whose_servers_state_disk_took_nothing_for_a_while(
    fleet: Fleet, submit, one_machine: Path, harmed: Harm
):
    serve = ("serve", "--slots", "2", "--port", str(fleet.port))
    await fleet.start("alone", *serve, says="viralclip is at", settings=_ONE_MACHINE)
    job = await submit((0, 4), (4, 8), (8, 12))
    await job.rendering()
    with harmed(one_machine):
        await asyncio.sleep(_FULL_S)
    progress = await job.ends()

    await check(job, failed=progress.clips_failed)


async def test_a_job_of_the_terminal_ends_whose_state_disk_was_full(
    fleet: Fleet, one_machine: Path
):
    scenes = fleet.folder / "scenes.csv"
    scenes.write_text("title,start,end\na,0,4\nb,4,8\nc,8,12\n")
    asked = (fleet.source, "--scenes", scenes, "--styles", "original", "--preset", "fast")
    render = ("render", *map(str, asked), "--slots", "2", "--out", str(fleet.out))
    process = await fleet.start("alone", *render, says="rendering", settings=_ONE_MACHINE)
    with full(one_machine):
        await asyncio.sleep(_FULL_S)
    said = await asyncio.to_thread(process.popen.communicate, None, 120)

    assert process.popen.returncode in {0, 1, 3}
    assert "Time taken" in said[0]


async def test_a_job_ends_whose_database_took_no_writes_for_a_while(fleet: Fleet, submit):
    await asyncio.gather(fleet.serve(), fleet.worker("w1"))
    job = await submit((0, 4), (4, 8), (8, 12))
    await job.rendering()
    with only_reading(fleet.postgres):
        await asyncio.sleep(_FULL_S)
    progress = await job.ends()

    assert progress.outcome == "succeeded"
    await check(job)


async def test_a_job_ends_whose_workers_own_disk_was_full(fleet: Fleet, submit, small_disk):
    small_disk(fleet.folder / "w1", _STATE_KB)
    await asyncio.gather(fleet.serve(), fleet.worker("w1"))
    job = await submit((0, 4), (4, 8), (8, 12))
    await job.rendering()
    with full(fleet.folder / "w1"):
        await asyncio.sleep(_FULL_S)
    progress = await job.ends()

    await check(job, failed=progress.clips_failed)
