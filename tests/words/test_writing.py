"""Words written to files read as the same words."""

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from viralclip.errors import Fault, InvalidTranscriptError
from viralclip.words.reading import parse_transcript
from viralclip.words.transcript import Transcript, Word, spelled
from viralclip.words.writing import FORMATS, escaped, lines_of, write_transcript

MARKUP = ["{\\b1}", "<i>", "</b>", "a<00:01.000>b", "&amp;", "<v.Bob>", "\\N", "-->", "a->b"]
NASTY = [*MARKUP, "&", "42", "NOTE", "WEBVTT", '"q"', "100%", "<3"]
LETTERS = st.characters(max_codepoint=0x4FF, categories=["L", "M", "N", "P", "S"])
TEXTS = st.text(LETTERS, min_size=1, max_size=12) | st.sampled_from(NASTY)
NAMES = st.none() | st.sampled_from(["Ann", "Bo Lee", "A&B", "x < y"])


@st.composite
def transcripts(draw):
    """Words one after another, in whole milliseconds, as long as at least one."""
    words, now = [], 0
    for text in draw(st.lists(TEXTS, min_size=1, max_size=8)):
        start = now + draw(st.integers(0, 1500))
        now = start + draw(st.integers(1, 900))
        words.append(Word(text=text, start=start / 1000, end=now / 1000, speaker=draw(NAMES)))
    return Transcript(words=tuple(words), language="en", origin="x")


def again(transcript: Transcript, kind: str) -> Transcript:
    text = write_transcript(transcript, kind)
    return parse_transcript(text, name=f"again.{kind}").transcript


@given(transcripts())
@settings(max_examples=60, deadline=None)
def test_json_holds_all_that_is_known(transcript):
    assert again(transcript, "json") == transcript


@given(transcripts())
@settings(max_examples=60, deadline=None)
@example(Transcript(words=(Word(text="&#92;", start=0, end=1), Word(text="0", start=2, end=3))))
def test_webvtt_keeps_the_words_and_their_times(transcript):
    read = again(transcript, "vtt")

    assert [word.text for word in read.words] == [word.text for word in transcript.words]
    for word, before in zip(read.words, transcript.words, strict=True):
        assert (word.start, word.end) == pytest.approx((before.start, before.end), abs=0.0011)


@given(transcripts())
@settings(max_examples=60, deadline=None)
def test_srt_keeps_the_lines_and_their_times(transcript):
    read = again(transcript, "srt")
    lines, before = lines_of(read.words), lines_of(transcript.words)

    assert [spelled(line.words) for line in lines] == [spelled(line.words) for line in before]
    for line, other in zip(lines, before, strict=True):
        assert (line.start, line.end) == pytest.approx((other.start, other.end), abs=0.0011)


def test_a_line_ends_where_a_reader_would_pause():
    text = "This is one. And this goes on for so long that it is two lines"
    texts = text.split()
    words = [Word(text=text, start=at / 5, end=at / 5 + 0.2) for at, text in enumerate(texts)]
    later = [Word(text="Late.", start=9, end=10), Word(text="Who?", start=10, end=11, speaker="B")]

    assert [spelled(line.words) for line in lines_of([*words, *later])] == [
        "This is one.",
        "And this goes on for so long that it is",
        "two lines",
        "Late.",
        "Who?",
    ]


def test_given_breaks_are_kept():
    words = [Word(text=t, start=i, end=i + 1, break_after=b) for i, (t, b) in
             enumerate([("a", True), ("b.", False), ("c", None)])]  # fmt: skip

    assert [spelled(line.words) for line in lines_of(words)] == ["a", "b. c"]


def test_other_formats_are_refused():
    with pytest.raises(ValueError, match="txt is not one of srt, vtt, json"):
        write_transcript(Transcript(), "txt")


def test_usual_text_is_written_as_it_is():
    text = 'AT&T, R&D, 1 < 2 <3 "so" it\'s 100 %'

    assert escaped(text) == text


@given(
    st.binary(max_size=80)
    | st.text(max_size=80)
    | st.text("0123456789:,.-> \n<v{\\}k[]Dialogue", max_size=120),
    st.sampled_from(["WEBVTT\n\n00:01 --> 00:02\n", "1\n00:01 --> 00:02\n", "[Events]\n", "{", ""]),
)
@settings(max_examples=120, deadline=None)
def test_whatever_the_bytes_there_are_words_or_faults(data, head):
    mixed = head.encode() + data if isinstance(data, bytes) else head + data
    faults, words = outcome(mixed)

    assert bool(words) is not bool(faults)
    assert all(str(fault).isprintable() for fault in faults)
    assert all(0 <= word.start <= word.end for word in words)
    assert words == () or all(write_transcript(Transcript(words=words), k) for k in FORMATS)


def outcome(data) -> tuple[Sequence[Fault], tuple[Word, ...]]:
    try:
        return (), parse_transcript(data, name="x", duration=60.0).transcript.words
    except InvalidTranscriptError as error:
        return error.faults, ()
