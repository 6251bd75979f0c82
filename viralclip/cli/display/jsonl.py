"""For programs: every frame as one JSON object per line, and a summary at the end."""

import json
from types import TracebackType
from typing import Any, Self, TextIO

from viralclip.cli.display.summary import Place, places
from viralclip.live import Frame
from viralclip.progress import Progress


class JsonDisplay:
    """Nothing but JSON lines on `stdout`; what is meant for people goes to `stderr`."""

    def __init__(self, stdout: TextIO, stderr: TextIO) -> None:
        self._stdout = stdout
        self._stderr = stderr

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        pass

    def show(self, frame: Frame, progress: Progress) -> None:  # noqa: ARG002 - a frame says it all
        self._write(frame.model_dump(mode="json"))

    def note(self, message: str) -> None:
        self._stderr.write(f"{message}\n")
        self._stderr.flush()

    def finish(self, progress: Progress) -> None:
        self._write(
            {
                "kind": "summary",
                "job_id": progress.job_id,
                "run": progress.run,
                "outcome": progress.outcome,
                "clips_total": progress.clips_total,
                "clips_completed": progress.clips_completed,
                "clips_failed": progress.clips_failed,
                "clips_cancelled": progress.clips_cancelled,
                "queued_at": _iso(progress, "queued_at"),
                "finished_at": _iso(progress, "finished_at"),
                "clips": [_clip(place) for place in places(progress)],
            }
        )

    def _write(self, value: dict[str, Any]) -> None:
        # Escaped to ASCII: no pipe's encoding can fail, no control character passes.
        self._stdout.write(json.dumps(value, separators=(",", ":")) + "\n")
        self._stdout.flush()


def _iso(progress: Progress, name: str) -> Any:
    return progress.model_dump(mode="json", include={name})[name]


def _clip(place: Place) -> dict[str, Any]:
    clip = place.clip
    return {
        "scene_id": place.scene.scene_id,
        "title": place.scene.title,
        "style": clip.style,
        "ending": clip.step if clip.ended else None,
        "url": clip.url,
        "kept": clip.kept,
        "failure": clip.failure.model_dump(mode="json") if clip.failure else None,
        "cancelled_by": clip.cancelled_by,
    }
