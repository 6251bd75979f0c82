"""For a terminal: bars that move in place, and a clean screen with a summary at the end."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Self, TextIO

from rich.cells import cell_len
from rich.console import Console, Group
from rich.control import Control
from rich.live import Live
from rich.padding import Padding
from rich.segment import ControlType
from rich.style import Style
from rich.table import Table
from rich.text import Text

from viralclip.cli import figures, words
from viralclip.cli.clip_words import clip_words
from viralclip.cli.display.layout import draw
from viralclip.cli.display.marks import HighWaterMarks
from viralclip.cli.display.screen import Screen
from viralclip.cli.display.summary import (
    Cameras,
    FailedAlike,
    Place,
    elapsed,
    failures,
    headline,
    made,
    next_command,
    size_of,
    warnings,
)
from viralclip.cli.display.symbols import choose_symbols
from viralclip.cli.display.text import faithful
from viralclip.events import AnomalyFound, Envelope, JobRecovered, Logged
from viralclip.live import EventFrame, Frame
from viralclip.progress import Progress
from viralclip.text import counted

_REDRAWS_PER_S = 5
_LISTED_CLIPS = 30
_LISTED_NAMES = 5
_FACTS = 28  # columns of length, size and "kept"
_FACTS_FROM = 56
_DIM = "dim"
_OUTCOME_STYLES = {"succeeded": "green", "partial": "yellow", "failed": "red"}


def open_terminal(
    stdout: TextIO, *, title: str, now: Callable[[], datetime], env: Mapping[str, str]
) -> "TerminalDisplay":
    console = Console(
        file=stdout, force_terminal=True, markup=False, emoji=False, highlight=False, _environ=env
    )
    return TerminalDisplay(console, title=title, now=now)


class TerminalDisplay:
    """Redraws at its own pace in the background: taking a frame costs next to nothing."""

    def __init__(
        self, console: Console, *, title: str, now: Callable[[], datetime], redraws: bool = True
    ) -> None:
        self._console = console
        self._symbols = choose_symbols(console.encoding)
        self._title = title
        self._now = now
        self._opened = now()
        self._marks = HighWaterMarks()
        self._cameras = Cameras()
        self._progress: Progress | None = None
        self._pane = _Pane(self._draw, console, redraws=redraws)

    def __enter__(self) -> Self:
        self._pane.start(refresh=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._pane.stop()

    def show(self, frame: Frame, progress: Progress) -> None:
        self._progress = progress
        if isinstance(frame, EventFrame) and frame.envelope.at >= self._opened:
            self._cameras.add(frame.envelope.event)
            self._print_event(frame.envelope)

    def note(self, message: str) -> None:
        self._print_text(message, style=_DIM)

    def finish(self, progress: Progress) -> None:
        self._pane.stop()
        self._print_headline(progress)
        self._print_made(made(progress))
        self._print_cameras()
        for alike in failures(progress):
            self._print_failed(alike)
        if lines := warnings(progress):
            self._console.print()
            for message in lines:
                self._print_marked(self._symbols.warning, message, style="yellow")
        if command := next_command(progress):
            self._console.print()
            self._print_marked(self._symbols.arrow, command, style="bold")
            self._print_text("makes the missing clips, and only those", style=_DIM, indent=4)

    def redraw(self) -> None:
        self._pane.refresh()

    def _draw(self) -> list[Text]:
        if self._progress is None:
            return []
        size = self._console.size
        screen = Screen(size.width, size.height, self._symbols, self._now())
        return draw(self._progress, screen, self._marks, title=self._title)

    def _print_event(self, envelope: Envelope) -> None:
        """What the bars cannot show stands above them."""
        match envelope.event:
            case JobRecovered():
                self.note("The worker went away; another one goes on with its clips.")
            case Logged(level="warning" | "error", message=message):
                self._print_text(message, style="yellow")
            case Logged(level="info", message=message):
                self.note(message)
            case AnomalyFound(scene_id=scene_id, style=style, step=step, times=times):
                number = words.scene_number(scene_id)
                self.note(f"{number} {style}: {words.anomaly(step, times)}.")
            case _:
                pass

    def _print_text(self, message: str, *, style: str, indent: int = 0) -> None:
        text = Text(self._symbols.clean(message), style=style)
        self._console.print(Padding(text, (0, 0, 0, indent), expand=False))

    def _print_marked(self, mark: str, message: str, *, style: str) -> None:
        line = Table.grid(padding=(0, 1))
        line.add_row(
            Text(f"  {mark}", style=style), Text(self._symbols.clean(message), style=style)
        )
        self._console.print(line)

    def _print_headline(self, progress: Progress) -> None:
        style = _OUTCOME_STYLES.get(progress.outcome or "", "yellow")
        symbols = self._symbols
        marks = {"succeeded": symbols.done, "partial": symbols.warning, "failed": symbols.failed}
        mark = marks.get(progress.outcome or "", symbols.stopped)
        took = figures.duration(elapsed(progress, self._now()))
        self._console.print(
            Text.assemble("\n", (f"{mark} {headline(progress)}", f"bold {style}"), f" after {took}")
        )

    def _print_made(self, clips: list[Place]) -> None:
        folders: dict[str, list[Place]] = {}
        for place in clips:
            folders.setdefault(_split(place.clip.url or "")[0], []).append(place)
        for folder, found in folders.items():
            self._print_folder(folder, found)

    def _print_folder(self, folder: str, found: list[Place]) -> None:
        shown = found[:_LISTED_CLIPS]
        room = max(self._console.width - 2 - (_FACTS if self._has_room else 0), 8)
        names = [self._symbols.fit(_split(place.clip.url or "")[1], room) for place in shown]
        width = max(map(cell_len, names))
        self._console.print(
            Text.assemble("\n  ", (faithful(folder, self._symbols.encoding), "bold")),
            soft_wrap=True,
        )
        for place, name in zip(shown, names, strict=True):
            line = Text.assemble("  ", (name, Style(link=_link(place.clip.url or ""))))
            if self._has_room:
                line.append(" " * (width - cell_len(name))).append(_facts(place), style=_DIM)
            self._console.print(line)
        if more := len(found) - len(shown):
            self._print_text(f"+ {counted(more, 'more clip')}", style=_DIM, indent=2)

    def _print_cameras(self) -> None:
        if lines := self._cameras.lines():
            self._console.print()
        for line in lines:
            self._print_text(line, style=_DIM, indent=2)

    @property
    def _has_room(self) -> bool:
        return self._console.width >= _FACTS_FROM

    def _print_failed(self, alike: FailedAlike) -> None:
        failure = alike.failure
        where = clip_words(alike.places[0].clip, now=self._now())[0]
        self._console.print()
        for place in alike.places[:_LISTED_NAMES]:
            self._print_marked(self._symbols.failed, _name(place), style="red")
        more = len(alike.places) - _LISTED_NAMES
        if more > 0:
            self._print_text(f"and {counted(more, 'more clip')}", style="red", indent=4)
        self._print_text(f"{where}: {failure.message}", style="", indent=4)
        if advice := words.ADVICE.get(failure.code):
            self._print_text(advice, style=_DIM, indent=4)


class _Pane(Live):
    """The part of the screen that is drawn again and again; gone when stopped."""

    def __init__(
        self, draw_lines: Callable[[], list[Text]], console: Console, *, redraws: bool
    ) -> None:
        super().__init__(
            console=console,
            auto_refresh=redraws,
            refresh_per_second=_REDRAWS_PER_S,
            transient=True,
            vertical_overflow="crop",
        )
        self._draw_lines = draw_lines
        self._lines: list[Text] = []
        self._width = console.width

    def refresh(self) -> None:
        with self._lock:
            lines = self._draw_lines()
            if lines == self._lines and self.console.width == self._width:
                return
            with self.console:
                self._gather_wrapped_lines()
                self._lines = lines
                self.update(Group(*lines))
                super().refresh()

    def _gather_wrapped_lines(self) -> None:
        """A terminal made narrower has wrapped what was drawn: wipe that, stand where it ended."""
        before, self._width = self._width, self.console.width
        if self._width >= before or not self._lines:
            return
        drawn = len(self._lines)
        rows = sum(max(-(-line.cell_len // self._width), 1) for line in self._lines)
        wipe = (ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2))
        up = ((ControlType.CURSOR_UP, 1), (ControlType.ERASE_IN_LINE, 2))
        down = ((ControlType.CURSOR_DOWN, 1),)
        self.console.control(Control(*wipe, *(up * (rows - 1)), *(down * (drawn - 1))))


def _split(url: str) -> tuple[str, str]:
    """Folder and file name of a path or URL."""
    cut = max(url.rfind("/"), url.rfind("\\"))
    return url[:cut], url[cut + 1 :]


def _facts(place: Place) -> str:
    size = size_of(place.clip.url or "")
    length = f"{figures.duration(place.scene.duration_sec):>12}"
    weight = f"{figures.file_size(size):>10}" if size is not None else ""
    return f"{length}{weight}{'  kept' if place.clip.kept else ''}"


def _link(url: str) -> str | None:
    """Something to click on, for terminals that know links."""
    quiet = url.isprintable() and url.isascii() and " " not in url
    return f"file://{url}" if quiet and url.startswith("/") else None


def _name(place: Place) -> str:
    return f"{words.scene_number(place.scene.scene_id)} {place.scene.title} {place.clip.style}"
