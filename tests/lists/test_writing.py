"""What `viralclip scenes` writes: the tools it is for read it, and so do we."""

import json
from fractions import Fraction

import opentimelineio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viralclip.scene_writing import WRITERS, Footage
from viralclip.scenes import Scene, parse_scenes
from viralclip.styles.pinned_crop import Pin
from viralclip.styles.registry import scene_options
from viralclip.styles.streamer_split import Region

FPS = Fraction(30000, 1001)
TALK = Footage(name="talk.mp4", uri="file:///videos/talk.mp4", duration=3600.0, fps=FPS)
SCENES = (
    Scene(id=1, title='Yes, "we" can; now & <then>', start=10.01, end=20.02),
    Scene(id=2, title="Café – 日本", start=0.0, end=3600.0),  # noqa: RUF001 - a dash people type
)
TITLES = st.text(
    st.characters(codec="utf-8", categories=("Lu", "Ll", "Lo", "Nd", "Po")), min_size=1, max_size=30
).filter(lambda title: title[0].isalpha() and "|" not in title)


@st.composite
def on_frames(draw):
    """Scenes on frames of the video, as found ones are."""
    count = draw(st.integers(1, 5))
    last = int(TALK.duration * FPS) - 1
    made: list[Scene] = []
    for place in range(1, count + 1):
        start = draw(st.integers(0, last - 1))
        end = draw(st.integers(start + 1, last))
        begin, stop = float(start / FPS), float(end / FPS)
        made.append(Scene(id=place, title=draw(TITLES), start=begin, end=stop))
    return tuple(made)


def read_back(text, form):
    return parse_scenes(
        text, name=f"list.{form}", duration=TALK.duration, fps=float(FPS), options=scene_options()
    )


@pytest.mark.parametrize("form", WRITERS)
@given(scenes=on_frames())
@settings(max_examples=30)
def test_what_is_written_reads_back_as_the_same_scenes(form, scenes):
    reading = read_back(WRITERS[form](scenes, TALK), form)

    assert [scene.title for scene in reading.scenes] == [scene.title for scene in scenes]
    for scene, written in zip(reading.scenes, scenes, strict=True):
        # Milliseconds are what most formats write.
        assert scene.start == pytest.approx(written.start, abs=0.0006)
        assert scene.end == pytest.approx(written.end, abs=0.0006)


@pytest.mark.parametrize("form", WRITERS)
def test_titles_keep_their_letters_in_every_format(form):
    reading = read_back(WRITERS[form](SCENES, TALK), form)

    assert [scene.title for scene in reading.scenes] == [scene.title for scene in SCENES]


def test_opentimelineio_reads_our_timeline():
    timeline = opentimelineio.adapters.read_from_string(WRITERS["otio"](SCENES, TALK), "otio_json")
    [track] = timeline.video_tracks()
    clips = list(track)

    assert [clip.name for clip in clips] == [scene.title for scene in SCENES]
    assert clips[0].source_range.start_time.to_seconds() == pytest.approx(10.01)
    assert clips[0].source_range.duration.to_seconds() == pytest.approx(10.01)
    assert clips[0].media_reference.target_url == "file:///videos/talk.mp4"


def test_we_read_what_opentimelineio_writes():
    written = opentimelineio.adapters.write_to_string(
        opentimelineio.adapters.read_from_string(WRITERS["otio"](SCENES, TALK), "otio_json"),
        "otio_json",
    )
    reading = read_back(written, "otio")

    assert [(scene.title, round(scene.end, 3)) for scene in reading.scenes] == [
        (scene.title, scene.end) for scene in SCENES
    ]


def test_a_losslesscut_project_names_its_video():
    project = json.loads(WRITERS["llc"](SCENES, TALK))

    assert project["version"] == 1
    assert project["mediaFileName"] == "talk.mp4"
    assert project["cutSegments"][0] == {"start": 10.01, "end": 20.02, "name": SCENES[0].title}


def test_json_keeps_where_the_webcam_is_and_what_was_pinned():
    scene = Scene(
        id=1,
        title="x",
        start=1,
        end=2,
        options={
            "webcam": Region(x=0.5, y=0, width=0.25, height=0.25),
            "crop": (Pin(time=1, x=0.1, y=0, width=0.3),),
        },
    )

    assert read_back(WRITERS["json"]([scene], TALK), "json").scenes == (scene,)
