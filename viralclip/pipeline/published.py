"""What the channel holds of a run: whoever looks there first publishes only what is missing."""

import structlog

from viralclip.pipeline.reporter import JobReport
from viralclip.progress import ClipState, Progress

log = structlog.get_logger(__name__)


class Published:
    """The scenes and clips of one run as its watchers see them; none where that is not known."""

    def __init__(self, progress: Progress | None = None, *, run: int = 0) -> None:
        known = progress.scenes if progress is not None and progress.run == run else ()
        self._scenes = {scene.scene_id: scene.status for scene in known}
        self._clips = {(s.scene_id, clip.style): clip for s in known for clip in s.clips}

    def has_begun(self, scene_id: int) -> bool:
        return self._scenes.get(scene_id, "pending") != "pending"

    def has_completed(self, scene_id: int) -> bool:
        return self._scenes.get(scene_id, "pending") not in ("pending", "processing")

    def clip(self, scene_id: int, style: str) -> ClipState:
        """The clip's state; one of which nothing is published waits, since nobody knows when."""
        return self._clips.get((scene_id, style)) or ClipState(style=style)


async def published_by_now(report: JobReport) -> Published:
    """What is published of the report's run, all that was said here included.

    Nothing where the channel does not answer: then everything is published again, and the channel
    keeps the first of each.
    """
    try:
        return Published(await report.progress(), run=report.run)
    except Exception as error:  # noqa: BLE001 - a job must come to its end without the channel
        log.warning("Progress unknown", error=repr(error))
        return Published()
