"""What a request's log lines, its problems and the job it makes have in common: a trace id."""

from collections.abc import AsyncIterator

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

from viralclip.engine.jobs import new_trace_id
from viralclip.telemetry import traces
from viralclip.trace_ids import Traceparent, parse_traceparent

_PARENT = "viralclip.traceparent"


class RequestContext:
    """ASGI middleware: the request's trace id is that of its `traceparent`, or a fresh one.

    Every request is a task of its own, and what is bound here ends with it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            parent = scope[_PARENT] = _parent(Headers(scope=scope))
            clear_contextvars()
            bind_contextvars(
                trace_id=parent.trace_id if parent else new_trace_id(),
                method=scope.get("method", "WEBSOCKET"),
            )
        await self._app(scope, receive, send)


async def note_route(connection: HTTPConnection) -> None:
    """A dependency of every route: the lines of a request say which route answers it."""
    bind_contextvars(route=connection.scope["route"].path)


async def request_span(connection: HTTPConnection) -> AsyncIterator[None]:
    """A dependency of a route that makes a job: the request is the first span of its trace."""
    route, method = connection.scope["route"].path, connection.scope["method"]
    parent = parent_of(connection)
    with traces.span(
        f"{method} {route}",
        trace_id=request_trace_id(),
        parent_id=parent.span_id if parent else None,
        kind="server",
        attributes={"http.request.method": method, "http.route": route},
    ):
        yield


def request_trace_id() -> str:
    """The trace id of the request that is answered here; empty outside of requests."""
    return get_contextvars().get("trace_id", "")


def begin_trace() -> None:
    """What goes on in this task belongs to a trace of its own, unless a request began it."""
    if not request_trace_id():
        bind_contextvars(trace_id=new_trace_id())


def parent_of(connection: HTTPConnection) -> Traceparent | None:
    """The caller's span, where it told of one."""
    return connection.scope.get(_PARENT)


def _parent(headers: Headers) -> Traceparent | None:
    given = headers.getlist("traceparent")
    return parse_traceparent(given[0]) if len(given) == 1 else None
