"""The spans of this process, taken as they end."""

import asyncio
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
        (span,) = self._with(name, facts)
        return span

    async def ended(self, name: str, **facts: Any) -> None:
        """Return once there is such a span: a job's ends after its end was told."""
        async with asyncio.timeout(30):
            while not self._with(name, facts):  # noqa: ASYNC110 - it comes from any thread
                await asyncio.sleep(0.02)

    def _with(self, name: str, facts: dict[str, Any]) -> list[Span]:
        wanted = {f"viralclip.{fact}": value for fact, value in facts.items()}.items()
        return [span for span in self.named(name) if wanted <= span.attributes.items()]


@contextmanager
def taking() -> Iterator[Taken]:
    spans = Taken()
    traces.install(spans)
    try:
        yield spans
    finally:
        traces.install(None)
