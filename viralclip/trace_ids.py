"""The ids of traces and spans, as W3C Trace Context writes them.

A span's id follows from what it is about: whoever works on a part of a job knows the ids of the
parts above and before it, in whatever process those were made.
"""

import hashlib
import re
from typing import NamedTuple

# https://www.w3.org/TR/trace-context/#traceparent-header
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_TRACE_ID = re.compile(r"[0-9a-f]{32}")
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16


class Traceparent(NamedTuple):
    """Which trace a request belongs to, and the caller's span in it."""

    trace_id: str
    span_id: str


def parse_traceparent(header: str) -> Traceparent | None:
    """What the header says; None where it is not valid. Of later versions the known part counts."""
    found = _TRACEPARENT.fullmatch(header.strip())
    if found is None:
        return None
    version, trace_id, span_id, _, rest = found.groups()
    if version == "ff" or (version == "00" and rest) or trace_id == _NO_TRACE:
        return None
    return Traceparent(trace_id, span_id) if span_id != _NO_SPAN else None


def is_trace_id(text: str) -> bool:
    return _TRACE_ID.fullmatch(text) is not None and text != _NO_TRACE


def span_id(trace_id: str, *place: object) -> str:
    """The id of the span of that place in the trace: 16 hexadecimal digits, not all of them 0."""
    text = "\0".join(map(str, (trace_id, *place)))
    return hashlib.sha256(text.encode()).hexdigest()[:15] + "1"
