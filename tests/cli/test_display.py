import io
import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from rich.cells import cell_len
from rich.console import Console

from viralclip.cli.display.layout import draw
from viralclip.cli.display.marks import HighWaterMarks
from viralclip.cli.display.plain import PlainDisplay
from viralclip.cli.display.port import open_display
from viralclip.cli.display.screen import Screen
from viralclip.cli.display.symbols import choose_symbols
from viralclip.cli.display.terminal import TerminalDisplay
from viralclip.cli.display.text import clean, faithful, fit, squeeze
from viralclip.events import (
    AnomalyFound,
    Cancelled,
    CancelledDetails,
    ClipOutline,
    ClipTick,
    Complete,
    CompleteDetails,
    Envelope,
    Event,
    Failed,
    FailedDetails,
    JobFinished,
    JobQueued,
    JobRecovered,
    JobStarted,
    JobTick,
    Logged,
    Outcome,
    Rendering,
    RenderingDetails,
    Retrying,
    RetryingDetails,
    SceneOutline,
    Tick,
    Warned,
)
from viralclip.live import EventFrame, Frame, Snapshot, TickFrame
from viralclip.progress import Progress, advance
from viralclip.steps import Step

START = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
HOSTILE = "\x1b]0;owned\x07\x1b[2J[red]boo[/red]\r\n\u202egpj.exe\x9b31m"
WIDE = "日本語のタイトルはとても長いです"
EMOJI = "🎬 Behind 👩‍👩‍👧 the ❤️ scenes 🇩🇪"
FULL = "The disk is full; free some space and retry the job."


class Story:
    """A job's history as it is told, frame by frame, on a clock moved by hand."""

    def __init__(self, titles: list[str], styles: list[str]) -> None:
        self.now = START
        self.progress = Progress(job_id="job1")
        self.frames: list[tuple[Frame, Progress]] = []
        self._titles = titles
        self._styles = styles
        self.run()

    def clock(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> "Story":
        self.now += timedelta(seconds=seconds)
        return self

    def say(self, event: Event) -> "Story":
        envelope = Envelope(
            job_id="job1", seq=self.progress.seq + 1, at=self.now, trace_id="t", event=event
        )
        self.progress = advance(self.progress, envelope)
        self.frames.append((EventFrame(cursor="c", envelope=envelope), self.progress))
        return self

    def tick(self, tick: Tick) -> "Story":
        self.progress = advance(self.progress, tick)
        self.frames.append((TickFrame(cursor="c", tick=tick), self.progress))
        return self

    def run(self, number: int = 1) -> "Story":
        clips = tuple(ClipOutline(style=style) for style in self._styles)
        scenes = tuple(
            SceneOutline(scene_id=place, title=title, start_sec=0.0, duration_sec=20.0, clips=clips)
            for place, title in enumerate(self._titles, start=1)
        )
        self.say(JobQueued(run=number, scenes=scenes))
        return self.say(JobStarted(worker="w1", attempt=1))

    def render(self, scene_id: int, style: str, *, to: float | None = None, attempt: int = 1):
        details = RenderingDetails(style=style, encoder="x264")
        self.say(Rendering(scene_id=scene_id, style=style, attempt=attempt, details=details))
        if to is not None:
            self.tick(self.clip_tick(scene_id, style, to, attempt=attempt))
        return self

    def clip_tick(self, scene_id: int, style: str, fraction: float, *, attempt: int = 1) -> Tick:
        return ClipTick(
            job_id="job1",
            scene_id=scene_id,
            style=style,
            attempt=attempt,
            step=Step.RENDERING,
            fraction=fraction,
            fps=54.0,
            speed=2.1,
        )

    def complete(self, scene_id: int, style: str, url: str = "", *, kept: bool = False) -> "Story":
        url = url or f"/clips/{scene_id:02}_{style}.mp4"
        details = CompleteDetails(clip_id="c", url=url, kept=kept)
        return self.say(Complete(scene_id=scene_id, style=style, details=details))

    def fail(self, scene_id: int, style: str, code: str = "disk_full", why: str = FULL) -> "Story":
        details = FailedDetails(step=Step.RENDERING, code=code, message=why, retryable=False)
        return self.say(Failed(scene_id=scene_id, style=style, details=details))

    def cancel(self, scene_id: int, style: str) -> "Story":
        details = CancelledDetails(by="user")
        return self.say(Cancelled(scene_id=scene_id, style=style, details=details))

    def retry(self, scene_id: int, style: str) -> "Story":
        details = RetryingDetails(attempt=2, delay_sec=5.0, code="encoder_busy")
        return self.say(Retrying(scene_id=scene_id, style=style, attempt=2, details=details))

    def finish(self, outcome: Outcome) -> "Story":
        counts = {
            name: getattr(self.progress, name)
            for name in ("clips_completed", "clips_failed", "clips_cancelled")
        }
        return self.say(JobFinished(outcome=outcome, **counts))


@pytest.fixture
def story() -> Story:
    return Story(["Opening", "The end"], ["split", "streamer"])


@pytest.fixture
def huge() -> Story:
    styles = ["original", "split", "left_focus", "streamer", "intelligent", "intelligent_speaker"]
    told = Story([f"Scene about topic {number}" for number in range(100)], styles)
    for scene_id in range(1, 40):
        told.wait(1).render(scene_id, "split", to=0.5)
    for scene_id in range(1, 20):
        told.wait(1).complete(scene_id, "original").fail(scene_id, "streamer", why=f"{scene_id}!")
    return told


def _screen(story: Story, *, width: int = 100, height: int = 30, title: str = "talk.mp4") -> str:
    return "\n".join(_lines(story, width=width, height=height, title=title))


def _lines(
    story: Story,
    *,
    width: int,
    height: int,
    title: str = "talk.mp4",
    encoding: str = "utf-8",
    marks: HighWaterMarks | None = None,
) -> list[str]:
    screen = Screen(width, height, choose_symbols(encoding), story.now)
    drawn = draw(story.progress, screen, marks or HighWaterMarks(), title=title)
    return [line.plain.rstrip() for line in drawn]


def _summary(story: Story, *, width: int = 100) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, height=30, color_system=None)
    display = TerminalDisplay(console, title="talk.mp4", now=story.clock, redraws=False)
    display.finish(story.progress)
    return out.getvalue()


def _plain(story: Story, *, opened: datetime = START) -> list[str]:
    """The lines of someone who opened the display then, and saw each event as it happened."""
    out = io.StringIO()
    moments = [opened]
    with PlainDisplay(out, now=lambda: moments[-1]) as display:
        for frame, progress in story.frames:
            if isinstance(frame, EventFrame):
                moments.append(max(opened, frame.envelope.at))
            display.show(frame, progress)
        display.finish(story.progress)
    return out.getvalue().splitlines()


def _row(screen: str, *names: str) -> str:
    return next(line for line in screen.splitlines() if all(name in line for name in names))


def test_the_screen_shows_the_job_and_what_runs(story):
    story.render(1, "split", to=0.5)
    story.tick(JobTick(job_id="job1", fraction=0.1, eta_sec=120, eta_low_sec=60, eta_high_sec=200))

    screen = _screen(story.wait(12))

    assert "talk.mp4  0:12" in screen
    assert "1-3 min left" in screen
    assert "0 of 4 done · 1 running · 3 waiting" in screen
    assert "rendering · 54 fps · 2.1x" in _row(screen, "01 Opening", "split")
    assert "waiting" in _row(screen, "02 The end", "streamer")


def test_a_clip_beside_others_does_not_say_that_it_takes_longer_than_its_job(story):
    story.render(1, "split", to=0.5)
    crowded = story.clip_tick(1, "split", 0.6).model_copy(update={"eta_sec": 180.0})
    story.tick(crowded)
    story.tick(JobTick(job_id="job1", fraction=0.1, eta_sec=90, eta_low_sec=60, eta_high_sec=125))

    screen = _screen(story)

    assert "1-2 min left" in screen
    assert "2 min left" in _row(screen, "01 Opening", "split")


def test_the_screen_shows_when_the_job_is_done_unless_that_is_a_matter_of_seconds(story):
    story.render(1, "split", to=0.5)
    at = story.now

    def tick(minutes: float) -> JobTick:
        low, done, high = (at + timedelta(minutes=by * minutes) for by in (0.9, 1.0, 1.2))
        ends = {"eta_at": done, "eta_low_at": low, "eta_high_at": high}
        seconds = {"eta_sec": 60.0 * minutes, "eta_low_sec": 1.0, "eta_high_sec": 9.0}
        return JobTick.model_validate(
            {"job_id": "job1", "at": at, "fraction": 0.1, **seconds, **ends}
        )

    later = _screen(story.tick(tick(20)))
    soon = _screen(story.tick(tick(0.5)))

    assert f"· done about {(at + timedelta(minutes=20)).astimezone():%H:%M} (" in later
    assert "min left" in later
    assert "done about" not in soon
    assert "s left" in soon


def test_without_a_title_the_job_is_named_by_its_id(story):
    assert "job job1" in _screen(story, title="")


def test_what_runs_stands_above_what_failed_and_what_is_done(story):
    story.complete(1, "split").fail(1, "streamer").render(2, "streamer", to=0.1)

    steps = re.findall(r"rendering ·|failed while|100%|  waiting", _screen(story))

    assert steps == ["rendering ·", "failed while", "100%", "  waiting"]


def test_a_failure_stays_visible_with_its_reason(story):
    story.fail(1, "split")

    screen = _screen(story)

    assert "✗ 01 Opening split" in " ".join(screen.split())
    assert FULL in screen


def test_clips_that_failed_alike_share_one_reason(story):
    for scene_id in (1, 2):
        for style in ("split", "streamer"):
            story.fail(scene_id, style)

    screen = _screen(story)

    assert screen.count("✗") == 3
    assert screen.count(FULL) == 1
    assert "(and 1 more clip)" in screen


def test_a_retry_is_visible_with_its_wait_and_reason(story):
    story.render(1, "split", to=0.5).retry(1, "split").wait(2)

    assert "trying again in 3 s · the hardware encoder was busy" in _screen(story, width=120)


def test_kept_clips_say_that_they_were_kept(story):
    story.complete(1, "split", kept=True)

    assert "done · kept, nothing changed" in _screen(story, width=120)


def test_warnings_are_shown_once_each(story):
    for scene_id in (1, 2):
        story.say(Warned(code="x", message="No thumbnail.", scene_id=scene_id, style="split"))

    assert _screen(story).count("No thumbnail. (2 times)") == 1


@pytest.mark.parametrize("outcome", ["failed", "cancelled"])
def test_a_job_that_failed_never_shows_a_hundred_percent(story, outcome):
    story.complete(1, "split").complete(1, "streamer").fail(2, "split").fail(2, "streamer")
    story.finish(outcome)

    bar = _lines(story, width=100, height=30)[2]

    assert "99%" in bar
    assert "━" * 64 not in bar


@pytest.mark.parametrize("outcome", ["succeeded", "partial"])
def test_a_job_that_made_clips_ends_at_a_hundred_percent(story, outcome):
    bar = _lines(story.finish(outcome), width=100, height=30)[2]

    assert "100%" in bar
    assert "━" * 64 in bar


def test_a_state_sent_afresh_does_not_pull_bars_back(story):
    marks = HighWaterMarks()
    story.render(1, "split")
    before_ticks = story.progress
    story.tick(story.clip_tick(1, "split", 0.8))
    ahead = _lines(story, width=100, height=30, marks=marks)
    story.progress = before_ticks

    again = _lines(story, width=100, height=30, marks=marks)

    assert again[2] == ahead[2]
    assert [line.partition("  rendering")[0] for line in again[5:]] == [
        line.partition("  rendering")[0] for line in ahead[5:]
    ]


def test_a_new_run_begins_a_new_bar(story):
    marks = HighWaterMarks()
    for scene_id in (1, 2):
        story.complete(scene_id, "split").complete(scene_id, "streamer")
    assert marks.job(story.finish("succeeded").progress) == 1.0

    assert marks.job(story.run(2).progress) == 0.0


@pytest.mark.parametrize("title", ["Short", HOSTILE, WIDE, EMOJI, "long " * 40, "", "e\u0301" * 99])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_nothing_ever_outgrows_the_screen(title, encoding):
    story = Story([title] * 8, ["intelligent_split_speaker", "split", "original"])
    story.render(1, "split", to=0.4).retry(2, "split").complete(3, "split").cancel(4, "split")
    story.fail(5, "split").fail(6, "split", why=f"{title} is no good. " * 9)
    story.say(Warned(code="x", message=f"{title} " * 30)).wait(99_999)

    for width in (*range(1, 90, 7), 100, 109, 110, 200):
        for height in (1, 2, 3, 5, 8, 11, 12, 15, 16, 20, 24, 40, 60):
            lines = _lines(story, width=width, height=height, title=title, encoding=encoding)
            assert len(lines) <= max(height - 1, 1)
            assert all(cell_len(line) <= max(width - 1, 1) for line in lines), (width, height)
            assert all(line.isprintable() or "\u200d" in line for line in lines)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (200, 60), (40, 20)])
def test_six_hundred_clips_fit_with_running_and_failed_ones_in_sight(huge, width, height):
    lines = _lines(huge, width=width, height=height)

    assert len(lines) == height - 1
    assert sum("rendering" in line for line in lines) >= 5
    assert sum("✗" in line for line in lines) >= 2
    assert re.search(r"\+ \d+ running · \d+ failed · \d+ waiting", lines[-1])


def test_hidden_and_shown_clips_are_all_clips(huge):
    lines = _lines(huge, width=80, height=24)
    hidden = sum(map(int, re.findall(r"(\d+) (?:running|failed|waiting|ended)", lines[-1])))
    shown = sum(bool(re.match(r"  [⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏✗✓·] ", line)) for line in lines[:-1])

    assert hidden + shown == 600


def test_columns_are_aligned_whatever_the_script(story):
    story = Story(["Opening", WIDE, EMOJI, HOSTILE], ["split"])
    for scene_id in range(1, 5):
        story.render(scene_id, "split", to=0.5)

    lines = [line for line in _lines(story, width=100, height=30) if "split" in line]

    assert len({cell_len(line.partition("split")[0]) for line in lines}) == 1


def test_an_old_terminal_gets_plain_marks(story):
    story = Story(["Öffnung ✓"], ["split"]).render(1, "split", to=0.5)

    screen = "\n".join(_lines(story, width=100, height=30, encoding="ascii"))

    assert screen.isascii()
    assert "====" in screen
    assert "?ffnung ?" in screen


def test_taking_a_frame_is_cheap_even_for_six_hundred_clips(huge):
    console = Console(file=io.StringIO(), width=80, height=24, force_terminal=True)
    frame = huge.frames[-1][0]
    with TerminalDisplay(console, title="talk.mp4", now=huge.clock) as display:
        began = time.perf_counter()
        for _ in range(1000):
            display.show(frame, huge.progress)
        took = time.perf_counter() - began

    assert took / 1000 < 0.001


def _terminal(story: Story, **console) -> tuple[TerminalDisplay, io.StringIO]:
    out = io.StringIO()
    size = {"width": 100, "height": 30, "force_terminal": True, "_environ": {"TERM": "xterm"}}
    live = Console(file=out, **{**size, **console})
    return TerminalDisplay(live, title="talk.mp4", now=story.clock, redraws=False), out


def _tell(display: TerminalDisplay, story: Story) -> None:
    for frame, progress in story.frames:
        display.show(frame, progress)
    display.redraw()


def _break_off(display: TerminalDisplay, story: Story) -> None:
    _tell(display, story)
    raise KeyboardInterrupt


def test_the_terminal_is_left_clean_when_the_work_breaks_off(story):
    display, out = _terminal(story.render(1, "split"))
    with pytest.raises(KeyboardInterrupt), display:
        _break_off(display, story)

    height = len(_lines(story, width=100, height=30))
    written = out.getvalue()

    assert written.endswith("\x1b[?25h" + "\r" + "\x1b[1A\x1b[2K" * height)


def test_an_unchanged_picture_is_not_drawn_again(story):
    display, out = _terminal(story.render(1, "split"))
    with display:
        _tell(display, story)
        written = out.tell()
        display.redraw()

        assert out.tell() == written


def test_a_narrower_terminal_first_gathers_the_lines_it_wrapped(story):
    display, out = _terminal(story.render(1, "split", to=0.5))
    with display:
        _tell(display, story)
        drawn = _lines(story, width=100, height=30)
        written = out.tell()
        display._console.width = 50
        display.redraw()

        moves = out.getvalue()[written:]

    wrapped = sum(max(-(-cell_len(line) // 50), 1) for line in drawn)
    assert wrapped > len(drawn)
    assert moves.startswith("\r\x1b[2K" + "\x1b[1A\x1b[2K" * (wrapped - 1) + "\x1b[1B")


def test_no_color_means_no_colour(story, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    story.fail(1, "split")
    out = io.StringIO()
    env = {"TERM": "xterm-256color", "NO_COLOR": "1", "COLUMNS": "80", "LINES": "24"}
    with open_display("terminal", stdout=_tty(out), now=story.clock, env=env) as display:
        for frame, progress in story.frames:
            display.show(frame, progress)
        display.finish(story.progress)

    assert FULL in out.getvalue()
    assert not re.search(r"\x1b\[[\d;]*3\d", out.getvalue())


def test_notes_and_news_stand_above_the_bars(story):
    display, out = _terminal(story, color_system=None)
    story.say(JobRecovered(from_worker="w1", to_worker="w2"))
    story.say(Logged(level="warning", message="redis is slow"))
    story.say(Logged(level="debug", message="nobody cares"))
    story.say(AnomalyFound(scene_id=1, style="split", step=Step.RENDERING, score=9, times=3.9))
    with display:
        display.note("nvenc does not work here; using x264 instead.")
        _tell(display, story)

    written = out.getvalue()

    assert "nvenc does not work here" in written
    assert "another one goes on" in written
    assert "redis is slow" in written
    assert "nobody cares" not in written
    assert "01 split: rendering takes 4 times what clips like this take here." in written


def test_news_from_before_the_display_opened_is_not_told_again(story):
    story.say(JobRecovered(from_worker="w1", to_worker="w2")).wait(60)
    display, out = _terminal(story, color_system=None)
    with display:
        _tell(display, story)

    assert "another one goes on" not in out.getvalue()


def test_the_summary_of_a_success_says_what_was_made_and_where(story, tmp_path):
    clip = tmp_path / "01_opening_split.mp4"
    clip.write_bytes(b"x" * 4_200_000)
    story.wait(102).complete(1, "split", str(clip)).complete(1, "streamer")
    story.complete(2, "split").complete(2, "streamer", "s3://bucket/02.mp4").finish("succeeded")

    summary = _summary(story)

    assert "✓ All 4 clips made after 1 min 42 s" in summary
    assert str(tmp_path) in summary.replace("\n", "")
    assert "01_opening_split.mp4      20.0 s    4.2 MB" in summary
    assert "s3://bucket" in summary
    assert "02.mp4" in summary
    assert "retry" not in summary


def test_the_summary_of_a_partial_job_says_what_failed_why_and_what_to_do(story):
    story.complete(1, "split").complete(1, "streamer").complete(2, "split")
    story.fail(2, "streamer", "render_timed_out", "FFmpeg took too long.").finish("partial")

    summary = _summary(story)

    assert "3 of 4 clips made, 1 failed" in summary
    assert "✗ 02 The end streamer" in summary
    assert "failed while rendering: FFmpeg took too long." in summary
    assert "Try shorter scenes or --preset fast." in summary
    assert "viralclip retry job1" in summary


def test_the_summary_of_a_failed_job_does_not_call_it_done(story):
    for scene_id in (1, 2):
        story.fail(scene_id, "split").fail(scene_id, "streamer")

    summary = _summary(story.finish("failed"))

    assert "✗ No clip was made, 4 failed" in summary
    assert "made before" not in summary


def test_the_summary_of_a_cancelled_job_counts_what_was_made(story):
    story.complete(1, "split").cancel(1, "streamer").cancel(2, "split").cancel(2, "streamer")

    summary = _summary(story.finish("cancelled"))

    assert "■ Cancelled; 1 of 4 clips made" in summary
    assert "viralclip retry job1" in summary


def test_the_summary_says_when_nothing_had_to_be_made(story):
    for scene_id in (1, 2):
        for style in ("split", "streamer"):
            story.complete(scene_id, style, kept=True)

    summary = _summary(story.finish("succeeded"))

    assert "All 4 clips were made before and nothing changed" in summary
    assert summary.count("kept") == 4


def test_the_summary_of_many_clips_stays_short(huge):
    for scene_id in range(40, 100):
        huge.complete(scene_id, "original")

    summary = _summary(huge)

    assert "+ 49 more clips" in summary


@pytest.mark.parametrize("width", [20, 40, 80])
def test_the_summary_never_breaks_out_of_a_narrow_screen(width):
    story = Story([HOSTILE, WIDE], ["intelligent_split_speaker"])
    story.complete(1, "intelligent_split_speaker").fail(2, "intelligent_split_speaker")

    summary = _summary(story.finish("partial"), width=width)

    assert all(cell_len(line) <= width for line in summary.splitlines())
    assert "\x1b" not in summary


def test_plain_lines_tell_each_event_that_matters(story):
    story.render(1, "split", to=0.5).retry(1, "split").complete(1, "split")
    story.render(1, "streamer").fail(1, "streamer")
    story.say(Warned(code="x", message="No thumbnail.", scene_id=1, style="split"))
    story.cancel(2, "split").complete(2, "streamer", kept=True).wait(5).finish("partial")

    lines = _plain(story)

    told = [re.fullmatch(r"\[ *(\d+)%\] (.+)", line) for line in lines]
    percents = [int(line[1]) for line in told if line]
    assert percents == sorted(percents)
    assert [line[2] for line in told if line] == [
        "job job1: 4 clips of 2 scenes",
        "started",
        '01 "Opening" split: rendering, x264',
        '01 "Opening" split: trying again in 5 s, the hardware encoder was busy',
        '01 "Opening" split: done',
        '01 "Opening" streamer: rendering, x264',
        f'01 "Opening" streamer: failed while rendering: {FULL}',
        'warning: 01 "Opening" split: No thumbnail.',
        '02 "The end" split: cancelled, by user',
        '02 "The end" streamer: done, kept, nothing changed',
    ]
    assert lines[len(percents) :] == [
        "2 of 4 clips made, 1 failed, 1 cancelled. Time taken: 5.0 s.",
        'made: 01 "Opening" split: /clips/01_split.mp4 (20.0 s)',
        'made: 02 "The end" streamer: /clips/02_streamer.mp4 (20.0 s, kept)',
        f'failed: 01 "Opening" streamer: {FULL}',
        'cancelled: 02 "The end" split',
        "warning: No thumbnail.",
        "next: viralclip retry job1",
    ]


def test_plain_lines_give_a_sign_of_life_every_ten_seconds():
    story = Story(["Opening"], ["split"])
    out = io.StringIO()
    display = PlainDisplay(out, now=story.clock)
    story.render(1, "split")
    for frame, progress in story.frames:
        display.show(frame, progress)
    for second in range(40):
        story.wait(1).tick(story.clip_tick(1, "split", second / 40))
        display.show(*story.frames[-1])

    signs = [line for line in out.getvalue().splitlines() if "of 1 done, 1 running" in line]

    assert len(signs) == 4


def test_plain_lines_do_not_repeat_what_happened_before(story):
    story.render(1, "split").complete(1, "split").wait(60).render(1, "streamer")

    lines = _plain(story, opened=START + timedelta(seconds=30))

    assert lines[0].endswith('01 "Opening" streamer: rendering, x264')


def test_plain_lines_hold_no_control_characters():
    story = Story([HOSTILE], ["split"]).render(1, "split").fail(1, "split", why=HOSTILE)

    assert all(line.isprintable() for line in _plain(story.finish("failed")))


def test_plain_lines_survive_a_pipe_that_knows_only_ascii():
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    story = Story([WIDE], ["split"]).complete(1, "split", "/clips/日本.mp4")
    display = PlainDisplay(out, now=story.clock)
    for frame, progress in story.frames:
        display.show(frame, progress)
    display.finish(story.progress)

    assert rb"/clips/\u65e5\u672c.mp4" in raw.getvalue()


def test_json_has_a_line_per_frame_and_a_summary_and_nothing_else(story):
    story.render(1, "split", to=0.5).complete(1, "split").fail(1, "streamer").cancel(2, "split")
    story.complete(2, "streamer").finish("partial")
    snapshot = Snapshot(cursor="c", progress=Progress(job_id="job1"))
    story.frames.insert(0, (snapshot, snapshot.progress))
    out, err = io.StringIO(), io.StringIO()
    with open_display("json", stdout=out, stderr=err) as display:
        display.note("nvenc does not work here")
        for frame, progress in story.frames:
            display.show(frame, progress)
        display.finish(story.progress)

    *frames, summary = map(json.loads, out.getvalue().splitlines())

    assert frames == [frame.model_dump(mode="json") for frame, _ in story.frames]
    assert summary["kind"] == "summary"
    assert summary["outcome"] == "partial"
    assert [summary[f"clips_{end}"] for end in ("total", "completed", "failed", "cancelled")] == [
        4,
        2,
        1,
        1,
    ]
    first, second, third, _ = summary["clips"]
    assert (first["ending"], first["url"]) == ("complete", "/clips/01_split.mp4")
    assert second["failure"]["code"] == "disk_full"
    assert second["failure"]["message"] == FULL
    assert (third["ending"], third["cancelled_by"]) == ("cancelled", "user")
    assert err.getvalue() == "nvenc does not work here\n"


def test_json_lines_are_safe_on_a_terminal_and_in_any_encoding():
    story = Story([HOSTILE + WIDE], ["split"])
    out = io.StringIO()
    display = open_display("json", stdout=out)
    display.show(*story.frames[0])

    assert out.getvalue().strip().isascii()
    assert out.getvalue().strip().isprintable()
    assert HOSTILE + WIDE in json.loads(out.getvalue())["envelope"]["event"]["scenes"][0]["title"]


def _tty(out: io.StringIO) -> io.StringIO:
    out.isatty = lambda: True
    return out


@pytest.mark.parametrize(
    ("stdout", "term", "kind"),
    [
        (io.StringIO, "xterm", "PlainDisplay"),
        (lambda: _tty(io.StringIO()), "dumb", "PlainDisplay"),
        (lambda: _tty(io.StringIO()), "xterm", "TerminalDisplay"),
    ],
)
def test_bars_are_chosen_where_they_can_move(stdout: Callable[[], io.StringIO], term, kind):
    display = open_display("auto", stdout=stdout(), env={"TERM": term})

    assert type(display).__name__ == kind


DANGERS = [
    *map(chr, (*range(32), *range(0x7F, 0xA0))),
    *"\u2028\u2029\u200b\u200e\u202a\u202e\u2066\u2069\ufeff\ud800\ue000\U0010ffff",
]


@pytest.mark.parametrize("danger", DANGERS, ids=lambda danger: f"U+{ord(danger):04X}")
def test_no_dangerous_character_passes(danger):
    assert clean(f"a{danger}b").isprintable()
    assert danger == " " or danger not in clean(f"a{danger}b")
    assert faithful(f"/a{danger}b").isprintable()


def test_ordinary_text_of_any_script_passes_unchanged():
    for text in ("Ünïcode & co.", WIDE, "हिन्दी", "क्\u200dष", "שלום", "[red]"):
        assert clean(text) == text


def test_emoji_lose_only_what_terminals_disagree_about():
    assert clean(EMOJI) == "🎬 Behind 👩👩👧 the ❤ scenes DE"


def test_styles_of_one_family_stay_apart_when_cut():
    names = ["intelligent_speaker", "intelligent_split", "intelligent_split_speaker"]
    cut = [squeeze(name, 16, ellipsis="…") for name in names]

    assert cut == ["intel…nt_speaker", "intel…gent_split", "intel…it_speaker"]
    assert all(cell_len(squeeze(WIDE, width, ellipsis="…")) <= width for width in range(40))


def test_text_is_cut_between_characters_and_never_too_wide():
    for width in range(12):
        assert cell_len(fit(WIDE, width, ellipsis="…")) <= width

    assert fit("abcdef", 4, ellipsis="…") == "abc…"
    assert fit("abcd", 4, ellipsis="…") == "abcd"
