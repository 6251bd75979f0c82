"""What `viralclip prune` removes, and what it leaves alone."""

import asyncio
import json
import os
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from viralclip.app.openers import storage_opener
from viralclip.app.records import Records, open_engine, open_records
from viralclip.app.retention import Pruner, removed, retaining
from viralclip.catalog.port import Catalog
from viralclip.catalog.records import JobRecord
from viralclip.cli.prune import prune
from viralclip.engine.jobs import Jobs
from viralclip.engine.port import Engine
from viralclip.plan import Options, StyleChoice, Video, make_plan
from viralclip.scenes import Scene
from viralclip.settings import InvalidSettingError, Settings, read_age, read_settings
from viralclip.storage.objects import Storage
from viralclip.workflow_ref import WorkflowRef

DAY = timedelta(days=1)
LONG_AGO = datetime.now(UTC) - 60 * DAY
HOME = "uploads"


@dataclass
class World:
    """A state folder with records, and ways to put something old into it."""

    settings: Settings
    records: Records
    engine: Engine

    @property
    def catalog(self) -> Catalog:
        return self.records.catalog

    @property
    def storage(self) -> Storage:
        return storage_opener(self.settings)(self.settings.storage.url)

    @property
    def pruner(self) -> Pruner:
        return Pruner(self.settings, self.records, self.engine, datetime.now(UTC) - 30 * DAY)

    async def upload(self, name: str, file: Path) -> Video:
        """A video that was uploaded long ago."""
        identity = f"identity-of-{name}"
        if self.storage.local_path("") is None:
            key = f"uploads/home/{name}/{name}.mp4"
            await self.storage.put(file, key)
            path = self.storage.url(key)
        else:
            kept = self.settings.state.uploads / "home" / name / f"{name}.mp4"
            kept.parent.mkdir(parents=True)
            shutil.copy(file, kept)
            _age(kept)
            path = str(kept)
        video = Video(
            name=f"{name}.mp4",
            path=path,
            width=640,
            height=480,
            duration=60,
            fps="25",
            has_audio=True,
            identity=identity,
        )
        await self.catalog.videos.add("ann", video)
        return video

    async def job(self, job_id: str, video: Video, *, ended: datetime | None, **facts) -> JobRecord:
        """A job of the server's, with a stored clip if it has ended."""
        scenes = [Scene(id=1, title="One", start=0, end=5)]
        given: dict[str, Any] = {
            "storage_url": self.settings.storage.url,
            "prefix": f"{job_id}/",
        } | facts
        job = JobRecord(
            job_id=job_id,
            owner="ann",
            plan=make_plan(video, scenes, [StyleChoice(name="split")], Options()),
            engine_url=self.settings.databases.service_engine_name,
            trace_id="0" * 32,
            created_at=LONG_AGO,
            **given,
        )
        jobs = Jobs(catalog=self.catalog, channel=self.records.channel, engine=self.engine)
        await jobs.submit(job)
        await self.catalog.idempotency_keys.claim("ann", job_id, "digest", job_id)
        if ended is not None:
            await self._end(job, ended)
        return job

    async def _end(self, job: JobRecord, at: datetime) -> None:
        clip = self.settings.state.folder / "clip.mp4"
        clip.write_bytes(b"clip")
        storage = storage_opener(self.settings)(job.storage_url)
        key = f"{job.prefix}01.mp4"
        await storage.put(clip, key)
        (record,) = await self.catalog.clips.of(job.job_id)
        done = {"ending": "complete", "key": key, "size": 4}
        await self.catalog.clip_runs.end(record.model_copy(update=done))
        await self.catalog.runs.finish(job.job_id, 1, "succeeded", at)
        await self.engine.cancel([WorkflowRef(job.job_id, 1).workflow_id])


def _age(path: Path, days: int = 60) -> None:
    then = time.time() - days * 24 * 3600
    os.utime(path, (then, then))


def _made(path: Path, *, old: bool = True) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"made")
    if old:
        _age(path)
        _age(path.parent)
    return path


@pytest.fixture(params=["folder", "object store"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    env = {"VIRALCLIP_STATE_DIR": str(tmp_path / "state")}
    if request.param == "object store":
        env["VIRALCLIP_STORAGE"] = request.getfixturevalue("bucket").url
    settings = read_settings(env)
    async with open_records(settings) as records, open_engine(settings) as engine:
        yield World(settings, records, engine)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"film" * 100)
    return path


async def _kinds(world: World, *, clips: bool = False) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for it in await world.pruner.find(clips=clips):
        found.setdefault(it.kind, []).append(it.name)
    return found


def _later(world: World, days: int) -> Pruner:
    """As it will be seen some days from now: what an object store holds cannot be made older."""
    return replace(world.pruner, before=datetime.now(UTC) + timedelta(days=days))


async def test_a_job_that_ended_long_ago_goes_with_all_that_is_known_of_it(world, film):
    video = await world.upload("talk", film)
    await world.job("old1", video, ended=LONG_AGO)
    assert await world.catalog.jobs.find("old1") is not None
    await removed(await world.pruner.find())

    assert await world.catalog.jobs.find("old1") is None
    assert await world.catalog.clips.of("old1") == []
    assert await world.catalog.idempotency_keys.find("ann", "old1") is None
    assert (await world.records.channel.progress("old1"))[0].seq == 0
    assert await world.engine.job_ids(datetime.now(UTC) + DAY) == set()


async def test_its_clips_stay_unless_they_are_asked_for(world, film):
    video = await world.upload("talk", film)
    await world.job("old1", video, ended=LONG_AGO)
    await world.job("old2", video, ended=LONG_AGO)
    assert "clips" not in await _kinds(world)
    asked = await world.pruner.find(clips=True)
    assert sorted(it.name for it in asked if it.kind == "clips") == ["old1/01.mp4", "old2/01.mp4"]

    await removed(await world.pruner.find())
    assert await world.storage.head("old1/01.mp4") is not None


async def test_clips_that_are_asked_for_go_and_an_output_folder_never(world, film, tmp_path):
    out = tmp_path / "out"
    video = await world.upload("talk", film)
    await world.job("old1", video, ended=LONG_AGO)
    await world.job("old2", video, ended=LONG_AGO, storage_url=out.as_uri())
    await removed(await world.pruner.find(clips=True))

    assert await world.storage.head("old1/01.mp4") is None
    assert (out / "old2" / "01.mp4").exists()
    assert await world.catalog.jobs.find("old2") is None


async def test_what_a_living_or_a_recent_job_needs_stays(world, film):
    open_video = await world.upload("open", film)
    recent_video = await world.upload("recent", film)
    await world.job("open1", open_video, ended=None)
    await world.job("recent1", recent_video, ended=datetime.now(UTC) - DAY)
    for job_id in ("open1", "recent1"):
        await world.records.channel.progress(job_id)
    _made(world.settings.state.work / "open1" / "part.mp4")
    _made(world.settings.state.engines / "open1.db")

    assert await _kinds(world, clips=True) == {}
    assert (await world.records.channel.progress("open1"))[0].seq == 1


async def test_an_upload_without_a_job_goes_and_one_that_a_job_needs_stays(world, film):
    unused = await world.upload("unused", film)
    used = await world.upload("used", film)
    await world.job("open1", used, ended=None)
    pruner = _later(world, 1)
    gone = await removed(await pruner.find())

    assert [(it.kind, it.name, it.bytes) for it in gone] == [("uploads", unused.path, 400)]
    assert await world.catalog.videos.of("ann") == [used]


async def test_a_job_that_is_retried_and_a_video_that_is_used_meanwhile_stay(world, film):
    video = await world.upload("talk", film)
    await world.job("old1", video, ended=LONG_AGO)
    found = await _later(world, 1).find(clips=True)
    await world.catalog.runs.begin("old1", 2)
    gone = await removed(found)

    assert {it.kind for it in found} >= {"jobs", "clips", "uploads"}
    assert gone == []
    assert await world.storage.head("old1/01.mp4") is not None


async def test_what_nobody_is_at_any_more_goes_and_what_is_new_stays(world):
    settings = world.settings
    old = [
        _made(settings.state.work / "gone1" / "part.mp4").parent,
        _made(settings.state.engines / "gone1.db"),
        _made(settings.state.analyses / "key1" / "footage.npz").parent,
        _made(settings.state.transcripts / "key1" / "000000.json").parent,
        _made(settings.state.logs / "viralclip-2026-01-01.jsonl"),
        _made(settings.state.sources / "fetched.mp4"),
    ]
    _made(settings.state.sources / "fetched.mp4.lock")
    new = [
        _made(settings.state.work / "new1" / "part.mp4", old=False),
        _made(settings.state.analyses / "key2" / "footage.npz", old=False),
        _made(settings.state.logs / "viralclip-2026-11-28.jsonl", old=False),
    ]
    await removed(await world.pruner.find())

    assert [path for path in old if path.exists()] == []
    assert [path for path in new if not path.exists()] == []


async def test_engine_records_of_deleted_jobs_go(world):
    await world.engine.enqueue([WorkflowRef("gone1", 1)], priority=1)
    found = await _later(world, 1).find()
    await removed(found)

    assert [(it.kind, it.name) for it in found] == [("engine records", "gone1")]
    assert await world.engine.job_ids(datetime.now(UTC) + DAY) == set()


async def test_a_dry_run_says_what_would_go_and_removes_nothing(tmp_path, capsys):
    settings = read_settings({"VIRALCLIP_STATE_DIR": str(tmp_path / "state")})
    log = _made(settings.state.logs / "viralclip-2026-01-01.jsonl")
    asked = {"older": 30 * DAY, "clips": False}
    await prune(settings, **asked, dry_run=True, as_json=False)
    said = capsys.readouterr().out
    await prune(settings, **asked, dry_run=True, as_json=True)
    facts = json.loads(capsys.readouterr().out)

    assert log.exists()
    assert said.splitlines()[0].split() == ["logs", "1", "4", "B"]
    assert "4 B would be removed; without --dry-run it is." in said
    assert facts["found"] == {"logs": {"count": 1, "bytes": 4}}
    assert not facts["removed"]
    assert facts["state_bytes"]["logs"] == 4

    await prune(settings, **asked, dry_run=False, as_json=False)
    assert not log.exists()
    assert "4 B removed." in capsys.readouterr().out


@pytest.mark.parametrize(("days", "is_kept"), [(None, True), ("30d", False)])
async def test_a_server_prunes_by_itself_only_where_it_is_told_to(tmp_path, days, is_kept):
    env = {"VIRALCLIP_STATE_DIR": str(tmp_path / "state"), "VIRALCLIP_RETENTION": days or ""}
    settings = read_settings(env)
    log = _made(settings.state.logs / "viralclip-2026-01-01.jsonl")
    async with (
        open_records(settings) as records,
        open_engine(settings) as engine,
        retaining(settings, records, engine),
    ):
        async with asyncio.timeout(20):
            while log.exists() != is_kept:  # noqa: ASYNC110 - nobody is told of it
                await asyncio.sleep(0.02)

    assert log.exists() == is_kept


@pytest.mark.parametrize(
    ("text", "age"), [("12h", DAY / 2), ("30d", 30 * DAY), ("8w", 56 * DAY), (" 1d ", DAY)]
)
def test_an_age_is_read(text, age):
    assert read_age("--older", text) == age


@pytest.mark.parametrize("text", ["", "30", "0d", "-1d", "1y", "d", "1.5d", "999999d"])
def test_what_is_no_age_is_refused(text):
    with pytest.raises(InvalidSettingError):
        read_age("--older", text)
