"""Analyses are made once for all who ask, kept whole or not at all, and gone when nobody waits."""

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import pytest

from viralclip.analysis.analyses import Analyses, AnalysisInput, FramingRequest
from viralclip.errors import AnalysisFailedError, AnalysisStalledError, SourceUnreadableError
from viralclip.geometry import Size
from viralclip.media.probe import probe
from viralclip.processes.eviction import evict
from viralclip.processes.ffmpeg_progress import FfmpegProgress
from viralclip.processes.runner import Watchdogs
from viralclip.scenes import Scene
from viralclip.styles import Raster, View
from viralclip.styles.pinned_crop import Pin

SCENE = Scene(id=1, title="One", start=0.0, end=2.0)
STYLES = ("intelligent", "intelligent_motion", "intelligent_split")


@dataclass
class Bench:
    """Analyses in a folder, and the processes that they started."""

    folder: Path
    pids: list[int] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    def open(self, **changes: object) -> Analyses:
        about = {"threads": 1, "limits": Watchdogs(), "on_start": self.begin, **changes}
        return Analyses(self.folder, **about)  # type: ignore[arg-type] - the test's own choice

    def begin(self, pid: int) -> None:
        self.pids.append(pid)
        self.begun.set()

    def kept(self) -> list[str]:
        return sorted(path.name.partition("-")[0] for path in self.folder.rglob("*.npz"))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "analyses")


@pytest.fixture
def scene_input(talk: Path) -> AnalysisInput:
    return AnalysisInput(probe(talk).video, 0.0, 2.0, None)


def request(style: str, scene: Scene = SCENE) -> FramingRequest:
    view = View(source=Size(640, 360), target=Size(1080, 1920), scene=scene)
    return FramingRequest(style, view, Raster(50, Fraction(25)))


def silently(_: FfmpegProgress) -> None:
    pass


async def test_all_clips_of_a_scene_share_one_look_and_one_plan(bench, scene_input):
    analyses = bench.open()
    ticks: dict[str, list[float]] = {name: [] for name in STYLES}

    async def clip(name: str) -> None:
        await analyses.detect(scene_input, lambda progress: ticks[name].append(progress.fraction))
        others = [request(other) for other in STYLES if other != name]
        framing = await analyses.frame(scene_input, request(name), others, silently)
        assert framing.panels[0].shape == (50, 4)

    await asyncio.gather(*map(clip, STYLES))

    assert len(bench.pids) == 2
    assert bench.kept() == ["footage.npz", *STYLES]
    for fractions in ticks.values():
        assert fractions == sorted(fractions)
        assert fractions[-1] == 1.0


async def test_who_looks_for_clips_plans_them_too(bench, scene_input):
    analyses = bench.open()
    requests = [request(name) for name in (*STYLES, "original")]
    await analyses.detect(scene_input, silently, requests)
    assert bench.kept() == ["footage.npz", *STYLES]
    planned = await analyses.frame(scene_input, request("intelligent"), [], silently)
    assert len(bench.pids) == 1

    other = Bench(bench.folder.with_name("other"))
    await other.open().detect(scene_input, silently)
    later = await other.open().frame(scene_input, request("intelligent"), [], silently)
    assert len(other.pids) == 2
    assert later.panels[0].tolist() == planned.panels[0].tolist()


async def test_what_is_kept_is_not_made_again_even_by_another_worker(bench, scene_input):
    first = await bench.open().detect(scene_input, silently)
    plan = await bench.open().frame(scene_input, request("intelligent"), [], silently)
    before = len(bench.pids)

    other = bench.open()
    assert await other.detect(scene_input, silently) == first
    again = await other.frame(scene_input, request("intelligent"), [], silently)
    assert again.panels[0].tolist() == plan.panels[0].tolist()
    assert len(bench.pids) == before == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda scene_input: replace(scene_input, start=0.04),
        lambda scene_input: replace(scene_input, duration=1.96),
        lambda scene_input: replace(
            scene_input, video=scene_input.video.model_copy(update={"identity": "edited"})
        ),
    ],
    ids=["start", "end", "source"],
)
async def test_an_edited_scene_is_looked_at_anew(bench, scene_input, change):
    await bench.open().detect(scene_input, silently)
    await bench.open().detect(change(scene_input), silently)

    assert len(bench.pids) == 2


async def test_another_model_is_another_look(bench, scene_input, face_model, tmp_path):
    changed = tmp_path / "model.onnx"
    changed.write_bytes(face_model.read_bytes() + b"\0")
    keys = set()
    for model in (None, face_model, changed):
        with suppress(AnalysisFailedError):
            await bench.open().detect(replace(scene_input, model=model), silently)
        keys |= set(bench.folder.iterdir())

    assert len(bench.pids) == 3
    assert len(keys) >= 2


async def test_a_crop_pinned_by_hand_is_another_plan_of_the_same_footage(bench, scene_input):
    pin = Pin(time=0.0, x=0.5, y=0.0, width=0.316)
    pinned = SCENE.model_copy(update={"options": {"crop": (pin,)}})
    renamed = SCENE.model_copy(update={"title": "Other", "id": 9})
    analyses = bench.open()
    await analyses.frame(scene_input, request("intelligent"), [], silently)
    await analyses.frame(scene_input, request("intelligent", renamed), [], silently)
    framing = await analyses.frame(scene_input, request("intelligent", pinned), [], silently)

    assert framing.panels[0][:, 0] == pytest.approx(320, abs=2)
    assert bench.kept() == ["footage.npz", "intelligent", "intelligent"]


async def test_the_last_who_leaves_ends_the_process_and_nothing_is_kept(bench, talk, is_running):
    scene_input = AnalysisInput(probe(talk).video, 0.0, 6.0, None)
    analyses = bench.open()
    first = asyncio.create_task(analyses.detect(scene_input, silently))
    second = asyncio.create_task(analyses.detect(scene_input, silently))
    await bench.begun.wait()
    first.cancel()
    await asyncio.wait({first})

    assert is_running(bench.pids[0])
    assert not second.done()
    second.cancel()
    await asyncio.wait({second})
    assert not is_running(bench.pids[0])
    assert bench.kept() == []

    await analyses.detect(scene_input, silently)
    assert bench.kept() == ["footage.npz"]


async def test_a_source_that_cannot_be_decoded_fails_each_time_it_is_asked_for(bench, source):
    scene_input = AnalysisInput(probe(source("truncated")).video, 2.5, 0.4, None)
    for _ in range(2):
        with pytest.raises(SourceUnreadableError):
            await bench.open().detect(scene_input, silently)

    assert len(bench.pids) == 2
    assert bench.kept() == []


async def test_a_process_that_is_killed_from_outside_fails_the_clip_and_not_the_next(
    bench, scene_input
):
    analyses = bench.open(on_start=lambda pid: os.kill(pid, 9))
    with pytest.raises(AnalysisFailedError):
        await analyses.detect(scene_input, silently)
    assert bench.kept() == []

    await bench.open().detect(scene_input, silently)
    assert bench.kept() == ["footage.npz"]


async def test_a_process_that_says_nothing_is_ended_and_may_be_tried_again(bench, scene_input):
    with pytest.raises(AnalysisStalledError) as caught:
        await bench.open(limits=Watchdogs(start_s=0.0)).detect(scene_input, silently)

    assert caught.value.retryable


async def test_a_plan_whose_footage_is_gone_looks_again(bench, scene_input):
    analyses = bench.open()
    await analyses.detect(scene_input, silently)
    for path in bench.folder.rglob("footage.npz"):
        path.write_bytes(b"damaged")
    framing = await analyses.frame(scene_input, request("intelligent"), [], silently)

    assert len(framing.panels[0]) == 50


async def test_how_a_framing_came_about_can_be_looked_into(bench, scene_input, face_model):
    seen = replace(scene_input, model=face_model)
    framing = await bench.open().inspect(seen, request("intelligent"))
    [path] = framing.inspection

    assert path["frame"] == [640, 360]
    assert len(path["tracks"]) == 1
    assert path["takes"][0]["start"] == 0


async def test_a_style_that_fails_takes_no_other_with_it(bench, scene_input):
    unplannable = request("original")
    analyses = bench.open()
    framing = await analyses.frame(scene_input, request("intelligent"), [unplannable], silently)

    assert len(framing.panels[0]) == 50
    with pytest.raises(AnalysisFailedError) as caught:
        await analyses.frame(scene_input, unplannable, [request("intelligent")], silently)
    assert "the style original plans no framing" in caught.value.detail


def test_what_was_used_longest_ago_goes_first_when_there_is_too_much(tmp_path):
    for name, used in (("old", 200.0), ("older", 100.0), ("new", 300.0)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "footage.npz").write_bytes(bytes(1000))
        os.utime(folder, (used, used))

    evict(tmp_path, limit=2500, now=lambda: 10_000.0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "old"]
    evict(tmp_path, limit=0, now=lambda: 301.0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "old"]
    evict(tmp_path / "absent", limit=0)
