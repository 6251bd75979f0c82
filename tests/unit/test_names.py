"""Names in front of a job's clips, and numbers where a name is taken."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viralclip.names import is_numbered, labels, numbered, slug


def first(count: int, video: str, aspect: str = "9:16", *, of_video=False, of_aspect=False):
    return list(islice(labels(video, aspect, of_video=of_video, of_aspect=of_aspect), count))


def test_no_label_is_needed_where_nobody_elses_clips_are():
    assert first(3, "talk.mp4") == ["", "talk_", "talk-2_"]


def test_beside_other_videos_clips_the_video_is_the_label():
    assert first(2, "My Talk.final.mp4", of_video=True) == ["my-talk-final_", "my-talk-final-2_"]


def test_beside_another_aspect_the_aspect_is_the_label():
    assert first(2, "talk.mp4", "1:1", of_aspect=True) == ["1x1_", "talk_1x1_"]
    assert first(2, "talk", "4:5", of_video=True, of_aspect=True) == ["talk_4x5_", "talk-2_4x5_"]


@pytest.mark.parametrize("video", ["🔥.mp4", "", ".mp4", "\udce9.mp4", "..."])
def test_a_video_without_a_name_of_letters_is_called_video(video):
    assert first(1, video, of_video=True) == ["video_"]


@given(st.text(max_size=80), st.text(max_size=300))
def test_any_label_leaves_room_for_the_longest_name(video, title):
    label = first(99, video, "16:9", of_video=True, of_aspect=True)[-1]
    style = "x" * 40
    name = next(islice(numbered(f"999999_{slug(title)}_{style}.mp4"), 98, None))

    assert len(f"{label}{name}".encode()) <= 255


def test_a_taken_name_is_numbered():
    assert list(islice(numbered("01_a_split.mp4"), 3)) == [
        "01_a_split.mp4",
        "01_a_split-2.mp4",
        "01_a_split-3.mp4",
    ]


@pytest.mark.parametrize(
    ("name", "is_so"),
    [
        ("01_a_split.mp4", True),
        ("01_a_split-2.mp4", True),
        ("01_a_split-12.mp4", True),
        ("01_a_split-02.mp4", False),
        ("01_a_split-.mp4", False),
        ("01_a_split.mp4.mp4", False),
        ("01_a_split_fast.mp4", False),
        ("x01_a_split.mp4", False),
        ("01_a_splitxmp4", False),
    ],
)
def test_a_numbered_name_is_recognised(name, is_so):
    assert is_numbered(name, of="01_a_split.mp4") == is_so
