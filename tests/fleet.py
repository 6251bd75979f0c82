"""A fleet of real processes: a server, workers, Redis and PostgreSQL, and people who watch."""

import asyncio
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from peers.s3 import Bucket
from peers.viewer import frames_of
from services import PostgresServer, RedisServer, free_port
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from viralclip.catalog.opening import open_catalog
from viralclip.catalog.records import ClipRecord
from viralclip.channel.port import BEGINNING
from viralclip.events import ClipTick, Complete, Envelope, JobFinished, SceneCompleted, SceneStarted
from viralclip.live import EventFrame, Frame, Reset, Snapshot, TickFrame
from viralclip.media.probe import probe
from viralclip.processes.parent_death import die_with_parent
from viralclip.progress import Progress, advance
from viralclip.steps import ENDS, Step

_PATIENCE_S = 150.0
_RETRY_S = 0.1
_LOOK_S = 0.02
# Ends its parent, the worker, when it is asked for a scene that begins at a certain second.
# A scene is read from the picture on screen at its start, which lies up to a second before it.
_DEADLY = """#!/bin/sh
case "$*" in *"-ss {before}."*|*"-ss {start}.0"*) kill -9 $PPID; sleep 60;; esac
exec {ffmpeg} "$@"
"""
# A clip takes about as long as it lasts, whatever else the machine does: there is time to do harm.
_PACED = """#!/bin/sh
case "$1" in -version) exec {ffmpeg} "$@";; esac
exec {ffmpeg} -readrate {rate} "$@"
"""


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """The disk takes not one byte more."""
    ballast = disk / "ballast"
    file = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    with suppress(OSError):
        while True:
            os.write(file, bytes(4096))
    os.close(file)
    try:
        yield
    finally:
        ballast.unlink()


@dataclass
class Process:
    """A process of the fleet."""

    popen: subprocess.Popen[str]
    name: str
    logs: Path

    async def says(self, words: str) -> None:
        """Return when the process has said these words on its output."""
        assert self.popen.stdout
        while words not in (line := await asyncio.to_thread(self.popen.stdout.readline)):
            if not line:
                pytest.fail(f"{self.name} ended with {self.popen.wait()} before it said {words!r}")

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()

    async def stop(self) -> int:
        self.popen.terminate()
        return await asyncio.to_thread(self.popen.wait, 60)

    def ffmpegs(self) -> int:
        """How many FFmpegs the process runs now."""
        commands = [_command(child) for child in psutil.Process(self.popen.pid).children()]
        return sum("-progress" in command for command in commands)

    def freeze(self) -> None:
        self.popen.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        self.popen.send_signal(signal.SIGCONT)

    def log(self) -> str:
        return self.logs.read_text()

    async def says_in_its_log(self, words: str) -> None:
        await until(lambda: words in self.log())

    def end(self) -> None:
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait()
        if self.popen.stdout:
            self.popen.stdout.close()


@dataclass
class Viewer:
    """Watches a job through a server that may go away, and remembers everything it was shown."""

    address: str
    job_id: str
    progress: Progress = field(init=False)
    cursor: str | None = None
    seqs: list[int] = field(default_factory=list)
    fractions: list[float] = field(default_factory=list)
    ticks: list[ClipTick] = field(default_factory=list)
    steps: set[Step] = field(default_factory=set)
    resets: int = 0

    def __post_init__(self) -> None:
        self.progress = Progress(job_id=self.job_id)

    async def watch(self) -> Progress:
        """Watch until the job has ended, coming back whenever the line is lost."""
        while self.progress.status != "finished":
            with suppress(OSError, WebSocketException, TimeoutError):
                await self._look()
            await asyncio.sleep(_RETRY_S)
        return self.progress

    async def _look(self) -> None:
        place = f"?after={self.cursor}" if self.cursor else ""
        url = f"ws://{self.address}/api/jobs/{self.job_id}/live{place}"
        async with connect(url, open_timeout=10) as socket:
            async for frame in frames_of(socket):
                self._take(frame)
                if self.progress.status == "finished":
                    return

    def _take(self, frame: Frame) -> None:
        match frame:
            case Snapshot(progress=whole):
                self.progress = whole
            case Reset(progress=whole):
                self.progress = whole
                self.resets += 1
                self.seqs.clear()
                self.fractions.clear()
            case EventFrame(envelope=envelope):
                self.seqs.append(envelope.seq)
                self.progress = advance(self.progress, envelope)
            case TickFrame(tick=tick):
                self.progress = advance(self.progress, tick)
                if isinstance(tick, ClipTick):
                    self.ticks.append(tick)
        self.cursor = frame.cursor
        self.steps |= {clip.step for scene in self.progress.scenes for clip in scene.clips}
        self.fractions.append(self.progress.fraction)

    def saw_every_event_once_and_in_order(self) -> bool:
        return all(b == a + 1 for a, b in zip(self.seqs, self.seqs[1:], strict=False))

    def saw_no_step_back(self) -> bool:
        return self.fractions == sorted(self.fractions)


@dataclass
class Fleet:
    """Everything that a job needs, started and ended one by one."""

    folder: Path
    source: Path
    ffmpeg: Path
    redis: RedisServer
    postgres: PostgresServer
    database: str
    bucket: Bucket | None = None
    port: int = field(default_factory=free_port)
    processes: list[Process] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def out(self) -> Path:
        return self.folder / "clips"

    def paced(self, rate: float) -> Path:
        """An FFmpeg that reads at so many times the speed of life."""
        script = self.folder / f"ffmpeg-{rate}"
        script.write_text(_PACED.format(ffmpeg=shlex.quote(str(self.ffmpeg)), rate=rate))
        script.chmod(0o755)
        return script

    def deadly(self, *, start: int) -> Path:
        """An FFmpeg that a worker does not survive when it makes the scene that starts there."""
        script = self.folder / "ffmpeg-deadly"
        script.write_text(
            _DEADLY.format(ffmpeg=shlex.quote(str(self.ffmpeg)), start=start, before=start - 1)
        )
        script.chmod(0o755)
        return script

    def environment(self, host: str, **settings: str) -> dict[str, str]:
        own = {
            "VIRALCLIP_STATE_DIR": str(self.folder / host),
            "VIRALCLIP_DATABASE": self.database,
            "VIRALCLIP_CHANNEL": self.redis.url,
            "VIRALCLIP_STORAGE": self.bucket.url if self.bucket else self.out.as_uri(),
            "VIRALCLIP_MEDIA_ROOTS": str(self.source.parent),
            "VIRALCLIP_FFMPEG": str(self.paced(1.0)),
        }
        return {**os.environ, **own, **settings}

    async def serve(self) -> Process:
        command = ("serve", "--no-worker", "--port", str(self.port))
        return await self.start("server", *command, says="viralclip is at")

    async def slow_worker(self, name: str, *options: str) -> Process:
        """A worker that is still in the middle of its clips when the other one is there."""
        return await self.worker(name, *options, VIRALCLIP_FFMPEG=str(self.paced(0.02)))

    async def worker(self, name: str, *options: str, **settings: str) -> Process:
        """A worker of two slots, unless the options say another number."""
        command = ("worker", "--name", name, "--slots", "2", *options)
        return await self.start(name, *command, says="is at work", settings=settings)

    async def start(
        self,
        name: str,
        *command: str,
        says: str | None = None,
        prefix: tuple[str, ...] = (),
        settings: dict[str, str] | None = None,
    ) -> Process:
        process = self._start(name, [*prefix, *_leashed(*command)], settings or {})
        if says:
            async with asyncio.timeout(_PATIENCE_S):
                await process.says(says)
        return process

    def _start(self, name: str, command: list[str], settings: dict[str, str]) -> Process:
        logs = self.folder / f"{name}.log"
        with logs.open("a") as log:
            popen = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self.environment(name, **settings),
                text=True,
            )
        process = Process(popen, name, logs)
        self.processes.append(process)
        return process

    async def submit(
        self,
        *spans: tuple[float, float],
        styles: tuple[str, ...] = ("original",),
        priority: str = "normal",
    ) -> str:
        """A job; it is there although the server may be slow to say so."""
        request = {
            "source": {"path": str(self.source)},
            "scenes": [
                {"id": at, "title": f"Scene {at}", "start": start, "end": end}
                for at, (start, end) in enumerate(spans, 1)
            ],
            "styles": list(styles),
            "preset": "fast",
            "priority": priority,
        }
        async with httpx.AsyncClient(base_url=f"http://{self.address}", timeout=60) as client:
            answer = await client.post("/api/jobs", json=request)
            assert answer.status_code == 201, answer.text
            return answer.json()["job_id"]

    async def clips(self, job_id: str) -> list[ClipRecord]:
        async with open_catalog(self.database) as catalog:
            return await catalog.clips.of(job_id)

    async def state(self, job_id: str) -> dict[str, Any]:
        """The job as the API has it."""
        async with httpx.AsyncClient(base_url=f"http://{self.address}", timeout=60) as client:
            return (await client.get(f"/api/jobs/{job_id}")).json()

    async def history(self, job_id: str) -> list[Envelope]:
        async with httpx.AsyncClient(base_url=f"http://{self.address}", timeout=60) as client:
            events, page = [], {"cursor": BEGINNING, "more": True}
            while page["more"]:
                asked = {"limit": 1000, "after": page["cursor"]}
                page = (await client.get(f"/api/jobs/{job_id}/events", params=asked)).json()
                events += page["events"]
        return [Envelope.model_validate(envelope) for envelope in events]

    def stored(self, job_id: str) -> dict[str, Path]:
        """Everything that was stored of the job, by its key; what lies elsewhere is fetched."""
        if self.bucket is None:
            files = (self.out / job_id).glob("*")
            return {f"{job_id}/{path.name}": path for path in files}
        fetched: dict[str, Path] = {}
        for key in self.bucket.objects():
            path = fetched[key.removeprefix("clips/")] = self.folder / "fetched" / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.bucket.content(key))
        return fetched

    def leftovers(self) -> list[Path]:
        """What workers that live have not cleared away; the dead do when they come again."""
        alive = [process.name for process in self.processes if process.popen.poll() is None]
        found = (path for name in alive for path in self.folder.glob(f"{name}/work/**/*"))
        return [path for path in found if path.is_file()]

    def ffmpegs(self) -> list[psutil.Process]:
        """The FFmpegs of this fleet that are running now, whoever started them."""
        found: list[psutil.Process] = []
        for process in psutil.process_iter():
            command = _command(process)
            if "-progress" in command and str(self.folder) in " ".join(command):
                found.append(process)
        return found

    def end(self) -> None:
        for process in self.processes:
            process.end()


@dataclass
class Job:
    """A job that is being made, and who watches it from its beginning."""

    fleet: Fleet
    job_id: str
    viewer: Viewer
    watching: asyncio.Task[Progress]

    async def rendering(self) -> None:
        """Return when FFmpeg is in the middle of a clip."""
        await until(lambda: any(_in_the_middle(tick) for tick in self.viewer.ticks))

    async def reaches(self, step: Step) -> None:
        """Return when the viewer has seen a clip in this step, which may be over between two
        looks."""
        await until(lambda: step in self.viewer.steps)

    async def recovered_by(self, worker: str) -> None:
        """Return when the viewer knows that the work is in this worker's hands."""
        await until(lambda: self.viewer.progress.worker == worker)

    async def ends(self) -> Progress:
        async with asyncio.timeout(_PATIENCE_S):
            return await self.watching


def _command(process: psutil.Process) -> list[str]:
    """The process's command line; empty once it has ended."""
    with suppress(psutil.Error):
        return process.cmdline()
    return []


def _leashed(*command: str) -> list[str]:
    return die_with_parent([sys.executable, "-m", "viralclip", *command]).command


async def until(true: Callable[[], bool]) -> None:
    """Look until it is so: what other processes do is told to nobody here."""
    async with asyncio.timeout(_PATIENCE_S):
        while not true():  # noqa: ASYNC110 - the same
            await asyncio.sleep(_LOOK_S)


def _in_the_middle(tick: ClipTick) -> bool:
    return tick.step is Step.RENDERING and 0 < tick.fraction < 0.7


async def check(job: Job, *, failed: int = 0, lossless: bool = True) -> None:
    """Every promise, for who watched throughout, for who comes late, and for who owns the clips."""
    fleet = job.fleet
    steady = job.viewer
    late = Viewer(fleet.address, job.job_id)
    async with asyncio.timeout(_PATIENCE_S):
        shown = await late.watch()
    assert _differences(shown, steady.progress) == {}
    history = await fleet.history(job.job_id)
    _check_history(history, failed=failed)
    assert steady.saw_every_event_once_and_in_order()
    assert steady.saw_no_step_back()
    assert late.seqs == []
    if lossless:
        assert steady.resets == 0
    await _check_clips(fleet, job.job_id, failed=failed)


def _differences(late: Progress, steady: Progress) -> dict[str, tuple[object, object]]:
    """Where the two show a job's end otherwise. A worker that takes a job over at its very end may
    still speak after it: that is counted, and changes nothing else."""
    assert late.seq >= steady.seq
    pairs = ((name, getattr(late, name), getattr(steady, name)) for name in Progress.model_fields)
    return {name: (a, b) for name, a, b in pairs if a != b and name != "seq"}


def _check_history(history: list[Envelope], *, failed: int) -> None:
    events = [envelope.event for envelope in history]
    ends: list[Any] = [e for e in events if getattr(e, "step", None) in ENDS]
    places = [(end.scene_id, end.style) for end in ends]
    begun = [e.scene_id for e in events if isinstance(e, SceneStarted)]
    done = [e.scene_id for e in events if isinstance(e, SceneCompleted)]
    (finished,) = [e for e in events if isinstance(e, JobFinished)]

    assert [envelope.seq for envelope in history] == list(range(1, len(history) + 1))
    assert len(places) == len(set(places))
    assert sorted(begun) == sorted(done) == sorted({scene_id for scene_id, _ in places})
    assert sum(not isinstance(end, Complete) for end in ends) == failed
    assert finished.clips_completed == len(ends) - failed
    some = "partial" if finished.clips_completed else "failed"
    assert finished.outcome == (some if failed else "succeeded")


async def _check_clips(fleet: Fleet, job_id: str, *, failed: int) -> None:
    clips = await fleet.clips(job_id)
    made = [clip for clip in clips if clip.ending == "complete"]
    files = await asyncio.to_thread(fleet.stored, job_id)
    # A disk that was full at that moment costs a thumbnail, with a warning, and no clip.
    wanted = {key for clip in made for key in clip.keys}

    assert len(clips) - len(made) == failed
    assert set(files) == wanted, set(files) ^ wanted
    await until(lambda: not fleet.leftovers())
    for clip in made:
        video = probe(files[str(clip.key)]).video
        assert video.duration == pytest.approx(clip.duration, abs=0.1)
