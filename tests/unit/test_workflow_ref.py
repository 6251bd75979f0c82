"""Work is known by its place in a run of a job."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viralclip.workflow_ref import QUEUES, WorkflowRef, parse_work

NAMES = st.from_regex(r"[a-z][a-z0-9_.]{0,20}", fullmatch=True)


@given(
    st.from_regex(r"[0-9a-f]{12}", fullmatch=True),
    st.integers(1, 99),
    st.one_of(st.none(), st.tuples(st.integers(1, 999_999), st.one_of(st.none(), NAMES))),
)
def test_a_workflow_id_names_its_place(job_id, run, inside):
    scene_id, style = inside or (None, None)
    work = WorkflowRef(job_id, run, scene_id, style)

    assert parse_work(work.workflow_id) == work
    assert WorkflowRef(*work.arguments) == work


@pytest.mark.parametrize(
    ("work", "kind", "workflow_id"),
    [
        (WorkflowRef("a1", 2), "job", "a1.2"),
        (WorkflowRef("a1", 2, 0), "scene", "a1.2.0"),
        (WorkflowRef("a1", 2, 3, "left.focus"), "clip", "a1.2.3.left.focus"),
    ],
)
def test_a_place_is_its_id_and_its_id_the_place(work, kind, workflow_id):
    assert (work.kind, work.workflow_id, parse_work(workflow_id)) == (kind, workflow_id, work)
    assert WorkflowRef(*work.arguments) == work
    assert kind in QUEUES


def test_a_log_line_says_what_of_the_place_there_is():
    assert WorkflowRef("a1", 2).log_context == {"job_id": "a1"}
    assert WorkflowRef("a1", 2, 0).log_context == {"job_id": "a1", "scene_id": 0}
    assert WorkflowRef("a1", 2, 0, "split").log_context == {
        "job_id": "a1",
        "scene_id": 0,
        "style": "split",
    }
