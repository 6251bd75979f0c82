"""Words of a file that has times of lines only are drawn when they are heard."""

import av
import numpy as np
import pytest

from viralclip.pipeline.tools import SpeechTools
from viralclip.plan import CaptionOptions
from viralclip.processes.runner import ProcessFailedError
from viralclip.speech.alignments import Alignments
from viralclip.speech.transcripts import Transcripts
from viralclip.words.transcript import Word

GIVEN = CaptionOptions(mode="given", area="full")
# The source has a tone at the beginning of each second: the words are said at 1.0 and 2.0.
LINE = (0.4, 2.4)
WORDS = (
    Word(text="soon", start=0.4, end=1.4, spread=LINE),
    Word(text="late", start=1.4, end=2.4, spread=LINE),
)


def use_alignments(shop, alignments: Alignments, folder) -> None:
    transcripts = Transcripts(folder)
    shop.use(speech=SpeechTools(transcripts, alignments, lambda: pytest.fail("nobody listens")))


async def pictures(shop, video, **options):
    job = await shop.job(video, LINE, **options)
    assert (await shop.make_first(job)).ending == "complete"
    (path,) = shop.out.glob(f"01_{options['titles'][0]}_*.mp4")
    with av.open(str(path)) as container:
        return [
            frame.to_ndarray(format="rgb24").astype(np.int16) for frame in container.decode(video=0)
        ]


async def warnings(shop, job) -> list[str]:
    events = [it.event for it in await shop.history(job)]
    return [event.code for event in events if event.type == "warning"]


def shown_from(captioned, plain) -> float:
    """The second at which the first caption is there."""
    changes = [
        int(np.sum(np.abs(one - other).max(axis=2) > 80))
        for one, other in zip(captioned, plain, strict=True)
    ]
    return next(at for at, change in enumerate(changes) if change > 1000) / 25


async def test_words_are_drawn_when_they_are_heard_and_stand_in_files_as_they_were_given(
    shop, source, tmp_path
):
    started: list[int] = []
    use_alignments(shop, Alignments(tmp_path / "kept", on_start=started.append), tmp_path)
    plain = await pictures(shop, source("small"), titles=["plain"])
    captioned = await pictures(shop, source("small"), titles=["one"], words=[WORDS], captions=GIVEN)
    again = await pictures(
        shop, source("small"), titles=["two"], words=[WORDS], captions=GIVEN, styles=["split"]
    )

    assert shown_from(captioned, plain) == pytest.approx(0.6, abs=0.05)
    assert "00:00:00,000 --> 00:00:02,000" in (shop.out / "01_one_original.srt").read_text()
    assert len(again) == len(captioned)
    assert len(started) == 1


async def test_where_the_sound_cannot_be_listened_to_words_are_drawn_at_their_shares(
    shop, source, tmp_path, monkeypatch
):
    async def aligned(*_):
        raise ProcessFailedError(1, "no memory")

    alignments = Alignments(tmp_path / "kept")
    monkeypatch.setattr(alignments, "aligned", aligned)
    use_alignments(shop, alignments, tmp_path)
    plain = await pictures(shop, source("small"), titles=["plain"])
    captioned = await pictures(shop, source("small"), titles=["one"], words=[WORDS], captions=GIVEN)
    job = await shop.job(source("small"), (0.4, 2.3), words=[WORDS], captions=GIVEN)
    await shop.make_first(job)

    assert shown_from(captioned, plain) == 0.0
    assert await warnings(shop, job) == ["lines_not_aligned"]


async def test_words_of_a_silent_video_are_drawn_at_their_shares(shop, source, tmp_path):
    use_alignments(shop, Alignments(tmp_path / "kept"), tmp_path)
    job = await shop.job(source("no_audio"), LINE, words=[WORDS], captions=GIVEN)

    assert (await shop.make_first(job)).ending == "complete"
    assert await warnings(shop, job) == []
