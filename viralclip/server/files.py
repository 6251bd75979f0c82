"""Video files as answers: with ranges, and never as anything that a browser would run."""

from mimetypes import guess_type
from pathlib import Path
from typing import Any, Literal

from fastapi.responses import FileResponse

_BYTES = {"schema": {"type": "string", "format": "binary"}}
# How such an answer stands in OpenAPI.
FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"video/*": _BYTES, "image/jpeg": _BYTES}},
    206: {"description": "The range that was asked for.", "content": {"video/*": _BYTES}},
    400: {"description": "The range is not one.", "content": {"text/plain": {}}},
    416: {"description": "There is no such range.", "content": {"text/plain": {}}},
}
# From an object store nothing goes through the server.
SIGNED: dict[int | str, dict[str, Any]] = {307: {"description": "It is at this signed address."}}
_SHOWN = ("video/", "audio/", "image/jpeg")


def file_response(
    path: Path, *, name: str, disposition: Literal["attachment", "inline"]
) -> FileResponse:
    """The file under a name that people chose, which must not decide what it is."""
    guessed = guess_type(name)[0] or ""
    media_type = guessed if guessed.startswith(_SHOWN) else "application/octet-stream"
    return FileResponse(
        path, filename=name, media_type=media_type, content_disposition_type=disposition
    )
