"""What a job is drawn on."""

from dataclasses import dataclass
from datetime import datetime

from viralclip.cli.display.symbols import Symbols

DIM = "dim"
_ROOMY = 60  # columns from which rows are indented and the time left stands beside the bar


@dataclass(frozen=True)
class Screen:
    """What is drawn on, and when; the last column and row stay free, so that nothing ever wraps."""

    width: int
    height: int
    symbols: Symbols
    now: datetime

    @property
    def columns(self) -> int:
        return max(self.width - 1, 1)

    @property
    def rows(self) -> int:
        return max(self.height - 1, 1)

    @property
    def indent(self) -> int:
        return 2 if self.width >= _ROOMY else 0
