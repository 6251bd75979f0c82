"""One scene: its clips side by side, and the promise that the scene ends once they all have."""

from collections.abc import Awaitable, Callable, Sequence

from viralclip.pipeline.reporter import JobReport
from viralclip.pipeline.settling import settle
from viralclip.pipeline.tools import ClipTask, Tools
from viralclip.scenes import Scene
from viralclip.telemetry.metrics import SCENE_SECONDS

RunClips = Callable[[Sequence[ClipTask]], Awaitable[None]]


async def process_scene(
    scene: Scene,
    tasks: Sequence[ClipTask],
    tools: Tools,
    report: JobReport,
    run_clips: RunClips,
) -> None:
    """Make the scene's clips with `run_clips` and see that each of them has ended afterwards."""
    began = tools.clock()
    await run_clips(tasks)
    records = await tools.catalog.clips.of(report.job_id, scene.id)
    await settle(tasks, records, tools, report)
    SCENE_SECONDS.observe(tools.clock() - began)
