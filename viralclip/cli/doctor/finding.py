"""What doctor finds: one thing that was looked at, how it is, and what to do about it."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

Verdict = Literal["ok", "note", "missing"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `latency_ms` is how long it took to answer, if it was asked."""

    what: str
    verdict: Verdict
    found: str
    advice: str = ""
    latency_ms: float | None = None


def shown(url: str) -> str:
    """A service's address without what opens it."""
    parts = urlsplit(url)
    if not parts.hostname:
        return f"{parts.scheme}://{parts.path}"
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"
