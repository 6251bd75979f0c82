"""`--debug-path`: where the intelligent styles looked in each frame, and what made them."""

import asyncio
import json
from pathlib import Path
from typing import IO, Any

from viralclip.analysis.analyses import Analyses
from viralclip.analysis.models import find_model
from viralclip.app.openers import model_place, open_analyses
from viralclip.media.probe import Probed, probe
from viralclip.pipeline.view import analysis_input_of, area_of, framing_request_of
from viralclip.plan import Plan
from viralclip.scenes import Scene
from viralclip.settings import Settings

_DIGITS = 3


async def write_paths(plan: Plan, settings: Settings, target: IO[str]) -> None:
    """Write one JSON document; what the job has left of its analyses is read, the rest made."""
    analyses = open_analyses(settings, threads=0)
    probed = await asyncio.to_thread(probe, Path(plan.video.path))
    model = await asyncio.to_thread(find_model, model_place(settings))
    scenes = [await _scene(plan, scene, probed, model, analyses) for scene in plan.scenes]
    json.dump({"video": plan.video.name, "scenes": scenes}, target)
    target.write("\n")


async def _scene(
    plan: Plan, scene: Scene, probed: Probed, model: Path | None, analyses: Analyses
) -> dict[str, Any]:
    scene_input = analysis_input_of(plan, scene, probed, model=model)
    analysed = [style.name for style in plan.styles if style.analysed]
    return {
        "scene_id": scene.id,
        "title": scene.title,
        "start_sec": scene_input.start,
        "styles": {
            name: await _style(plan, scene, name, probed, model, analyses) for name in analysed
        },
    }


async def _style(
    plan: Plan, scene: Scene, name: str, probed: Probed, model: Path | None, analyses: Analyses
) -> dict[str, Any]:
    scene_input = analysis_input_of(plan, scene, probed, model=model)
    area = area_of(plan, name, probed)
    framing = await analyses.inspect(scene_input, framing_request_of(plan, scene, name, probed))
    return {
        "algorithm": framing.algorithm,
        "doubts": framing.doubts,
        "fps": str(framing.fps),
        "area": [area.x, area.y, area.width, area.height],
        "panels": [
            {"path": path, "windows": windows.round(_DIGITS).tolist()}
            for windows, path in zip(framing.panels, framing.inspection, strict=False)
        ],
    }
