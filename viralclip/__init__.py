"""Turns a long video, a list of scenes and a list of styles into finished short clips."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from viralclip.app.api.client import Client as Client
    from viralclip.app.api.jobs import AsyncJob as AsyncJob
    from viralclip.app.api.jobs import Clip as Clip
    from viralclip.app.api.jobs import Job as Job
    from viralclip.app.api.local import arender as arender
    from viralclip.app.api.local import render as render
    from viralclip.errors import ViralclipError as ViralclipError
    from viralclip.progress import Progress as Progress
    from viralclip.scenes import Scene as Scene
    from viralclip.words.transcript import Transcript as Transcript
    from viralclip.words.transcript import Word as Word

__version__ = "0.1.0"
_PUBLIC = {
    "viralclip.app.api.client": "Client",
    "viralclip.app.api.jobs": "AsyncJob Clip Job",
    "viralclip.app.api.local": "arender render",
    "viralclip.errors": "ViralclipError",
    "viralclip.progress": "Progress",
    "viralclip.scenes": "Scene",
    "viralclip.words.transcript": "Transcript Word",
}
_HOMES = {name: module for module, names in _PUBLIC.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """What is public is imported when it is used first: the command's `--help` is quick."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
