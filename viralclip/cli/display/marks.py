"""How far each bar has been, so that none ever moves backwards."""

from viralclip.progress import ClipState, Progress


class HighWaterMarks:
    """Remembers the farthest point of every bar; a new run or attempt begins a new bar.

    A state sent afresh knows events but not the ticks in between, and would pull bars back.
    """

    def __init__(self) -> None:
        self._run = -1
        self._job = 0.0
        self._clips: dict[tuple[int, str, int], float] = {}

    def job(self, progress: Progress) -> float:
        if progress.run != self._run:
            self._run, self._job = progress.run, 0.0
            self._clips.clear()
        self._job = max(self._job, progress.fraction)
        return self._job

    def clip(self, scene_id: int, clip: ClipState) -> float:
        key = (scene_id, clip.style, clip.attempt)
        self._clips[key] = max(self._clips.get(key, 0.0), clip.fraction)
        return self._clips[key]
