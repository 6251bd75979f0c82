"""Progress as a fold, over histories as workers make them: retries, crashes, cancels, more runs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viralclip.events import (
    AnomalyFound,
    CameraPathComplete,
    CameraPathCompleteDetails,
    Cancelled,
    CancelledDetails,
    ClipOutline,
    ClipProgressed,
    ClipTick,
    Complete,
    CompleteDetails,
    ComputingCameraPath,
    ComputingCameraPathDetails,
    ComputingCropWindows,
    ComputingCropWindowsDetails,
    DetectingFaces,
    DetectingFacesDetails,
    Envelope,
    Event,
    ExtractingSegment,
    ExtractingSegmentDetails,
    FaceDetectionComplete,
    FaceDetectionCompleteDetails,
    Failed,
    FailedDetails,
    JobFinished,
    JobQueued,
    JobRecovered,
    JobStarted,
    JobTick,
    Logged,
    Outcome,
    Queued,
    RenderComplete,
    RenderCompleteDetails,
    Rendering,
    RenderingDetails,
    Retrying,
    RetryingDetails,
    SceneCompleted,
    SceneOutline,
    SceneStarted,
    UnknownEvent,
    UploadComplete,
    UploadCompleteDetails,
    Uploading,
    UploadingDetails,
    Warned,
    WorkerTick,
)
from viralclip.progress import ClipState, Progress, SceneState, advance, fold, next_attempt
from viralclip.steps import ENDS, Step, route_of

Item = Envelope | ClipTick | JobTick | WorkerTick
Place = tuple[int, str]

_AT = datetime(2025, 1, 1, tzinfo=UTC)


class Counts(TypedDict):
    clips_completed: int
    clips_failed: int
    clips_cancelled: int


@dataclass(frozen=True)
class Shape:
    """What a history is made of, and the dice for its order and its accidents."""

    scenes: int
    styles: int
    runs: int
    durations: tuple[float, ...]
    dice: int
    late_ticks: bool = True


SHAPES = st.builds(
    Shape,
    scenes=st.integers(1, 4),
    styles=st.integers(1, 3),
    runs=st.integers(1, 3),
    durations=st.tuples(*[st.sampled_from([0.0, 0.5, 10.0, 29.97, 600.0])] * 4),
    dice=st.integers(0, 2**32),
)


@dataclass
class Teller:
    """Tells the history of a job as a worker would, and keeps its own account of the truth."""

    shape: Shape
    items: list[Item] = field(default_factory=list[Item])
    seq: int = 0
    run: int = 0
    ends: dict[Place, Step] = field(default_factory=dict[Place, Step])

    def __post_init__(self) -> None:
        self.dice = Random(self.shape.dice)  # noqa: S311 - the same history each time

    def history(self) -> list[Item]:
        for _ in range(self.shape.runs):
            self.tell_run()
            if self.outcome() == "succeeded":
                break
        return self.items

    def tell_run(self) -> None:
        self.run += 1
        wanted = [place for place in self.places() if self.ends.get(place) is not Step.COMPLETE]
        for place in wanted:
            self.ends.pop(place, None)
        self.say(JobQueued(run=self.run, scenes=tuple(self.outlines(wanted))))
        self.say(JobStarted(worker="one", attempt=1))
        self.interleave([self.scene(scene_id, wanted) for scene_id in {p[0] for p in wanted}])
        self.finish()
        if self.chance(0.2):
            self.say(JobRecovered(from_worker="one", to_worker="two"))
            self.say(JobStarted(worker="two", attempt=2))
        if self.shape.late_ticks:
            self.tick_late(wanted)

    def interleave(self, stories: Sequence[Iterator[None]]) -> None:
        going_on = list(stories)
        while going_on:
            story = self.dice.choice(going_on)
            if next(story, "over") == "over":
                going_on.remove(story)
            self.mumble()

    def scene(self, scene_id: int, wanted: list[Place]) -> Iterator[None]:
        styles = [style for scene, style in wanted if scene == scene_id]
        self.say(
            SceneStarted(
                scene_id=scene_id,
                title=f"Scene {scene_id}",
                style_count=len(styles),
                start_sec=0.0,
                duration_sec=self.duration(scene_id),
            )
        )
        clips = [self.clip((scene_id, style)) for style in styles]
        while clips:
            yield
            clip = self.dice.choice(clips)
            if next(clip, "over") == "over":
                clips.remove(clip)
        self.say(SceneCompleted(scene_id=scene_id, **self.counts(scene_id)))

    def clip(self, place: Place) -> Iterator[None]:
        self.say(_queued(place))
        yield
        if self.chance(0.1):
            return self.end(place, 1, _complete(place, kept=True))
        attempt = 1
        while True:
            reached = yield from self.attempt(place, attempt)
            fate = self.dice.choices(
                ["complete", "fail", "cancel", "retry", "crash"], [6, 1, 1, 1, 1]
            )
            match fate[0]:
                case "complete" if reached is Step.UPLOAD_COMPLETE:
                    return self.end(place, attempt, _complete(place))
                case "retry" if attempt < 4:
                    self.say(_retrying(place, attempt))
                    yield
                    attempt += 1
                case "crash" if attempt < 4:
                    self.say(JobRecovered(from_worker="one", to_worker="two"))
                    attempt += 1
                case "cancel":
                    # Who ends a clip for another does not know how often it was tried.
                    return self.end(place, self.dice.choice([1, attempt]), _cancelled(place))
                case _:
                    return self.end(place, attempt, _failed(place, reached))

    def attempt(self, place: Place, attempt: int):
        step = Step.QUEUED
        for event in _steps(place, analysed=_is_analysed(place[1])):
            if self.chance(0.08):
                return step
            self.say(event.model_copy(update={"attempt": attempt}))
            step = event.step
            share = 0.0
            while self.chance(0.5):
                share = min(1.0, share + self.dice.random() / 2)
                self.items.append(_tick(place, attempt, step, share))
                yield
            yield
        return step

    def end(self, place: Place, attempt: int, event: ClipProgressed) -> None:
        self.ends[place] = event.step
        self.say(event.model_copy(update={"attempt": attempt}))

    def finish(self) -> None:
        counts = self.counts(None)
        self.say(JobFinished(outcome=self.outcome(), **counts))

    def outcome(self) -> Outcome:
        ends = list(self.ends.values())
        if ends.count(Step.COMPLETE) == len(ends):
            return "succeeded"
        if Step.COMPLETE in ends:
            return "partial"
        return "failed" if Step.FAILED in ends else "cancelled"

    def counts(self, scene_id: int | None) -> Counts:
        return _counted(end for place, end in self.ends.items() if scene_id in (None, place[0]))

    def mumble(self) -> None:
        """What is said beside the work, and what is out of date or not understood."""
        sayings: list[Event | UnknownEvent] = [
            Warned(code="thumbnail_failed", message="No thumbnail."),
            Logged(level="info", message="All is well."),
            AnomalyFound(scene_id=0, style="style0", step=Step.RENDERING, score=7.5),
            UnknownEvent(type="invented_later"),
        ]
        if self.chance(0.05):
            self.say(self.dice.choice(sayings))
        if self.chance(0.2):
            eta = self.dice.random() * 100
            self.items.append(JobTick(job_id="job", fraction=0.5, eta_sec=eta, eta_low_sec=0.0))

    def tick_late(self, places: list[Place]) -> None:
        for place in places:
            if self.chance(0.3):
                self.items.append(_tick(place, 1, self.dice.choice(list(Step)), 0.99))

    def say(self, event: Event | UnknownEvent) -> None:
        self.seq += 1
        at = _AT + timedelta(seconds=self.seq)
        self.items.append(Envelope(job_id="job", seq=self.seq, at=at, trace_id="t", event=event))

    def places(self) -> list[Place]:
        return [
            (i, f"style{j}") for i in range(self.shape.scenes) for j in range(self.shape.styles)
        ]

    def outlines(self, wanted: list[Place]) -> Iterator[SceneOutline]:
        for scene_id in sorted({scene_id for scene_id, _ in wanted}):
            styles = [style for scene, style in wanted if scene == scene_id]
            yield SceneOutline(
                scene_id=scene_id,
                title=f"Scene {scene_id}",
                start_sec=0.0,
                duration_sec=self.duration(scene_id),
                clips=tuple(
                    ClipOutline(style=s, route=route_of(analysed=_is_analysed(s))) for s in styles
                ),
            )

    def duration(self, scene_id: int) -> float:
        return self.shape.durations[scene_id]

    def chance(self, share: float) -> bool:
        return self.dice.random() < share


def _is_analysed(style: str) -> bool:
    return style.endswith("1")


def _queued(place: Place) -> Queued:
    return Queued(scene_id=place[0], style=place[1])


def _steps(place: Place, *, analysed: bool) -> list[ClipProgressed]:
    scene_id, style = place
    segment = ExtractingSegmentDetails(start_sec=0.0, end_sec=10.0, duration_sec=10.0)
    first = ExtractingSegment(scene_id=scene_id, style=style, details=segment)
    return [first, *(_analysis(place) if analysed else []), *_making(place)]


def _analysis(place: Place) -> list[ClipProgressed]:
    scene_id, style = place
    return [
        DetectingFaces(
            scene_id=scene_id,
            style=style,
            details=DetectingFacesDetails(detector="yunet", sample_fps=10.0),
        ),
        FaceDetectionComplete(
            scene_id=scene_id,
            style=style,
            details=FaceDetectionCompleteDetails(faces=2, frames=100, mean_confidence=0.9),
        ),
        ComputingCameraPath(
            scene_id=scene_id, style=style, details=ComputingCameraPathDetails(algorithm="basic")
        ),
        CameraPathComplete(
            scene_id=scene_id,
            style=style,
            details=CameraPathCompleteDetails(keyframes=9, shots=2, speaker_switches=0),
        ),
        ComputingCropWindows(
            scene_id=scene_id, style=style, details=ComputingCropWindowsDetails(frames=300)
        ),
    ]


def _making(place: Place) -> list[ClipProgressed]:
    scene_id, style = place
    made = RenderCompleteDetails(bytes=1000, duration_sec=10.0, width=1080, height=1920)
    return [
        Rendering(
            scene_id=scene_id, style=style, details=RenderingDetails(style=style, encoder="x264")
        ),
        RenderComplete(scene_id=scene_id, style=style, details=made),
        Uploading(
            scene_id=scene_id, style=style, details=UploadingDetails(filename="a.mp4", bytes=1000)
        ),
        UploadComplete(scene_id=scene_id, style=style, details=UploadCompleteDetails(key="a.mp4")),
    ]


def _complete(place: Place, *, kept: bool = False) -> Complete:
    details = CompleteDetails(clip_id=f"{place[0]}-{place[1]}", url="/a.mp4", kept=kept)
    return Complete(scene_id=place[0], style=place[1], details=details)


def _failed(place: Place, step: Step) -> Failed:
    why = FailedDetails(step=step, code="render_failed", message="It broke.", retryable=False)
    return Failed(scene_id=place[0], style=place[1], details=why)


def _cancelled(place: Place) -> Cancelled:
    return Cancelled(scene_id=place[0], style=place[1], details=CancelledDetails(by="user"))


def _retrying(place: Place, attempt: int) -> Retrying:
    details = RetryingDetails(attempt=attempt + 1, delay_sec=1.5, code="storage_unavailable")
    return Retrying(scene_id=place[0], style=place[1], attempt=attempt, details=details)


def _tick(place: Place, attempt: int, step: Step, fraction: float) -> ClipTick:
    return ClipTick(
        job_id="job",
        scene_id=place[0],
        style=place[1],
        attempt=attempt,
        step=step,
        fraction=fraction,
        fps=30.0,
        speed=1.5,
        eta_sec=4.0,
    )


HISTORIES = SHAPES.map(lambda shape: Teller(shape).history())


def _after(items: Iterable[Item], progress: Progress | None = None) -> Progress:
    progress = progress or Progress(job_id="job")
    for item in items:
        progress = advance(progress, item)
    return progress


def _states(items: Iterable[Item]) -> Iterator[tuple[Progress, Item, Progress]]:
    """Each step of the fold: the progress before, what came, the progress after."""
    before = Progress(job_id="job")
    for item in items:
        after = advance(before, item)
        yield before, item, after
        before = after


def _clips(progress: Progress) -> dict[Place, ClipState]:
    return {(s.scene_id, clip.style): clip for s in progress.scenes for clip in s.clips}


@given(HISTORIES, st.floats(0, 1))
def test_a_snapshot_and_the_rest_make_the_same_progress_as_the_whole(
    items: list[Item], share: float
):
    cut = int(share * len(items))
    snapshot = _after(items[:cut]).model_dump_json()

    assert _after(items[cut:], Progress.model_validate_json(snapshot)) == _after(items)


@given(HISTORIES, st.integers(0, 2**32))
def test_envelopes_seen_again_change_nothing(items: list[Item], dice: int):
    repeats = Random(dice)  # noqa: S311
    told: list[Item] = []
    heard: list[Item] = []
    for item in items:
        heard.append(item)
        if isinstance(item, Envelope):
            told.append(item)
            heard.extend(repeats.choices(told, k=repeats.randrange(3)))

    assert _after(heard) == _after(items)


@given(SHAPES, st.integers(0, 2**32))
def test_a_viewer_who_missed_ticks_that_later_ones_replaced_sees_the_same(shape: Shape, dice: int):
    items = Teller(replace(shape, late_ticks=False)).history()
    chance = Random(dice)  # noqa: S311
    replaced: set[int] = set()
    slots: dict[str, int] = {}
    for at, item in enumerate(items):
        if isinstance(item, Envelope):
            continue
        if item.tick_key in slots and chance.random() < 0.7:
            replaced.add(slots[item.tick_key])
        slots[item.tick_key] = at

    assert _after(item for at, item in enumerate(items) if at not in replaced) == _after(items)


@given(HISTORIES)
def test_the_fold_of_envelopes_is_the_fold_of_each_in_turn(items: list[Item]):
    envelopes = [item for item in items if isinstance(item, Envelope)]

    assert fold("job", envelopes) == _after(envelopes)


@given(HISTORIES)
def test_the_fraction_never_falls_within_a_run(items: list[Item]):
    for before, item, after in _states(items):
        if not (isinstance(item, Envelope) and isinstance(item.event, JobQueued)):
            assert after.fraction >= before.fraction, item


@given(HISTORIES)
def test_the_fraction_is_one_exactly_when_the_job_ended_with_clips(items: list[Item]):
    for _, _, after in _states(items):
        assert 0.0 <= after.fraction <= 1.0
        assert (after.fraction == 1.0) == (after.outcome in ("succeeded", "partial"))


@given(HISTORIES)
def test_all_clips_failed_or_cancelled_is_no_success_and_its_bar_is_not_full(items: list[Item]):
    final = _after(items)
    lost = all(clip.step in (Step.FAILED, Step.CANCELLED) for clip in _clips(final).values())

    assert (final.outcome in ("failed", "cancelled")) == lost
    assert (final.fraction < 1.0) == lost


@given(HISTORIES)
def test_a_clip_that_works_moves_the_bar(items: list[Item]):
    for before, item, after in _states(items):
        if not isinstance(item, ClipTick):
            continue
        place = (item.scene_id, item.style)
        gain = _clips(after)[place].reached - _clips(before)[place].reached
        scene = next(s for s in after.scenes if s.scene_id == item.scene_id)
        total = sum(s.work_whole for s in after.scenes)
        # The bar shows millionths, and 0.999 is as far as it goes before the end.
        if gain * scene.duration_sec * 0.8 > total * 2e-6 and after.fraction < 0.999:
            assert after.fraction > before.fraction


@given(HISTORIES)
def test_a_clip_never_goes_back_within_an_attempt_nor_its_furthest_point_within_a_run(
    items: list[Item],
):
    for before, _, after in _states(items):
        if before.run != after.run:
            continue
        for place, clip in _clips(after).items():
            earlier = _clips(before)[place]
            assert clip.reached >= earlier.reached
            assert clip.attempt >= earlier.attempt
            if clip.attempt == earlier.attempt:
                assert clip.fraction >= earlier.fraction
            assert 0.0 <= clip.fraction <= clip.reached <= 1.0


@given(HISTORIES)
def test_a_clip_that_has_ended_does_not_change_any_more_in_its_run(items: list[Item]):
    for before, _, after in _states(items):
        if before.run != after.run:
            continue
        for place, clip in _clips(before).items():
            assert not clip.ended or _clips(after)[place] == clip


@given(SHAPES)
def test_the_fold_and_the_worker_agree_on_how_each_clip_ended(shape: Shape):
    teller = Teller(shape)
    final = _after(teller.history())

    assert {place: clip.step for place, clip in _clips(final).items()} == teller.ends
    assert final.outcome == teller.outcome()
    assert final.clips_total == len(teller.places())
    assert _tally(final) == teller.counts(None)


@given(HISTORIES)
def test_the_counts_are_true_at_every_moment(items: list[Item]):
    for _, _, after in _states(items):
        clips = _clips(after)
        assert after.clips_total == len(clips)
        assert _tally(after) == _counted(clip.step for clip in clips.values())
        for scene in after.scenes:
            assert _tally(scene) == _counted(clip.step for clip in scene.clips)


@given(HISTORIES)
def test_the_statuses_are_true_at_every_moment(items: list[Item]):
    for _, _, after in _states(items):
        if after.run:
            assert (after.status == "finished") == (after.outcome is not None)
            assert (after.finished_at is not None) == (after.outcome is not None)
        for scene in after.scenes:
            ended = all(clip.step in ENDS for clip in scene.clips)
            assert ended or scene.status in ("pending", "processing")
            assert after.status != "finished" or scene.status == _expected(scene)


def _tally(counted: Progress | SceneState) -> Counts:
    return {
        "clips_completed": counted.clips_completed,
        "clips_failed": counted.clips_failed,
        "clips_cancelled": counted.clips_cancelled,
    }


def _counted(clip_steps: Iterable[Step]) -> Counts:
    steps = list(clip_steps)
    return {
        "clips_completed": steps.count(Step.COMPLETE),
        "clips_failed": steps.count(Step.FAILED),
        "clips_cancelled": steps.count(Step.CANCELLED),
    }


def _expected(scene: SceneState) -> str:
    steps = {clip.step for clip in scene.clips}
    if steps == {Step.COMPLETE}:
        return "completed"
    if Step.COMPLETE in steps:
        return "partial"
    return "failed" if Step.FAILED in steps else "cancelled"


@given(HISTORIES)
def test_ticks_that_do_not_fit_the_clip_of_now_are_ignored(items: list[Item]):
    progress = _after(items[: len(items) // 2])
    for place, clip in _clips(progress).items():
        others = (step for step in Step if step is not clip.step or clip.ended)
        wrong = [_tick(place, clip.attempt, step, 1.0) for step in others]
        wrong += [_tick(place, clip.attempt + by, clip.step, 1.0) for by in (-1, 1)]
        assert _after(wrong, progress) == progress


@given(HISTORIES)
def test_nothing_but_another_run_changes_a_finished_job(items: list[Item]):
    for before, item, after in _states(items):
        new_run = isinstance(item, Envelope) and isinstance(item.event, JobQueued)
        if before.status == "finished" and not new_run:
            assert after.model_copy(update={"seq": before.seq}) == before


_PLACE = (0, "style0")


def _told(*events: Event | UnknownEvent, places: Sequence[Place] = (_PLACE,)) -> list[Item]:
    """The events after a job of these clips, ten seconds each, was queued."""
    teller = Teller(Shape(scenes=1, styles=1, runs=1, durations=(10.0,) * 4, dice=0))
    teller.say(JobQueued(run=1, scenes=tuple(teller.outlines(list(places)))))
    for event in events:
        teller.say(event)
    return teller.items


_RENDERING = Rendering(
    scene_id=0, style="style0", details=RenderingDetails(style="style0", encoder="x264")
)


def test_a_tick_of_a_clip_or_a_scene_that_is_not_known_is_ignored():
    progress = _after(_told(_RENDERING))

    assert advance(progress, _tick((0, "other"), 1, Step.RENDERING, 0.5)) == progress
    assert advance(progress, _tick((9, "style0"), 1, Step.RENDERING, 0.5)) == progress


def test_a_step_of_an_attempt_that_was_given_up_is_ignored():
    second = _RENDERING.model_copy(update={"attempt": 2})
    progress = _after(_told(second, _steps(_PLACE, analysed=False)[2]))

    assert _clips(progress)[_PLACE].step is Step.RENDERING
    assert progress.seq == 3


def test_an_ending_counts_even_if_its_teller_does_not_know_the_attempt():
    second = _RENDERING.model_copy(update={"attempt": 2})
    clip = _clips(_after(_told(second, _cancelled(_PLACE))))[_PLACE]

    assert clip.step is Step.CANCELLED
    assert clip.attempt == 2


def test_a_step_of_a_clip_that_is_not_known_is_ignored():
    progress = _after(_told(_queued((7, "nobody"))))

    assert _clips(progress)[_PLACE].step is Step.QUEUED


def test_a_bar_stands_still_while_a_clip_is_made_again():
    first = [*_told(_RENDERING), _tick(_PLACE, 1, Step.RENDERING, 0.5)]
    shown = _after(first).fraction
    retry = _told(_RENDERING, _retrying(_PLACE, 1), _RENDERING.model_copy(update={"attempt": 2}))
    again = _after([*first, *retry[2:]])

    assert _clips(again)[_PLACE].fraction < _clips(again)[_PLACE].reached
    assert again.fraction == shown > 0.4


def test_a_sibling_moves_the_bar_while_a_clip_is_made_again():
    places = (_PLACE, (0, "style2"))
    sibling = _RENDERING.model_copy(update={"style": "style2"})
    retry = (_RENDERING, _retrying(_PLACE, 1), _RENDERING.model_copy(update={"attempt": 2}))
    events = _told(*retry, sibling, places=places)
    before = _after([*events[:2], _tick(_PLACE, 1, Step.RENDERING, 0.9), *events[2:]])

    after = advance(before, _tick(places[1], 1, Step.RENDERING, 0.1))

    assert after.fraction > before.fraction


@pytest.mark.parametrize(("said", "shown"), [(-0.5, 0.0), (1.5, 1.0), (float("nan"), 0.0)])
def test_a_tick_beyond_its_bounds_is_brought_back(said: float, shown: float):
    progress = _after([*_told(_RENDERING), _tick(_PLACE, 1, Step.RENDERING, said)])

    assert _clips(progress)[_PLACE].step_fraction == shown


def test_a_clip_says_why_it_is_tried_again_and_how_long_it_waits():
    clip = _clips(_after(_told(_RENDERING, _retrying(_PLACE, 1))))[_PLACE]

    assert (clip.step, clip.retry_in_sec, clip.retry_code) == (
        Step.RETRYING,
        1.5,
        "storage_unavailable",
    )


def test_a_failed_clip_keeps_the_share_it_reached_and_says_why():
    ticked = [*_told(_RENDERING), _tick(_PLACE, 1, Step.RENDERING, 0.5)]
    failure = _told(_RENDERING, _failed(_PLACE, Step.RENDERING))[-1]
    clip = _clips(_after([*ticked, failure]))[_PLACE]

    assert clip.failure
    assert (clip.failure.step, clip.failure.code) == (Step.RENDERING, "render_failed")
    assert clip.fraction == _clips(_after(ticked))[_PLACE].fraction > 0.4


def test_a_kept_clip_is_complete_at_once():
    clip = _clips(_after(_told(_queued(_PLACE), _complete(_PLACE, kept=True))))[_PLACE]

    assert (clip.kept, clip.fraction, clip.url) == (True, 1.0, "/a.mp4")


def test_another_run_keeps_what_is_complete_and_begins_the_rest_anew():
    places = (_PLACE, (0, "style2"))
    ends = (_complete(_PLACE), _failed(places[1], Step.RENDERING))
    finished = JobFinished(outcome="partial", clips_completed=1, clips_failed=1, clips_cancelled=0)
    events = _told(*ends, finished, places=places)
    second = Teller(Shape(scenes=1, styles=1, runs=1, durations=(10.0,) * 4, dice=0), seq=4)
    second.say(JobQueued(run=2, scenes=tuple(second.outlines([places[1]]))))
    again = _after([*events, *second.items])

    assert (again.run, again.status, again.outcome) == (2, "queued", None)
    assert (again.clips_completed, again.clips_failed, again.fraction) == (1, 0, 0.5)
    assert [clip.step for clip in _clips(again).values()] == [Step.COMPLETE, Step.QUEUED]


def test_the_latest_fifty_warnings_are_kept():
    warnings = [Warned(code=f"w{i}", message="m") for i in range(60)]
    progress = _after(_told(*warnings))

    assert [notice.code for notice in progress.warnings] == [f"w{i}" for i in range(10, 60)]


def test_the_time_left_of_a_running_job_is_the_last_that_was_told():
    tick = JobTick(job_id="job", fraction=0.1, eta_sec=30, eta_low_sec=20, eta_high_sec=50)
    progress = _after([*_told(), tick, tick.model_copy(update={"eta_sec": 29})])

    assert (progress.eta_sec, progress.eta_low_sec, progress.eta_high_sec) == (29, 20, 50)


def test_a_finished_job_has_no_time_left():
    finished = JobFinished(outcome="failed", clips_completed=0, clips_failed=1, clips_cancelled=0)
    tick = JobTick(job_id="job", fraction=0.1, eta_sec=30)
    events = _told(_failed(_PLACE, Step.QUEUED), finished)
    progress = _after([events[0], tick, *events[1:], tick])

    assert progress.eta_sec is None


def test_what_this_version_does_not_know_still_takes_its_place():
    progress = _after(_told(UnknownEvent(type="invented_later")))

    assert progress.seq == 2


def test_a_scene_counts_its_styles():
    scene = _after(_told(places=(_PLACE, (0, "style1")))).scenes[0]

    assert scene.style_count == 2


def test_the_bar_does_not_leap_while_a_job_is_cancelled():
    places = (_PLACE, (0, "style2"), (0, "style4"))
    before = _after([*_told(_RENDERING, places=places), _tick(_PLACE, 1, Step.RENDERING, 0.5)])
    cancelled = _told(_RENDERING, *(_cancelled(place) for place in places), places=places)

    after = _after(cancelled[2:], before)

    assert after.fraction == before.fraction


def test_a_failed_clip_is_no_longer_waited_for():
    places = (_PLACE, (0, "style2"))
    before = _after([*_told(_RENDERING, places=places), _tick(_PLACE, 1, Step.RENDERING, 0.5)])

    after = _after(_told(_RENDERING, _failed(places[1], Step.QUEUED), places=places)[2:], before)

    assert after.fraction > before.fraction


def test_a_clip_that_was_cut_short_begins_another_attempt():
    progress = _after(_told(_RENDERING))

    assert next_attempt(progress, 0, "style0") == 2


@pytest.mark.parametrize("style", ["style0", "nobody"])
def test_a_clip_that_was_not_begun_begins_its_first_attempt(style: str):
    assert next_attempt(_after(_told()), 0, style) == 1


def _rendering(*more: Item) -> Progress:
    """A clip of a running job halfway through its rendering, with its time left."""
    scene = SceneOutline(
        scene_id=1,
        title="a",
        start_sec=0,
        duration_sec=10,
        clips=(ClipOutline(style="a"), ClipOutline(style="b")),
    )
    details = RenderingDetails(style="a", encoder="x264")
    ended = CancelledDetails(by="user")
    events = (
        JobQueued(run=1, scenes=(scene,)),
        JobStarted(worker="w1", attempt=1),
        Rendering(scene_id=1, style="a", details=details),
        Cancelled(scene_id=1, style="b", details=ended),
    )
    told = [
        Envelope(job_id="j", seq=at, at=_AT, trace_id="t", event=event)
        for at, event in enumerate(events, 1)
    ]
    progress = Progress(job_id="j")
    for item in (*told, _clip_tick(0.5), _job_tick(1), *more):
        progress = advance(progress, item)
    return progress


def _clip_tick(fraction: float) -> ClipTick:
    return ClipTick(
        job_id="j",
        scene_id=1,
        style="a",
        attempt=1,
        step=Step.RENDERING,
        fraction=fraction,
        fps=50.0,
        speed=2.0,
        eta_sec=5.0,
    )


def _job_tick(second: int) -> JobTick:
    at = _AT + timedelta(seconds=second)
    return JobTick(job_id="j", at=at, fraction=0.4, eta_sec=5.0, eta_low_sec=4.0, eta_high_sec=6.0)


_GONE = WorkerTick(job_id="j", alive=False)


def test_where_no_worker_is_nothing_moves_and_no_time_is_left():
    before, progress = _rendering(), _rendering(_GONE)
    clip = progress.scenes[0].clips[0]

    assert before.eta_sec == 5.0
    assert before.scenes[0].clips[0].fps == 50.0
    assert not progress.has_worker
    assert (progress.eta_sec, progress.eta_low_sec, progress.eta_high_sec) == (None, None, None)
    assert (clip.fps, clip.speed, clip.eta_sec) == (None, None, None)
    assert (progress.fraction, clip.step_fraction) == (before.fraction, 0.5)
    assert progress.moved_at == _AT + timedelta(seconds=1)


def test_what_a_dead_worker_left_is_no_sign_of_life():
    progress = _rendering(_GONE, _clip_tick(0.6), _job_tick(2))

    assert not progress.has_worker
    assert (progress.eta_sec, progress.scenes[0].clips[0].eta_sec) == (None, None)
    assert progress.moved_at == _AT + timedelta(seconds=2)


def test_a_worker_that_is_back_is_seen_and_so_is_its_time_left():
    back = WorkerTick(job_id="j", alive=True)
    progress = _rendering(_GONE, back, _job_tick(3))

    assert progress.has_worker
    assert progress.eta_sec == 5.0
    assert _rendering(_GONE, _GONE) == _rendering(_GONE)


def test_whatever_happens_is_a_workers_doing():
    recovered = JobRecovered(from_worker="w1", to_worker="w2")
    envelope = Envelope(job_id="j", seq=5, at=_AT, trace_id="t", event=recovered)

    assert _rendering(_GONE, envelope).has_worker


def test_a_finished_job_needs_no_worker():
    finished = JobFinished(
        outcome="cancelled", clips_completed=0, clips_failed=0, clips_cancelled=2
    )
    envelope = Envelope(job_id="j", seq=5, at=_AT, trace_id="t", event=finished)

    assert _rendering(envelope, _GONE) == _rendering(envelope)


def test_ticks_about_one_job_replace_each_other_by_what_they_are_about():
    assert {tick.tick_key for tick in (_clip_tick(0.1), _job_tick(1), _GONE)} == {
        "1/a/1",
        "job",
        "worker",
    }


def test_what_is_left_is_counted_from_when_it_was_told_to_the_end_that_is_shown():
    at = datetime(2026, 6, 1, 14, tzinfo=UTC)
    told = {"status": "running", "moved_at": at, "eta_sec": 700.0, "eta_low_sec": 1.0}
    progress = Progress.model_validate({"job_id": "j", **told})
    shown = {"eta_at": at + timedelta(seconds=600), "eta_low_at": at - timedelta(seconds=5)}
    shown["eta_high_at"] = at + timedelta(seconds=900)

    assert progress.left == (700.0, 1.0, None, None)
    assert progress.model_copy(update=shown).left == (600.0, 0.0, 900.0, tuple(shown.values()))
    assert Progress(job_id="j").left is None


@pytest.mark.parametrize(
    ("job", "most"),
    [
        ({}, 180.0),
        ({"eta_sec": 95.0}, 95.0),
        ({"eta_sec": 95.0, "eta_low_sec": 60.0, "eta_high_sec": 130.0}, 130.0),
        ({"eta_sec": 400.0, "eta_low_sec": 300.0, "eta_high_sec": 500.0}, 180.0),
    ],
)
def test_a_clip_is_shown_no_longer_than_its_job_takes_however_slow_it_was_beside_others(job, most):
    clip = ClipState(style="a", step=Step.RENDERING, eta_sec=180.0)
    progress = Progress.model_validate({"job_id": "j", "status": "running", **job})

    assert progress.as_shown(clip).eta_sec == most
    assert progress.as_shown(clip.model_copy(update={"eta_sec": None})).eta_sec is None
