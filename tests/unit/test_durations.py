"""How well the duration of a stage is learned, on made-up work whose truth is known."""

import math
from random import Random

import pytest

from viralclip.durations import Model, Timings, read_model, read_timings
from viralclip.factors import DRIFT_OF, Prediction, Source, drift_of
from viralclip.workload import Observation, Workload

HERE = "here"


def dice(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - the same dice each time, not a secret


def workload(**facts: object) -> Workload:
    usual = {"stage": "render", "style": "split", "seconds": 10.0, "output_rate": 62.0}
    return Workload.model_validate({**usual, "source_rate": 62.0, **facts})


def seen(work: Workload, seconds: float, *, machine: str = HERE, busy: float = 1.0) -> Observation:
    return Observation(workload=work, machine=machine, busy=busy, seconds=seconds)


def learned(model: Model, *works: tuple[Workload, float], machine: str = HERE) -> Model:
    for work, seconds in works:
        model = model.observe(seen(work, seconds, machine=machine))
    return model


def some_works(count: int, *, factor: float, noise: float, seed: int, **facts: object):
    """Works of many lengths, and how long they take on a machine that is so many times slower."""
    random = dice(seed)
    for _ in range(count):
        work = workload(seconds=random.choice([1.0, 3.0, 8.0, 20.0, 60.0]), **facts)
        yield work, factor * work.typical_seconds(1.0) * math.exp(noise * random.gauss())


def test_to_begin_takes_longer_where_others_share_the_cores():
    brief = workload(seconds=0.01, threads=1, cores=2)

    assert brief.typical_seconds(4) > 1.9 * brief.typical_seconds(2)


def test_a_clip_of_one_second_costs_mostly_the_beginning_and_one_of_minutes_mostly_its_length():
    one, three_minutes, six_minutes = (
        workload(seconds=seconds).typical_seconds(1.0) for seconds in (1.0, 180.0, 360.0)
    )

    assert three_minutes < 180 * one
    assert six_minutes / three_minutes == pytest.approx(2.0, rel=0.02)


@pytest.mark.parametrize(
    "dearer",
    [
        {"seconds": 20.0},
        {"output_rate": 124.0},
        {"source_rate": 124.0},
        {"preset": "quality"},
        {"framing": "blurred"},
        {"threads": 1},
        {"cores": 1},
    ],
)
def test_more_work_is_expected_to_take_longer(dearer: dict[str, object]):
    assert workload(**dearer).typical_seconds(1.0) > workload().typical_seconds(1.0)


def test_clips_side_by_side_are_expected_to_slow_each_other_down_on_few_cores_and_not_on_many():
    few, many = workload(cores=2), workload(cores=64)

    assert few.typical_seconds(4) > 3 * few.typical_seconds(1)
    assert many.typical_seconds(4) < 1.1 * many.typical_seconds(1)


def test_a_machine_three_times_slower_is_known_after_few_clips():
    model = learned(Model(), *some_works(6, factor=3.0, noise=0.1, seed=1))
    work = workload()

    told = model.predict(work, machine=HERE)

    assert told.seconds == pytest.approx(3 * work.typical_seconds(1.0), rel=0.2)
    assert told.deviation < Model().predict(work, machine=HERE).deviation / 2


def test_a_machine_that_becomes_three_times_slower_is_followed_within_twelve_clips():
    model = learned(Model(), *some_works(100, factor=1.0, noise=0.1, seed=2))
    model = learned(model, *some_works(12, factor=3.0, noise=0.1, seed=3))
    work = workload()

    told = model.predict(work, machine=HERE)

    assert told.seconds == pytest.approx(3 * work.typical_seconds(1.0), rel=0.25)


def test_what_one_machine_is_slow_at_is_learned_for_each_apart():
    model = Model()
    for fast, slow in zip(
        some_works(40, factor=1.0, noise=0.1, seed=4),
        some_works(40, factor=4.0, noise=0.1, seed=5),
        strict=True,
    ):
        model = learned(learned(model, fast, machine="fast"), slow, machine="slow")
    work = workload()

    fast, slow = (model.predict(work, machine=name).seconds for name in ("fast", "slow"))

    assert slow / fast == pytest.approx(4.0, rel=0.2)


def test_a_preset_never_seen_borrows_what_the_machine_is_like_from_the_others():
    model = learned(Model(), *some_works(40, factor=2.5, noise=0.1, seed=6, preset="fast"))
    unseen = workload(preset="quality")

    told = model.predict(unseen, machine=HERE)

    assert told.seconds == pytest.approx(2.5 * unseen.typical_seconds(1.0), rel=0.3)
    assert told.doubt > model.predict(workload(preset="fast"), machine=HERE).doubt


def test_a_style_that_takes_longer_than_its_kind_is_learned():
    model = learned(Model(), *some_works(60, factor=1.0, noise=0.05, seed=7))
    model = learned(model, *some_works(30, factor=1.5, noise=0.05, seed=8, style="heavy"))
    heavy, split = workload(style="heavy"), workload()

    ratio = model.predict(heavy, machine=HERE).seconds / model.predict(split, machine=HERE).seconds

    assert ratio == pytest.approx(1.5, rel=0.15)


@pytest.mark.parametrize("noise", [0.05, 0.15, 0.5])
def test_the_band_of_one_clip_holds_four_of_five(noise: float):
    model = learned(Model(), *some_works(80, factor=2.0, noise=noise, seed=9))
    held = 0
    for work, seconds in some_works(200, factor=2.0, noise=noise, seed=10):
        told = model.predict(work, machine=HERE)
        held += told.quantile(0.1) <= seconds <= told.quantile(0.9)
        model = model.observe(seen(work, seconds))

    assert 0.72 <= held / 200 <= 0.88


def test_residuals_with_heavy_tails_widen_the_band():
    random = dice(11)
    model = Model()
    for work, seconds in some_works(100, factor=1.0, noise=0.05, seed=12):
        model = model.observe(seen(work, seconds * random.choice([1, 1, 1, 1.6])))

    assert model.scale > 0.5
    assert model.robust_deviation >= 0.5


def test_one_clip_that_took_a_hundred_times_as_long_teaches_little():
    model = learned(Model(), *some_works(50, factor=1.0, noise=0.1, seed=13))
    work = workload()
    before = model.predict(work, machine=HERE).seconds

    after = model.observe(seen(work, 100 * before)).predict(work, machine=HERE).seconds

    assert after / before < 1.25


def test_an_outlier_of_a_machine_that_is_known_moves_no_estimate():
    model = learned(Model(), *some_works(50, factor=1.0, noise=0.1, seed=13))
    work = workload(source="new.mp4")

    after = model.observe(seen(work, 4 * model.predict(work, machine=HERE).seconds))

    assert after.predict(work, machine=HERE).seconds == model.predict(work, machine=HERE).seconds


def test_what_a_running_stage_is_expected_to_take_moves_a_forecast_and_teaches_nothing():
    model = learned(Model(), *some_works(50, factor=1.0, noise=0.1, seed=13))
    work = workload(source="new.mp4")
    usual = model.predict(work, machine=HERE).seconds
    glimpsed, unsure = (model.glimpse(seen(work, 1.5 * usual), doubt) for doubt in (0.02, 10.0))
    moved, hardly = (each.predict(work, machine=HERE).seconds for each in (glimpsed, unsure))

    assert usual < hardly < 1.05 * usual < moved
    assert (glimpsed.count, glimpsed.residuals, glimpsed.noise) == (
        model.count,
        model.residuals,
        model.noise,
    )


def test_a_clip_that_took_no_time_at_all_can_be_learned_from():
    told = Model().observe(seen(workload(), 0.0)).predict(workload(), machine=HERE)

    assert math.isfinite(told.log_seconds)
    assert math.isfinite(told.deviation)


def test_a_machine_drifts_when_five_of_its_last_six_clips_are_off_to_one_side():
    assert drift_of((9.0, 1.0, 2.0, 0.1, 1.5, 1.1, 3.0)) == 1
    assert drift_of((-1.0, -2.0, 0.1, -1.5, -1.1, -3.0)) == -1
    assert drift_of((1.0, 2.0, 0.1, -1.5, 1.1, 3.0)) == 0
    assert drift_of((1.0,) * (DRIFT_OF - 1)) == 0


def test_a_machine_that_becomes_slow_is_seen_to_drift_once_and_then_known_as_it_is():
    model = learned(Model(), *some_works(60, factor=1.0, noise=0.1, seed=16))
    counts = []
    for work, seconds in some_works(30, factor=3.0, noise=0.1, seed=17):
        model = model.observe(seen(work, seconds))
        counts.append(model.machines[HERE].drifting)

    assert counts.count(1) == 1
    assert counts.index(1) < DRIFT_OF
    assert counts[-1] == 0


def test_a_machine_that_becomes_slow_while_new_videos_come_is_seen_to_drift_within_six_clips():
    model = learned(Model(), *some_works(20, factor=1.0, noise=0.25, seed=18, source="old.mp4"))
    drifting: list[int] = []
    for video in range(3):
        for work, seconds in some_works(4, factor=4.0, noise=0.25, seed=video, source=f"{video}"):
            model = model.observe(seen(work, seconds))
            drifting.append(model.machines[HERE].drifting)

    assert drifting.index(1) < DRIFT_OF
    assert drifting.count(1) == 1


def test_what_is_stored_grows_neither_with_clips_nor_with_styles_nor_with_machines():
    model = Model()
    for index in range(150):
        work = workload(style=f"style{index}", encoder=f"encoder{index}")
        model = model.observe(seen(work, 5.0, machine=f"machine{index}"))

    assert len(model.model_dump_json()) < 40_000
    assert set(model.machines) == {f"machine{index}" for index in range(86, 150)}
    assert math.isfinite(model.predict(workload(style="style149"), machine=HERE).log_seconds)


def test_what_was_learned_is_read_back_as_it_was():
    model = learned(Model(), *some_works(30, factor=2.0, noise=0.2, seed=14))

    assert read_model(model.model_dump_json()) == model


_OF_ANOTHER_FEATURE = '{"names": ["bias", "bits"], "mean": [0, 0], "covariance": [[1], [0, 1]]}'


@pytest.mark.parametrize(
    "state", ["", "null", '{"count": "many"}', '{"names": 3}', _OF_ANOTHER_FEATURE]
)
def test_what_another_version_stored_is_learned_anew(state: str):
    assert read_model(state) == Model()


def test_stages_of_another_version_are_left_out():
    state = learned(Model(), (workload(), 3.0)).model_dump_json()

    assert set(read_timings({"render": state, "teleport": state}).models) == {"render"}


def test_each_stage_has_a_model_of_its_own():
    looking = workload(stage="analysis", style="", preset="", encoder="")
    timings = Timings().observe(seen(workload(), 3.0)).observe(seen(looking, 30.0))

    assert timings.model("render").count == timings.model("analysis").count == 1
    assert timings.predict(looking, machine=HERE).seconds > looking.typical_seconds(1.0)


def test_listening_takes_as_long_as_the_sound_whatever_the_picture_is():
    small = workload(stage="transcription", style="", preset="", encoder="", seconds=24.0)
    large = small.model_copy(update={"source_rate": 500.0, "output_rate": 500.0})

    assert small.typical_seconds(1.0) == large.typical_seconds(1.0)
    assert small.typical_seconds(1.0) > 2.0


def test_the_independent_doubts_add_up_to_the_doubt():
    model = learned(Model(), *some_works(20, factor=2.0, noise=0.2, seed=15))
    work = workload(style="new", preset="quality")

    squares = sum(by * by for by in model.doubts(work).values())
    told = model.predict(work, machine=HERE)

    shared = model.machines[HERE].variance + model.source(work).variance
    assert squares == pytest.approx(told.doubt - shared, rel=1e-3)


def test_the_doubt_of_nothing_learned_is_that_of_every_feature_and_the_machine():
    work = workload()

    squares = sum(by * by for by in Model().doubts(work).values())
    told = Model().predict(work, machine=HERE)

    shared = Model().unknown_machine + Source().variance
    assert squares + shared == pytest.approx(told.doubt)


def test_how_a_video_differs_is_learned_from_its_first_clips_and_believed_of_it_alone():
    noisy, calm = workload(source="noisy"), workload(source="calm")
    model = learned(Model(), *((calm, 3.0) for _ in range(40)))
    before = model.predict(calm, machine=HERE).seconds
    after = learned(model, *((noisy, 6.0) for _ in range(4)))

    assert after.predict(noisy, machine=HERE).seconds > 1.5 * before
    assert after.predict(calm, machine=HERE).seconds < 1.3 * before


def test_a_picture_full_of_noise_takes_longer_to_encode():
    calm, noisy = (workload(bits=bits) for bits in (0.04, 1.2))

    assert noisy.typical_seconds(1.0) > 1.5 * calm.typical_seconds(1.0)


def test_a_band_is_as_much_wider_as_residuals_were_of_late():
    told = Prediction(log_seconds=0.0, doubt=0.03, noise=0.01, scale=2.0)

    assert told.deviation == pytest.approx(0.4)
    assert told.quantile(0.5) == pytest.approx(1.0)


def test_equal_clips_of_one_machine_are_known_ever_better_but_never_for_sure():
    model = Model()
    for _ in range(300):
        model = model.observe(seen(workload(), 7.0))
    told = model.predict(workload(), machine=HERE)

    assert told.seconds == pytest.approx(7.0, rel=0.02)
    assert told.quantile(0.9) > 7.05
    assert all(row[-1] >= 0 for row in model.covariance)


def test_of_too_few_residuals_none_is_an_outlier_by_itself():
    assert Model().robust_deviation == 1.0
