"""What has happened in a job, read backwards a page at a time: the latest is read first."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from viralclip.channel.port import ProgressChannel, cursor_at
from viralclip.events import Envelope
from viralclip.server.dependencies import CatalogDep, ChannelDep
from viralclip.server.identity import Owner
from viralclip.server.jobs import JobId, find_job
from viralclip.server.owner_first import OwnerFirst
from viralclip.server.problems import problems

_MOST_EVENTS = 1000
_EVENTS = 200


class HistoryPage(BaseModel):
    """Events without a gap, the earliest first; `has_earlier` says that there are others before."""

    events: list[Envelope]
    has_earlier: bool


router = APIRouter(
    route_class=OwnerFirst,
    prefix="/api/jobs",
    tags=["live"],
    responses=problems(401, 403, 404, 422),
)


@router.get("/{job_id}/history", operation_id="getHistory")
async def get_history(
    job_id: JobId,
    owner: Owner,
    catalog: CatalogDep,
    channel: ChannelDep,
    before: Annotated[int | None, Query(ge=1)] = None,
    limit: Annotated[int, Query(ge=1, le=_MOST_EVENTS)] = _EVENTS,
) -> HistoryPage:
    """The last events before the one of that number, or the last of all."""
    await find_job(job_id, owner, catalog)
    return await _page(channel, job_id, before, limit)


async def _page(
    channel: ProgressChannel, job_id: str, before: int | None, limit: int
) -> HistoryPage:
    now, head = await channel.progress(job_id)
    last = now.seq if before is None else min(before - 1, now.seq)
    first = max(last - limit, 0)
    if first == last:
        return HistoryPage(events=[], has_earlier=False)
    found = await channel.events(job_id, cursor_at(head, first), limit=last - first)
    events = found.events if found else []
    return HistoryPage(events=events, has_earlier=bool(events) and first > 0)
