"""How long requests take, by the route that answers them."""

import time
from collections.abc import Callable

from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from viralclip.telemetry.metrics import HTTP_REQUEST_SECONDS, OTHER

PAGE = "page"
_BUG = 500


class Measuring:
    """ASGI middleware: the time until an answer begins; how long it is read is up to the client."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float] = time.perf_counter) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, code = self._clock(), 0

        def measure(answered: int) -> None:
            nonlocal code
            code = answered
            HTTP_REQUEST_SECONDS.observe(self._clock() - began, route=route_of(scope), code=code)

        async def measured(message: Message) -> None:
            if message["type"] == "http.response.start":
                measure(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, measured)
        except Exception:
            if not code:
                measure(_BUG)
            raise


def route_of(scope: Scope) -> str:
    """The method and the template of the path: what clients make up is never part of it."""
    if isinstance(scope.get("endpoint"), StaticFiles):
        return PAGE
    route = scope.get("route")
    template, methods = getattr(route, "path", None), getattr(route, "methods", None) or ()
    if template is None or scope["method"] not in methods:
        return OTHER
    return f"{scope['method']} {template}"
