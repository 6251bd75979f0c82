"""What people see of a job: bars on a terminal, lines in a pipe, JSON for programs."""

import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal, Protocol, Self, TextIO

from viralclip.cli.display.jsonl import JsonDisplay
from viralclip.cli.display.plain import PlainDisplay
from viralclip.cli.display.terminal import open_terminal
from viralclip.live import Frame
from viralclip.progress import Progress

Mode = Literal["auto", "terminal", "plain", "json"]


class Display(Protocol):
    """Shows one job while it is open; none of its methods waits for anything but the screen."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Leave a clean screen, whatever happened."""
        ...

    def show(self, frame: Frame, progress: Progress) -> None:
        """Take one more frame and the progress after it; cheap, hundreds of times a second."""
        ...

    def note(self, message: str) -> None:
        """Say something that is not part of the job's history."""
        ...

    def finish(self, progress: Progress) -> None:
        """Say what became of the job: what was made, what was not and why, what to do next."""
        ...


def utc_now() -> datetime:
    return datetime.now(UTC)


def open_display(
    mode: Mode,
    *,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
    title: str = "",
    now: Callable[[], datetime] = utc_now,
    env: Mapping[str, str] = os.environ,
) -> Display:
    """The display for `mode`; "auto" is bars where they can move and lines elsewhere.

    `title` names the job to people, such as the video's name; without one its id is shown.
    """
    out, err = stdout or sys.stdout, stderr or sys.stderr
    if mode == "json":
        return JsonDisplay(out, err)
    if mode == "terminal" or (mode == "auto" and _bars_can_move(out, env)):
        return open_terminal(out, title=title, now=now, env=env)
    return PlainDisplay(out, now=now)


def _bars_can_move(stdout: TextIO, env: Mapping[str, str]) -> bool:
    return stdout.isatty() and env.get("TERM", "") not in ("dumb", "unknown")
