"""What a request costs does not grow with what its answer does not show."""

import sqlite3
from datetime import UTC, datetime
from typing import Any

import httpx
import sqlalchemy as sa
from sqlalchemy.event import listen, remove

from viralclip.catalog import tables
from viralclip.engine.jobs import outline
from viralclip.events import NewEvent
from viralclip.plan import Plan, StyleChoice, make_plan
from viralclip.scenes import Scene

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


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
    _complete(served, f"{job_id}ended")
    await served.catalog.runs.finish(f"{job_id}ended", 1, "succeeded", _NOW)


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
