"""Words that share a line's time are said where the line has sound."""

import os

import numpy as np
import pytest
from spoken_words import SYNTHESISER, Said, assemble, has_synthesiser

from viralclip.speech.alignment import align
from viralclip.speech.port import SAMPLE_RATE
from viralclip.speech.sound import Samples
from viralclip.words.splitting import weight_of
from viralclip.words.transcript import Word

PLAIN_WORDS = """
the quick brown fox jumps over the lazy dog while seven small children play beside the garden wall
"""


def bursts(*spans: tuple[float, float], seconds: float = 6.0) -> Samples:
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    noise = np.random.default_rng(3).normal(0, 0.1, len(time))
    loud = np.zeros(len(time), bool)
    for start, end in spans:
        loud |= (time >= start) & (time < end)
    return np.where(loud, noise, noise / 1000).astype(np.float32)


def line(text: str, start: float, end: float) -> list[Word]:
    """The words as a file with times of lines has them: each with its letters' share."""
    texts = text.split()
    ends = np.cumsum([weight_of(each) for each in texts])
    at = (start + (end - start) * np.concatenate([[0.0], ends / ends[-1]])).tolist()
    return [
        Word(text=each, start=a, end=b, spread=(start, end))
        for each, a, b in zip(texts, at[:-1], at[1:], strict=True)
    ]


def starts(words: tuple[Word, ...]) -> list[float]:
    return [word.start for word in words]


def test_a_pause_lies_between_two_words_and_not_within_one():
    words = align(line("one two three four", 0.0, 4.0), bursts((0.5, 1.5), (3.0, 4.0)))

    assert starts(words)[0] == pytest.approx(0.5, abs=0.02)
    assert words[1].end == pytest.approx(1.5, abs=0.02)
    assert starts(words)[2] == pytest.approx(3.0, abs=0.02)


def test_words_of_different_lengths_go_where_the_sound_is_as_long():
    words = align(
        line("internationally a be", 0.0, 4.0), bursts((0.2, 1.8), (2.4, 2.6), (3.1, 3.3))
    )

    assert starts(words) == pytest.approx([0.2, 2.4, 3.1], abs=0.02)


def test_a_long_word_may_have_a_pause_in_it():
    spans = (0.2, 1.0), (1.15, 2.0), (3.0, 3.2)
    words = align(line("internationally so", 0.0, 4.0), bursts(*spans))

    assert (words[0].start, words[0].end) == pytest.approx((0.2, 2.0), abs=0.02)
    assert words[1].start == pytest.approx(3.0, abs=0.02)


def test_a_line_takes_no_sound_of_another():
    words = align(
        [*line("one two", 0.0, 2.0), *line("three four", 2.0, 6.0)],
        bursts((0.5, 1.0), (1.3, 1.8), (4.0, 4.5), (5.0, 5.5)),
    )

    assert starts(words) == pytest.approx([0.5, 1.3, 4.0, 5.0], abs=0.02)


def test_lines_of_two_speakers_that_overlap_are_each_laid_over_the_sound():
    spans = (0.5, 1.0), (1.5, 2.0), (3.0, 3.5)
    one = line("one two three", 0.2, 3.8)
    other = [word.model_copy(update={"speaker": "B"}) for word in line("uno due tre", 0.3, 3.8)]
    together = sorted((*one, *other), key=lambda word: word.start)
    words = align(together, bursts(*spans))

    for said in (one, other):
        texts = {word.text for word in said}
        times = [word.start for word in words if word.text in texts]
        assert times == pytest.approx([0.5, 1.5, 3.0], abs=0.02)


def test_a_line_as_long_as_a_scene_keeps_its_shares():
    spans = [(at + 0.1, at + 0.4) for at in range(200)]
    shares = line("so it goes on and on", 0.0, 200.0)

    assert align(shares, bursts(*spans, seconds=200)) == tuple(shares)


def test_words_whose_times_were_given_keep_them():
    given = Word(text="given", start=0.1, end=0.4)
    words = align([given, *line("one two", 1.0, 3.0)], bursts((1.5, 2.0), (2.4, 2.9)))

    assert words[0] == given
    assert starts(words)[1:] == pytest.approx([1.5, 2.4], abs=0.02)


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(6 * SAMPLE_RATE, np.float32),
        bursts((0.0, 6.0)),
        bursts((5.0, 6.0)),
        np.zeros(1, np.float32),
    ],
    ids=["silence", "as loud everywhere", "sound elsewhere", "no sound"],
)
def test_where_a_line_is_not_heard_its_words_keep_their_shares(sound: Samples):
    shares = line("one two three", 1.0, 3.0)

    assert align(shares, sound) == tuple(shares)


def test_more_words_than_can_be_said_in_the_sound_keep_their_shares():
    shares = line("a " * 50, 0.0, 4.0)

    assert align(shares, bursts((1.0, 2.0))) == tuple(shares)


def test_no_word_is_lost_and_none_is_before_the_one_before_it():
    rng = np.random.default_rng(5)
    for _ in range(20):
        edges = np.sort(rng.uniform(0, 6, 8)).tolist()
        sound = bursts(*zip(edges[::2], edges[1::2], strict=True))
        shares = line("it was the best of times", 0.5, 5.5)
        words = align(shares, sound)

        assert [word.text for word in words] == [word.text for word in shares]
        assert starts(words) == sorted(starts(words))
        assert all(0 <= word.start < word.end <= 6.05 for word in words)


def test_spoken_words_begin_nearer_to_their_sound_than_their_shares():
    if not has_synthesiser():
        why = f"{SYNTHESISER} is missing; `make services` installs it"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)
    sound, said = assemble(PLAIN_WORDS, voice="en-gb", speed=150)
    shares = [word for at in range(0, len(said), 6) for word in _shared(said[at : at + 6])]
    before, after = (_late(words, said) for words in (shares, align(shares, sound)))

    assert np.median(before) > 0.08
    assert np.median(after) <= 0.02
    assert np.quantile(after, 0.9) <= 0.25


def _shared(said: list[Said]) -> list[Word]:
    return line(" ".join(word.text for word in said), said[0].start, said[-1].end)


def _late(words, said: list[Said]) -> list[float]:
    return [abs(word.start - each.start) for word, each in zip(words, said, strict=True)]
