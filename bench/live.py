"""How much one server process tells its viewers, how soon, and beside python-socketio."""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal

from bench.figures import Figure, spread
from bench.rig import BenchError, ffmpeg, sample, threads

VIEWERS = 500
RATE = 100
_SECONDS = 20
_BURST = 200
_ROUNDS = 3
_FFMPEGS = 2
Kind = Literal["ours", "socketio"]


def measure(folder: Path, *, short: bool) -> list[Figure]:
    viewers = 50 if short else VIEWERS
    with _encoding(folder):
        told = _Show("ours", folder / "told", viewers).told(RATE * (2 if short else _SECONDS), RATE)
    ours: list[float] = []
    theirs: list[float] = []
    for turn in range(1 if short else _ROUNDS):
        ours.append(_burst("ours", folder / f"ours-{turn}", viewers))
        theirs.append(_burst("socketio", folder / f"socketio-{turn}", viewers))
    return [*_delivery(told, viewers), _beside(ours, theirs, viewers)]


def _delivery(told: dict[str, Any], viewers: int) -> list[Figure]:
    if not told["in_order"]:
        raise BenchError("a viewer got events out of order, twice or with a gap")
    load = f"{viewers} viewers x {RATE} events/s, {_FFMPEGS} FFmpegs beside"
    share = told["share"] * 100
    return [
        Figure("events delivered", share, "%", load, at_least=100.0),
        Figure("publish to viewer, p50", told["p50_ms"], "ms", load),
        Figure("publish to viewer, p99", told["p99_ms"], "ms", load),
    ]


def _beside(ours: list[float], theirs: list[float], viewers: int) -> Figure:
    rates = [[viewers * _BURST / seconds for seconds in each] for each in (ours, theirs)]
    ratio = statistics.median(rates[0]) / statistics.median(rates[1])
    raw = f"{spread(rates[0], 'per s', digits=0)} / {spread(rates[1], 'per s', digits=0)}"
    return Figure("deliveries per second / python-socketio", ratio, "", raw, at_least=1.0)


def _burst(kind: Kind, folder: Path, viewers: int) -> float:
    """Seconds from the first of many events told at once until every viewer has the last."""
    told = _Show(kind, folder, viewers).told(_BURST, 0)
    if told["share"] < 1:
        raise BenchError(f"{kind} delivered only {told['share']:.1%}")
    return (told["last_ns"] - told["began_ns"]) / 1e9


class _Show:
    """A server and its viewers, each side in a process of its own."""

    def __init__(self, kind: Kind, folder: Path, viewers: int) -> None:
        self._kind = kind
        self._folder = folder
        self._viewers = viewers

    def told(self, count: int, rate: int) -> dict[str, Any]:
        """What the viewers got of so many events."""
        self._folder.mkdir()
        with ExitStack() as stack:
            server = stack.enter_context(_script("live_server", self._kind, str(self._folder)))
            url = _answer(server)
            watching = stack.enter_context(_script("viewers", url, str(self._viewers)))
            _answer(watching)
            _ask(watching, str(count))
            _ask(server, f"{count} {rate}")
            began = json.loads(_answer(server))
            return json.loads(_answer(watching)) | began


@contextmanager
def _script(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", f"bench.{module}", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _ask(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def _answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    if line := process.stdout.readline().strip():
        return line
    raise BenchError(f"{process.args} ended without an answer")


@contextmanager
def _encoding(folder: Path) -> Iterator[None]:
    """As many FFmpegs as on a busy machine, which encode until they are ended."""
    source = sample(folder)
    command: list[str | Path] = [ffmpeg(), "-nostdin", "-v", "error", "-stream_loop", "-1"]
    command += ["-i", source, "-c:v", "libx264", "-threads", str(threads()), "-f", "null", "-"]
    running = [subprocess.Popen(command) for _ in range(_FFMPEGS)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()
