"""Files of captions that come back: whose they are, what they change, what is wrong with them."""

import pytest

from viralclip.caption_files import (
    CaptionFile,
    files_of_scenes,
    of_no_scene,
    scene_of,
    with_files,
)
from viralclip.captioning import clip_words
from viralclip.errors import InvalidTranscriptError
from viralclip.scenes import Scene
from viralclip.words.given import MAX_SCENE_WORDS
from viralclip.words.transcript import Transcript, Word, spelled
from viralclip.words.writing import write_transcript

ONE = Scene(id=1, title="The Opening", start=10.0, end=20.0)
TWO = Scene(id=2, title="The end", start=30.0, end=40.0)
WORDS = tuple(
    Word(text=text, start=11.0 + at / 2, end=11.4 + at / 2, confidence=0.9)
    for at, text in enumerate(("Helo", "there.", "It", "rains"))
)
SPOKEN = ONE.model_copy(update={"words": WORDS})


def written(kind="srt", scene=SPOKEN):
    """What is written beside a clip of the scene, which began a hundredth of a second late."""
    return write_transcript(Transcript(words=clip_words(scene, scene.start + 0.01)), kind)


def file(text, name="01_the-opening_split.srt", **more):
    return CaptionFile(name, text, **more)


def corrected(scene, *files, heard=False):
    [shown] = with_files([scene], {scene.id: files}, heard=heard).scenes
    return shown


@pytest.mark.parametrize(
    "name",
    [
        "01_the-opening_split.srt",
        "01_the-opening_left_focus-2.srt",
        "9x16_01_the-opening_split.srt",
        "talk_01_the-opening_split.srt",
        "talk-2_1x1_01_the-opening_original.SRT",
    ],
)
def test_a_file_belongs_to_the_scene_whose_clips_are_called_so(name):
    assert scene_of(name, [TWO, ONE], "talk.mp4") == ONE


@pytest.mark.parametrize(
    "name",
    [
        "01_the-opening.srt",
        "01_the-end_split.srt",
        "lecture_01_the-opening_split.srt",
        "01_the-opening_split.de.srt",
        "talk.srt",
    ],
)
def test_another_file_belongs_to_none(name):
    found, strangers = files_of_scenes([file("", name)], [ONE, TWO], "talk.mp4")

    assert (dict(found), strangers) == ({}, (name,))
    assert [fault.place for fault in of_no_scene(strangers)] == [name]


def test_the_files_of_a_scenes_styles_are_found_together():
    split, original = file("", "01_the-opening_split.srt"), file("", "01_the-opening_original.srt")
    end = file("", "02_the-end_original.srt")
    found, strangers = files_of_scenes([split, end, original], [ONE, TWO], "talk.mp4")

    assert (dict(found), strangers) == ({1: [split, original], 2: [end]}, ())


def test_what_was_written_changes_nothing_whether_its_words_were_given_or_heard():
    timed = written("vtt")

    assert corrected(SPOKEN, file(written())) == SPOKEN
    assert corrected(ONE, file(written(), timed=timed, heard=True), heard=True) == ONE


def test_a_corrected_word_is_the_scenes_and_the_other_lines_stay():
    text = written().replace("Helo", "Hello")
    given = corrected(SPOKEN, file(text))
    heard = corrected(ONE, file(text, timed=written("vtt"), start=10.01, heard=True), heard=True)

    assert [word.text for word in given.words or ()] == ["Hello", "there.", "It", "rains"]
    assert given.words is not None
    assert given.words[2:] == WORDS[2:]
    assert heard.words is not None
    times = [(word.start, word.end) for word in heard.words]
    assert times == [pytest.approx((word.start, word.end), abs=0.001) for word in WORDS]
    assert [word.break_after for word in heard.words] == [None, True, None, None]


def test_words_of_a_scene_that_nothing_is_known_of_are_those_of_the_file():
    shown = corrected(ONE, file(written(), timed=written("vtt"), start=10.01))

    assert shown.words is not None
    assert [word.start for word in shown.words] == [pytest.approx(word.start) for word in WORDS]
    untimed = corrected(ONE, file(written()))
    assert spelled(untimed.words or ()) == spelled(WORDS)


def test_a_clips_own_file_that_cannot_be_read_any_more_is_as_if_there_were_none():
    text = written().replace("Helo", "Hello")

    assert corrected(ONE, file(text, timed="no times here")) == corrected(ONE, file(text))


def test_corrections_that_were_made_before_stay_beside_what_is_heard_or_given():
    once = (WORDS[0].model_copy(update={"text": "Hello"}), *WORDS[1:])
    clip = ONE.model_copy(update={"words": once})
    text, timed = written(scene=clip), written("vtt", scene=clip)
    for scene, heard in ((ONE, True), (SPOKEN, False)):
        known = corrected(scene, file(text, timed=timed, start=10.01, shown=once), heard=heard)
        unknown = corrected(scene, file(text, timed=timed, start=10.01), heard=heard)

        assert known.words == once
        assert spelled(unknown.words or ()) == "Hello there. It rains"


def test_a_style_that_is_corrected_now_goes_before_one_that_was_corrected_before():
    once = (WORDS[0].model_copy(update={"text": "Hello"}), *WORDS[1:])
    clip = ONE.model_copy(update={"words": once})
    text, timed = written(scene=clip), written("vtt", scene=clip)
    before = file(text, "01_the-opening_original.srt", timed=timed, shown=once)
    now = file(text.replace("rains", "pours"), timed=timed, shown=once)

    for files in ((before, now), (now, before)):
        assert spelled(corrected(ONE, *files, heard=True).words or ()) == "Hello there. It pours"


def test_one_style_that_was_corrected_is_enough_and_two_that_differ_are_named():
    first, second = (written().replace("Helo", text) for text in ("Hello", "Hallo"))
    names = ("01_the-opening_original.srt", "01_the-opening_split.srt")
    either = corrected(SPOKEN, file(written(), names[0]), file(first, names[1]))
    both = corrected(SPOKEN, file(first, names[0]), file(first, names[1]))

    assert spelled(either.words or ()) == spelled(both.words or ()) == "Hello there. It rains"
    with pytest.raises(InvalidTranscriptError) as refused:
        corrected(SPOKEN, file(first, names[0]), file(second, names[1]))
    [fault] = refused.value.faults
    assert fault.place == names[1]
    assert fault.problem.startswith(
        f'it has "Hallo there." where {names[0]} has "Hello there.", and the styles of a scene'
    )


def test_every_fault_is_named_with_its_file_and_line():
    broken = written().replace("00:00:01,990 -->", "00:99:99 -->")
    with pytest.raises(InvalidTranscriptError) as refused:
        with_files(
            [SPOKEN, TWO],
            {1: [file(broken)], 2: [file("no times here", "02_the-end_split.srt")]},
            heard=False,
        )

    places = [fault.place for fault in refused.value.faults]
    assert places == ["01_the-opening_split.srt, line 6", "02_the-end_split.srt"]


def test_more_words_than_a_scene_can_have_are_refused():
    long = file(f"1\n00:00:01,000 --> 00:00:09,000\n{'na ' * (MAX_SCENE_WORDS + 1)}\n")
    with pytest.raises(InvalidTranscriptError) as refused:
        corrected(SPOKEN, long)

    [fault] = refused.value.faults
    assert (fault.place, fault.problem) == (
        "01_the-opening_split.srt",
        "the scene has 20,001 words; at most 20,000 are shown",
    )


def test_lines_beyond_the_clip_are_not_shown_and_named():
    late = f"{written()}\n9\n00:00:12,000 --> 00:00:13,000\ntoo late\n"
    [shown] = (found := with_files([SPOKEN], {1: [file(late)]}, heard=False)).scenes

    assert spelled(shown.words or ()) == spelled(WORDS)
    assert [note.partition(":")[0] for note in found.notes] == ["01_the-opening_split.srt"]


def test_a_line_that_is_said_again_at_once_stays_said_twice():
    """In a recogniser's file such lines scroll up; in ours each was said."""
    again = tuple(
        Word(text=text, start=10.0 + at, end=11.0 + at)
        for at, text in enumerate(["Yeah.", "yeah."] * 4)
    )
    lines = tuple(word.model_copy(update={"break_after": True}) for word in again)
    sung = ONE.model_copy(update={"words": lines})
    text = written(scene=sung).replace("yeah.", "Yeah.")
    shown = corrected(sung, file(text, start=10.01))

    assert spelled(shown.words or ()) == " ".join(["Yeah."] * 8)
