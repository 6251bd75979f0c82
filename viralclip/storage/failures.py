"""Which failures of a store are for good, and which may pass."""

import errno
import re

from obstore.exceptions import PermissionDeniedError, UnauthenticatedError

from viralclip.errors import (
    StorageFullError,
    StorageRejectedError,
    StorageUnavailableError,
    ViralclipError,
)

# What another try cannot change: no permission, no folder, read-only, a name too long.
_HOPELESS = (errno.EACCES, errno.ENOTDIR, errno.EISDIR, errno.EROFS, errno.ENAMETOOLONG)
# Answers in the 400s that ask to come again: timeout, conflict with another request, too many.
_PASSING = frozenset({408, 409, 425, 429})
_NOT_IMPLEMENTED, _NO_ROOM = 501, 507
_STATUS = re.compile(r"status code: (\d{3})[^:\n]*")
_CODE = re.compile(r"<Code>(\w{1,60})</Code>")
# Where a cloud's machines find their own credentials: who ends up there was given none.
_METADATA_HOST = "169.254.169.254"


def classify(error: Exception) -> ViralclipError:
    """Refused for good, full, or worth another try; what the store said is in the detail."""
    text = str(error)
    detail = _in_short(text)
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.ENOSPC or "StorageFull" in text or "os error 28" in text:
        return StorageFullError(detail=detail)
    if number in _HOPELESS or _is_final(error, text):
        return StorageRejectedError(detail=detail)
    if (status := _status(text)) is None:
        return StorageUnavailableError(detail=detail)
    if status == _NO_ROOM:
        return StorageFullError(detail=detail)
    if "NoSuchUpload" in text or status in _PASSING:
        # An upload that is not known any more is made again as a whole.
        return StorageUnavailableError(detail=detail)
    if 400 <= status < 500 or status == _NOT_IMPLEMENTED:  # noqa: PLR2004 - HTTP's own classes
        return StorageRejectedError(detail=detail)
    return StorageUnavailableError(detail=detail)


def _is_final(error: Exception, text: str) -> bool:
    refused = (PermissionDeniedError, UnauthenticatedError, PermissionError)
    no_place = any(f"(os error {code})" in text for code in _HOPELESS)
    return isinstance(error, refused) or no_place or _METADATA_HOST in text


def _status(text: str) -> int | None:
    found = _STATUS.search(text)
    return int(found[1]) if found else None


def _in_short(text: str) -> str:
    """The store's first line and its error code: its whole answer may repeat the access key."""
    line = text.partition("\n")[0]
    if status := _STATUS.search(line):
        line = line[: status.end()]
    code = _CODE.search(text)
    return f"{line} ({code[1]})" if code else line
