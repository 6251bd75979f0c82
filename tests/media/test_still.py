"""A single frame is the one that the clip has."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from viralclip.errors import SourceUnreadableError
from viralclip.media.render_spec import RenderSpec
from viralclip.media.still import render_still
from viralclip.processes.runner import Watchdogs


def first_picture(path: Path) -> Any:
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)


@pytest.mark.parametrize("kind", ["landscape", "rotated", "hdr", "full_range"])
async def test_a_still_is_the_first_frame_of_the_clip(
    ffmpeg: Path, tmp_path: Path, kind: str, spec_of: Callable[..., RenderSpec], render_kind: Any
):
    spec, _, _ = await render_kind(kind)
    clip = first_picture(spec.target)
    target = tmp_path / "still.jpg"
    jpeg = await render_still(ffmpeg, replace(spec_of(kind), target=target), limits=Watchdogs())

    assert not target.exists()
    target.write_bytes(jpeg)
    still = first_picture(target)
    assert still.shape == clip.shape
    assert np.abs(still - clip).mean() < 4


async def test_a_still_from_behind_the_end_is_refused(
    ffmpeg: Path, tmp_path: Path, spec_of: Callable[..., RenderSpec]
):
    spec = replace(spec_of("small"), start=60.0, target=tmp_path / "still.jpg")

    with pytest.raises(SourceUnreadableError):
        await render_still(ffmpeg, spec, limits=Watchdogs())
