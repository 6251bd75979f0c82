"""Subtitles beside clips are corrected and given back: what is made again, and what stays."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

import viralclip
from viralclip import Scene, Transcript, Word
from viralclip.app.caption_folder import EarlierClip, FolderCaptions
from viralclip.app.captions import CaptionFolder, CaptionSourcesError, caption_source
from viralclip.captioning import Captioned
from viralclip.catalog.records import JobRecord
from viralclip.errors import InvalidTranscriptError
from viralclip.media.probe import Probed, probe
from viralclip.plan import CaptionOptions, Options, Plan, StyleChoice
from viralclip.words.transcript import spelled

SCENES = [Scene(start=0, end=1, title="One"), Scene(start=0.87, end=1.87, title="Two")]
SAID = Transcript(
    words=tuple(
        Word(text=text, start=at * 0.4 + 0.1, end=at * 0.4 + 0.35)
        for at, text in enumerate(("Helo", "there", "good", "day"))
    )
)
STYLES = ("original", "split")


def made(tiny: Path, **changes):
    """The job, made with captions; `out` is the folder of its clips."""
    asked = {"scenes": SCENES, "styles": STYLES, "preset": "fast", "out": "clips"}
    job = viralclip.render(tiny, **(asked | changes))
    assert job.wait().outcome == "succeeded", job.progress
    return job


def anew(job) -> set[tuple[int, str]]:
    return {(clip.scene_id, clip.style) for clip in job.clips if not clip.is_kept}


def correct(name: str, wrong: str, right: str, folder: str = "clips") -> None:
    path = Path(folder, name)
    text = path.read_text(encoding="utf-8")
    assert wrong in text
    path.write_text(text.replace(wrong, right), encoding="utf-8")


def test_a_corrected_file_makes_again_the_clips_of_its_scene_and_stays_for_later(
    program: Path, tiny: Path
) -> None:
    assert len(anew(made(tiny, captions=SAID))) == 4
    untouched = made(tiny, captions="clips")
    correct("01_one_split.srt", "Helo", "Hello")
    first = made(tiny, captions="clips")
    again = made(tiny, captions="clips")

    assert anew(untouched) == set()
    assert anew(first) == {(1, "original"), (1, "split")}
    assert anew(again) == set()
    assert "Hello there" in Path("clips/01_one_original.srt").read_text(encoding="utf-8")

    style = made(tiny, captions="clips", styles=("left_focus",))
    shape = made(tiny, captions=[SAID, "clips"], styles=("split",), aspect="1:1")
    assert (len(anew(style)), len(anew(shape))) == (2, 2)
    for name in ("01_one_left_focus.srt", "1x1_01_one_split.srt"):
        assert "Hello there" in Path("clips", name).read_text(encoding="utf-8")
    assert "good day" in Path("clips/02_two_left_focus.srt").read_text(encoding="utf-8")


def test_a_folder_of_its_own_with_one_file_changes_that_scene_alone(
    program: Path, tiny: Path
) -> None:
    made(tiny, captions=SAID, styles=("split",))
    Path("edited").mkdir()
    Path("clips/02_two_split.srt").rename("edited/02_two_split.srt")
    correct("02_two_split.srt", "good", "nice", "edited")
    (program / "edited" / "notes.srt").write_text("whatever")
    job = made(tiny, captions="edited", styles=("split",))

    assert anew(job) == {(2, "split")}
    assert "Helo" in Path("clips/01_one_split.srt").read_text(encoding="utf-8")
    assert [note for note in job.notes if "notes.srt" in note] == [
        "1 file of subtitles belongs to none of these scenes, and is not used: notes.srt"
    ]


def test_faults_are_named_with_their_file_and_line(program: Path, tiny: Path) -> None:
    made(tiny, captions=SAID)
    correct("01_one_split.srt", "--> 00:00:00,750", "--> 00:00:00,010")
    correct("02_two_original.srt", "good", "nice")
    correct("02_two_split.srt", "good", "fine")
    with pytest.raises(InvalidTranscriptError) as refused:
        made(tiny, captions="clips")

    places = [fault.place for fault in refused.value.faults]
    assert places == ["01_one_split.srt, line 2", "02_two_split.srt"]
    Path("empty").mkdir()
    with pytest.raises(InvalidTranscriptError, match="1 fault"):
        made(tiny, captions="empty")


def test_the_files_of_another_video_in_the_folder_are_not_its_own(
    program: Path, tiny: Path
) -> None:
    other = program / "other.mp4"
    other.write_bytes(tiny.read_bytes() + bytes(8))
    made(tiny, captions=SAID, styles=("split",))
    made(other, captions=SAID, styles=("split",))
    correct("01_one_split.srt", "Helo", "Hello")
    job = made(other, captions="clips", styles=("split",))

    assert anew(job) == set()
    assert "Helo" in Path("clips/other_01_one_split.srt").read_text(encoding="utf-8")


def test_a_folder_goes_with_one_other_source_at_most(tmp_path: Path) -> None:
    assert caption_source(["talk.srt", str(tmp_path)]) == CaptionFolder(tmp_path, Path("talk.srt"))
    assert caption_source([tmp_path, "auto"]) == CaptionFolder(tmp_path, "auto")
    assert caption_source(tmp_path) == CaptionFolder(tmp_path)
    assert caption_source([]) is None
    for named in (["a.srt", "b.srt"], [tmp_path, tmp_path], [tmp_path, "none"]):
        with pytest.raises(CaptionSourcesError):
            caption_source(named)


VTT = "WEBVTT\n\n00:00:00.100 --> 00:00:00.800\nHelo <00:00:00.500>there\n"
SRT = "1\n00:00:00,100 --> 00:00:00,800\nHelo there\n"


@pytest.fixture
def heard(tmp_path: Path, tiny: Path):
    """`heard(text)`: the captions of a scene that was listened to, whose file says that now."""
    probed = probe(tiny)
    scene = Scene(id=1, title="One", start=0.5, end=1.5)
    (tmp_path / "01_one_split.vtt").write_text(VTT)

    def give(text: str, *, scenes: tuple[Scene, ...] = (scene,)) -> Captioned:
        (tmp_path / "01_one_split.srt").write_text(text)
        earlier = EarlierClip("01_one_split.srt", scene, _job(probed, scene))
        folder = FolderCaptions(CaptionFolder(tmp_path), scenes, probed, (earlier,))
        return folder.give(CaptionOptions(burn=False), None)

    return give


def _job(probed: Probed, scene: Scene) -> JobRecord:
    plan = Plan(
        video=probed.video,
        scenes=(scene,),
        styles=(StyleChoice(name="split"),),
        options=Options(captions=CaptionOptions(mode="auto", language="de")),
    )
    return JobRecord(
        job_id="a",
        owner="local",
        plan=plan,
        storage_url="file:///clips",
        engine_url="",
        trace_id="",
        created_at=datetime.now(UTC),
    )


def test_a_scene_that_was_heard_is_heard_still_unless_its_file_was_corrected(heard) -> None:
    untouched, corrected = heard(SRT), heard(SRT.replace("Helo", "Hello"))

    assert (untouched.scenes[0].words, untouched.options.mode) == (None, "auto")
    assert untouched.options.language == "de"
    words = corrected.scenes[0].words or ()
    assert spelled(words) == "Hello there"
    assert [word.start for word in words] == [pytest.approx(0.6), pytest.approx(1.0)]
    assert corrected.options.mode == "auto"


def test_a_scene_with_a_new_title_or_new_borders_has_its_corrections(heard) -> None:
    text = SRT.replace("Helo", "Hello")
    [renamed] = heard(text, scenes=(Scene(id=7, title="New", start=0.5, end=1.5),)).scenes
    [moved] = heard(text, scenes=(Scene(id=1, title="One", start=0.55, end=1.4),)).scenes

    assert spelled(renamed.words or ()) == spelled(moved.words or ()) == "Hello there"
    assert [word.start for word in moved.words or ()] == [pytest.approx(0.6), pytest.approx(1.0)]
