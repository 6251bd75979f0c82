"""What may be read is decided when it is read, not when it was first opened."""

import os
import shutil
from pathlib import Path

import pytest

from viralclip.media.probe import probe
from viralclip.plan import Video

SECRET = b"not a video of this user"


@pytest.fixture
def root(tmp_path: Path, source) -> Path:
    root = tmp_path / "media"
    (root / "shows").mkdir(parents=True)
    shutil.copy(source("small"), root / "shows" / "talk.mp4")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "talk.mp4").write_bytes(SECRET)
    return root


async def opened(client) -> str:
    answer = await client.post("/api/videos/files", params={"path": "shows/talk.mp4"})
    return answer.json()["video_id"]


async def submitted(client, video_id: str) -> int:
    new = {"source": {"video_id": video_id}, "styles": ["original"]}
    new["scenes"] = [{"start": 0, "end": 0.2}]
    return (await client.post("/api/jobs", json=new)).status_code


@pytest.mark.parametrize("swapped", ["file", "folder"])
async def test_a_video_that_was_swapped_for_a_link_is_not_served(serve, root, tmp_path, swapped):
    served = await serve()
    async with served.client() as client:
        place = f"/api/videos/{await opened(client)}/content"
        whole = (root / "shows" / "talk.mp4").read_bytes()
        assert (await client.get(place)).content == whole
        part = await client.get(place, headers={"Range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, whole[10:20])
        if swapped == "file":
            (root / "shows" / "talk.mp4").unlink()
            (root / "shows" / "talk.mp4").symlink_to(tmp_path / "secret" / "talk.mp4")
        else:
            shutil.rmtree(root / "shows")
            (root / "shows").symlink_to(tmp_path / "secret")
        answer = await client.get(place)

    assert answer.status_code == 404
    assert SECRET not in answer.content


async def test_a_video_of_a_root_that_was_withdrawn_is_gone_for_every_use(serve, root):
    before = await serve()
    async with before.client() as client:
        video_id = await opened(client)
        assert await submitted(client, video_id) == 201
        assert len((await client.get("/api/videos")).json()) == 1
    after = await serve(media_roots=())
    ask = {"start": 0, "end": 0.2, "style": "intelligent"}
    async with after.client() as client:
        for path in ("", "/content", "/framing"):
            answer = await client.get(f"/api/videos/{video_id}{path}", params=ask if path else {})
            assert answer.status_code == 404, path
        assert await submitted(client, video_id) == 404
        assert (await client.get("/api/videos")).json() == []


async def test_a_file_that_is_swapped_while_it_is_looked_into_is_not_accepted(
    serve, root, tmp_path, source
):
    """A race at its opening would let a job render what lies behind the link."""
    private = tmp_path / "secret" / "private.mp4"
    shutil.copy(source("small"), private)
    os.utime(private, (1, 1))

    def swap_and_look(path: Path) -> Video:
        path.unlink()
        path.symlink_to(private)
        return probe(path).video

    async def swapping(path: Path) -> Video:
        return swap_and_look(path)

    served = await serve(probe=swapping)
    async with served.client() as client:
        answer = await client.post("/api/videos/files", params={"path": "shows/talk.mp4"})

        assert answer.status_code == 404
        assert (await client.get("/api/videos")).json() == []


async def test_a_clip_that_was_swapped_for_a_link_is_not_served(serve, tmp_path):
    served = await serve()
    folder = tmp_path / "clips" / "job"
    folder.mkdir(parents=True)
    await served.add("job")
    for clip in await served.catalog.clips.of("job"):
        (folder / f"{clip.scene_id}.mp4").write_bytes(b"mine")
        done = {"ending": "complete", "key": f"job/{clip.scene_id}.mp4"}
        await served.catalog.clip_runs.end(clip.model_copy(update=done))
    address = "/api/jobs/job/clips/1/original/file"
    async with served.client() as client:
        assert (await client.get(address)).content == b"mine"
        assert b"mine" in (await client.get("/api/jobs/job/clips.zip")).content
        (folder / "1.mp4").unlink()
        (folder / "1.mp4").symlink_to(tmp_path / "secret.mp4")
        (tmp_path / "secret.mp4").write_bytes(SECRET)
        alone = await client.get(address)
        with pytest.raises(Exception, match=r"peer closed|incomplete"):
            await client.get("/api/jobs/job/clips.zip")

    assert alone.status_code == 404
