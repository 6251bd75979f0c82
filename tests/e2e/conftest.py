"""Runs the command as people do, in its own processes, and holds what it tells to its promises."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
from pydantic import TypeAdapter

from viralclip.catalog.opening import open_catalog
from viralclip.catalog.records import ClipRecord, JobRecord
from viralclip.events import ClipTick, Envelope, JobTick
from viralclip.progress import Progress, advance
from viralclip.steps import ENDS

Item = Envelope | ClipTick | JobTick
T = TypeVar("T")

_ITEM: TypeAdapter[Item] = TypeAdapter(Item)
_LOOK_S = 0.02
_NEVER = threading.Event()


def _until(found: Callable[[], T], *, within_s: float = 60.0) -> T:
    """The first truth that `found` gives; the one place in these tests that waits by asking."""
    deadline = time.monotonic() + within_s
    while not (answer := found()):
        assert time.monotonic() < deadline, f"still waiting after {within_s} s"
        _NEVER.wait(_LOOK_S)
    return answer


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str


@dataclass
class Run:
    """A command that is running."""

    process: subprocess.Popen[bytes]
    out: Path
    err: Path

    def end(self, *, within_s: float = 150.0) -> Done:
        code = self.process.wait(within_s)
        return Done(code, self.out.read_text(), self.err.read_text())

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@dataclass
class History:
    """An event file, as far as it has been written."""

    path: Path

    @property
    def items(self) -> list[Item]:
        if not self.path.exists():
            return []
        whole = self.path.read_text().rpartition("\n")[0]
        return [_ITEM.validate_json(line) for line in whole.splitlines()]

    @property
    def envelopes(self) -> list[Any]:
        """The envelopes alone; their events are of many types, a test knows which it looks at."""
        return [item for item in self.items if isinstance(item, Envelope)]

    @property
    def job_id(self) -> str:
        return self.items[0].job_id

    def told(self, **facts: object) -> list[Any]:
        """The envelopes whose event has these facts."""
        return [
            envelope
            for envelope in self.envelopes
            if all(getattr(envelope.event, name, None) == fact for name, fact in facts.items())
        ]

    def endings(self, run: int = 1) -> dict[tuple[int, str], Any]:
        """How each clip of the run ended."""
        return {
            (event.scene_id, event.style): event
            for event in (envelope.event for envelope in _of_run(self.envelopes, run))
            if getattr(event, "step", None) in ENDS
        }

    def rendered(self, run: int = 1) -> set[tuple[int, str]]:
        """The clips that FFmpeg was run for."""
        return {
            (event.scene_id, event.style)
            for event in (envelope.event for envelope in _of_run(self.envelopes, run))
            if getattr(event, "step", None) == "rendering"
        }

    def is_rendering(self, scene_id: int, style: str, *, attempt: int = 1) -> bool:
        """Whether FFmpeg was seen to make progress with the clip."""
        return any(
            (item.scene_id, item.style, item.attempt) == (scene_id, style, attempt)
            and item.step == "rendering"
            for item in self.items
            if isinstance(item, ClipTick)
        )

    def final(self) -> Progress:
        return _folded(self.job_id, self.items)[-1]


@dataclass
class Viralclip:
    """The command with a state folder of its own; what it started is ended with the test."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    wrap: tuple[str, ...] = ()
    runs: list[Run] = field(default_factory=list)

    @property
    def state(self) -> Path:
        return Path(self.env.get("VIRALCLIP_STATE_DIR", self.folder / "state"))

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def history(self) -> History:
        return History(self.folder / "events.jsonl")

    def start(self, *arguments: object) -> Run:
        place = self.folder / "said"
        place.mkdir(exist_ok=True)
        count = len(self.runs)
        out, err = place / f"{count}.out", place / f"{count}.err"
        command = [*self.wrap, sys.executable, "-m", "viralclip", *map(str, arguments)]
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                command, env=self._env(), cwd=self.folder, stdout=stdout, stderr=stderr
            )
        self.runs.append(Run(process, out, err))
        return self.runs[-1]

    def run(self, *arguments: object) -> Done:
        return self.start(*arguments).end()

    def scenes(self, *spans: tuple[float, float], titles: tuple[str, ...] = ()) -> Path:
        """A scene list of these spans, titled `Scene 1` and so on."""
        names = titles or tuple(f"Scene {place + 1}" for place in range(len(spans)))
        rows = [
            {"title": title, "start": start, "end": end}
            for title, (start, end) in zip(names, spans, strict=True)
        ]
        path = self.folder / "scenes.json"
        path.write_text(json.dumps(rows))
        return path

    def asked(
        self, source: Path, scenes: Path, *, styles: str = "original", slots: int = 2
    ) -> tuple[object, ...]:
        """The arguments of a quick render into `out` that tells its events to `history`."""
        return (
            *("render", source, "--scenes", scenes, "--styles", styles, "--out", self.out),
            *("--preset", "fast", "--slots", slots, "--events", self.history.path),
        )

    def ffmpegs(self) -> list[psutil.Process]:
        """Every living process that works on a file in the state folder."""
        work = str(self.state / "work")
        return [
            process
            for process in psutil.process_iter(["cmdline", "status"])
            if process.info["status"] != psutil.STATUS_ZOMBIE
            and any(work in argument for argument in process.info["cmdline"] or ())
        ]

    def clips(self) -> set[str]:
        """The names of the clips in the output folder."""
        return {path.name for path in self.out.glob("*.mp4")}

    def debris(self) -> set[str]:
        """What lies where nothing should be left once a job has ended."""
        stray = [
            path
            for folder in ("engines", "work", "ffmpegs", "workers")
            for path in (self.state / folder).rglob("*")
        ]
        known = {".mp4", ".jpg"}
        foreign = [path for path in self.out.rglob("*") if path.suffix not in known]
        return {str(path.relative_to(self.folder)) for path in [*stray, *foreign]}

    def jobs(self) -> list[JobRecord]:
        async def read(catalog: Any) -> list[JobRecord]:
            return [await catalog.jobs.find(job.job_id) for job in await catalog.jobs.latest()]

        return self._ask(read)

    def records(self, job_id: str) -> list[ClipRecord]:
        return self._ask(lambda catalog: catalog.clips.of(job_id))

    def _ask(self, question: Callable[[Any], Any]) -> Any:
        async def ask() -> Any:
            async with open_catalog(f"sqlite:///{self.state / 'catalog.db'}") as catalog:
                return await question(catalog)

        return asyncio.run(ask())

    def _env(self) -> dict[str, str]:
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith("VIRALCLIP_")
        }
        return {**inherited, "VIRALCLIP_STATE_DIR": str(self.state), **self.env}


@pytest.fixture
def viralclip(tmp_path: Path) -> Iterator[Viralclip]:
    command = Viralclip(tmp_path)
    yield command
    for run in command.runs:
        if run.process.poll() is None:
            run.kill()
    for process in command.ffmpegs():
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


@pytest.fixture
def until() -> Callable[..., Any]:
    """`until(found)` waits for a fact: it returns the first truth that `found()` gives."""
    return _until


@pytest.fixture
def keep_promises() -> Callable[[History], None]:
    """`keep_promises(history)` fails unless an event file keeps the promises of progress."""
    return _keep_promises


def _keep_promises(history: History) -> None:
    envelopes = history.envelopes
    runs = {e.event.run for e in envelopes if e.event.type == "job_queued"}

    assert [envelope.seq for envelope in envelopes] == list(range(1, len(envelopes) + 1))
    for run in runs:
        of_run = _of_run(envelopes, run)
        assert of_run[-1].event.type == "job_finished"
        _scenes_end_once(of_run)
        _clips_end_once(of_run)
    _pieces_fold_alike(history)
    _fraction_is_true(history)


def _of_run(envelopes: list[Any], run: int) -> list[Any]:
    """The envelopes from the run's first to its last."""
    starts = [place for place, told in enumerate(envelopes) if told.event.type == "job_queued"] + [
        len(envelopes)
    ]
    return envelopes[starts[run - 1] : starts[run]]


def _scenes_end_once(envelopes: list[Any]) -> None:
    """Every started scene is completed once, afterwards."""
    order = [
        (envelope.event.type, envelope.event.scene_id)
        for envelope in envelopes
        if envelope.event.type in ("scene_started", "scene_completed")
    ]
    wanted = [scene.scene_id for scene in _outline(envelopes).scenes]

    assert sorted(scene_id for kind, scene_id in order if kind == "scene_started") == wanted
    assert sorted(scene_id for kind, scene_id in order if kind == "scene_completed") == wanted
    for scene_id in wanted:
        assert order.index(("scene_started", scene_id)) < order.index(("scene_completed", scene_id))


def _clips_end_once(envelopes: list[Any]) -> None:
    """Every clip of the run ends once, and a complete one was a file before it was said."""
    ends = [e for e in envelopes if getattr(e.event, "step", None) in ENDS]
    wanted = {
        (scene.scene_id, clip.style) for scene in _outline(envelopes).scenes for clip in scene.clips
    }

    assert Counter((e.event.scene_id, e.event.style) for e in ends) == Counter(wanted)
    for end in ends:
        if end.event.step == "complete" and Path(end.event.details.url).is_absolute():
            assert _written(Path(end.event.details.url)) <= end.at


def _written(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime).astimezone()


def _outline(envelopes: list[Any]) -> Any:
    return envelopes[0].event


def _pieces_fold_alike(history: History) -> None:
    """Whoever drops, resumes from a snapshot and is told some of it again sees the same."""
    items = history.items
    whole = _folded(history.job_id, items)[-1]
    for place in range(1, len(items), max(1, len(items) // 12)):
        snapshot = _folded(history.job_id, items[:place])[-1]
        again = [item for item in items[max(0, place - 5) : place] if isinstance(item, Envelope)]
        restored = Progress.model_validate_json(snapshot.model_dump_json())

        assert _folded(history.job_id, [*again, *items[place:]], restored)[-1] == whole


def _fraction_is_true(history: History) -> None:
    """It never falls within a run, moves inside clips, and is whole at a good end alone."""
    items = history.items
    shown = _folded(history.job_id, items)
    for before, after in pairwise(shown):
        assert after.fraction >= before.fraction or after.run > before.run
        assert (after.fraction == 1.0) == (after.outcome in ("succeeded", "partial"))
    moved = [
        item.type
        for item, (before, after) in zip(items[1:], pairwise(shown), strict=True)
        if isinstance(item, ClipTick) and after.fraction > before.fraction
    ]
    assert moved or not _rendered_for_long(history)


def _rendered_for_long(history: History) -> bool:
    """Whether some render took so long that it must have been seen to move, although FFmpeg took
    its time to begin on a crowded machine."""
    places = [(end.event.scene_id, end.event.style) for end in history.told(step="render_complete")]
    return any(
        (
            history.told(step="render_complete", scene_id=scene_id, style=style)[-1].at
            - history.told(step="rendering", scene_id=scene_id, style=style)[-1].at
        ).total_seconds()
        > 3
        for scene_id, style in places
    )


def _folded(job_id: str, items: list[Item], progress: Progress | None = None) -> list[Progress]:
    """The progress after each of the items."""
    shown = [progress or Progress(job_id=job_id)]
    for item in items:
        shown.append(advance(shown[-1], item))
    return shown[1:]


@pytest.fixture
def fingerprints() -> Callable[[Path], Mapping[str, tuple[int, int]]]:
    """`fingerprints(folder)` tells a clip that was left alone from one that was made again."""

    def read(folder: Path) -> Mapping[str, tuple[int, int]]:
        stats = {path.name: path.stat() for path in folder.glob("*.mp4")}
        return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in stats.items()}

    return read
