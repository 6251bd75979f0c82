"""Which words a job's clips show, and what is said of those that cannot be shown."""

import pytest
from lettered import FONTS

from viralclip.captioning import clip_words, give_captions
from viralclip.errors import InvalidTranscriptError, UnknownCaptionStyleError
from viralclip.plan import CaptionOptions
from viralclip.scenes import Scene
from viralclip.words.transcript import Transcript, Word

GIVEN = CaptionOptions(mode="given")
ADVICE = "put a font that does into a folder and name it in VIRALCLIP_FONTS"
SCENES = (
    Scene(id=1, start=0, end=10),
    Scene(id=2, start=10, end=20),
    Scene(id=3, start=30, end=40),
)


def transcript(*said):
    return Transcript(words=tuple(Word(text=text, start=at, end=at + 1) for text, at in said))


def given(*said, scenes=SCENES, options=GIVEN):
    return give_captions(scenes, options, transcript=transcript(*said), fonts=FONTS)


def faults(*said, **how):
    with pytest.raises(InvalidTranscriptError) as refused:
        given(*said, **how)
    return [str(fault) for fault in refused.value.faults]


def spelled(captioned):
    return [[word.text for word in scene.words or ()] for scene in captioned.scenes]


def test_each_scene_gets_the_words_that_are_said_in_it():
    captioned = given(("one", 2), ("two", 12), ("between", 25), ("late", 31))

    assert spelled(captioned) == [["one"], ["two"], ["late"]]
    assert captioned.notes == ()


def test_scenes_that_have_words_keep_them():
    own = SCENES[0].model_copy(update={"words": transcript(("mine", 3)).words})
    mute = SCENES[1].model_copy(update={"words": ()})

    captioned = given(("one", 2), ("two", 12), ("late", 31), scenes=(own, mute, SCENES[2]))
    assert spelled(captioned) == [["mine"], [], ["late"]]
    assert captioned.notes == ("Scene 2 has no words to show as captions.",)


def test_scenes_without_words_are_named():
    assert given(("one", 2)).notes == ("Scenes 2 and 3 have no words to show as captions.",)


def test_without_captions_scenes_stay_as_they_are():
    assert given(("one", 2), options=CaptionOptions()).scenes == SCENES


def test_words_that_are_said_in_no_scene_are_a_fault():
    assert faults(("between", 25)) == ["it has no words in any of the scenes"]


def test_letters_that_no_font_has_are_named_with_their_scenes():
    assert faults(("日本", 2), ("語", 12), ("late", 31)) == [
        f"scene 1: no font has 日 本; {ADVICE}",
        f"scene 2: no font has 語; {ADVICE}",
    ]
    many = "".join(chr(0x4E00 + at) for at in range(15))
    assert " and 3 more;" in faults((many, 2))[0]


def test_captions_in_files_alone_need_no_fonts():
    captioned = given(("日本", 2), options=CaptionOptions(mode="given", burn=False))

    assert spelled(captioned)[0] == ["日本"]


def test_a_look_that_is_not_known_is_refused():
    with pytest.raises(UnknownCaptionStyleError):
        given(("one", 2), options=CaptionOptions(mode="given", style="loud"))


@pytest.mark.parametrize("burn", [True, False])
def test_captions_from_the_sound_need_no_words_beforehand(burn):
    shown = give_captions(SCENES, CaptionOptions(mode="auto", burn=burn))

    assert shown.scenes == tuple(SCENES)
    assert shown.notes == ()


def test_words_are_brought_to_the_time_of_the_clip():
    scene = Scene(
        start=10, end=20, words=transcript(("early", 9.4), ("one", 12), ("late", 25)).words
    )

    assert [(word.start, word.end) for word in clip_words(scene)] == [(2, 3)]
    assert clip_words(scene, start=9.5)[0].start == 2.5
    assert clip_words(SCENES[0]) == ()
