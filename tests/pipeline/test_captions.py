"""Captions in the clips themselves: burnt in, made again where a word changes, and nowhere else."""

import av
import numpy as np
import pytest

from viralclip.plan import CaptionOptions
from viralclip.words.transcript import Word

GIVEN = CaptionOptions(mode="given", area="full")


def said(*texts, start=0.0):
    return tuple(
        Word(text=text, start=start + at * 0.2, end=start + (at + 1) * 0.2)
        for at, text in enumerate(texts)
    )


def pictures(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]


def changed(one, other):
    """How many pixels differ by more than encoding does."""
    return int(np.sum(np.abs(one - other).max(axis=2) > 80))


@pytest.mark.parametrize("style", ["original", "split", "streamer", "center_focus"])
async def test_words_are_burnt_into_the_clip(shop, source, style):
    job = await shop.job(
        source("small"), styles=[style], words=[said("so", "it", "is")], captions=GIVEN
    )
    plain = await shop.job(source("small"), styles=[style], titles=["plain"])

    assert (await shop.make_first(job)).ending == "complete"
    assert (await shop.make_first(plain)).ending == "complete"
    captioned = pictures(shop.out / f"01_scene-1_{style}.mp4")
    without = pictures(shop.out / f"01_plain_{style}.mp4")
    assert len(captioned) == len(without)
    assert min(map(changed, captioned, without)) > 1000
    assert shop.unfinished() == []


async def test_captions_that_are_not_burnt_leave_the_picture_alone(shop, source):
    beside = GIVEN.model_copy(update={"burn": False})
    job = await shop.job(source("small"), words=[said("so")], captions=beside)
    plain = await shop.job(source("small"), titles=["plain"])

    await shop.make_first(job)
    await shop.make_first(plain)
    captioned = pictures(shop.out / "01_scene-1_original.mp4")
    without = pictures(shop.out / "01_plain_original.mp4")
    assert all(np.array_equal(one, other) for one, other in zip(captioned, without, strict=True))


async def test_a_corrected_word_makes_again_the_clips_that_show_it_and_no_others(shop, source):
    spans, styles = [(0.0, 0.4), (0.4, 0.8)], ["original", "split"]
    video = source("small")
    first = await shop.job(
        video, *spans, styles=styles, words=[said("so"), said("wrogn", start=0.4)], captions=GIVEN
    )
    await shop.run(first)
    made = len(shop.ffmpegs)

    second = await shop.job(
        video, *spans, styles=styles, words=[said("so"), said("wrong", start=0.4)], captions=GIVEN
    )
    assert await shop.run(second) == "succeeded"
    assert (made, len(shop.ffmpegs) - made) == (4, 2)
    third = await shop.job(
        video, *spans, styles=styles, words=[said("so"), said("wrong", start=0.4)], captions=GIVEN
    )
    assert await shop.run(third) == "succeeded"
    assert len(shop.ffmpegs) - made == 2
