import inspect
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from viralclip import errors
from viralclip.cli import figures, words
from viralclip.cli.clip_words import clip_words
from viralclip.events import Algorithm, Level, Outcome
from viralclip.progress import ClipState, Failure, JobStatus, SceneStatus
from viralclip.steps import ANALYSED_ROUTE, Step

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _codes() -> set[str]:
    kinds = (kind for _, kind in inspect.getmembers(errors, inspect.isclass))
    return {kind.code for kind in kinds if issubclass(kind, errors.ViralclipError)}


def _said(step: Step, **state) -> str:
    clip = ClipState(style="split", route=ANALYSED_ROUTE, step=step, **state)
    return " | ".join(clip_words(clip, now=NOW))


@pytest.mark.parametrize(
    ("table", "vocabulary"),
    [
        (words.STEPS, set(Step)),
        (words.OUTCOMES, set(get_args(Outcome))),
        (words.SCENES, set(get_args(SceneStatus))),
        (words.JOBS, set(get_args(JobStatus))),
        (words.ALGORITHMS, set(get_args(Algorithm))),
        (words.LEVELS, set(get_args(Level))),
        (words.CODES, _codes()),
    ],
)
def test_every_word_of_the_wire_has_words_for_people(table, vocabulary):
    assert set(table) == vocabulary
    assert all(table.values())


def test_advice_is_given_for_known_codes_only():
    assert set(words.ADVICE) <= set(words.CODES)


def test_every_step_says_something_even_without_details():
    for step in Step:
        assert clip_words(ClipState(style="split", route=ANALYSED_ROUTE, step=step), now=NOW)[0]


@pytest.mark.parametrize(
    ("step", "details", "said"),
    [
        (Step.EXTRACTING_SEGMENT, {"duration_sec": 29.7}, "cutting out the scene | 29.7 s"),
        (
            Step.FACE_DETECTION_COMPLETE,
            {"faces": 2, "frames": 297, "mean_confidence": 0.93},
            "2 faces found | 297 frames | 93% sure",
        ),
        (
            Step.TRANSCRIBING,
            {"engine": "faster-whisper", "model": "small", "language": "", "audio_sec": 21.5},
            "transcribing | 21.5 s of sound | faster-whisper small",
        ),
        (
            Step.TRANSCRIPT_COMPLETE,
            {"words": 61, "language": "en"},
            "transcribed | 61 words | en",
        ),
        (Step.TRANSCRIPT_COMPLETE, {"words": 0, "language": ""}, "no speech found"),
        (Step.FACE_DETECTION_COMPLETE, {"faces": 0, "frames": 1}, "no face found | 1 frame"),
        (
            Step.COMPUTING_CAMERA_PATH,
            {"algorithm": "speaker_aware"},
            "planning the camera | follows the speaker",
        ),
        (
            Step.CAMERA_PATH_COMPLETE,
            {"keyframes": 41, "shots": 1, "speaker_switches": 2},
            "camera planned | 1 shot | 41 keyframes | 2 speaker changes",
        ),
        (Step.COMPUTING_CROP_WINDOWS, {"frames": 300}, "framing | 300 frames"),
        (
            Step.RENDER_COMPLETE,
            {"bytes": 4_200_000, "duration_sec": 29.7, "width": 1080, "height": 1920},
            "rendered | 4.2 MB | 29.7 s | 1080x1920",
        ),
        (Step.UPLOADING, {"filename": "a.mp4", "bytes": 900}, "storing | 900 B | a.mp4"),
        (Step.UPLOAD_COMPLETE, {"key": "01_a_split.mp4"}, "stored | 01_a_split.mp4"),
    ],
)
def test_a_step_is_told_with_its_details(step, details, said):
    assert _said(step, details=details) == said


def test_rendering_tells_pace_before_the_encoder():
    said = _said(Step.RENDERING, fps=54.2, speed=2.13, eta_sec=12.4, details={"encoder": "x264"})

    assert said == "rendering | 54 fps | 2.1x | 10 s left | x264"


def test_a_second_attempt_is_called_so():
    assert _said(Step.RENDERING, attempt=2) == "rendering | attempt 2"


def test_a_retry_counts_down_and_says_why():
    began = NOW - timedelta(seconds=1.2)

    said = _said(Step.RETRYING, since=began, retry_in_sec=5.0, retry_code="encoder_busy")

    assert said == "trying again in 4 s | the hardware encoder was busy"


def test_a_failure_names_its_step_and_its_message():
    failure = Failure(step=Step.UPLOADING, code="disk_full", message="Full.", retryable=False)

    assert _said(Step.FAILED, failure=failure) == "failed while storing | Full."


@pytest.mark.parametrize(
    ("by", "said"),
    [("user", "by user"), ("storage_full", "because the destination is full")],
)
def test_a_cancelled_clip_says_who_or_why(by, said):
    assert _said(Step.CANCELLED, cancelled_by=by) == f"cancelled | {said}"


def test_an_unknown_code_still_reads_as_words():
    assert words.reason("moon_too_bright") == "moon too bright"


@pytest.mark.parametrize(
    ("band", "said"),
    [
        ((None, None, None), ""),
        ((120, None, None), "about 2 min left"),
        ((120, 110, 130), "about 2 min left"),
        ((120, 60, 200), "1-3 min left"),
        ((90, 21, 200), "20 s - 3 min left"),
        ((200, 130, 320), "2-5 min left"),
        ((40, 20, 58), "about 40 s left"),
        ((84, 40, 119), "about 80 s left"),
        ((150, 3, 300), "up to 5 min left"),
        ((3, 1, 6), "a few seconds left"),
        ((0, 0, 0), "a few seconds left"),
        ((6000, 3900, 12_600), "1-3.5 h left"),
        ((4000, 3900, 4100), "about 65 min left"),
        ((9000, 8900, 9100), "about 2.5 h left"),
    ],
)
def test_time_left_is_as_precise_as_it_is_known(band, said):
    assert figures.time_left(*band) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-1, "0.0 s"), (0.44, "0.4 s"), (59.99, "59.9 s"), (102, "1 min 42 s"), (7500, "2 h 05 min")],
)
def test_measured_times_read_naturally(seconds, said):
    assert figures.duration(seconds) == said


@pytest.mark.parametrize(("seconds", "said"), [(-3, "0:00"), (102, "1:42"), (3723, "1:02:03")])
def test_running_times_look_like_a_clock(seconds, said):
    assert figures.clock(seconds) == said


@pytest.mark.parametrize(
    ("size", "said"),
    [(999, "999 B"), (185_400, "185 kB"), (4_200_000, "4.2 MB"), (1_300_000_000, "1.30 GB")],
)
def test_sizes_are_in_units_people_know(size, said):
    assert figures.file_size(size) == said


def test_a_hundred_percent_is_said_of_a_finished_job_only():
    assert figures.percent(0.9999) == 99
    assert figures.percent(0.9999, outcome="failed") == 99
    assert figures.percent(1.0, outcome="partial") == 100


def test_when_a_job_is_done_is_a_time_of_day_and_another_day_is_named():
    now = datetime(2026, 6, 1, 14, 20).astimezone()

    def said(low: float, expected: float, high: float) -> str:
        ends = (now + timedelta(minutes=each) for each in (expected, low, high))
        return figures.done_about(*ends, now=now)

    assert said(10, 12, 16) == "done about 14:32 (14:30-14:36)"
    assert said(12, 12.1, 12.2) == "done about 14:32"
    assert said(560, 640, 700) == "done about Tue 01:00 (23:40-Tue 02:00)"


def test_a_clip_that_takes_far_too_long_says_so_behind_its_step():
    clip = ClipState(style="split", step=Step.RENDERING, slow_times=3.9, speed=0.2)

    assert clip_words(clip, now=NOW)[:2] == ("rendering", "4 times as long as usual")
    assert (
        words.anomaly(Step.RENDERING, 2.2) == "rendering takes twice what clips like this take here"
    )
    assert words.anomaly(Step.UPLOADING, None) == "storing takes unusually long"
