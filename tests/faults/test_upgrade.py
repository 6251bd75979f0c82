"""Servers and workers of neighbouring versions work together while one after another is renewed."""

import asyncio
import os
from pathlib import Path

import peers
import pytest
from fleet import Fleet, check

from viralclip.events import UnknownEvent

pytestmark = pytest.mark.timeout(240)

# A later version of this checkout, wherever the environment has the package from.
_LATER = f"{Path(peers.__file__).parent / 'later'}{os.pathsep}{Path(__file__).parents[2]}"


async def test_a_server_shows_the_work_of_a_worker_of_a_later_version(fleet: Fleet, submit):
    later = {"PYTHONPATH": _LATER}
    await asyncio.gather(fleet.serve(), fleet.worker("w1", **later))
    job = await submit()
    progress = await job.ends()
    unknown = [
        envelope.event
        for envelope in await fleet.history(job.job_id)
        if isinstance(envelope.event, UnknownEvent)
    ]

    assert progress.outcome == "succeeded"
    assert [event.model_dump() for event in unknown] == [
        {"type": "scene_praised", "scene_id": scene_id, "stars": 5} for scene_id in (1, 2)
    ]
    await check(job)


async def test_a_worker_goes_on_with_what_one_of_a_later_version_began(fleet: Fleet, submit):
    later = {"PYTHONPATH": _LATER, "VIRALCLIP_FFMPEG": str(fleet.paced(0.02))}
    _, first = await asyncio.gather(fleet.serve(), fleet.worker("w1", **later))
    job = await submit((0, 4), (4, 8))
    await job.rendering()
    second = await fleet.worker("w2")
    first.kill()
    await job.recovered_by(second.name)
    progress = await job.ends()

    assert progress.outcome == "succeeded"
    await check(job)
