"""How long clips wait for a slot, and jobs for the first of their clips to begin."""

from collections import deque
from collections.abc import Iterator
from datetime import datetime

from viralclip.catalog.records import JobRecord
from viralclip.pipeline.tools import ClipTask
from viralclip.progress import ClipState, Progress
from viralclip.steps import Step
from viralclip.telemetry.metrics import SCHEDULE_TO_START_SECONDS, SLOT_WAIT_SECONDS

# Clips of one run that begin at the same moment do not see each other in the progress yet.
_REMEMBERED_RUNS = 256


class Waits:
    """Observes each clip that begins for the first time, from the job's progress at that moment."""

    def __init__(self) -> None:
        self._begun: deque[tuple[str, int]] = deque(maxlen=_REMEMBERED_RUNS)

    def observe(self, task: ClipTask, progress: Progress, now: datetime) -> None:
        job, place = task.job, (task.clip.scene.id, task.clip.style)
        found = (clip for scene_id, clip in _clips(progress) if (scene_id, clip.style) == place)
        clip = next(found, None)
        if clip is None or progress.run != job.run or clip.step is not Step.QUEUED:
            return  # it goes on with what another worker had begun
        if clip.since is not None:
            SLOT_WAIT_SECONDS.observe(_seconds(clip.since, now))
        if progress.queued_at is not None and self._is_first(job, progress, progress.queued_at):
            waited_s = _seconds(progress.queued_at, now)
            SCHEDULE_TO_START_SECONDS.observe(waited_s, priority=job.priority)

    def _is_first(self, job: JobRecord, progress: Progress, queued_at: datetime) -> bool:
        """Whether no other clip of this run has begun; what an earlier run made does not count."""
        run = (job.job_id, job.run)
        begun = any(
            clip.step is not Step.QUEUED and clip.since is not None and clip.since >= queued_at
            for _, clip in _clips(progress)
        )
        if begun or run in self._begun:
            return False
        self._begun.append(run)
        return True


def _clips(progress: Progress) -> Iterator[tuple[int, ClipState]]:
    return ((scene.scene_id, clip) for scene in progress.scenes for clip in scene.clips)


def _seconds(since: datetime, now: datetime) -> float:
    """Clocks of two machines differ; nobody waits for less than no time."""
    return max(0.0, (now - since).total_seconds())
