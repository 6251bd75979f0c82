"""What a page that people keep open owes them: it stands still, speaks, and obeys the keyboard."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

WATCH_SHIFTS = """() => {
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources } of list.getEntries())
      if (!hadRecentInput)
        window.shifts.push([value, ...sources.map(({ node, previousRect, currentRect }) =>
          [node?.textContent, previousRect.toJSON(), currentRect.toJSON()])]);
  }).observe({ type: "layout-shift", buffered: true });
}"""
SCREENS: dict[str, dict[str, Any]] = {
    "desk": {"viewport": {"width": 1280, "height": 860}},
    "phone": {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True},
}


@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_is_moved_by_rows_that_update_fail_and_end(look, served, screen):
    served.render_at(2)
    served.break_style("left_focus")
    page = look.open("about:blank", **SCREENS[screen])
    page.add_init_script(f"({WATCH_SHIFTS})()")
    page.goto(served.submit((0, 3), (3, 4), styles="original,split_fast,left_focus"))
    expect(page.get_by_text("4 of 6 clips done, 2 failed")).to_be_visible()
    expect(page.get_by_role("button", name="Retry 2 clips")).to_be_visible()

    assert page.evaluate("() => window.shifts") == []


def test_a_job_is_made_and_deleted_with_the_keyboard_alone(look, served):
    page = look.open(f"{served.address}/#/new")
    press_on(page, page.get_by_role("button", name="talk.mp4").last, "Enter")
    press_on(page, page.get_by_role("slider", name="Place in the video"), "i")
    for key in ("ArrowRight", "o", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_label("End of scene 1")).to_have_value("0:01")
    press_on(page, page.get_by_role("checkbox", name="original"), "Space")
    press_on(page, page.get_by_role("button", name="Make the clips"), "Enter")
    expect(page.get_by_text("1 of 1 clip done")).to_be_visible()
    press_on(page, page.get_by_role("button", name="Delete"), "Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Keep")).to_have_count(0)
    press_on(page, page.get_by_role("button", name="Delete"), "Enter")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Jobs")).to_be_visible()


def press_on(page: Page, target, key: str) -> None:
    """Press the key where Tab alone leads."""
    expect(target).to_be_visible()
    for _ in range(60):
        if target.evaluate("(element) => element === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(target).to_be_focused()
    page.keyboard.press(key)


def test_a_screen_reader_finds_bars_with_words_and_hears_the_ends_of_things(look, served):
    served.render_at(1)
    page = look.open(served.submit((0, 4), styles="original,split"))
    bar = page.get_by_role("progressbar", name="Scene 1 Part 1, split")
    expect(bar).to_have_attribute("aria-valuetext", re.compile(r"^rendering, \d+ %$"))
    expect(bar).to_have_attribute("aria-valuenow", re.compile(r"^\d+$"))
    expect(page.get_by_role("progressbar", name="The whole job")).to_have_attribute(
        "aria-valuetext", re.compile(r"^\d+ %, ")
    )

    expect(page.locator("[aria-live=polite]")).to_have_text("Job succeeded: 2 done")


def test_who_wants_no_motion_sees_none(look, served):
    served.render_at(1)
    page = look.open(served.submit((0, 6)), reduced_motion="reduce")
    expect(page.get_by_role("article")).to_contain_text("rendering")
    moving = "() => document.getAnimations().filter((one) => one.playState === 'running').length"

    assert page.evaluate(moving) == 0
    expect(page.get_by_text("1 of 1 clip done")).to_be_visible()
