"""Connections that ask for nothing, and those that do: on real sockets."""

import asyncio
import socket
import subprocess
import sys
from contextlib import AsyncExitStack

import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import connect

from viralclip.server.door import Lobby, limit_accept_errors

HALF = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nX-a: b\r\n"
SLOW = (
    b"POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 1000\r\n\r\n{"
)
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def come(stack: AsyncExitStack, port: int, sent: bytes) -> asyncio.StreamReader:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    stack.callback(writer.close)
    writer.write(sent)
    await writer.drain()
    return reader


async def ended(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True


async def test_connections_that_ask_for_nothing_make_room_for_one_that_does(serve):
    served = await serve(lobby=Lobby(20))
    async with AsyncExitStack() as stack, served.client() as client:
        halves = [await come(stack, served.port, HALF) for _ in range(60)]
        answer = await client.get("/readyz")
        async with asyncio.timeout(20):
            first = await ended(halves[0])

    assert answer.status_code == 200
    assert first


async def test_an_answer_is_sent_at_once_whatever_was_sent_before(served):
    """Or a body waits for its header to be acknowledged: for 40 ms, in every answer but the first
    few of a connection."""
    async with served.client() as client:
        await client.get("/healthz")
        (connection,) = served.connections
        accepted = connection.transport.get_extra_info("socket")

        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("sent", [SLOW, WHOLE], ids=["bodies that do not come", "idle"])
async def test_strangers_make_room_for_a_user(serve, sent):
    served = await serve(tokens=True, lobby=Lobby(20))
    anna = await served.accounts.create("anna")
    async with AsyncExitStack() as stack, asyncio.timeout(30):
        strangers = [await come(stack, served.port, sent) for _ in range(60)]
        async with served.client(anna) as client:
            answer = await client.get("/api/me")
        await strangers[0].read()

    assert answer.status_code == 200


async def test_a_user_with_more_than_a_share_of_the_connections_is_refused_and_makes_room(serve):
    served = await serve(tokens=True, lobby=Lobby(20))
    anna, bob = [await served.accounts.create(name) for name in ("anna", "bob")]
    await served.add("job", owner="anna")
    stream = (
        "GET /api/jobs/job/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
        f"Authorization: Bearer {anna}\r\n\r\n"
    ).encode()
    async with AsyncExitStack() as stack, asyncio.timeout(60):
        lines: list[bytes] = []
        for _ in range(20):
            reader = await come(stack, served.port, stream)
            lines.append(await reader.readline())
        async with served.client(bob) as client:
            answer = await client.get("/api/me")

    assert [line[9:12] for line in lines] == [b"200"] * 5 + [b"429"] * 15
    assert answer.status_code == 200


class Line(asyncio.Transport):
    """A connection that may be ended."""

    ended = False

    def abort(self) -> None:
        self.ended = True


def test_nobody_makes_room_while_the_token_of_their_request_is_looked_up():
    lobby = Lobby(8)
    asking = [Line() for _ in range(3)]
    for line in asking:
        lobby.enter(line)
        lobby.asks(line)
    for _ in range(20):
        lobby.enter(Line())

    assert [line.ended for line in asking] == [False, False, True]  # a share of them, and no more

    assert lobby.known(asking[0], "anna") is None
    lobby.moved(asking[1])  # it was refused
    for _ in range(20):
        lobby.enter(Line())

    assert [line.ended for line in asking] == [False, True, True]


async def test_a_live_view_that_was_refused_makes_room(serve):
    served = await serve(tokens=True, lobby=Lobby(20))
    anna = await served.accounts.create("anna")
    upgrade = (
        b"GET /api/jobs/job/live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    async with AsyncExitStack() as stack, asyncio.timeout(60):
        for _ in range(20):
            reader = await come(stack, served.port, upgrade)
            assert b"101" in await reader.readline()
        async with served.client(anna) as client:
            answer = await client.get("/api/me")

    assert answer.status_code == 200


@pytest.mark.parametrize("sent", [b"", b"G", HALF])
async def test_a_connection_without_a_request_ends(serve, sent):
    served = await serve(lobby=Lobby(20, head_s=0.2))
    async with AsyncExitStack() as stack, asyncio.timeout(20):
        reader = await come(stack, served.port, sent)

        assert await ended(reader)


async def test_a_head_that_trickles_in_ends_all_the_same(serve):
    lobby = Lobby(20, head_s=0.3)
    served = await serve(lobby=lobby)
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)

    async def trickle() -> None:
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    trickling = asyncio.create_task(trickle())
    async with asyncio.timeout(20):
        await ended(reader)
    trickling.cancel()
    await asyncio.wait({trickling})
    writer.close()

    assert lobby.open == 0


async def test_a_live_view_and_a_long_answer_outlast_the_time_for_a_head(serve):
    lobby = Lobby(20, head_s=0.2)
    served = await serve(lobby=lobby, heartbeat_s=0.3)
    await served.add("job")
    async with connect(served.live("job"), proxy=None) as watching, served.client() as client:
        await watching.recv()
        headers = {"Accept": "text/event-stream"}
        async with client.stream("GET", "/api/jobs/job/events", headers=headers) as stream:
            beats = 0
            async for line in stream.aiter_lines():
                beats += line.startswith(":")
                if beats == 3:
                    break
        assert lobby.open >= 1
        await (await watching.ping())


async def test_who_left_is_not_counted_any_more(serve, until):
    lobby = Lobby(20)
    served = await serve(lobby=lobby)
    await served.add("job")
    async with AsyncExitStack() as stack:
        for _ in range(5):
            await come(stack, served.port, HALF)
        async with connect(served.live("job"), proxy=None) as watching:
            await watching.recv()
            await until(lambda: lobby.open == 6)

    await until(lambda: lobby.open == 0)


async def test_a_body_that_never_comes_is_answered_and_ended(serve):
    served = await serve(body_s=0.3)
    head = (
        "POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: 100\r\n\r\n{"
    )
    async with AsyncExitStack() as stack, asyncio.timeout(20):
        reader = await come(stack, served.port, head.encode())

        assert (await reader.read(12)) == b"HTTP/1.1 408"


def test_the_file_limit_is_raised_to_what_is_allowed_and_connections_stay_below_it():
    program = (
        "import resource\n"
        "from viralclip.server.door import raise_file_limit\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (256, 2000))\n"
        "print(raise_file_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))\n"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert said.stdout.split() == [b"1488", b"2000", b"2000"]


async def test_that_nothing_can_be_accepted_is_said_once():
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    limit_accept_errors(loop)
    with capture_logs() as said:
        for _ in range(3000):
            loop.call_exception_handler({"message": "socket.accept() out of system resource"})
    loop.set_exception_handler(before)

    assert [line["event"] for line in said] == ["Connections cannot be accepted"]
