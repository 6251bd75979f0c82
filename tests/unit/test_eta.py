"""How well a job's time left is told, on made-up work whose truth is known."""

import heapq
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from viralclip.durations import Model, Timings
from viralclip.eta import TimeLeft, time_left
from viralclip.job_work import ClipKey, ClipWorkload, Line
from viralclip.progress import ClipState, Progress, SceneState
from viralclip.steps import (
    ANALYSED_ROUTE,
    ANALYSIS,
    PLAIN_ROUTE,
    Step,
    clip_fraction,
    is_transcribed,
    route_of,
    transcribed,
)
from viralclip.workload import Observation, Workload

HERE = "here"
NOW = datetime(2026, 6, 1, 14, tzinfo=UTC)
_SCENE_S = 20.0
_LEARNERS, _TRIALS = 12, 20
_MACHINE_NOISE = 0.12
# So many cores that clips side by side do not slow each other down.
_MANY = 64


def _dice(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - the same dice each time, not a secret


def _render(seconds: float = _SCENE_S, *, cores: int = _MANY, **facts: object) -> Workload:
    usual = {"stage": "render", "style": "split", "output_rate": 62.0, "source_rate": 62.0}
    return Workload.model_validate(
        {**usual, "seconds": seconds, "cores": cores, "threads": 1, **facts}
    )


def _analysis() -> Workload:
    return _render(stage="analysis", style="", preset="", encoder="")


def _listening() -> Workload:
    return _render(stage="transcription", style="", preset="", encoder="")


def _learned(
    work: Workload,
    seconds: float,
    *,
    noise: float = 0.01,
    count: int = 25,
    busy: float = 1.0,
    seed: int = 0,
    timings: Timings | None = None,
) -> Timings:
    """What is known after so many of these that took so long, give or take."""
    dice, timings = _dice(seed), timings or Timings()
    for _ in range(count):
        took = seconds * math.exp(noise * dice.gauss())
        seen = Observation(workload=work, machine=HERE, busy=busy, seconds=took)
        timings = timings.observe(seen)
    return timings


def _job(*clips: ClipState, duration: float = _SCENE_S) -> Progress:
    scenes = tuple(
        SceneState(scene_id=i, title="t", start_sec=0, duration_sec=duration, clips=(clip,))
        for i, clip in enumerate(clips)
    )
    return Progress(job_id="j", status="running", scenes=scenes)


def _scene(*clips: ClipState) -> Progress:
    scene = SceneState(scene_id=0, title="t", start_sec=0, duration_sec=_SCENE_S, clips=clips)
    return Progress(job_id="j", status="running", scenes=(scene,))


def _queued(style: str = "split", *, analysed: bool = False) -> ClipState:
    return ClipState(style=style, route=route_of(analysed=analysed))


def _rendering(
    fraction: float | None, eta_sec: float | None, *, since_s: float = 0.0, style: str = "split"
) -> ClipState:
    return ClipState(
        style=style,
        step=Step.RENDERING,
        step_fraction=fraction,
        eta_sec=eta_sec,
        since=NOW - timedelta(seconds=since_s),
    )


def _told(
    progress: Progress,
    timings: Timings,
    *,
    slots: int = 1,
    render: Workload | None = None,
    analysis: Workload | None = None,
    transcription: Workload | None = None,
    waiting: Sequence[ClipWorkload | None] = (),
    running: Sequence[ClipWorkload] = (),
) -> TimeLeft | None:
    clips: dict[ClipKey, ClipWorkload] = {
        (scene.scene_id, clip.style): ClipWorkload(
            render or _render(),
            analysis if clip.analysed else None,
            transcription if is_transcribed(clip.route) else None,
        )
        for scene in progress.scenes
        for clip in scene.clips
    }
    line = Line(slots, max(slots, 1), HERE, waiting, running)
    return time_left(progress, clips, timings, line, now=NOW)


def _sure(*arguments: object, **named: object) -> TimeLeft:
    told = _told(*arguments, **named)  # pyright: ignore[reportArgumentType]
    assert told
    return told


def _made_in(works: list[float], slots: int) -> float:
    free = [0.0] * slots
    for work in works:
        heapq.heapreplace(free, free[0] + work)
    return max(free)


def test_with_nothing_learned_the_band_is_wide_and_does_not_shrink_with_more_clips():
    one = _sure(_job(_queued()), Timings())
    many = _sure(_job(*[_queued()] * 30), Timings())

    assert one.expected == pytest.approx(_render().typical_seconds(1), rel=0.1)
    assert one.high / one.low > 4
    assert many.high / many.low > 4


@pytest.mark.parametrize("noise", [0.15, 0.5])
@pytest.mark.parametrize("clips", [1, 4, 12, 40])
def test_the_band_holds_the_truth_about_four_times_out_of_five(clips: int, noise: float):
    dice = _dice(clips)
    held = 0
    for seed in range(_LEARNERS):
        timings = _learned(_render(), 2 * _SCENE_S, noise=noise, count=30, seed=seed)
        told = _sure(_job(*[_queued()] * clips), timings, slots=4)
        for _ in range(_TRIALS):
            works = [_SCENE_S * 2.0 * math.exp(noise * dice.gauss()) for _ in range(clips)]
            # The machine is not as fast during one job as during the next.
            took = _made_in(works, 4) * math.exp(_MACHINE_NOISE * dice.gauss())
            held += told.low <= took <= told.high

    assert 0.68 <= held / _TRIALS / _LEARNERS <= 0.95


def test_clips_side_by_side_take_as_long_as_the_fullest_slot():
    told = _sure(_job(*[_queued()] * 9), _learned(_render(), _SCENE_S), slots=4)

    assert told.expected == pytest.approx(3 * _SCENE_S, rel=0.05)


def test_on_two_cores_four_slots_are_no_faster_than_two():
    render = _render(cores=2)
    timings = _learned(render, _SCENE_S)

    two, four = (
        _sure(_job(*[_queued()] * 8), timings, slots=slots, render=render).expected
        for slots in (2, 4)
    )

    assert four == pytest.approx(two, rel=0.15)


def test_what_was_learned_while_four_crowded_the_machine_holds_for_the_one_that_is_last():
    render = _render(cores=2)
    slow, alone = render.typical_seconds(4), render.typical_seconds(1)
    timings = _learned(render, slow, busy=4)

    told = _sure(_job(_queued()), timings, slots=4, render=render)

    assert told.expected == pytest.approx(alone, rel=0.3)


def test_an_analysis_that_others_hardly_slow_down_is_not_taken_for_a_render():
    """What took four seconds alone and beside others takes four beside the next one, too."""
    render = _render(cores=2, threads=4)
    analysis = _render(cores=2, threads=4, stage="analysis", style="", preset="", encoder="")
    timings = _learned(render, 12.0, busy=2.0)
    for busy in (1.0, 2.0):
        timings = _learned(analysis, 4.0, busy=busy, timings=timings)
    progress = _job(_queued(analysed=True), _queued(analysed=True))
    told = _sure(progress, timings, slots=2, render=render, analysis=analysis)

    assert told.expected == pytest.approx(4 + 12, rel=0.2)


def test_what_has_begun_keeps_its_slot_before_what_waits():
    job = _job(_queued(), _queued(), _rendering(0.5, _SCENE_S / 2, since_s=_SCENE_S / 2))

    told = _sure(job, _learned(_render(), _SCENE_S), slots=2)

    # The half clip ends first and the second waiting one follows it there.
    assert told.expected == pytest.approx(1.5 * _SCENE_S, rel=0.1)


def test_a_clip_nearly_rendered_is_believed_about_its_own_time_left():
    job = _job(_rendering(0.9, 7.0, since_s=63.0))

    told = _sure(job, Timings())

    # An encoder has read to the end by then, and writes the rest faster than before.
    assert 0.7 * 7.0 < told.expected < 7.0
    assert told.high / told.low < 2


def test_a_clip_just_begun_is_believed_less_than_what_was_learned():
    job = _job(_rendering(0.02, 200.0, since_s=1.0))

    told = _sure(job, _learned(_render(), _SCENE_S))

    assert told.expected < 2 * _SCENE_S


def test_what_waits_is_expected_to_be_as_slow_as_what_runs_of_its_video():
    timings = _learned(_render(), _SCENE_S, noise=0.1)
    new = _render(source="new.mp4")

    def of_the_waiting(*, times: float, fraction: float) -> float:
        took = times * _SCENE_S
        runs = _rendering(fraction, (1 - fraction) * took, since_s=fraction * took)
        both, alone = (
            _sure(_job(runs, *rest), timings, render=new).expected for rest in ([_queued()], [])
        )
        return (both - alone) / _SCENE_S

    assert of_the_waiting(times=1.0, fraction=0.5) == pytest.approx(1.0, rel=0.1)
    assert of_the_waiting(times=1.5, fraction=0.5) > 1.2
    assert of_the_waiting(times=0.7, fraction=0.5) < 0.85
    # What has just begun is not what it will be.
    assert of_the_waiting(times=1.5, fraction=0.05) == pytest.approx(1.0, rel=0.1)


def test_a_render_that_stands_still_says_little_of_what_waits():
    timings = _learned(_render(), _SCENE_S)
    stuck = _rendering(0.5, 5.0, since_s=5000.0)
    both, alone = (
        _sure(_job(stuck, *rest), timings, slots=2).expected for rest in ([_queued()], [])
    )

    assert both == pytest.approx(alone, rel=0.1)


def test_a_process_that_has_stopped_is_expected_to_take_ever_longer():
    one, two = (
        _sure(_job(_rendering(0.5, 5.0, since_s=since)), Timings()).expected for since in (10, 300)
    )

    assert two > 3 * one


def test_a_clip_that_does_not_get_going_is_expected_to_take_ever_longer():
    timings = _learned(_render(), _SCENE_S)
    one, two = (
        _sure(_job(_rendering(None, None, since_s=since)), timings).expected for since in (1, 400)
    )

    assert one == pytest.approx(_SCENE_S, rel=0.1)
    assert two > 4 * one


def test_a_clip_without_a_start_is_not_late():
    clip = _rendering(None, None).model_copy(update={"since": None})

    told = _sure(_job(clip), _learned(_render(), _SCENE_S))

    assert told.expected == pytest.approx(_SCENE_S, rel=0.1)


def test_storing_takes_as_long_as_the_upload_says_or_next_to_nothing():
    storing = ClipState(style="split", step=Step.UPLOADING, eta_sec=40.0)
    stored = ClipState(style="split", step=Step.UPLOAD_COMPLETE)

    assert _sure(_job(storing), Timings()).expected == pytest.approx(40.0, rel=0.1)
    assert _sure(_job(stored), Timings()).expected < 1


def test_an_analysis_that_clips_share_is_counted_once():
    timings = _learned(_render(), 10.0)
    timings = _learned(_analysis(), 100.0, timings=timings)
    styles = [_queued(f"s{i}", analysed=True) for i in range(3)]

    told = _sure(_scene(*styles), timings, analysis=_analysis())

    assert told.expected == pytest.approx(130.0, rel=0.1)


def test_an_analysis_that_was_done_for_one_clip_is_not_counted_for_the_next():
    timings = _learned(_render(), 10.0)
    clips = (
        ClipState(style="a", route=ANALYSED_ROUTE, step=Step.COMPLETE),
        _queued("b", analysed=True),
    )

    told = _sure(_scene(*clips), timings, analysis=_analysis())

    assert told.expected == pytest.approx(10.0, rel=0.1)


def test_an_analysis_that_failed_with_its_clip_is_still_to_be_done():
    timings = _learned(_render(), 10.0)
    timings = _learned(_analysis(), 100.0, timings=timings)
    clips = (
        ClipState(style="a", route=ANALYSED_ROUTE, step=Step.FAILED),
        _queued("b", analysed=True),
    )

    told = _sure(_scene(*clips), timings, analysis=_analysis())

    assert told.expected == pytest.approx(110.0, rel=0.1)


def test_clips_that_wait_for_one_analysis_end_together_after_what_is_left_of_it():
    timings = _learned(_render(), 10.0)
    timings = _learned(_analysis(), 100.0, timings=timings)
    looking = {"route": ANALYSED_ROUTE, "step": Step.DETECTING_FACES, "step_fraction": 0.5}
    clips = tuple(ClipState.model_validate({"style": f"s{i}", **looking}) for i in range(2))

    told = _sure(_scene(*clips), timings, slots=2, analysis=_analysis())

    left = 1 - clip_fraction(Step.DETECTING_FACES, 0.5, ANALYSIS)
    assert told.expected == pytest.approx(10.0 + 100.0 * left, rel=0.1)


def test_a_transcription_that_clips_share_is_counted_once_beside_their_analysis():
    timings = _learned(_render(), 10.0)
    timings = _learned(_analysis(), 100.0, timings=timings)
    timings = _learned(_listening(), 50.0, timings=timings)
    clips = (
        ClipState(style="a", route=transcribed(PLAIN_ROUTE)),
        ClipState(style="b", route=transcribed(ANALYSED_ROUTE)),
        ClipState(style="c", route=transcribed(ANALYSED_ROUTE)),
    )

    told = _sure(_scene(*clips), timings, analysis=_analysis(), transcription=_listening())

    assert told.expected == pytest.approx(3 * 10.0 + 100.0 + 50.0, rel=0.1)


def test_of_a_transcription_that_goes_on_what_is_left_counts_and_of_one_that_is_done_nothing():
    timings = _learned(_render(), 10.0)
    timings = _learned(_listening(), 100.0, timings=timings)
    route = transcribed(PLAIN_ROUTE)
    half = ClipState(style="a", route=route, step=Step.TRANSCRIBING, step_fraction=0.5)
    done = ClipState(style="a", route=route, step=Step.TRANSCRIPT_COMPLETE)
    waiting = ClipState(style="b", route=route)

    going_on = _sure(_scene(half), timings, transcription=_listening())
    after = _sure(_scene(done, waiting), timings, transcription=_listening())

    assert going_on.expected == pytest.approx(10.0 + 50.0, rel=0.1)
    assert after.expected == pytest.approx(2 * 10.0, rel=0.1)


def test_a_job_that_waits_is_told_what_goes_before_it():
    timings = _learned(_render(), _SCENE_S)
    other = ClipWorkload(_render())

    alone = _sure(_job(_queued()), timings)
    behind = _sure(_job(_queued()), timings, waiting=[other, other, None])
    beside = _sure(_job(_queued()), timings, running=[other])

    assert alone.expected == pytest.approx(_SCENE_S, rel=0.1)
    assert behind.expected == pytest.approx(3 * _SCENE_S, rel=0.1)
    assert beside.expected == pytest.approx(1.5 * _SCENE_S, rel=0.2)


def test_what_waits_behind_the_last_clip_of_a_job_does_not_matter_to_it():
    timings = _learned(_render(), _SCENE_S)
    other = ClipWorkload(_render())

    told = _sure(_job(_queued()), timings, waiting=[None, *[other] * 50])

    assert told.expected == pytest.approx(_SCENE_S, rel=0.1)


def test_a_clip_that_the_line_does_not_know_yet_comes_last():
    timings = _learned(_render(), _SCENE_S)

    told = _sure(_job(_queued(), _queued()), timings, waiting=[ClipWorkload(_render()), None])

    assert told.expected == pytest.approx(3 * _SCENE_S, rel=0.1)


def test_two_machines_of_two_slots_each_do_not_crowd_each_other():
    render = _render(cores=2)
    timings = _learned(render, _SCENE_S)
    progress = _job(*[_queued()] * 8)
    clips = {(i, "split"): ClipWorkload(render) for i in range(8)}

    one, two = (
        time_left(progress, clips, timings, Line(4, each, HERE), now=NOW) for each in (4, 2)
    )

    assert one
    assert two
    assert two.expected < 0.7 * one.expected


def test_more_running_clips_than_slots_are_told_of_all_the_same():
    job = _job(*[_rendering(0.5, 5.0, since_s=5.0)] * 3)

    assert _sure(job, Timings(), slots=1).expected > 1


def test_the_time_left_of_equal_progress_is_equal():
    job = _job(*[_queued()] * 5)

    assert _sure(job, Timings(), slots=2) == _sure(job, Timings(), slots=2)


def test_no_slot_at_all_counts_as_one():
    assert _told(_job(_queued()), Timings(), slots=0)


def test_nothing_is_left_when_every_clip_has_ended():
    ended = ClipState(style="split", step=Step.FAILED)

    assert _told(_job(ended), Timings()) is None


def test_nothing_is_left_of_a_finished_job():
    finished = _job(_queued()).model_copy(update={"status": "finished"})

    assert _told(finished, Timings()) is None


def test_a_job_of_thousands_of_clips_is_forecast_in_a_moment():
    told = _told(_job(*[_queued()] * 3000), Timings(models={"render": Model()}), slots=4)

    assert told


def test_of_clips_that_the_plan_does_not_have_nothing_is_told():
    assert time_left(_job(_queued()), {}, Timings(), Line(1, 1, HERE), now=NOW) is None
