"""Scene lists over HTTP: read before a job is made, and noted when it is."""

import shutil

LIST = "0:00 Café\n0:01 Größe\n".encode("cp1252")


def new_job(scenes, video_id):
    return {
        "source": {"video_id": video_id},
        "scenes": scenes,
        "styles": ["original"],
        "preset": "fast",
    }


async def test_a_list_is_decoded_and_read_before_a_job_is_made(served, source, tmp_path):
    shutil.copy(source("small"), tmp_path / "media" / "talk.mp4")
    async with served.client() as client:
        opened = await client.post("/api/videos/files", params={"path": "talk.mp4"})
        video_id = opened.json()["video_id"]
        decoded = (await client.post("/api/scene-lists", content=LIST)).json()
        query = {"video_id": video_id, "name": "list.txt"}
        read = (await client.post("/api/scene-lists", params=query, content=LIST)).json()
        wrong = await client.post("/api/scene-lists", params=query, content=b"0:75 x")
        bytes_only = await client.post("/api/scene-lists", content=b"PK\x03\x04\0\0\xff")
        elsewhere = await client.post(
            "/api/scene-lists", params={"video_id": "other"}, content=LIST
        )

    assert opened.json()["notes"] == []
    assert (decoded["text"], decoded["scenes"]) == ("0:00 Café\n0:01 Größe\n", [])
    assert "Windows-1252" in decoded["notes"][0]
    assert [scene["title"] for scene in read["scenes"]] == ["Café", "Größe"]
    assert read["scenes"][0] | {"end": 1.0} == {
        "scene_id": 1,
        "title": "Café",
        "start": 0.0,
        "end": 1.0,
    }
    assert wrong.json()["faults"] == [{"place": "line 1", "problem": "0:75 is not a time"}]
    assert wrong.json()["text"] == "0:75 x"
    assert bytes_only.json()["faults"][0]["problem"].startswith("this is not text")
    assert elsewhere.status_code == 404


async def test_a_job_is_answered_with_how_its_list_was_read(served, source, tmp_path):
    shutil.copy(source("small"), tmp_path / "media" / "talk.mp4")
    async with served.client() as client:
        opened = await client.post("/api/videos/files", params={"path": "talk.mp4"})
        job = new_job("0.5,1,2\n", opened.json()["video_id"])
        headers = {"Idempotency-Key": "once"}
        first = (await client.post("/api/jobs", json=job, headers=headers)).json()
        again = (await client.post("/api/jobs", json=job, headers=headers)).json()

    note = 'Read as start, end, title; add a header such as "title,start,end" to say otherwise.'
    assert first == again == {"job_id": first["job_id"], "notes": [note]}
