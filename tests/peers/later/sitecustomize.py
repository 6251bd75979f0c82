"""Python imports this as it starts: a worker of a later version, which says more than we know.

Of every scene it says, besides all that is known, a fact of a kind that this version has no name
for.
"""

from typing import Any

from viralclip import events
from viralclip.pipeline import reporter, settling

_emit_started = settling.emit_started


class Praised(events.UnknownEvent, frozen=True):
    """What a later version might think of a scene."""

    @property
    def dedup_key(self) -> str:
        return f"{(self.model_extra or {})['scene_id']}/praised"


def _draft(**facts: Any) -> events.NewEvent:
    make = (
        events.NewEvent.model_construct if isinstance(facts["event"], Praised) else events.NewEvent
    )
    return make(**facts)


def _say_more(about: Any, style_count: int, report: Any) -> None:
    _emit_started(about, style_count, report)
    said = {"type": "scene_praised", "scene_id": about.id, "stars": 5}
    report.emit(Praised.model_validate(said))


reporter.NewEvent = _draft  # pyright: ignore[reportAttributeAccessIssue]
settling.emit_started = _say_more
