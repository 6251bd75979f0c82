"""Step names, their order and weights."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viralclip.events import ClipOutline
from viralclip.steps import (
    ANALYSED_ROUTE,
    ENDS,
    LOOKED_AT_ROUTE,
    OLD_ANALYSED_ROUTE,
    PLAIN_ROUTE,
    STEPS,
    Step,
    clip_fraction,
    is_before,
    order_of,
    total_weight,
    transcribed,
)

IN_ORDER = [step for step in Step if step not in ENDS | {Step.RETRYING}]
ROUTES = pytest.mark.parametrize(
    "route", [PLAIN_ROUTE, LOOKED_AT_ROUTE, ANALYSED_ROUTE, OLD_ANALYSED_ROUTE]
)
FRACTIONS = st.floats(min_value=0, max_value=1)


def test_step_names_are_the_wire_contract():
    assert [step.value for step in Step] == [
        "queued",
        "extracting_segment",
        "transcribing",
        "transcript_complete",
        "detecting_faces",
        "face_detection_complete",
        "computing_camera_path",
        "camera_path_complete",
        "computing_crop_windows",
        "rendering",
        "render_complete",
        "uploading",
        "upload_complete",
        "complete",
        "failed",
        "retrying",
        "cancelled",
    ]


def test_words_are_there_before_anything_that_shows_them():
    route = transcribed(ANALYSED_ROUTE)

    assert route[:3] == (Step.EXTRACTING_SEGMENT, Step.TRANSCRIBING, Step.DETECTING_FACES)
    assert transcribed(route) == route
    assert clip_fraction(Step.TRANSCRIPT_COMPLETE, 0, route) == pytest.approx(0.31 / 1.3)


def test_a_clip_ends_complete_failed_or_cancelled():
    assert {Step.COMPLETE, Step.FAILED, Step.CANCELLED} == ENDS


def test_each_step_has_its_row_in_their_order():
    assert list(STEPS) == list(Step)


def test_analysed_clips_weigh_one_and_others_less():
    assert total_weight(ANALYSED_ROUTE) == pytest.approx(1)
    assert total_weight(PLAIN_ROUTE) == pytest.approx(0.86)


@ROUTES
def test_a_clip_begins_at_zero_and_is_complete_at_one(route):
    assert clip_fraction(Step.QUEUED, 1.0, route) == 0
    assert clip_fraction(Step.UPLOAD_COMPLETE, 1.0, route) == pytest.approx(1)
    assert clip_fraction(Step.COMPLETE, 0.0, route) == 1


@pytest.mark.parametrize("step", [Step.FAILED, Step.RETRYING, Step.CANCELLED])
def test_steps_that_do_no_work_are_at_zero(step):
    assert clip_fraction(step, 1.0, ANALYSED_ROUTE) == 0


@pytest.mark.parametrize("step", OLD_ANALYSED_ROUTE[1:4])
def test_a_step_that_is_not_on_the_route_adds_nothing(step):
    done = clip_fraction(step, 0.7, PLAIN_ROUTE)

    assert done == clip_fraction(Step.DETECTING_FACES, 0.0, PLAIN_ROUTE)


@given(
    st.tuples(st.sampled_from(IN_ORDER), FRACTIONS),
    st.tuples(st.sampled_from(IN_ORDER), FRACTIONS),
    st.sets(st.sampled_from(IN_ORDER)).map(lambda steps: tuple(sorted(steps, key=IN_ORDER.index))),
)
def test_the_fraction_never_falls_as_a_clip_goes_on(one, other, rest):
    """On any route, also of two steps or of one."""
    route = tuple(step for step in IN_ORDER if step in {Step.RENDERING, *rest})
    earlier, later = sorted([one, other], key=lambda at: (IN_ORDER.index(at[0]), at[1]))
    before, after = (clip_fraction(step, at, route) for step, at in (earlier, later))

    assert 0 <= before <= after + 1e-12
    assert after <= 1


def test_rendering_moves_inside_the_clip():
    half = clip_fraction(Step.RENDERING, 0.5, ANALYSED_ROUTE)

    assert half == pytest.approx((0.01 + 0.12 + 0.02 + 0.4) / total_weight(ANALYSED_ROUTE))


def test_steps_have_places_in_the_order_that_clips_come_to_them():
    places = [order_of(step) for step in IN_ORDER]

    assert places == sorted(set(places))
    assert all(is_before(one, other) for one, other in itertools.pairwise(IN_ORDER))
    assert order_of(Step.RETRYING) == 0


def test_a_finished_step_meets_the_start_of_the_next():
    assert clip_fraction(Step.RENDERING, 1.0, ANALYSED_ROUTE) == pytest.approx(
        clip_fraction(Step.RENDER_COMPLETE, 0.0, ANALYSED_ROUTE)
    )


def test_what_an_older_version_told_has_the_route_that_it_took():
    told = ClipOutline.model_validate_json('{"style": "intelligent", "analysed": true}')
    plain = ClipOutline.model_validate_json('{"style": "split"}')

    assert told.route == OLD_ANALYSED_ROUTE
    assert plain.route == PLAIN_ROUTE


def test_an_older_version_reads_of_a_route_whether_the_clip_is_analysed():
    told = ClipOutline(style="intelligent", route=ANALYSED_ROUTE)

    assert json.loads(told.model_dump_json())["analysed"] is True
    assert ClipOutline.model_validate_json(told.model_dump_json()) == told


def test_a_step_that_only_a_newer_version_knows_is_left_out_of_a_route():
    route = ["extracting_segment", "grading", "rendering"]

    assert ClipOutline.model_validate({"style": "a", "route": route}).route == (
        Step.EXTRACTING_SEGMENT,
        Step.RENDERING,
    )
