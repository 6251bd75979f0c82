"""Speaks to a server: errors in its words, uploads that go on where they were cut, whole files."""

import asyncio
import base64
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from pydantic import TypeAdapter, ValidationError
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from viralclip.app.following import fold
from viralclip.errors import (
    Fault,
    InvalidRequestError,
    InvalidScenesError,
    InvalidTranscriptError,
    ViralclipError,
)
from viralclip.live import Frame
from viralclip.progress import Progress

_FRAME: TypeAdapter[Frame] = TypeAdapter(Frame)
_CHUNK = 1024 * 1024
_TUS = {"Tus-Resumable": "1.0.0"}
_BYTES = "application/offset+octet-stream"
_TRIES = 5
_PAUSE_S = 0.5
_ASK_EVERY_S = 0.5
# Codes of a socket that stays closed: docs/reference/live.md.
_FINAL = {
    4401: "A valid token is needed.",
    4404: "There is no such job, or it is not yours.",
    4429: "Too many views of jobs are open at once.",
}


class ServerRefusedError(InvalidRequestError):
    """{why}"""

    code = "server_refused"


class ServerUnreachableError(ViralclipError):
    """The server at {url} does not answer as one of viralclip does; check the address."""

    code = "server_unreachable"
    retryable = True


class Connection:
    """A server at `url`, asked with a token where it needs one, for as long as the context is
    open."""

    def __init__(self, url: str, token: str | None) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def __aenter__(self) -> Self:
        timeout = httpx.Timeout(30, read=120)
        self._http = httpx.AsyncClient(
            base_url=self._url, headers=self._headers, timeout=timeout, follow_redirects=True
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """The answer; ServerRefusedError or InvalidScenesError says in the server's words why
        there is none, ServerUnreachableError that it did not speak."""
        try:
            answer = await self._http.request(method, path, **request)
        except httpx.HTTPError as error:
            raise ServerUnreachableError(url=self._url, detail=repr(error)) from error
        if answer.is_error:
            raise _refusal(answer, self._url)
        return answer

    async def upload(self, source: Path) -> str:
        """The id of the video that the file has become on the server."""
        size = (await asyncio.to_thread(source.stat)).st_size
        name = base64.b64encode(source.name.encode()).decode()
        headers = {**_TUS, "Upload-Length": str(size), "Upload-Metadata": f"filename {name}"}
        made = await self.ask("POST", "/api/uploads", headers=headers)
        place = made.headers["Location"]
        await self._send(source, size, place)
        while True:
            state = (await self.ask("GET", place)).json()
            if state["video_id"] is not None:
                return state["video_id"]
            if state["state"] == "refused":
                raise ServerRefusedError(why=state["problem"]["detail"])
            await asyncio.sleep(_ASK_EVERY_S)

    async def _send(self, source: Path, size: int, place: str) -> None:
        """Send all of the file, going on where a connection was cut."""
        for attempt in range(_TRIES):
            answer = await self.ask("HEAD", place, headers=_TUS)
            offset = int(answer.headers["Upload-Offset"])
            if offset == size:
                return
            headers = {**_TUS, "Upload-Offset": str(offset), "Content-Type": _BYTES}
            headers["Content-Length"] = str(size - offset)
            try:
                await self.ask("PATCH", place, headers=headers, content=_rest(source, offset))
            except ServerUnreachableError:
                if attempt == _TRIES - 1:
                    raise
                await asyncio.sleep(_PAUSE_S * 2**attempt)

    async def download(self, path: str, target: Path) -> None:
        """Bring a file here; there is none of that name before all of it has come."""
        part = target.with_name(f".{target.name}.part")
        try:
            async with self._http.stream("GET", path) as answer:
                if answer.is_error:
                    await answer.aread()
                    raise _refusal(answer, self._url)
                with part.open("wb") as file:
                    async for data in answer.aiter_bytes(_CHUNK):
                        await asyncio.to_thread(file.write, data)
            await asyncio.to_thread(part.replace, target)
        except httpx.HTTPError as error:
            raise ServerUnreachableError(url=self._url, detail=repr(error)) from error
        finally:
            await asyncio.to_thread(part.unlink, missing_ok=True)

    async def watch(self, job_id: str) -> AsyncGenerator[Progress, None]:
        """The progress of the job now and whenever it changes, until it has ended.

        A connection that is cut is made again, for as long as it takes, and begins with a snapshot.
        """
        try:
            async with aclosing(self._progress(job_id)) as updates:
                async for progress in updates:
                    yield progress
        except InvalidStatus as error:
            why = f"It refuses to show the job: status {error.response.status_code}."
            raise ServerRefusedError(why=why) from error

    async def _progress(self, job_id: str) -> AsyncGenerator[Progress, None]:
        progress = Progress(job_id=job_id)
        address = f"{self._url.replace('http', 'ws', 1)}/api/jobs/{job_id}/live"
        # The state of a job of some thousand clips is more than the library's limit of 1 MiB.
        sockets = connect(address, additional_headers=self._headers, max_size=None)
        async for socket in sockets:
            try:
                async for message in socket:
                    if (frame := _frame(message)) is None:
                        continue
                    progress = fold(progress, frame)
                    yield progress
                    if progress.status == "finished":
                        return
            except ConnectionClosed as error:
                if error.rcvd is not None and error.rcvd.code in _FINAL:
                    raise ServerRefusedError(why=_FINAL[error.rcvd.code]) from error


async def _rest(source: Path, offset: int) -> AsyncGenerator[bytes, None]:
    """The bytes of the file from the offset on."""
    with source.open("rb") as file:
        await asyncio.to_thread(file.seek, offset)
        while data := await asyncio.to_thread(file.read, _CHUNK):
            yield data


def _frame(message: str | bytes) -> Frame | None:
    """The frame; None for a heartbeat, and for a kind that only a newer server knows."""
    try:
        return _FRAME.validate_json(message)
    except ValidationError:
        return None


def _refusal(answer: httpx.Response, url: str) -> ViralclipError:
    """The problem that the server names."""
    try:
        problem = answer.json()
        faults = [Fault(fault["place"], fault["problem"]) for fault in problem.get("faults", ())]
        why = problem["detail"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return ServerUnreachableError(url=url, detail=f"status {answer.status_code}")
    if faults:
        is_transcript = problem.get("code") == InvalidTranscriptError.code
        return (InvalidTranscriptError if is_transcript else InvalidScenesError)(faults)
    return ServerRefusedError(why=why, detail=problem.get("code", ""))
