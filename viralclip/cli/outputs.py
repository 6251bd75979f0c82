"""Where a command writes to: the screen, and files that its user named."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from viralclip.cli.display.port import Display, open_display
from viralclip.errors import InvalidRequestError


class EventFileNotWritableError(InvalidRequestError):
    """The file {name} cannot be written; check the folder and your permissions."""

    code = "event_file_not_writable"


def display_for(*, as_json: bool, events: str | None, title: str = "") -> Display:
    """The display; where stdout carries the events, people are spoken to on stderr."""
    stream = sys.stderr if events == "-" else sys.stdout
    return open_display("json" if as_json else "auto", stdout=stream, title=title)


@contextmanager
def event_file(events: str | None) -> Iterator[IO[str] | None]:
    if events is None:
        yield None
    elif events == "-":
        yield sys.stdout
    else:
        with _opened(Path(events)) as file:
            yield file


@contextmanager
def written_to(path: Path | None) -> Iterator[IO[str] | None]:
    """The file, opened before anything is done for it."""
    if path is None:
        yield None
        return
    with _opened(path) as file:
        yield file


def _opened(path: Path) -> IO[str]:
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise EventFileNotWritableError(name=path) from error
