"""A job as it happens: WebSocket, server-sent events and plain polling, all on one cursor."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response, WebSocket
from fastapi.responses import StreamingResponse
from starlette.websockets import WebSocketDisconnect

from viralclip.channel import BEGINNING
from viralclip.events import Envelope
from viralclip.live import Reset, Snapshot, Ticked, Told
from viralclip.server.identity import Owner
from viralclip.server.jobs import EventPage, find_job
from viralclip.server.problems import NotFoundError, Problem, UnauthorizedError
from viralclip.server.services import Services
from viralclip.server.viewers import Viewers

# A viewer that hears nothing for so long hears a heartbeat; a proxy would close the line.
HEARTBEAT_S = 15.0
# One that takes nothing off the line for so long is gone.
STUCK_S = 60.0
_HEARTBEAT = '{"kind":"heartbeat"}'
_SSE = "text/event-stream"
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem} for status in (401, 403, 404, 422, 429)
}
Cursor = Annotated[str | None, Query(max_length=100)]


def routes(services: Services) -> APIRouter:
    router = APIRouter(prefix="/api/jobs", tags=["live"], responses=_PROBLEMS)
    viewers = Viewers(services.limits.viewers_per_user)

    @router.get("/{job_id}/events", operation_id="getEvents", response_model=EventPage)
    async def get_events(
        job_id: str,
        owner: Owner,
        request: Request,
        after: Cursor = None,
        last_event_id: Annotated[str | None, Header(max_length=100)] = None,
    ) -> EventPage | Response:
        """The events after the cursor, or all; a stream where `Accept: text/event-stream` asks."""
        await find_job(job_id, owner, services)
        if _SSE not in request.headers.get("accept", ""):
            return await _page(job_id, after or BEGINNING, services)
        stream = _server_sent(job_id, last_event_id or after, services)
        with viewers.room_for(owner):
            pass
        return StreamingResponse(
            _counted(stream, viewers, owner),
            media_type=_SSE,
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    @router.websocket("/{job_id}/live")
    async def live(websocket: WebSocket, job_id: str, after: Cursor = None) -> None:
        try:
            owner = await websocket.app.state.identify(websocket)
            await find_job(job_id, owner, services)
        except UnauthorizedError:
            await websocket.close(4401)
            return
        except NotFoundError:
            await websocket.close(4404)
            return
        await websocket.accept()
        with viewers.room_for(owner):
            await _converse(websocket, job_id, after, services)

    return router


async def _converse(
    websocket: WebSocket, job_id: str, after: str | None, services: Services
) -> None:
    """Send until the viewer leaves. Reading is what notices that it left."""
    sending = asyncio.create_task(_send(websocket, job_id, after, services))
    try:
        while True:
            await websocket.receive_text()
    except (WebSocketDisconnect, RuntimeError):
        pass
    finally:
        sending.cancel()
        with suppress(asyncio.CancelledError, WebSocketDisconnect, TimeoutError):
            await sending


async def _send(websocket: WebSocket, job_id: str, after: str | None, services: Services) -> None:
    try:
        async with services.feeds.of(job_id) as feed:
            async for line in feed.view(after, idle_s=HEARTBEAT_S):
                async with asyncio.timeout(STUCK_S):
                    await websocket.send_text(line.text if line else _HEARTBEAT)
    except TimeoutError:
        await websocket.close(4408)


async def _server_sent(job_id: str, after: str | None, services: Services) -> AsyncIterator[str]:
    async with services.feeds.of(job_id) as feed:
        async for line in feed.view(after, idle_s=HEARTBEAT_S):
            if line is None:
                yield ": heartbeat\n\n"
            elif line.kind == "tick":
                # Without an id: a tick is no place to resume from.
                yield f"event: tick\ndata: {line.text}\n\n"
            else:
                yield f"id: {line.cursor}\nevent: {line.kind}\ndata: {line.text}\n\n"


async def _counted(stream: AsyncIterator[str], viewers: Viewers, owner: str) -> AsyncIterator[str]:
    with viewers.room_for(owner):
        async for chunk in stream:
            yield chunk


async def _page(job_id: str, after: str, services: Services) -> EventPage:
    """What the channel has after the cursor now, without waiting for more."""
    now, cursor = await services.channel.progress(job_id)
    if after == cursor:
        return EventPage(kind="events", events=[], progress=now, cursor=cursor)
    events: list[Envelope] = []
    async for frame in services.channel.watch(job_id, after=after):
        match frame:
            case Snapshot(progress=whole) | Reset(progress=whole):
                cursor = frame.cursor
                return EventPage(kind="reset", events=[], progress=whole, cursor=cursor)
            case Told(envelope=envelope):
                events.append(envelope)
                cursor = frame.cursor
            case Ticked():
                continue
        if envelope.seq >= now.seq:
            break
    return EventPage(kind="events", events=events, progress=now, cursor=cursor)
