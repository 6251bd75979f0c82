"""One bar for one piece of work: it moves in place on a terminal, and is lines elsewhere."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, Self, TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from viralclip.cli.display.symbols import choose_symbols
from viralclip.cli.figures import percent, time_left
from viralclip.processes.ffmpeg_progress import FfmpegProgress

_WIDTH = 30
_SIGN_OF_LIFE_S = 10.0


class ProgressBar(Protocol):
    """Is shown how far the work is; the bar never moves backwards."""

    def show(self, progress: FfmpegProgress) -> None: ...


def open_progress_bar(stream: TextIO, *, title: str) -> AbstractContextManager[ProgressBar]:
    if stream.isatty():
        return _MovingBar(Console(file=stream, markup=False, emoji=False, highlight=False), title)
    return _Lines(stream, title)


class _MovingBar:
    """Gone once the work has ended."""

    def __init__(self, console: Console, title: str) -> None:
        self._symbols = choose_symbols(console.encoding)
        self._title = self._symbols.fit(title, max(console.width - _WIDTH - 24, 8))
        self._fraction, self._left = 0.0, ""
        self._live = Live(self, console=console, refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._live.stop()

    def show(self, progress: FfmpegProgress) -> None:
        self._fraction = max(self._fraction, progress.fraction)
        self._left = time_left(progress.eta_sec, None, None)

    def __rich__(self) -> Text:
        bar = self._symbols.bar(self._fraction, _WIDTH, "cyan")
        said = f" {percent(self._fraction):3}%  {self._left}"
        return Text.assemble(self._title, " ", bar, (said, "dim"), no_wrap=True)


class _Lines:
    """A line when it begins, and one every ten seconds."""

    def __init__(
        self, stream: TextIO, title: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._title = title
        self._clock = clock
        self._printed_at = clock()
        self._fraction = 0.0

    def __enter__(self) -> Self:
        self._stream.write(f"{self._title} ...\n")
        self._stream.flush()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._stream.flush()

    def show(self, progress: FfmpegProgress) -> None:
        self._fraction = max(self._fraction, progress.fraction)
        if self._clock() - self._printed_at < _SIGN_OF_LIFE_S:
            return
        self._printed_at = self._clock()
        left = time_left(progress.eta_sec, None, None)
        self._stream.write(f"{percent(self._fraction):3}% {left}".rstrip() + "\n")
        self._stream.flush()
