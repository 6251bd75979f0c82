"""The marks a terminal is drawn with: fine ones where it can show them, plain ones elsewhere."""

from dataclasses import dataclass

from rich.text import Text

from viralclip.cli.display import text
from viralclip.steps import Step


@dataclass(frozen=True)
class Symbols:
    """Glyphs of one cell each, and the encoding all that is drawn must survive."""

    full: str
    half: str
    rest: str
    done: str
    failed: str
    stopped: str
    waiting: str
    warning: str
    retrying: str
    dot: str
    arrow: str
    ellipsis: str
    spinner: str
    encoding: str

    def clean(self, words: str) -> str:
        return text.clean(words, self.encoding)

    def fit(self, words: str, width: int) -> str:
        return text.fit(self.clean(words), width, ellipsis=self.ellipsis)

    def squeeze(self, name: str, width: int) -> str:
        return text.squeeze(self.clean(name), width, ellipsis=self.ellipsis)

    def bar(self, fraction: float, width: int, style: str) -> Text:
        """A bar of `width` cells; it looks full only at 1.0."""
        halves = int(min(max(fraction, 0.0), 1.0) * width * 2)
        full, half = divmod(halves, 2)
        done = self.full * full + self.half * half
        rest = self.rest * (width - full - len(self.half * half))
        return Text.assemble((done, style), (rest, "dim"))


def choose_symbols(encoding: str) -> Symbols:
    fine = encoding.lower().replace("_", "-").startswith("utf")
    return _FINE if fine else _plain(encoding)


def style_of(step: Step) -> str:
    return _STYLES.get(step, "cyan")


_STYLES = {
    Step.QUEUED: "dim",
    Step.COMPLETE: "green",
    Step.FAILED: "red",
    Step.RETRYING: "yellow",
    Step.CANCELLED: "yellow",
}

_FINE = Symbols(
    full="━",
    half="╸",
    rest="─",
    done="✓",
    failed="✗",
    stopped="■",
    waiting="·",
    warning="!",
    retrying="↻",
    dot=" · ",
    arrow="→",
    ellipsis="…",
    spinner="⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏",
    encoding="utf-8",
)


def _plain(encoding: str) -> Symbols:
    return Symbols(
        full="=",
        half="-",
        rest=".",
        done="+",
        failed="x",
        stopped="#",
        waiting=".",
        warning="!",
        retrying="~",
        dot=", ",
        arrow="->",
        ellipsis="..",
        spinner="|/-\\",
        encoding=encoding,
    )
