"""What a request costs does not grow with what its answer does not show."""

import sqlite3
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
import sqlalchemy as sa
from sqlalchemy.event import listen, remove

from viralclip.catalog import tables
from viralclip.catalog.records import ClipRecord
from viralclip.engine.jobs import outline
from viralclip.events import ClipTick, Logged, NewEvent
from viralclip.plan import Plan, StyleChoice, make_plan
from viralclip.scenes import Scene
from viralclip.steps import Step

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_SAID = Logged(level="info", message="said")


class _Meter:
    """Counts the statements that SQLite is given, and the rows that it hands out; not those by
    which a channel looks now and then whether there is news."""

    def __init__(self) -> None:
        self.statements = self.rows = 0
        self._looks = False

    def watch(self, connection: sqlite3.Connection, *_: object) -> None:
        connection.set_trace_callback(self._statement)
        connection.row_factory = self._row

    def _statement(self, sql: str) -> None:
        self._looks = "data_version" in sql
        self.statements += not self._looks

    def _row(self, _: sqlite3.Cursor, row: tuple[Any, ...]) -> tuple[Any, ...]:
        self.rows += not self._looks
        return row


def _sized(plan: Plan, *, scenes: int) -> Plan:
    """A plan of five times as many clips."""
    listed = [Scene(id=i, title=f"Scene {i}", start=0, end=2) for i in range(1, scenes + 1)]
    styles = ("original", "split", "left_focus", "right_focus", "streamer")
    return make_plan(plan.video, listed, [StyleChoice(name=name) for name in styles], plan.options)


async def _add(served, job_id: str, *, scenes: int) -> None:
    """A job that runs, and another of the same size that has ended."""
    for name in (f"{job_id}runs", f"{job_id}ended"):
        seed = await served.add(f"{name}seed")
        plan = _sized(seed.plan, scenes=scenes)
        job = seed.model_copy(update={"job_id": name, "plan": plan, "prefix": f"{name}/"})
        await served.catalog.jobs.add(job)
        clips = await served.catalog.clips.of(name)
        queued = NewEvent(job_id=name, run=1, at=_NOW, trace_id="0" * 32, event=outline(job, clips))
        await served.channel.publish([queued])
        # What is left of clips that have ended: the last tick of each.
        await served.channel.tick([_ticked(clip) for clip in clips])
        await served.channel.publish([queued.model_copy(update={"event": _SAID})])
    _complete(served, f"{job_id}ended")
    await served.catalog.runs.finish(f"{job_id}ended", 1, "succeeded", _NOW)


def _ticked(clip: ClipRecord) -> ClipTick:
    return ClipTick(
        job_id=clip.job_id,
        scene_id=clip.scene_id,
        style=clip.style,
        attempt=1,
        step=Step.RENDERING,
        fraction=0.9,
    )


def _complete(served, job_id: str) -> None:
    """All clips of the job are complete, at once."""
    folder = served.files.open_storage(served.files.storage_url).local_path(job_id)
    folder.mkdir(parents=True)
    (folder / "clip.mp4").write_bytes(b"clip")
    change = {"ending": "complete", "key": f"{job_id}/clip.mp4"}
    with served.tables.engine.begin() as db:
        db.execute(sa.update(tables.clips).where(tables.clips.c.job_id == job_id).values(change))


_REQUESTS = (
    ("GET", "/api/jobs?limit=2"),
    ("GET", "/api/jobs/{job}ended/clips/2/split/file"),
    ("GET", "/api/jobs/{job}ended/clips?limit=5"),
    ("GET", "/api/jobs/{job}ended/events?limit=5"),
    ("GET", "/api/jobs/{job}ended/history?limit=5"),
    ("GET", "/api/jobs/{job}runs"),
    ("POST", "/api/jobs/{job}runs/clips/1/split/cancel"),
    ("PATCH", "/api/jobs/{job}runs"),
    ("POST", "/api/jobs/{job}runs/cancel"),
    ("GET", "/readyz"),
)


async def test_a_request_costs_the_same_whether_a_job_has_ten_clips_or_a_thousand(served):
    costs = dict[str, list[tuple[str, int, int]]]()
    async with served.client() as client:
        for job_id, scenes in (("small", 2), ("large", 200)):
            await _add(served, job_id, scenes=scenes)
            costs[job_id] = [
                (path, *await _cost(served, client, method, path.format(job=job_id)))
                for method, path in _REQUESTS
            ]

    assert costs["large"] == costs["small"]


async def _cost(served, client: httpx.AsyncClient, method: str, path: str) -> tuple[int, int]:
    """The statements and rows of a request that is made the second time: what a process keeps of a
    job, it has read before."""
    body = {"priority": "low"} if method == "PATCH" else None
    assert (await client.request(method, path, json=body)).status_code < 300, path
    meter = _Meter()
    served.tables.engine.dispose()
    listen(served.tables.engine, "connect", meter.watch)
    meter.watch(served.channel._store._reading.db)
    assert (await client.request(method, path, json=body)).status_code < 300, path
    remove(served.tables.engine, "connect", meter.watch)
    return meter.statements, meter.rows


async def test_clips_and_events_come_a_page_at_a_time_and_whole_to_who_asks_for_no_page(served):
    await _add(served, "job", scenes=3)
    async with served.client() as client:
        whole = (await client.get("/api/jobs/jobended/clips")).json()
        pages, following = [], "/api/jobs/jobended/clips?limit=6"
        while following:
            answer = await client.get(following)
            pages.append(answer.json())
            following = answer.links.get("next", {}).get("url")

    assert [len(page) for page in pages] == [6, 6, 3]
    assert [clip for page in pages for clip in page] == whole


async def test_events_come_a_page_at_a_time_and_whole_to_who_asks_for_no_page(
    served, recorded, say
):
    job_id = "7f3a9c20d1e4"
    await served.add(job_id)
    await say(served.channel, *recorded("success"))
    async with served.client() as client:
        whole = (await client.get(f"/api/jobs/{job_id}/events")).json()
        page = (await client.get(f"/api/jobs/{job_id}/events", params={"limit": 7})).json()
        events = page["events"]
        while page["more"]:
            asked = {"limit": 7, "after": page["cursor"]}
            page = (await client.get(f"/api/jobs/{job_id}/events", params=asked)).json()
            assert 0 < len(page["events"]) <= 7
            events += page["events"]

    assert not whole["more"]
    assert len(events) > 7
    assert events == whole["events"]


async def test_a_page_of_events_is_as_large_in_a_long_job_as_in_a_short_one(served):
    sizes = dict[str, int]()
    async with served.client() as client:
        for job_id, scenes in (("small", 2), ("large", 200)):
            await _add(served, job_id, scenes=scenes)
            first = await client.get(f"/api/jobs/{job_id}ended/events", params={"limit": 1})
            asked = {"limit": 5, "after": first.json()["cursor"]}
            page = await client.get(f"/api/jobs/{job_id}ended/events", params=asked)
            sizes[job_id] = len(page.content)
            assert page.json()["progress"] is None

    assert sizes["large"] == sizes["small"]


async def test_the_last_page_of_events_has_the_progress_where_it_is_asked_for(
    served, recorded, say
):
    job_id = "7f3a9c20d1e4"
    await served.add(job_id)
    await say(served.channel, *recorded("success"))
    async with served.client() as client:
        state = (await client.get(f"/api/jobs/{job_id}")).json()["progress"]
        ask = partial(client.get, f"/api/jobs/{job_id}/events")
        first = (await ask(params={"limit": 7, "progress": True})).json()
        last = (await ask(params={"limit": 1000, "progress": True})).json()
        without = (await ask(params={"progress": False})).json()

    assert first["more"]
    assert first["progress"] is None
    assert (last["more"], last["progress"]) == (False, state)
    assert without["progress"] is None


async def test_a_page_ends_with_the_event_that_its_progress_ends_with(served, note, monkeypatch):
    await served.add("job")
    await served.channel.publish([note(1)])
    read = served.channel.progress

    async def then_more_happens(job_id: str):
        now, cursor = await read(job_id)
        await served.channel.publish([note(now.seq + 1)])
        return now, cursor

    monkeypatch.setattr(served.channel, "progress", then_more_happens)
    cursor, seen = "none-0", list[tuple[list[int], int]]()
    async with served.client() as client:
        for _ in range(2):
            asked = {"after": cursor, "progress": True}
            page = (await client.get("/api/jobs/job/events", params=asked)).json()
            cursor = page["cursor"]
            seen.append(([event["seq"] for event in page["events"]], page["progress"]["seq"]))

    assert seen == [([1], 1), ([2], 2)]


async def test_a_client_of_an_earlier_version_gets_pages_of_events_and_the_progress_with_each(
    served, note
):
    await served.add("job")
    await served.channel.publish([note(number) for number in range(1001)])
    async with served.client() as client:
        first = (await client.get("/api/jobs/job/events")).json()
        last = (await client.get("/api/jobs/job/events", params={"after": first["cursor"]})).json()

    assert (len(first["events"]), first["more"]) == (1000, True)
    assert (len(last["events"]), last["more"]) == (1, False)
    assert first["progress"]["seq"] == last["progress"]["seq"] == 1001


async def test_a_cursor_that_is_not_known_gets_the_progress_unasked(served, note):
    await served.add("job")
    await served.channel.publish([note(1)])
    async with served.client() as client:
        asked = {"after": "nonsense-7", "limit": 5}
        page = (await client.get("/api/jobs/job/events", params=asked)).json()

    assert (page["kind"], page["progress"]["seq"]) == ("reset", 1)


async def test_history_is_read_backwards_a_page_at_a_time(served, recorded, say):
    job_id = "7f3a9c20d1e4"
    await served.add(job_id)
    await say(served.channel, *recorded("success"))
    async with served.client() as client:
        whole = (await client.get(f"/api/jobs/{job_id}/events")).json()["events"]
        page = (await client.get(f"/api/jobs/{job_id}/history", params={"limit": 7})).json()
        events = page["events"]
        while page["has_earlier"]:
            asked = {"limit": 7, "before": events[0]["seq"]}
            page = (await client.get(f"/api/jobs/{job_id}/history", params=asked)).json()
            assert 0 < len(page["events"]) <= 7
            events = page["events"] + events
        beyond = (await client.get(f"/api/jobs/{job_id}/history", params={"before": 10**6})).json()
        none = (await client.get(f"/api/jobs/{job_id}/history", params={"before": 1})).json()

    assert events == whole
    assert beyond == {"events": whole, "has_earlier": False}
    assert none == {"events": [], "has_earlier": False}


async def test_a_cursor_that_is_none_is_refused(served):
    await served.add("job")
    async with served.client() as client:
        for cursor in ("", "x", "1", "1/", "/a", "-1/a", "9999999999/a", "1/\0"):
            answer = await client.get("/api/jobs/job/clips", params={"cursor": cursor, "limit": 1})
            assert answer.status_code == 422, cursor
