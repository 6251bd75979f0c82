"""Work that is worth doing only while somebody waits for its answer."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from starlette.requests import Request
from starlette.types import Receive

from viralclip.server.problems import ConflictError

T = TypeVar("T")


async def disconnected(receive: Receive) -> None:
    """Returns when the other side has left; whatever it says until then is not for us."""
    while not (await receive())["type"].endswith(".disconnect"):
        pass


async def cancel_on_disconnect(request: Request, work: Awaitable[T]) -> T:
    """What the work gives; it is cancelled, and has ended, when whoever asked has left."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.create_task(disconnected(request.receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ConflictError(why="Nobody waits for this any more.")
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.wait({working, leaving})
