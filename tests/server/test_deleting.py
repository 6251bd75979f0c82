"""Uploads can be deleted: by their owner, and while no unfinished job needs them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from viralclip.cli.videos import UnknownVideoError, delete, show
from viralclip.engine.uploads import NotUploadedError, VideoInUseError
from viralclip.settings import read_settings
from viralclip.workflow_ref import WorkflowRef

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def _uploaded(served, owner: str = "local"):
    """The job, and the file of a video that its owner has uploaded for it."""
    seed = await served.add(f"seed{owner}", owner=owner)
    path = served.files.uploads / f"home-of-{owner}" / "upload" / "talk.mp4"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"film")
    video = seed.plan.video.model_copy(update={"path": str(path), "identity": f"of-{owner}"})
    await served.catalog.videos.add(owner, video)
    plan = seed.plan.model_copy(update={"video": video})
    return seed.model_copy(update={"job_id": f"job{owner}", "plan": plan}), path


async def _delete(client, video_id: str) -> tuple[int, str]:
    answer = await client.delete(f"/api/videos/{video_id}")
    return answer.status_code, answer.text and answer.json()["detail"]


async def test_an_upload_goes_with_its_file_and_its_folder(served):
    _, path = await _uploaded(served)
    async with served.client() as client:
        listed = (await client.get("/api/videos")).json()
        status, _ = await _delete(client, "of-local")
        again, _ = await _delete(client, "of-local")
        left = (await client.get("/api/videos")).json()

    uploads = {video["video_id"]: video["is_upload"] for video in listed}
    assert uploads == {"of-local": True, "video-of-local": False}
    assert (status, again) == (204, 404)
    assert [video["video_id"] for video in left] == ["video-of-local"]
    assert not path.parent.exists()


async def test_an_upload_that_an_unfinished_job_uses_stays_until_its_end(served):
    job, path = await _uploaded(served)
    await served.catalog.jobs.add(job)
    async with served.client() as client:
        early = await _delete(client, "of-local")
        assert path.exists()
        await served.catalog.runs.finish(job.job_id, 1, "succeeded", NOW)
        late, _ = await _delete(client, "of-local")

    said = "A job that has not ended uses the video talk.mp4; wait for its end or cancel it first."
    assert early == (409, said)
    assert late == 204
    assert not path.exists()
    assert await served.catalog.jobs.find(job.job_id) is not None


async def test_a_job_that_is_submitted_while_its_video_is_deleted_keeps_it(served, monkeypatch):
    job, path = await _uploaded(served)
    forget = served.catalog.videos.forget

    async def forget_late(owner: str, identity: str) -> None:
        await served.catalog.jobs.add(job)
        await forget(owner, identity)

    monkeypatch.setattr(served.catalog.videos, "forget", forget_late)
    async with served.client() as client:
        status, _ = await _delete(client, "of-local")

    assert status == 409
    assert path.exists()
    assert await served.catalog.videos.find("local", "of-local") is not None


async def test_what_was_not_uploaded_is_not_ours_to_delete(served):
    await served.add("job")
    film = served.files.media_roots[0] / "talk.mp4"
    film.write_bytes(b"film")
    async with served.client() as client:
        status, said = await _delete(client, "video-of-local")

    assert status == 409
    assert said == "The video talk.mp4 was not uploaded; it stays where it is."
    assert film.exists()


async def test_an_upload_of_another_user_is_not_there(serve):
    served = await serve(tokens=True)
    _, path = await _uploaded(served, "ann")
    ann, bob = [await served.accounts.create(name) for name in ("ann", "bob")]
    async with served.client(bob) as client:
        his, _ = await _delete(client, "of-ann")
    assert path.exists()
    async with served.client(ann) as client:
        hers, _ = await _delete(client, "of-ann")

    assert (his, hers) == (404, 204)
    assert not path.exists()


async def test_a_path_that_leads_out_of_the_uploads_is_not_one(served):
    job, path = await _uploaded(served)
    outside = served.files.uploads.parent / "other.mp4"
    outside.write_bytes(b"film")
    crooked = f"{path.parent}/../../../other.mp4"
    video = job.plan.video.model_copy(update={"path": crooked, "identity": "crooked"})
    await served.catalog.videos.add("local", video)
    async with served.client() as client:
        status, _ = await _delete(client, "crooked")

    assert status in (404, 409)
    assert outside.exists()


async def test_a_deleted_job_leaves_nothing_in_the_engine(served):
    job = await served.add("job")
    await served.backends.jobs.resume(job)
    await served.catalog.runs.finish("job", 1, "failed", NOW)
    assert await served.queued() == [WorkflowRef("job", 1).workflow_id]
    async with served.client() as client:
        answer = await client.delete("/api/jobs/job")

    assert answer.status_code == 204
    assert await served.queued() == []


async def test_the_command_line_lists_and_deletes_uploads(served, capsys, tmp_path: Path):
    settings = read_settings({"VIRALCLIP_STATE_DIR": str(tmp_path)})
    job, path = await _uploaded(served)
    await show("local", settings)
    assert capsys.readouterr().out == "of-local  talk.mp4\n"
    await served.catalog.jobs.add(job)
    with pytest.raises(VideoInUseError):
        await delete("of-local", "local", settings)
    with pytest.raises(NotUploadedError):
        await delete("video-of-local", "local", settings)
    with pytest.raises(UnknownVideoError):
        await delete("of-local", "ann", settings)
    await served.catalog.runs.finish(job.job_id, 1, "failed", NOW)
    await delete("of-local", "local", settings)
    await show("local", settings)

    assert not path.exists()
    said = capsys.readouterr().out
    assert said == "The video talk.mp4 is deleted.\nlocal has uploaded nothing.\n"
