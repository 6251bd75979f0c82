"""What a clip's colours lack is said with it."""

from pathlib import Path

import pytest

from viralclip.events import Warned


@pytest.mark.parametrize(
    ("kind", "codes"), [("hdr", ["hdr_not_tone_mapped"]), ("ten_bit", [])], ids=["hdr", "sdr"]
)
async def test_hdr_that_an_ffmpeg_cannot_tone_map_is_said(
    kind: str, codes: list[str], shop, source, flat_ffmpeg: Path
):
    shop.use(ffmpeg=flat_ffmpeg)
    job = await shop.job(source(kind), (0.4, 1.4), styles=["original"])

    assert await shop.run(job) == "succeeded"
    told = [envelope.event for envelope in await shop.history(job)]
    assert [event.code for event in told if isinstance(event, Warned)] == codes
