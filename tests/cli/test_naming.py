"""What clips are called where others lie already, and what is said of those."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from viralclip.app.naming import look_at, named
from viralclip.catalog.opening import open_catalog
from viralclip.catalog.port import Catalog
from viralclip.catalog.records import JobRecord
from viralclip.pipeline.tools import ClipTask
from viralclip.plan import Options, StyleChoice, Video, make_plan
from viralclip.scenes import Scene
from viralclip.storage.objects import Storage
from viralclip.storage.opening import open_storage

AT = datetime(2026, 1, 1, tzinfo=UTC)
LIST = {"Intro": (0.0, 10.0), "Outro": (20.0, 30.0)}


@dataclass
class Desk:
    """A folder of clips and the records of who made them."""

    catalog: Catalog
    storage: Storage
    folder: Path
    jobs: int = 0

    async def ask(
        self,
        video: str,
        scenes: dict[str, tuple[float, float]] = LIST,
        *,
        style: str = "split",
        **options: Any,
    ) -> tuple[JobRecord, list[str]]:
        """The job that would be made, and what is said before."""
        self.jobs += 1
        film = Video(
            name=Path(video).name,
            path=video,
            width=640,
            height=360,
            duration=90,
            fps="25",
            has_audio=True,
            identity=video,
            content=f"content of {Path(video).name}",
        )
        listed = [
            Scene(id=place + 1, title=title, start=start, end=end)
            for place, (title, (start, end)) in enumerate(scenes.items())
        ]
        job = JobRecord(
            job_id=f"job{self.jobs}",
            owner="local",
            plan=make_plan(film, listed, [StyleChoice(name=style)], Options(**options)),
            storage_url=self.folder.as_uri(),
            engine_url="",
            trace_id="",
            created_at=AT + timedelta(minutes=self.jobs),
        )
        return named(job, await look_at(job, self.catalog, self.storage))

    async def make(self, video: str, *arguments: Any, **options: Any) -> list[str]:
        """Make the job's clips; their names."""
        job, _ = await self.ask(video, *arguments, **options)
        await self.catalog.jobs.add(job)
        for clip in job.plan.clips():
            task = ClipTask(job=job, clip=clip)
            path = self.folder / task.key
            path.write_bytes(f"{video} {clip.digest}".encode())
            stored = await self.storage.head(task.key)
            assert stored is not None
            file = {"key": stored.key, "size": stored.size, "tag": stored.tag}
            await self.catalog.clip_runs.end(task.record("complete").model_copy(update=file))
        await self.catalog.runs.finish(job.job_id, 1, "succeeded", AT)
        return [job.prefix + clip.filename for clip in job.plan.clips()]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    folder = tmp_path / "clips"
    async with open_catalog(f"sqlite:///{tmp_path / 'catalog.db'}") as catalog:
        yield Desk(catalog, open_storage(folder.as_uri()), folder)


async def test_in_an_empty_folder_clips_have_their_own_names(desk: Desk):
    job, said = await desk.ask("red.mp4")

    assert (job.prefix, said) == ("", [])


async def test_where_another_videos_clips_are_the_names_begin_with_the_video(desk: Desk):
    await desk.make("red.mp4")
    job, said = await desk.ask("Blue Talk.mp4")

    assert job.prefix == "blue-talk_"
    assert said == [
        "clips/ has clips of another video, red.mp4: the names of these clips begin with blue-talk_"
    ]


async def test_two_other_videos_of_one_name_are_numbered(desk: Desk):
    for video in ("red.mp4", "a/talk.mp4"):
        await desk.make(video)
    job, _ = await desk.ask("talk.mkv")

    assert job.prefix == "talk-2_"


async def test_another_aspect_is_part_of_the_names(desk: Desk):
    await desk.make("red.mp4")
    square, said = await desk.ask("red.mp4", aspect="1:1")
    await desk.make("blue.mp4")
    await desk.make("blue.mp4", aspect="4:5")
    tall, _ = await desk.ask("blue.mp4", aspect="4:5")

    assert (square.prefix, tall.prefix) == ("1x1_", "blue_4x5_")
    assert said == [
        "clips/ has this video's clips in 9:16: the names of these clips begin with 1x1_"
    ]


async def test_the_same_video_in_the_same_aspect_goes_by_its_names_again(desk: Desk):
    first = await desk.make("red.mp4")
    other = await desk.make("blue.mp4")
    again, said = await desk.ask("elsewhere/blue.mp4", preset="fast")

    assert first == ["01_intro_split.mp4", "02_outro_split.mp4"]
    assert other == [again.prefix + clip.filename for clip in again.plan.clips()]
    assert said == []


@pytest.mark.parametrize("name", ["02_outro_split.mp4", "01_intro_split.jpg"])
async def test_files_of_the_same_names_that_no_job_made_are_said_and_avoided(desk: Desk, name: str):
    (desk.folder / name).write_bytes(b"mine")
    job, said = await desk.ask("red.mp4")

    assert job.prefix == "red_"
    assert said == [
        (
            f"clips/ has files of the same names that no job here made, like {name}:"
            " the names of these clips begin with red_"
        )
    ]


async def test_clips_that_are_not_there_any_more_need_no_other_names(desk: Desk):
    for name in await desk.make("red.mp4"):
        (desk.folder / name).unlink()
    job, said = await desk.ask("blue.mp4")

    assert (job.prefix, said) == ("", [])


async def test_clips_that_are_being_made_count(desk: Desk):
    job, _ = await desk.ask("red.mp4")
    await desk.catalog.jobs.add(job)
    other, _ = await desk.ask("blue.mp4")

    assert other.prefix == "blue_"


async def test_new_titles_are_said_to_rename(desk: Desk):
    await desk.make("red.mp4")
    _, one = await desk.ask("red.mp4", {"Hello": LIST["Intro"], "Outro": LIST["Outro"]})
    _, both = await desk.ask("red.mp4", {"Hello": LIST["Intro"], "Bye": LIST["Outro"]})

    assert one == ["1 clip has a new title and is renamed, not made again."]
    assert both == ["2 clips have new titles and are renamed, not made again."]


async def test_clips_of_an_earlier_list_are_named(desk: Desk):
    spans = {f"Part {place}": (place * 10.0, place * 10.0 + 5) for place in range(6)}
    await desk.make("red.mp4", spans)
    _, said = await desk.ask("red.mp4", {"Part 0": (0.0, 5.0)})
    _, one = await desk.ask("red.mp4", {**spans, "Part 5": (80.0, 85.0)})

    assert said == [
        (
            "5 clips of an earlier list are still in clips/: 02_part-1_split.mp4,"
            " 03_part-2_split.mp4, 04_part-3_split.mp4, ..."
        )
    ]
    assert one == ["1 clip of an earlier list is still in clips/: 06_part-5_split.mp4"]


async def test_clips_in_other_styles_and_clips_made_anew_are_no_leftovers(desk: Desk):
    await desk.make("red.mp4")
    _, other_style = await desk.ask("red.mp4", style="streamer")
    _, other_edges = await desk.ask("red.mp4", {"Intro": (1.0, 9.0), "Outro": (19.0, 31.0)})

    assert (other_style, other_edges) == ([], [])
