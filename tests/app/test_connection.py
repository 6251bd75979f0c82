"""What a program hears of a job on a server, whatever its size and whatever is refused."""

from http import HTTPStatus

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from viralclip.app.api.connection import Connection, ServerRefusedError
from viralclip.live import Snapshot
from viralclip.progress import ClipState, Progress, SceneState

# As many clips as a day of video has, three styles each: its state is more than a mebibyte.
_SCENES = 900


def _large() -> Progress:
    clips = tuple(ClipState(style=style) for style in ("split", "original", "streamer"))
    scenes = tuple(
        SceneState(scene_id=i, title=f"Scene {i}", start_sec=i, duration_sec=1, clips=clips)
        for i in range(_SCENES)
    )
    return Progress(job_id="j", status="finished", scenes=scenes)


async def test_the_state_of_a_job_of_thousands_of_clips_comes_whole():
    told = Snapshot(cursor="a-1", progress=_large()).model_dump_json()

    async def answer(socket: ServerConnection) -> None:
        await socket.send(told)

    async with serve(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with Connection(f"http://127.0.0.1:{port}", None) as connection:
            (progress,) = [it async for it in connection.watch("j")]

    assert len(told) > 1024 * 1024
    assert progress == _large()


async def test_a_server_that_shows_nobody_anything_is_an_error_of_ours():
    def refuse(socket: ServerConnection, _request: Request) -> Response:
        return socket.respond(HTTPStatus.FORBIDDEN, "no")

    async with serve(lambda _: None, "127.0.0.1", 0, process_request=refuse) as server:  # pyright: ignore[reportArgumentType]
        port = server.sockets[0].getsockname()[1]
        async with Connection(f"http://127.0.0.1:{port}", None) as connection:
            with pytest.raises(ServerRefusedError, match="403"):
                _ = [it async for it in connection.watch("j")]
