"""Plans, file names and digests."""

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viralclip.audio_tracks import AudioTrack
from viralclip.errors import InvalidScenesError, UnknownAudioTrackError
from viralclip.geometry import Rect, Size
from viralclip.plan import (
    CaptionOptions,
    Jump,
    Options,
    StyleChoice,
    Video,
    changed_clips,
    choose,
    make_plan,
    slug,
)
from viralclip.scenes import Scene
from viralclip.steps import ANALYSED_ROUTE, PLAIN_ROUTE, is_analysed, is_framed, transcribed
from viralclip.styles import STYLES
from viralclip.words.transcript import Word

VIDEO = Video(
    name="talk.mp4",
    path="media/talk.mp4",
    width=1920,
    height=1080,
    duration=90.0,
    fps="30000/1001",
    has_audio=True,
    identity="abc",
)
SCENE = Scene(id=1, title="Intro", start=1.0, end=9.0)
SPLIT = StyleChoice(name="split")
FOLLOW = StyleChoice(name="intelligent", route=ANALYSED_ROUTE)


def plan(*scenes, video=VIDEO, styles=(SPLIT, FOLLOW), options=None):
    return make_plan(video, scenes or (SCENE,), styles, options or Options())


def only_clip(scene=SCENE, *, video=VIDEO, style=SPLIT, **options):
    return plan(scene, video=video, styles=(style,), options=Options(**options)).clips()[0]


def test_a_plan_has_a_clip_of_each_scene_in_each_style():
    second = Scene(id=2, title="Outro", start=20, end=30)

    clips = plan(SCENE, second).clips()

    assert [clip.clip_id for clip in clips] == [
        "1-split",
        "1-intelligent",
        "2-split",
        "2-intelligent",
    ]
    assert [is_analysed(clip.route) for clip in clips] == [False, True, False, True]


def test_a_chosen_style_brings_the_route_of_its_clips():
    assert choose(STYLES["split"]).route == PLAIN_ROUTE
    assert choose(STYLES["intelligent"]).route == ANALYSED_ROUTE
    captioned = choose(STYLES["split"], captioned=True).route
    assert (is_analysed(captioned), is_framed(captioned)) == (True, False)
    assert choose(STYLES["intelligent"], captioned=True).route == ANALYSED_ROUTE
    shown = [CaptionOptions(mode="given"), CaptionOptions(mode="given", burn=False)]
    assert [captions.are_burnt for captions in shown] == [True, False]


def test_a_clip_is_found_by_scene_and_style():
    clip = plan().clip(1, "intelligent")

    assert clip == plan().clips()[1]
    assert clip.scene == SCENE


def test_a_video_knows_its_size():
    assert VIDEO.size == Size(1920, 1080)


def test_file_names_are_scene_title_and_style():
    assert only_clip().filename == "01_intro_split.mp4"
    assert only_clip(Scene(id=123, title="A  B!", start=0, end=1)).filename == "123_a-b_split.mp4"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Why it *really* works?!", "why-it-really-works"),
        ("Привет, мир", "привет-мир"),
        ("日本語のタイトル", "日本語のタイトル"),
        ("हिन्दी शीर्षक", "हिन्दी-शीर्षक"),
        ("مرحبا بالعالم", "مرحبا-بالعالم"),
        ("Crème brûlée", "crème-brûlée"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\Windows", "c-windows"),
        (".hidden", "hidden"),
        ("½ price", "1-2-price"),
        ("🔥🔥🔥", "scene"),
        ("", "scene"),
        ("\ud800", "scene"),
        ("🔥 Hot take ❤\ufe0f", "hot-take"),
        ("❤\ufe0f", "scene"),
        ("1\ufe0f\u20e3 First", "1-first"),
        ("☀\ufe0f Tag eins", "tag-eins"),
        ("Zero\u200bwidth", "zero-width"),
        ("👨\u200d👩\u200d👧 family", "family"),
        ("A\u202etxt.exe", "a-txt-exe"),
        ("🏴\U000e0067\U000e0062\U000e007f flag", "flag"),
        ("Donau\u00addampf", "donaudampf"),
        ("क्\u200dष", "क्ष"),
        ("葛\U000e0100城", "葛城"),
        ("\u3164\u3164", "scene"),
        ("ᠠ\u180bᠡ", "ᠠᠡ"),
        ("\u0301 accent", "accent"),
        ("CON", "con"),
        ("end. ", "end"),
        ("a" * 61, "a" * 60),
        ("a" * 59 + " b", "a" * 59),
        ("\U00010400" * 60, "\U00010428" * 42),
    ],
)
def test_slugs_keep_letters_of_any_script_and_nothing_else(title, name):
    assert slug(title) == name


@given(st.text(max_size=300))
def test_file_names_are_safe_whatever_the_title(title):
    name = only_clip(Scene(id=1, title=title, start=0, end=1)).filename

    assert name.startswith("01_")
    assert name.endswith("_split.mp4")
    assert not set(name) & set('/\\:*?"<>|\0\n\r\t ')
    assert len(name.encode()) <= 255


@given(st.text(max_size=300))
def test_every_sign_of_a_file_name_is_seen(title):
    name = slug(title)

    assert {category(ch)[0] for ch in name} <= set("LMNP")
    assert not {category(ch) for ch in name} & {"Me", "Cf"}
    assert not any("\ufe00" <= ch <= "\ufe0f" for ch in name)


@given(st.text(max_size=300))
def test_slugs_never_begin_or_end_with_punctuation(title):
    assert slug(title).strip("-._ ") == slug(title) != ""


@given(
    st.lists(st.integers(min_value=1, max_value=999_999), min_size=1, max_size=30, unique=True),
    st.sampled_from(["Intro", "", "1", "日本"]),
)
def test_scenes_with_one_title_never_share_a_file(ids, title):
    scenes = [Scene(id=scene_id, title=title, start=0, end=1) for scene_id in ids]

    names = [clip.filename for clip in plan(*scenes).clips()]

    assert len(set(names)) == len(names) == 2 * len(ids)


def test_a_copy_is_the_same_video_and_another_recording_is_not():
    here = VIDEO.model_copy(update={"content": "x"})
    copy = here.model_copy(update={"identity": "abd", "name": "copy.mp4"})

    assert here.is_same_as(copy)
    assert not here.is_same_as(here.model_copy(update={"content": "y"}))


def test_a_video_that_was_recorded_without_its_content_is_known_by_its_identity():
    now = VIDEO.model_copy(update={"content": "x"})

    assert now.is_same_as(VIDEO)
    assert not now.is_same_as(VIDEO.model_copy(update={"identity": "abd"}))


def test_a_plan_of_an_earlier_version_is_found_by_its_digest():
    now = VIDEO.model_copy(update={"content": "x", "notes": ("a note",)})

    assert plan(video=now).digest == plan().digest


def test_the_digest_stays_when_only_names_change():
    renamed = SCENE.model_copy(update={"id": 5, "title": "Opening"})
    moved = VIDEO.model_copy(update={"name": "copy.mp4", "path": "elsewhere/copy.mp4"})

    assert only_clip(renamed, video=moved).digest == only_clip().digest


@pytest.mark.parametrize(
    "change",
    [
        {"start": 1.001},
        {"end": 9.001},
        {"options": {"webcam": {"x": 0, "y": 0, "width": 0.25, "height": 0.25}}},
    ],
)
def test_the_digest_changes_with_what_is_seen_of_the_scene(change):
    assert only_clip(SCENE.model_copy(update=change)).digest != only_clip().digest


def test_the_digest_changes_with_the_video():
    other = VIDEO.model_copy(update={"identity": "abd"})

    assert only_clip(video=other).digest != only_clip().digest


def test_the_digest_changes_with_the_style():
    assert only_clip(style=FOLLOW).digest != only_clip().digest


@pytest.mark.parametrize(
    "options", [{"aspect": "1:1"}, {"preset": "fast"}, {"encoder": "nvenc"}, {"loudness": True}]
)
def test_the_digest_changes_with_every_option(options):
    assert only_clip(**options).digest != only_clip().digest


def test_equal_plans_have_one_digest_and_others_another():
    assert plan().digest == plan().digest
    assert plan().digest != plan(styles=(SPLIT,)).digest
    assert plan().digest != plan(SCENE, SCENE.model_copy(update={"id": 2})).digest


def test_the_clips_that_a_new_plan_changes_are_known():
    other = SCENE.model_copy(update={"id": 2, "title": "Next"})
    before = plan(SCENE, other)
    longer = other.model_copy(update={"title": "Renamed", "end": 10.0})
    after = plan(SCENE.model_copy(update={"title": "Renamed"}), longer)

    assert changed_clips(before, before) == frozenset()
    assert changed_clips(before, after) == {(2, "split"), (2, "intelligent")}


def test_a_plan_survives_being_stored():
    stored = plan().model_dump_json()

    assert type(plan()).model_validate_json(stored) == plan()


def with_tracks(*levels):
    tracks = tuple(
        AudioTrack(number=number, codec="aac", channels=2, level_db=level)
        for number, level in enumerate(levels, start=1)
    )
    return VIDEO.model_copy(update={"audio_tracks": tracks})


def test_the_digests_know_which_audio_tracks_are_heard():
    video = with_tracks(-20.0, -30.0)
    one, both = (only_clip(video=video, audio_track=wish) for wish in ("1", "all"))

    assert one.digest != both.digest
    assert plan(video=video).audio.numbers == (1, 2)
    assert plan(video=video).digest != plan(video=with_tracks(-20.0)).digest


def test_how_a_wish_is_worded_and_how_loud_a_track_is_change_no_clip():
    video = with_tracks(-20.0)

    assert only_clip(video=video).digest == only_clip(video=video, audio_track="1").digest
    assert only_clip(video=video).digest == only_clip(video=with_tracks(-23.0)).digest


def test_a_plan_for_an_audio_track_that_is_not_there_is_refused():
    with pytest.raises(UnknownAudioTrackError):
        only_clip(video=with_tracks(-20.0), audio_track="2")


@pytest.mark.parametrize(
    ("jump", "start", "end", "problem"),
    [
        (Jump(before=10, after=3600), 8, 12, "jumps from 0:10 to 1:00:00"),
        (Jump(before=10, after=3600), 500, 510, "jumps from 0:10 to 1:00:00"),
        (Jump(before=10, after=3600), 2, 10.05, None),
        (Jump(before=10, after=3600), 3600, 3610, None),
        (Jump(before=10, after=0), 4, 8, "jumps back from 0:10 to 0:00"),
        (Jump(before=10, after=5), 2, 5, None),
    ],
)
def test_a_scene_in_which_the_clock_jumps_is_refused(jump, start, end, problem):
    video = VIDEO.model_copy(update={"jumps": (jump,)})
    scene = Scene(id=7, title="Join", start=start, end=end)
    if problem is None:
        assert plan(scene, video=video).scenes == (scene,)
        return

    with pytest.raises(InvalidScenesError) as refused:
        plan(scene, video=video)
    [fault] = refused.value.faults
    assert fault.place == "scene 7"
    assert problem in fault.problem


def test_black_bars_are_cut_unless_they_are_to_be_kept_and_that_is_said():
    barred = VIDEO.model_copy(update={"active_area": Rect(0, 140, 1920, 800)})
    kept = plan(video=barred, options=Options(bars="keep"))

    assert plan(video=barred).active_area == Rect(0, 140, 1920, 800)
    assert plan(video=barred).bars_notes == (
        "The video has black bars, which are cut away: 1920x800 of 1920x1080 is picture.",
    )
    assert (kept.active_area, kept.bars_notes) == (None, ())
    assert plan().bars_notes == ()
    assert only_clip(video=barred).digest != only_clip().digest
    assert type(kept).model_validate_json(kept.model_dump_json()) == kept


def test_files_are_named_without_looking_at_what_is_in_them():
    scenes = [Scene(id=i, title=f"Scene {i}", start=i, end=i + 1) for i in (1, 2, 3)]
    made = plan(*scenes)

    named = made.filenames_of({1, 3})
    wanted = [clip for clip in made.clips() if clip.scene.id != 2]
    assert named == {(clip.scene.id, clip.style): clip.filename for clip in wanted}


def test_work_without_captions_has_the_digest_that_it_had_before_there_were_any():
    made = plan()
    pinned = ["6a34ee62a01d4bb0f28c1479ddc9f782", "32dd11bbb19fe65326cf0e96f8734a4f"]

    assert made.digest == "0c86b3d0617f61fa98a6380ccd363863"
    assert [clip.digest for clip in made.clips()] == pinned


SAID = tuple(Word(text=text, start=at, end=at + 0.5) for at, text in enumerate("ab", 2))
GIVEN = CaptionOptions(mode="given")


@pytest.mark.parametrize(
    ("words", "captions"),
    [
        (None, GIVEN),
        ((), GIVEN),
        (SAID, CaptionOptions()),
        (None, CaptionOptions(style="pop", area="ads", burn=False)),
    ],
)
def test_clips_that_show_no_words_are_the_same_work_as_without_captions(words, captions):
    spoken = SCENE.model_copy(update={"words": words})

    assert only_clip(spoken, captions=captions).digest == only_clip().digest
    assert plan(spoken, options=Options(captions=captions)).digest == plan().digest


def test_a_digest_holds_the_words_that_are_shown_their_style_and_their_area():
    def digest(words=SAID, **captions):
        spoken = SCENE.model_copy(update={"words": words})
        options = Options(captions=CaptionOptions(mode="given", **captions))
        made = plan(spoken, options=options)
        return made.digest, made.clips()[0].digest

    corrected = (SAID[0].model_copy(update={"text": "A"}), SAID[1])
    later = (SAID[0].during(2.1, 2.5), SAID[1])
    unsure = (SAID[0].model_copy(update={"confidence": 0.5}), SAID[1])
    others = [
        digest(corrected),
        digest(later),
        digest(style="pop"),
        digest(area="ads"),
        digest(burn=False),
    ]
    assert len({digest(), *others}) == 6
    assert digest(unsure) == digest()
    heard = only_clip(captions=CaptionOptions(mode="auto"))
    assert heard.digest != only_clip().digest
    assert digest(burn=False) == digest(burn=False, style="pop")


def test_a_clip_whose_words_are_to_be_heard_has_a_step_for_that():
    auto = Options(captions=CaptionOptions(mode="auto"))
    told = SCENE.model_copy(update={"words": SAID})
    silent = SCENE.model_copy(update={"words": ()})

    assert only_clip(captions=auto.captions).route == transcribed(SPLIT.route)
    assert only_clip(told, captions=auto.captions).route == SPLIT.route
    assert only_clip(silent, captions=auto.captions).route == SPLIT.route
    assert only_clip().route == SPLIT.route


def test_a_corrected_word_changes_the_digests_of_the_clips_that_show_it_and_no_others():
    second = Scene(id=2, title="Outro", start=20, end=30)

    def digests(text):
        said = (Word(text=text, start=21, end=22),)
        scenes = (
            SCENE.model_copy(update={"words": SAID}),
            second.model_copy(update={"words": said}),
        )
        return [clip.digest for clip in plan(*scenes, options=Options(captions=GIVEN)).clips()]

    changed = [one != other for one, other in zip(digests("wrong"), digests("right"), strict=True)]
    assert changed == [False, False, True, True]


def test_words_that_change_scenes_make_another_plan():
    silent = Scene(id=2, title="Outro", start=20, end=30)
    spoken = SCENE.model_copy(update={"words": SAID})
    options = Options(captions=GIVEN)
    moved = silent.model_copy(update={"words": SAID})

    assert (
        plan(spoken, silent, options=options).digest != plan(SCENE, moved, options=options).digest
    )
