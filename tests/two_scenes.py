"""A job's video and its two scenes, for tests that look into neither."""

from datetime import UTC, datetime

from viralclip.plan import Video
from viralclip.scenes import Scene

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
VIDEO = Video(
    name="v.mp4",
    path="/v.mp4",
    width=640,
    height=480,
    duration=60,
    fps="25",
    has_audio=True,
    identity="v",
)
SCENES = [Scene(id=1, title="One", start=0, end=5), Scene(id=2, title="Two", start=5, end=9)]
