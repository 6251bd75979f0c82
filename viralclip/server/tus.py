"""The tus protocol as it is spoken here: version, headers, metadata and their refusals."""

import base64
import binascii
import time
from collections.abc import Mapping
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, ClassVar

from fastapi import Response

from viralclip.server.partial_uploads import EXPIRES_S
from viralclip.server.problems import ProblemError
from viralclip.server.upload_states import UploadOut

VERSION = "1.0.0"
# The header of the last answer that names the video an upload has become.
VIDEO_HEADER = "Video-Id"
CONTENT_TYPE = "application/offset+octet-stream"
EXTENSIONS = "creation,expiration,termination"


class TusVersionError(ProblemError):
    """Say which version of the tus protocol you speak: `Tus-Resumable: 1.0.0`."""

    code = "unsupported_version"
    status = HTTPStatus.PRECONDITION_FAILED
    headers: ClassVar[Mapping[str, str]] = {"Tus-Version": VERSION}


class MetadataError(ProblemError):
    """Upload-Metadata has to be pairs of a name and a base64 value, separated by commas."""

    code = "invalid_metadata"


class ContentTypeError(ProblemError):
    """The bytes of an upload are sent as `application/offset+octet-stream`."""

    code = "unsupported_media_type"
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


def _headers(**described: str) -> dict[str, Any]:
    return {
        name.replace("_", "-"): {"description": text, "schema": {"type": "string"}}
        for name, text in described.items()
    }


OFFSET = _headers(Upload_Offset="How many bytes have come.", Upload_Expires="When it is removed.")
VIDEO = _headers(Video_Id="The video that the upload has become, once all of it is there.")
STATE = _headers(Upload_State="`arriving`, `checking`, `storing` or `ready`.")
PLACE = _headers(Location="Where to send the bytes.", Upload_Expires="When it is removed.")


def set_upload_headers(response: Response, out: UploadOut) -> None:
    response.headers["Upload-Offset"] = str(out.offset)
    response.headers["Upload-State"] = out.state
    response.headers["Upload-Expires"] = expires()
    if out.video_id is not None:
        response.headers[VIDEO_HEADER] = out.video_id


def expires() -> str:
    return formatdate(time.time() + EXPIRES_S, usegmt=True)


def metadata_of(text: str) -> Mapping[str, str]:
    pairs = [pair.strip().partition(" ") for pair in text.split(",") if pair.strip()]
    try:
        return {key: base64.b64decode(value, validate=True).decode() for key, _, value in pairs}
    except (binascii.Error, ValueError) as error:
        raise MetadataError from error
