"""Who watches, and how soon they learn what happened."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from viralclip.server.batches import Batch
from viralclip.server.feed import Feeds
from viralclip.server.limits import Timeouts
from viralclip.server.quota import Quota
from viralclip.telemetry.metrics import PROGRESS_LAG_SECONDS, RESETS, VIEWERS, Transport


@dataclass(frozen=True)
class LiveViews:
    """How jobs are followed: by so many viewers of each user, and for how long without a word."""

    feeds: Feeds
    viewers: Quota
    timeouts: Timeouts


@contextmanager
def viewing(transport: Transport) -> Iterator[None]:
    """A live view that is open for as long as the context is."""
    VIEWERS.add(1, transport=transport)
    try:
        yield
    finally:
        VIEWERS.add(-1, transport=transport)


def observe_sent(
    batch: Batch, transport: Transport, *, is_live: bool, now: Callable[[], float] = time.time
) -> None:
    """The batch was sent to a viewer; what is not `live` happened before the viewer came."""
    if batch.lines and batch.lines[0].kind == "reset":
        RESETS.count(transport=transport)
    if is_live and batch.happened_at is not None:
        # Clocks of two machines differ; nothing is sent before it happened.
        PROGRESS_LAG_SECONDS.observe(max(0.0, now() - batch.happened_at))
