"""The face model's file: where it is looked for, and how it comes from the network, verified."""

import asyncio
import hashlib
import os
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPException
from pathlib import Path

import structlog

from viralclip.errors import ModelUnavailableError

# Not ours to bundle: MIT, from OpenCV's collection of models.
YUNET_NAME = "face_detection_yunet_2023mar.onnx"
YUNET_URL = (
    "https://media.githubusercontent.com/media/opencv/opencv_zoo/main/models/face_detection_yunet/"
    + YUNET_NAME
)
YUNET_SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
YUNET_BYTES = 232_589

_TIMEOUT_S = 20.0
# After a download that failed, so long the scenes of a job go without asking the network again.
_RETRY_AFTER_S = 300.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ModelPlace:
    """Where the model may be: a file the user names, else `folder`, filled from `url`."""

    folder: Path
    named: Path | None = None
    url: str = YUNET_URL

    @property
    def kept(self) -> Path:
        """Where a downloaded model is kept."""
        return self.folder / YUNET_NAME


def find_model(place: ModelPlace) -> Path | None:
    """The model on this machine: the named file, which may be another version of YuNet, alone if
    there is a name, or else the kept one if its content is what it should be.
    """
    if place.named is not None:
        return place.named if place.named.is_file() else None
    return place.kept if checksum(place.kept) == YUNET_SHA256 else None


def fetch_model(place: ModelPlace) -> Path:
    """The kept model, downloaded if need be; ModelUnavailableError says why it is not available.

    The file appears whole and verified or not at all.
    """
    if checksum(place.kept) == YUNET_SHA256:
        return place.kept
    content = _download(place.url)
    if hashlib.sha256(content).hexdigest() != YUNET_SHA256:
        why = "what was downloaded is not the model that was expected"
        raise ModelUnavailableError(why=why, detail=f"{len(content)} bytes from {place.url}")
    try:
        _put(content, place.kept)
    except OSError as error:
        why = "the folder for it cannot be written to"
        raise ModelUnavailableError(why=why, detail=repr(error)) from error
    return place.kept


class FaceModel:
    """The model for the scenes of one process: looked for by each, downloaded once if missing."""

    def __init__(self, place: ModelPlace, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._place = place
        self._clock = clock
        self._asking = asyncio.Lock()
        self._asked_at: float | None = None

    async def find(self) -> Path | None:
        """The model's file, from the network if that is the way; None if it is not available."""
        async with self._asking:
            found = await asyncio.to_thread(find_model, self._place)
            if found is not None or self._place.named is not None or self._asked_lately():
                return found
            self._asked_at = self._clock()
            try:
                return await asyncio.to_thread(fetch_model, self._place)
            except ModelUnavailableError as error:
                log.warning("Face model unavailable", code=error.code, error=error.detail)
                return None

    def _asked_lately(self) -> bool:
        return self._asked_at is not None and self._clock() - self._asked_at < _RETRY_AFTER_S


def checksum(path: Path) -> str:
    """A file's SHA-256 in hexadecimal; empty if it cannot be read. Each version is read once."""
    try:
        stat = path.stat()
        return _checksum(path, stat.st_ino, stat.st_size, stat.st_mtime_ns)
    except OSError:
        return ""


@lru_cache(maxsize=8)
def _checksum(path: Path, _inode: int, _size: int, _changed_ns: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _download(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - set by the user
            content = answer.read(YUNET_BYTES + 1)
            wanted = int(answer.headers.get("Content-Length") or len(content))
    except (OSError, HTTPException, ValueError) as error:
        raise ModelUnavailableError(why=_cause(error), detail=f"{error!r} from {url}") from error
    if len(content) < min(wanted, YUNET_BYTES):
        raise ModelUnavailableError(why="the download was cut short", detail=f"{wanted} from {url}")
    return content


def _cause(error: Exception) -> str:
    """Why nothing came, as far as the user can do something about it."""
    match error:
        case urllib.error.HTTPError():
            return f"the server it should come from answers {error.code}"
        case urllib.error.URLError() | TimeoutError():
            return "the server it should come from cannot be reached"
        case ValueError():
            return "the address it should come from is not one"
        case _:
            return "the download was cut short"


def _put(content: bytes, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(partial).replace(target)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
