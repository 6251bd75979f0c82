"""Uploads over lines as people have them, five times faster: a store that may be silent for 15 s
may be so for 3 s here, and a line at 8 Mbit/s carries 5 MB a second."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from peers.s3 import Bucket
from peers.uplink import Uplink

from viralclip.errors import StorageUnavailableError
from viralclip.storage.line import Line
from viralclip.storage.objects import Storage
from viralclip.storage.opening import open_storage
from viralclip.storage.traffic import Traffic, store_ports

SPEEDUP = 5
SILENCE_S = 15 / SPEEDUP
_MBIT = 1_000_000 / 8


@pytest.fixture
def over(bucket: Bucket, s3_port: int, monkeypatch: pytest.MonkeyPatch):
    """`over(uplink)` is the storage at the other end of the line."""

    def open_over(uplink: Uplink) -> Storage:
        monkeypatch.setenv("AWS_ENDPOINT_URL", uplink.address)
        return open_storage(bucket.url, timeout_s=SILENCE_S)

    return open_over


@pytest.mark.parametrize(
    ("mbit", "delay_s", "millions"),
    [(1, 0.2, 6), (2, 0.2, 4), (8, 0.2, 24), (20, 0.2, 24)],
)
async def test_a_steady_line_carries_an_upload_however_slow_it_is(
    bucket: Bucket,
    s3_port: int,
    over,
    make_file: Callable[[int], Path],
    mbit: float,
    delay_s: float,
    millions: int,
):
    clip = make_file(millions)
    with Uplink(s3_port, mbit * _MBIT * SPEEDUP, delay_s / SPEEDUP) as uplink:
        await over(uplink).put(clip, "clip.mp4")

    assert bucket.objects() == {"clips/clip.mp4": millions * 1_000_000}
    assert uplink.carried < 1.02 * millions * 1_000_000 + 20_000


async def test_clips_that_are_stored_at_once_share_a_slow_line(
    bucket: Bucket, s3_port: int, over, make_file: Callable[[int], Path]
):
    clip = make_file(15)
    with Uplink(s3_port, 8 * _MBIT * SPEEDUP, 0.2 / SPEEDUP) as uplink:
        storage = over(uplink)
        await asyncio.gather(*(storage.put(clip, f"{name}.mp4") for name in "abc"))

    assert list(bucket.objects().values()) == [15_000_000] * 3
    assert uplink.carried < 1.02 * 45_000_000


async def test_progress_moves_while_a_single_part_is_on_its_way(
    s3_port: int, over, make_file: Callable[[int], Path]
):
    told: list[float] = []
    with Uplink(s3_port, 1 * _MBIT * SPEEDUP) as uplink:
        await over(uplink).put(make_file(6), "clip.mp4", on_progress=told.append)

    assert told == sorted(told)
    assert len([share for share in told if 0 < share < 0.8]) > 5


async def test_a_connection_that_the_network_forgot_costs_one_part_and_not_the_upload(
    bucket: Bucket, s3_port: int, over, make_file: Callable[[int], Path]
):
    with Uplink(s3_port, 8 * _MBIT * SPEEDUP, cut={0: 2_000_000}) as uplink:
        await over(uplink).put(make_file(12), "clip.mp4")

    assert bucket.objects() == {"clips/clip.mp4": 12_000_000}
    assert uplink.carried < 17_000_000


@pytest.mark.parametrize("millions", [4, 12])
async def test_a_line_that_dies_is_noticed_within_the_silence_and_its_tries(
    bucket: Bucket, s3_port: int, over, make_file: Callable[[int], Path], millions: int
):
    began = 0.0
    with Uplink(s3_port, 8 * _MBIT * SPEEDUP, cut=dict.fromkeys(range(99), 1_000_000)) as uplink:
        storage = over(uplink)
        began = time.monotonic()
        with pytest.raises(StorageUnavailableError):
            await storage.put(make_file(millions), "clip.mp4")
        took = time.monotonic() - began

    assert bucket.objects() == {}
    assert took < 4 * SILENCE_S + 3  # the pauses between the client's tries are not scaled


class _Counters(Traffic):
    """A kernel that is told what it has moved."""

    def __init__(self) -> None:
        self.count = 0

    def moved(self) -> int:
        return self.count


def _line(clock: list[float]) -> tuple[Line, _Counters]:
    counters = _Counters()
    return Line(counters, silence_s=15, clock=lambda: clock[0]), counters


_PART = 5 * 1024 * 1024


def test_an_unknown_line_takes_one_part_and_a_fast_one_takes_more():
    clock = [0.0]
    line, kernel = _line(clock)
    with line.used():
        assert line._has_room(_PART)
        assert not line._has_room(_PART)
        kernel.count, clock[0] = _PART + 20_000, 0.5

        assert [line._has_room(_PART) for _ in range(3)] == [True] * 3


def test_buffers_on_the_way_do_not_make_a_line_fast():
    clock = [0.0]
    line, kernel = _line(clock)
    with line.used():
        line._has_room(_PART)
        kernel.count, clock[0] = 500_000, 0.02

        assert not line._has_room(_PART)


def test_a_slow_line_takes_the_next_part_when_the_one_before_has_arrived():
    clock = [0.0]
    line, kernel = _line(clock)
    with line.used():
        assert line._has_room(_PART)
        for second in range(1, 41):
            kernel.count, clock[0] = second * 125_000, float(second)
            assert not line._has_room(_PART), second
        assert line.on_its_way() > 0
        assert not line.is_silent()
        kernel.count, clock[0] = 42 * 130_000, 42.0

        assert line._has_room(_PART)


def test_a_line_is_silent_only_when_nothing_has_moved_for_long():
    clock = [0.0]
    line, kernel = _line(clock)
    with line.used():
        line._has_room(_PART)
        for second in range(1, 60):
            kernel.count, clock[0] = second * 32_000, float(second)
            assert not line.is_silent()
        # A database that talks on the same port does not keep a dead store alive.
        for second in range(60, 80):
            kernel.count, clock[0] = kernel.count + 100, float(second)

        assert line.is_silent()


@pytest.mark.parametrize(
    ("env", "ports"),
    [
        ({}, {443}),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9000"}, {443, 9000}),
        (
            {"AWS_ENDPOINT_URL_S3": "http://s3.example.com", "HTTPS_PROXY": "http://p:3128"},
            {443, 80, 3128},
        ),
        ({"AWS_ENDPOINT_URL": "http://[bad"}, {443}),
    ],
)
def test_the_ports_of_a_store_are_those_that_the_environment_names(env, ports):
    assert store_ports(env) == ports
