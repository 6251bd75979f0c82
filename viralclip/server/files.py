"""Video files as answers: with ranges, and never as anything that a browser would run."""

import os
from contextlib import ExitStack
from mimetypes import guess_type
from typing import Any, BinaryIO, Literal

from fastapi.responses import FileResponse, Response
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

_BYTES = {"schema": {"type": "string", "format": "binary"}}
# How such an answer stands in OpenAPI.
FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"video/*": _BYTES, "image/jpeg": _BYTES, "text/vtt": _BYTES}},
    304: {"description": "It is what the client has, by its `If-None-Match`."},
    206: {"description": "The range that was asked for.", "content": {"video/*": _BYTES}},
    400: {"description": "The range is not one.", "content": {"text/plain": {}}},
    416: {"description": "There is no such range.", "content": {"text/plain": {}}},
}
# From an object store nothing goes through the server.
SIGNED: dict[int | str, dict[str, Any]] = {307: {"description": "It is at this signed address."}}
_SHOWN = ("video/", "audio/", "image/jpeg", "text/vtt")


class OpenFileResponse(FileResponse):
    """A file that is open already: what lies at its path by now does not matter.

    What is `held` for it, itself included, is closed when it was sent.
    """

    def __init__(
        self,
        file: BinaryIO,
        *,
        name: str,
        disposition: Literal["attachment", "inline"],
        held: ExitStack,
    ) -> None:
        guessed = guess_type(name)[0] or ""
        # People chose the name, which must not decide what a browser does with the file.
        media_type = guessed if guessed.startswith(_SHOWN) else "application/octet-stream"
        super().__init__(
            f"/dev/fd/{file.fileno()}",
            stat_result=os.fstat(file.fileno()),
            filename=name,
            media_type=media_type,
            content_disposition_type=disposition,
        )
        self._held = held

        # A clip that is made again has the address of the one before: whoever has that one asks.
        self.headers["Cache-Control"] = "private, no-cache"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._held:
            known = Headers(scope=scope).get("if-none-match", "")
            if self.headers["etag"] in (tag.strip().removeprefix("W/") for tag in known.split(",")):
                said = {name: self.headers[name] for name in ("etag", "cache-control")}
                await Response(status_code=304, headers=said)(scope, receive, send)
                return
            await super().__call__(scope, receive, send)
