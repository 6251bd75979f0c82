"""What decides how long a clip takes is read off its plan, without looking at the video."""

import pytest

from viralclip.pipeline.workload import Means, workload_of, workloads
from viralclip.plan import Options, Video, choose, make_plan
from viralclip.scenes import Scene
from viralclip.styles import STYLES

VIDEO = Video(
    name="v.mp4",
    path="/v.mp4",
    width=1280,
    height=720,
    duration=60,
    fps="25",
    has_audio=True,
    identity="v",
    codec="hevc",
    bit_rate=2_304_000,
)
SCENES = [Scene(id=1, title="One", start=0, end=5), Scene(id=2, title="Two", start=5, end=25)]
MEANS = Means("x264", 1, 2)


def plan(*styles: str, **options: object):
    choices = [choose(STYLES[name]) for name in styles]
    return make_plan(VIDEO, SCENES, choices, Options.model_validate(options))


@pytest.mark.parametrize(
    ("style", "kind"),
    [
        ("original", "static"),
        ("center_focus", "static"),
        ("split", "split"),
        ("split_fast", "split"),
        ("streamer", "blurred"),
        ("streamer_split", "split"),
        ("intelligent", "moving"),
        ("intelligent_split", "moving"),
    ],
)
def test_the_kind_of_a_style_is_what_its_graph_does(style: str, kind: str):
    assert workload_of(plan(style), SCENES[0], style, MEANS).render.framing == kind


def test_a_clip_is_measured_in_seconds_pixels_and_bits():
    render = workload_of(plan("split", preset="fast"), SCENES[1], "split", MEANS).render

    assert render.seconds == 20
    assert render.output_rate == pytest.approx(1080 * 1920 * 25 / 1e6)
    assert render.source_rate == pytest.approx(1280 * 720 * 25 / 1e6)
    assert render.bits == pytest.approx(0.1)
    assert (render.codec, render.preset, render.encoder) == ("hevc", "fast", "x264")


def test_of_a_video_probed_before_its_bit_rate_was_recorded_none_is_known():
    old = VIDEO.model_copy(update={"bit_rate": 0.0, "codec": ""})
    made = plan("split").model_copy(update={"video": old})

    assert workload_of(made, SCENES[0], "split", MEANS).render.bits is None


def test_only_clips_that_are_analysed_have_an_analysis_and_it_is_the_same_for_a_scene():
    found = workloads(plan("split", "intelligent", "intelligent_motion"), MEANS)

    assert found[1, "split"].analysis is None
    assert found[1, "intelligent"].analysis == found[1, "intelligent_motion"].analysis
    assert found[1, "intelligent"].analysis != found[2, "intelligent"].analysis
    assert set(found) == {(scene, style) for scene in (1, 2) for (style,) in _STYLES_OF_PLAN}


_STYLES_OF_PLAN = (("split",), ("intelligent",), ("intelligent_motion",))
