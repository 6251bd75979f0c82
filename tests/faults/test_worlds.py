"""Clocks that jump and networks that are cut: neither makes a clip twice, nor loses one."""

import asyncio
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import peers
import pytest
from fleet import Fleet, check
from services import make_postgres, make_redis

pytestmark = pytest.mark.timeout(240)

_CLOCK = Path(peers.__file__).parent / "clock"
_HERE, _THERE = "10.213.77.1", "10.213.77.2"
_UNPROTECTED = ("--protected-mode", "no")


@pytest.mark.parametrize("seconds", [3600, -3600])
async def test_a_worker_whose_clock_jumps(fleet: Fleet, submit, seconds: int):
    told = fleet.folder / "clock"
    told.write_text("0")
    jumping = {"PYTHONPATH": str(_CLOCK), "CLOCK": str(told)}
    await asyncio.gather(fleet.serve(), fleet.worker("w1", **jumping), fleet.worker("w2"))
    job = await submit((0, 4), (4, 8), (8, 12), (12, 16))
    await job.rendering()
    told.write_text(str(seconds))
    await job.ends()

    assert [clip.crashes for clip in await fleet.clips(job.job_id)] == [0] * 4
    await check(job)


@dataclass(frozen=True)
class OtherHost:
    """A network namespace with one line to this one."""

    name: str
    line: str

    def enter(self) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self.name)

    def cut(self) -> None:
        _ip("link", "set", self.line, "down")

    def join(self) -> None:
        _ip("link", "set", self.line, "up")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def other_host() -> Iterator[OtherHost]:
    host = OtherHost("viralclip-test", "viralclip0")
    try:
        _ip("netns", "add", host.name)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"making a network namespace needs iproute2 and root: {error}")
    try:
        peer = ("peer", "name", "viralclip1", "netns", host.name)
        _ip("link", "add", host.line, "type", "veth", *peer)
        _ip("addr", "add", f"{_HERE}/24", "dev", host.line)
        _ip("link", "set", host.line, "up")
        for words in (
            ("addr", "add", f"{_THERE}/24", "dev", "viralclip1"),
            ("link", "set", "viralclip1", "up"),
            ("link", "set", "lo", "up"),
        ):
            _ip("-n", host.name, *words)
        yield host
    finally:
        _ip("netns", "del", host.name)


async def test_a_network_cut_between_a_worker_and_all_servers(
    fleet: Fleet, submit, other_host: OtherHost, server_folder: Path
):
    """Its work goes to another; when it is back it has no say any more, and works again."""
    fleet.redis = make_redis(server_folder, "--bind", "127.0.0.1", _HERE, *_UNPROTECTED)
    fleet.postgres = make_postgres(server_folder, guests=f"{_HERE}/24")
    with fleet.redis as redis, fleet.postgres as postgres:
        fleet.database = postgres.create_database()
        remote = {
            "VIRALCLIP_DATABASE": fleet.database.replace("127.0.0.1", _HERE),
            "VIRALCLIP_CHANNEL": redis.url.replace("127.0.0.1", _HERE),
            "VIRALCLIP_FFMPEG": str(fleet.paced(0.02)),
        }
        command = ("worker", "--name", "w1", "--slots", "2")
        there = fleet.start(
            "w1", *command, says="is at work", prefix=other_host.enter(), settings=remote
        )
        _, first = await asyncio.gather(fleet.serve(), there)
        job = await submit((0, 4), (4, 8))
        await job.rendering()
        second = await fleet.worker("w2")
        other_host.cut()
        await job.recovered_by(second.name)
        other_host.join()
        await first.says_in_its_log("Worker lost its place")
        await job.ends()

        assert first.popen.poll() is None
        await check(job)
