"""The spans of this process, taken as they end."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from viralclip.telemetry import traces
from viralclip.telemetry.traces import Span


class Taken(list[Span]):
    def take(self, span: Span, /) -> None:
        self.append(span)

    def named(self, name: str) -> list[Span]:
        return [span for span in self if span.name == name]

    def one(self, name: str, **facts: Any) -> Span:
        """The only span of that name whose attributes have these facts."""
        wanted = {f"viralclip.{fact}": value for fact, value in facts.items()}.items()
        (span,) = (span for span in self.named(name) if wanted <= span.attributes.items())
        return span


@contextmanager
def taking() -> Iterator[Taken]:
    spans = Taken()
    traces.install(spans)
    try:
        yield spans
    finally:
        traces.install(None)
