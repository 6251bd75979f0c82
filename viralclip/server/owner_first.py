"""Routes that know whose request it is before they read its body."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from viralclip.server.identity import known_owner
from viralclip.server.request_context import note_route


class OwnerFirst(APIRoute):
    """A route that looks up the token, where it takes an `Owner`, before anything else.

    FastAPI itself receives and parses a request's body before it asks for any dependency: a token
    that was made up would have it wait for a minute, or read ten megabytes of JSON.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()
        if not takes_owner(self.dependant):
            return answer

        async def answer_owner(request: Request) -> Response:
            await note_route(request)
            await known_owner(request)
            return await answer(request)

        return answer_owner


def takes_owner(dependant: Dependant) -> bool:
    """Whether something that a route is given depends on whose request it is."""
    return dependant.call is known_owner or any(map(takes_owner, dependant.dependencies))
