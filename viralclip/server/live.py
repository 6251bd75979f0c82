"""A job as it happens: WebSocket, server-sent events and plain polling, all on one cursor."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from operator import attrgetter
from typing import Annotated, Any, Literal

import structlog
from fastapi import APIRouter, Header, Query, Request, Response, WebSocket
from pydantic import BaseModel
from starlette.requests import HTTPConnection
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from viralclip.channel.port import BEGINNING, EventRange, ProgressChannel, cursor_at
from viralclip.events import Envelope
from viralclip.progress import Progress
from viralclip.server.batches import Batch, Line, Messages
from viralclip.server.dependencies import CatalogDep, ChannelDep, LiveViewsDep, SignInDep
from viralclip.server.disconnect import disconnected
from viralclip.server.feed import View
from viralclip.server.identity import LOCAL, Owner
from viralclip.server.jobs import JobId, find_job
from viralclip.server.owner_first import OwnerFirst
from viralclip.server.problems import ProblemError, UnauthorizedError, problems
from viralclip.server.viewing import LiveViews, observe_sent, viewing
from viralclip.server.websocket_protocol import as_framed, takes_framed
from viralclip.telemetry.metrics import RESETS, Transport

_HEARTBEAT = Batch(0, (Line("heartbeat", "", '{"kind":"heartbeat"}'),))
_SSE = "text/event-stream"
# Whoever asks for this subprotocol takes several frames in a message, one to a line.
LINES = "viralclip.lines.v1"
_ONE_BY_ONE = attrgetter("one_by_one")
_IN_LINES = attrgetter("in_lines")
_MOST_EVENTS = 1000
_INTERNAL = 1011
_LOCAL_RECHECK_S = 5.0
# A refusal closes with 4000 and the status that HTTP would have answered: 4401, 4404, 4429.
_REFUSED = 4000

log = structlog.get_logger(__name__)

Cursor = Annotated[str | None, Query(max_length=100)]


class EventPage(BaseModel):
    """The events after a cursor, and the next cursor.

    `more` says that there are events after these: ask for them with `cursor`. `progress` is the
    state now with the latest ticks, where it was asked for; a `reset` always has it.
    """

    kind: Literal["events", "reset"]
    events: list[Envelope]
    progress: Progress | None
    cursor: str
    more: bool


router = APIRouter(
    route_class=OwnerFirst,
    prefix="/api/jobs",
    tags=["live"],
    responses=problems(401, 403, 404, 422),
)


@router.get(
    "/{job_id}/events",
    operation_id="getEvents",
    response_model=EventPage,
    responses={200: {"content": {_SSE: {"schema": {"type": "string"}}}}, **problems(429)},
)
async def get_events(
    job_id: JobId,
    owner: Owner,
    request: Request,
    catalog: CatalogDep,
    channel: ChannelDep,
    views: LiveViewsDep,
    after: Cursor = None,
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
    limit: Annotated[int | None, Query(ge=1, le=_MOST_EVENTS)] = None,
    progress: Annotated[bool | None, Query()] = None,
) -> EventPage | Response:
    """The events after the cursor, or from the first: 1000 of them, or as many as `limit` says.

    The last page has the progress, too, where `progress` asks for it. A request that has neither
    `limit` nor `progress` is one of an earlier client, and gets the progress with every page.
    A stream where `Accept: text/event-stream` asks for it.
    """
    await find_job(job_id, owner, catalog)
    if _SSE in request.headers.get("accept", ""):
        return _EventStream(job_id, last_event_id or after, owner, views)
    is_earlier_client = limit is None and progress is None
    now = (await channel.progress(job_id))[0] if progress or is_earlier_client else None
    found = await channel.events(job_id, after or BEGINNING, limit=limit or _MOST_EVENTS)
    if found is None:
        return await _reset(job_id, channel)
    if now is not None:
        found = _up_to(found, now.seq)
    shown = now if is_earlier_client or not found.more else None
    return EventPage(kind="events", progress=shown, **found._asdict())


@router.websocket("/{job_id}/live")
async def live(
    websocket: WebSocket,
    job_id: str,
    catalog: CatalogDep,
    sign_in: SignInDep,
    views: LiveViewsDep,
    after: Cursor = None,
) -> None:
    in_lines = LINES in websocket.scope["subprotocols"]
    # A page learns why it was refused from the close code, and gets one only once accepted.
    await websocket.accept(LINES if in_lines else None)
    try:
        owner = await sign_in.owner(websocket)
        await find_job(job_id, owner, catalog)
        with views.viewers.room_for(owner):
            messages_of = _IN_LINES if in_lines else _ONE_BY_ONE
            await _serve_socket(websocket, job_id, after, views, owner, messages_of)
    except ProblemError as error:
        await _close(websocket, _REFUSED + error.status)
    except Exception:
        log.exception("Live view failed")
        await _close(websocket, _INTERNAL)


async def _serve_socket(
    websocket: WebSocket,
    job_id: str,
    after: str | None,
    views: LiveViews,
    owner: str,
    messages_of: Callable[[Batch], Messages],
) -> None:
    """Send until the viewer leaves. Reading is what notices that it left."""
    takes_bytes = takes_framed(websocket.scope)

    async def send(batch: Batch) -> None:
        messages = messages_of(batch)
        if takes_bytes:
            await websocket.send(as_framed(messages.framed))
            return
        for text in messages.texts:
            await websocket.send_text(text)

    timeouts = views.timeouts
    async with views.feeds.of(job_id) as feed:
        view = feed.view(after, idle_s=timeouts.heartbeat_s)
        # RuntimeError: the server itself has closed the socket in between.
        with viewing("websocket"), suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
            await _race(
                disconnected(websocket.receive),
                _send(view, send, timeouts.send_timeout_s, "websocket"),
                _recheck_authorization(websocket, owner, timeouts.recheck_s),
            )


class _EventStream(StreamingResponse):
    """Server-sent events while there is room for one more viewer; else 429, and no stream."""

    media_type = _SSE

    def __init__(self, job_id: str, after: str | None, owner: str, views: LiveViews) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__((), headers=headers)
        self._job_id = job_id
        self._after = after
        self._owner = owner
        self._views = views

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._views.viewers.room_for(self._owner), suppress(TimeoutError):
            await self._stream(HTTPConnection(scope), receive, send)

    async def _stream(self, connection: HTTPConnection, receive: Receive, send: Send) -> None:
        async def send_lines(batch: Batch) -> None:
            body = "".join(map(_server_sent, batch.lines)).encode()
            await send({"type": "http.response.body", "body": body, "more_body": True})

        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        timeouts = self._views.timeouts
        async with self._views.feeds.of(self._job_id) as feed:
            view = feed.view(self._after, idle_s=timeouts.heartbeat_s)
            with viewing("sse"), suppress(ProblemError):
                await _race(
                    disconnected(receive),
                    _send(view, send_lines, timeouts.send_timeout_s, "sse"),
                    _recheck_authorization(connection, self._owner, timeouts.recheck_s),
                )
        await send({"type": "http.response.body", "body": b""})


def _server_sent(line: Line) -> str:
    if line.kind == "heartbeat":
        return ": heartbeat\n\n"
    if line.kind == "tick":
        # Without an id: a tick is no place to resume from.
        return f"event: tick\ndata: {line.text}\n\n"
    return f"id: {line.cursor}\nevent: {line.kind}\ndata: {line.text}\n\n"


async def _send(
    view: View,
    send: Callable[[Batch], Awaitable[None]],
    send_timeout_s: float,
    transport: Transport,
) -> None:
    """Everything of the view, a heartbeat when it is quiet; TimeoutError if it is not taken."""
    async for batch in view:
        async with asyncio.timeout(send_timeout_s):
            await send(batch if batch.lines else _HEARTBEAT)
        observe_sent(batch, transport, is_live=view.is_live)


async def _recheck_authorization(connection: HTTPConnection, owner: str, every_s: float) -> None:
    """Ends, with the problem that says why, only when the viewer's token is not valid any more, or
    one is needed by now."""
    # Whether there are tokens is asked once for all viewers; whose each is, of the database.
    wait_s = min(every_s, _LOCAL_RECHECK_S) if owner == LOCAL else every_s
    while True:
        await asyncio.sleep(wait_s)
        try:
            await connection.app.state.sign_in.owner(connection)
        except UnauthorizedError:
            raise
        except ProblemError:
            # Tokens cannot be looked up just now.
            continue


async def _race(*works: Coroutine[Any, Any, None]) -> None:
    """Until one of the works ends; the others are cancelled, and have ended, too."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in done:
        task.result()


async def _close(websocket: WebSocket, code: int) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):
        await websocket.close(code)


def _up_to(found: EventRange, seq: int) -> EventRange:
    """Without what was published after the progress was read: the next page has it."""
    known = [envelope for envelope in found.events if envelope.seq <= seq]
    if len(known) == len(found.events):
        return found
    return EventRange(known, cursor_at(found.cursor, seq), more=False)


async def _reset(job_id: str, channel: ProgressChannel) -> EventPage:
    RESETS.count(transport="poll")
    progress, cursor = await channel.progress(job_id)
    return EventPage(kind="reset", events=[], progress=progress, cursor=cursor, more=False)
