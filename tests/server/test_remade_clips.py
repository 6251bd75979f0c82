"""A clip that is made again is not there until it is made, and never taken for the one before."""

from viralclip.catalog.records import ClipRecord
from viralclip.plan import CaptionOptions
from viralclip.words.transcript import Word


async def test_the_file_of_a_clip_that_is_made_again_is_gone_until_the_new_one_is_there(served):
    job = await served.add("a" * 12)
    job_id, clip = job.job_id, job.plan.clips()[0]
    key, base = f"{job.prefix}{clip.filename}", f"/api/jobs/{job_id}/clips/{clip.scene.id}"
    file = served.folder / "clips" / key
    file.parent.mkdir(parents=True, exist_ok=True)

    async def made(content: bytes, run: int) -> None:
        file.write_bytes(content)
        record = ClipRecord(
            job_id=job_id,
            scene_id=clip.scene.id,
            style=clip.style,
            digest=clip.digest,
            run=run,
            ending="complete",
            key=key,
        )
        await served.catalog.clip_runs.end(record)

    await made(b"old", 1)
    async with served.client() as client:
        address = f"{base}/{clip.style}/file"
        old = await client.get(address)
        same = await client.get(address, headers={"If-None-Match": old.headers["etag"]})
        await served.catalog.runs.begin(job_id, 2, edited(job.plan, clip.scene.id))
        between = await client.get(address)
        listed = (await client.get(f"/api/jobs/{job_id}/clips")).json()
        await made(b"newer", 2)
        new = await client.get(address, headers={"If-None-Match": old.headers["etag"]})

    assert (old.content, same.status_code, same.content) == (b"old", 304, b"")
    assert old.headers["cache-control"] == same.headers["cache-control"] == "private, no-cache"
    assert between.status_code == 404
    assert next(each for each in listed if each["scene_id"] == clip.scene.id)["file"] is None
    assert (new.status_code, new.content) == (200, b"newer")


def edited(plan, scene_id):
    """The plan with a word to show in that scene."""
    words = (Word(text="so", start=0.1, end=0.4),)
    scenes = tuple(
        scene.model_copy(update={"words": words}) if scene.id == scene_id else scene
        for scene in plan.scenes
    )
    options = plan.options.model_copy(update={"captions": CaptionOptions(mode="given")})
    return plan.model_copy(update={"scenes": scenes, "options": options})
