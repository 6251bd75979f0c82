"""Spans of what is done for a job, for whoever collects traces: nothing until a sink is installed.

Their ids are given by those who open them, so that what one process opens can lie under what
another one has opened, and what was cut short can be linked to by what repeats it.
"""

import asyncio
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, Protocol

from viralclip.errors import ViralclipError
from viralclip.trace_ids import is_trace_id

Kind = Literal["internal", "server", "producer", "consumer"]
Attribute = str | int | float | bool
# What becomes of a span when the work within it is cut short.
WhenCut = Literal["end", "drop"]


@dataclass
class Span:
    """One thing that was done, within its trace; times are nanoseconds since 1970.

    `links` are spans of the same trace that this one repeats or goes on from. `error` is the code
    of why it failed.
    """

    name: str
    trace_id: str
    span_id: str
    parent_id: str | None
    kind: Kind
    started_ns: int
    links: Sequence[str]
    attributes: dict[str, Attribute]
    ended_ns: int | None = None
    error: str | None = None
    message: str = ""


class Sink(Protocol):
    """Takes spans that have ended; it neither waits nor raises."""

    def take(self, span: Span, /) -> None: ...


@dataclass
class OpenSpan:
    """The span that is open here; a retry puts the span of the next attempt in its place."""

    span: Span | None = None

    def note(self, attributes: Mapping[str, Attribute]) -> None:
        if self.span is not None:
            self.span.attributes.update(attributes)

    def fail(self, code: str, message: str) -> None:
        """It has failed, and ends here: what follows belongs to another one."""
        if self.span is not None:
            self.span.error, self.span.message = code, message
            self.span.ended_ns = time.time_ns()

    def again(self, span_id: str, attributes: Mapping[str, Attribute]) -> None:
        """Go on with a span of its own for the next attempt, linked to the one before."""
        if (before := self.span) is None:
            return
        self.span = replace(
            before,
            span_id=span_id,
            started_ns=time.time_ns(),
            links=(before.span_id,),
            attributes={**before.attributes, **attributes},
            ended_ns=None,
            error=None,
            message="",
        )
        _end(before)


@dataclass
class _Installed:
    sink: Sink | None = field(default=None)


_installed = _Installed()
_current: ContextVar[OpenSpan | None] = ContextVar("span", default=None)


def install(sink: Sink | None) -> None:
    """Have the spans of this process taken from now on; None: not any more."""
    _installed.sink = sink


def is_on() -> bool:
    return _installed.sink is not None


def current() -> OpenSpan:
    """The innermost span that is open here, or one that stands for none."""
    return _current.get() or OpenSpan()


@contextmanager
def span(
    name: str,
    *,
    trace_id: str,
    span_id: str | None = None,
    parent_id: str | None = None,
    kind: Kind = "internal",
    since: datetime | None = None,
    links: Sequence[str] = (),
    attributes: Mapping[str, Attribute] | None = None,
    when_cut: WhenCut = "end",
) -> Iterator[OpenSpan]:
    """Open while the context is. An error that leaves it is its error.

    `drop` is for work that another process goes on with when it is cut short here: its span is
    opened there again, under the same id.
    """
    if not is_on() or not is_trace_id(trace_id):
        yield OpenSpan()
        return
    opened = OpenSpan(
        Span(
            name=name,
            trace_id=trace_id,
            span_id=span_id or secrets.token_hex(8),
            parent_id=parent_id,
            kind=kind,
            started_ns=nanoseconds(since) if since is not None else time.time_ns(),
            links=links,
            attributes=dict(attributes or {}),
        )
    )
    token = _current.set(opened)
    try:
        yield opened
    except asyncio.CancelledError:
        opened.note({"viralclip.outcome": "interrupted"})
        if when_cut == "drop":
            opened.span = None
        raise
    except Exception as error:
        known = error if isinstance(error, ViralclipError) else ViralclipError()
        opened.fail(known.code, known.message)
        raise
    except BaseException:
        # The engine's word that somebody has cancelled the work.
        opened.note({"viralclip.outcome": "cancelled"})
        raise
    finally:
        _current.reset(token)
        if opened.span is not None:
            _end(opened.span)


@contextmanager
def step(name: str, attributes: Mapping[str, Attribute]) -> Iterator[OpenSpan]:
    """A part of what is open here."""
    if (whole := current().span) is None:
        yield OpenSpan()
        return
    with span(
        name, trace_id=whole.trace_id, parent_id=whole.span_id, attributes=attributes
    ) as opened:
        yield opened


def take(span: Span) -> None:
    """A span that nobody has open, such as one of a process that died."""
    if _installed.sink is not None and is_trace_id(span.trace_id):
        _installed.sink.take(span)


def _end(span: Span) -> None:
    span.ended_ns = span.ended_ns or time.time_ns()
    take(span)


def nanoseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000) * 1000
