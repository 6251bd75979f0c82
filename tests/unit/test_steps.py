"""Step names, their order and weights."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viralclip.steps import ANALYSIS, ENDS, Step, clip_fraction, total_weight

IN_ORDER = [step for step in Step if step not in ENDS | {Step.RETRYING}]
FRACTIONS = st.floats(min_value=0, max_value=1)


def test_step_names_are_the_wire_contract():
    assert [step.value for step in Step] == [
        "queued",
        "extracting_segment",
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


def test_a_clip_ends_complete_failed_or_cancelled():
    assert {Step.COMPLETE, Step.FAILED, Step.CANCELLED} == ENDS


def test_five_steps_are_analysis():
    assert len(ANALYSIS) == 5


def test_analysed_clips_weigh_one_and_others_less():
    assert total_weight(analysed=True) == pytest.approx(1.01)
    assert total_weight(analysed=False) == pytest.approx(0.86)


@pytest.mark.parametrize("analysed", [True, False])
def test_a_clip_begins_at_zero_and_is_complete_at_one(analysed):
    assert clip_fraction(Step.QUEUED, 1.0, analysed=analysed) == 0
    assert clip_fraction(Step.UPLOAD_COMPLETE, 1.0, analysed=analysed) == pytest.approx(1)
    assert clip_fraction(Step.COMPLETE, 0.0, analysed=analysed) == 1


@pytest.mark.parametrize("step", [Step.FAILED, Step.RETRYING, Step.CANCELLED])
def test_steps_that_do_no_work_are_at_zero(step):
    assert clip_fraction(step, 1.0, analysed=True) == 0


@pytest.mark.parametrize("step", sorted(ANALYSIS))
def test_analysis_adds_nothing_to_a_clip_that_is_not_analysed(step):
    done = clip_fraction(step, 0.7, analysed=False)

    assert done == clip_fraction(Step.DETECTING_FACES, 0.0, analysed=False)


@given(
    st.tuples(st.sampled_from(IN_ORDER), FRACTIONS),
    st.tuples(st.sampled_from(IN_ORDER), FRACTIONS),
    st.booleans(),
)
def test_the_fraction_never_falls_as_a_clip_goes_on(one, other, analysed):
    earlier, later = sorted([one, other], key=lambda at: (IN_ORDER.index(at[0]), at[1]))
    before = clip_fraction(*earlier, analysed=analysed)
    after = clip_fraction(*later, analysed=analysed)

    assert 0 <= before <= after + 1e-12
    assert after <= 1


def test_rendering_moves_inside_the_clip():
    half = clip_fraction(Step.RENDERING, 0.5, analysed=True)

    assert half == pytest.approx((0.01 + 0.12 + 0.02 + 0.01 + 0.4) / total_weight(analysed=True))


def test_a_finished_step_meets_the_start_of_the_next():
    assert clip_fraction(Step.RENDERING, 1.0, analysed=True) == pytest.approx(
        clip_fraction(Step.RENDER_COMPLETE, 0.0, analysed=True)
    )
