"""A crowd of strangers begins little by little, and whoever shows a token does not wait."""

import asyncio

import pytest
from starlette.types import Receive, Scope, Send

from viralclip.server.admission import Admission
from viralclip.server.identity import COOKIE
from viralclip.server.request_limits import Guard, RequestLimits


async def test_a_few_begin_in_each_turn_the_newest_first():
    admission, begun = Admission(2), list[int]()

    async def stranger(number: int) -> None:
        await admission.wait()
        begun.append(number)

    tasks = [asyncio.create_task(stranger(number)) for number in range(6)]
    counts: list[int] = []
    while len(begun) < len(tasks):
        await asyncio.sleep(0)
        counts.append(len(begun))
    steps = [after - before for before, after in zip([0, *counts], counts, strict=False)]

    assert begun == [5, 4, 3, 2, 1, 0]
    assert max(steps) == 2


async def test_who_goes_away_while_waiting_holds_up_nobody():
    admission = Admission(1)
    tasks = [asyncio.create_task(admission.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    async with asyncio.timeout(1):
        await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(1):
        await admission.wait()


@pytest.mark.parametrize(
    "token", [(b"authorization", b"Bearer vc_x"), (b"cookie", f"{COOKIE}=vc_x".encode())]
)
async def test_who_shows_a_token_begins_before_a_crowd_that_came_first(token: tuple[bytes, bytes]):
    begun: list[str] = []

    async def app(scope: Scope, _: Receive, __: Send) -> None:
        begun.append(scope["path"])

    guard = Guard(app, RequestLimits(hosts=("localhost",), body_bytes=1000))

    async def ask(path: str, *headers: tuple[bytes, bytes]) -> None:
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "scheme": "http",
            "headers": [(b"host", b"localhost"), *headers],
        }
        await guard(scope, _nothing, _nobody)

    crowd = [asyncio.create_task(ask("/crowd")) for _ in range(20)]
    user = asyncio.create_task(ask("/user", token))
    await asyncio.gather(user, *crowd)

    assert begun[0] == "/user"
    assert begun.count("/crowd") == len(crowd)


async def _nothing() -> dict[str, object]:
    return {"type": "http.request"}


async def _nobody(_: object) -> None:
    return
