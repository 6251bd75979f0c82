"""The caption editor for everybody: with keys alone, by thumb, in the dark, in any script."""

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

PHONE: dict[str, Any] = {"is_mobile": True, "has_touch": True}
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
SRT = """1
00:00:00,200 --> 00:00:00,900
Good morning

2
00:00:01,000 --> 00:00:01,400
{long}

3
00:00:01,500 --> 00:00:01,900
صباح الخير لكم
"""
THUMB_PX = 44
TOO_SMALL = """(box, least) => [...box.querySelectorAll("button, select, label, input[type=range]")]
  .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < least)
  .map((one) => one.ariaLabel || one.textContent.trim())"""
OUTSIDE = """(box) => [...box.querySelectorAll("*")]
  .filter((one) => one.checkVisibility() && !one.matches(".hidden"))
  .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
  .map((one) => one.ariaLabel || one.textContent.trim().slice(0, 40))"""
# How light a background is, 0 to 1.
LIGHTNESS = """(one) => {
  const drawing = new OffscreenCanvas(1, 1).getContext("2d");
  drawing.fillStyle = getComputedStyle(one).backgroundColor;
  drawing.fillRect(0, 0, 1, 1);
  const [red, green, blue] = drawing.getImageData(0, 0, 1, 1).data;
  return (0.21 * red + 0.72 * green + 0.07 * blue) / 255;
}"""


def drafted(look, served, *, srt: str = SRT.format(long=LONG), **context: Any) -> Page:
    """A new job of one scene whose captions are open in the editor."""
    page = look.open(f"{served.address}/#/new", **context)
    page.get_by_role("button", name="talk.mp4").last.click()
    expect(page.get_by_role("slider", name="Place in the video")).to_be_visible()
    page.get_by_role("button", name="Add a row").click()
    page.get_by_label("Start of scene 1").fill("0")
    page.get_by_label("End of scene 1").fill("2")
    page.get_by_role("checkbox", name=re.compile("^center focus")).check()
    page.locator("label", has=page.get_by_role("radio", name="from a file")).click()
    file = {"name": f"{LONG}.srt", "mimeType": "text/plain", "buffer": srt.encode()}
    page.get_by_label("File with captions").set_input_files(file)
    expect(word(page, "Good")).to_be_visible()
    return page


def word(page: Page, text: str):
    return page.get_by_role("button", name=re.compile(f"^{text}, at"))


@pytest.fixture
def captioned(served) -> str:
    """The address of a job's page whose two scenes have captions."""
    scenes = [{"title": f"Part {n}", "start": n, "end": n + 1} for n in (0, 1)]
    captions = {"mode": "given", "transcript": SRT.format(long="again"), "style": "plain"}
    body = {
        "source": {"path": "talk.mp4"},
        "scenes": scenes,
        "styles": ["center_focus"],
        "preset": "fast",
        "captions": captions,
    }
    with served.client() as client:
        answer = client.post("/api/jobs", json=body)
    assert answer.status_code == httpx.codes.CREATED, answer.text
    return f"{served.address}/#/jobs/{answer.json()['job_id']}"


def test_captions_are_opened_edited_and_sent_with_the_keyboard_alone(look, captioned):
    page = look.open(captioned, viewport={"width": 1280, "height": 600})
    opening = page.get_by_role("button", name="Edit captions of Scene 1 Part 0")
    opening.press("Enter")
    heading = page.get_by_role("heading", name="Captions of Part 0")
    expect(heading).to_be_focused()
    expect(heading).to_be_in_viewport()
    tab_to(page, word(page, "Good"))
    page.keyboard.press("ArrowRight")
    expect(word(page, "morning")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("evening")
    page.keyboard.press("Escape")
    expect(word(page, "morning")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("evening")
    page.keyboard.press("Enter")
    expect(word(page, "evening")).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="kept in this browser")).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Make 1 clip again"))
    page.keyboard.press("Enter")

    expect(page.locator("[aria-live=polite]")).to_contain_text("Captions saved")
    expect(page.get_by_role("article", name="Scene 1 Part 0")).to_be_focused()


def tab_to(page: Page, target) -> None:
    for _ in range(30):
        if target.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    expect(target).to_be_focused()


def test_the_words_are_one_stop_and_what_is_undone_or_removed_keeps_the_focus(look, served):
    page = drafted(look, served)
    word(page, "Good").click()
    page.keyboard.press("Tab")
    inside = "() => document.activeElement.closest('ol[aria-label=Words]') !== null"
    assert not page.evaluate(inside)

    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Delete")
    expect(word(page, "morning")).to_be_focused()
    page.get_by_role("button", name="Undo").click()
    expect(word(page, "Good")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(word(page, "Good")).to_be_focused()
    for _ in range(7):
        page.keyboard.press("Delete")
    expect(page.get_by_text("This scene has no words")).to_be_visible()
    page.keyboard.press("Control+z")

    expect(page.get_by_role("button", name=re.compile("^لكم, at"))).to_be_focused()


def test_a_scene_without_words_gets_some_where_they_were_missed(look, served):
    page = drafted(look, served, srt="1\n00:00:01,200 --> 00:00:01,900\nGood morning\n")
    page.get_by_label("End of scene 1").fill("1")
    expect(page.get_by_text("This scene has no words")).to_be_visible()
    page.get_by_label("Place in the clip").fill("0.4")
    adding = page.get_by_role("button", name="Add words here")
    adding.click()
    page.keyboard.type("Nobody")
    page.keyboard.press("Escape")
    expect(page.get_by_text("This scene has no words")).to_be_visible()
    adding.click()
    page.keyboard.type("Well then")
    page.keyboard.press("Enter")
    expect(word(page, "then")).to_be_focused()
    page.keyboard.press("Control+Enter")
    page.keyboard.type("now.")
    page.keyboard.press("Enter")
    expect(word(page, "now.")).to_be_focused()
    page.keyboard.press("Control+z")
    expect(word(page, "now.")).to_have_count(0)
    page.reload()

    expect(page.get_by_role("button", name="Well, at 0:00.4")).to_be_visible()
    kept = page.evaluate("() => JSON.stringify({ ...localStorage })")
    assert all(text in kept for text in ("Well", "then", "Good", "morning"))
    assert "Nobody" not in kept


def test_a_line_from_the_right_is_walked_from_the_right(look, served):
    page = drafted(look, served)
    first, second = word(page, "صباح"), word(page, "الخير")
    places = [one.evaluate("(one) => one.getBoundingClientRect().x") for one in (first, second)]
    assert places[0] > places[1]

    first.click()
    page.keyboard.press("ArrowLeft")
    expect(second).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(first).to_be_focused()


def test_the_words_follow_the_moment_that_is_shown(look, served):
    many = " ".join(f"word{number}" for number in range(300))
    page = drafted(look, served, srt=f"1\n00:00:00,000 --> 00:00:01,900\nGood {many}\n")
    expect(word(page, "word290")).not_to_be_in_viewport()
    page.get_by_label("Place in the clip").fill("1.84")

    expect(word(page, "word290")).to_be_in_viewport()


@pytest.mark.parametrize("width", [320, 390])
def test_a_thumb_hits_every_control_and_no_word_leaves_the_screen(look, served, width):
    page = drafted(look, served, viewport={"width": width, "height": 844}, **PHONE)
    captions = page.locator("section.captions")
    word(page, LONG).click()
    expect(word(page, LONG)).to_be_focused()

    assert captions.evaluate(TOO_SMALL, THUMB_PX) == []
    assert captions.evaluate(OUTSIDE) == []
    word(page, LONG).click()
    field = page.get_by_label(re.compile("^Word: "))
    assert captions.evaluate(OUTSIDE) == []
    # Phones enlarge the whole page around a field with smaller letters.
    assert float(field.evaluate("field => parseFloat(getComputedStyle(field).fontSize)")) >= 16


def test_the_titles_of_captioned_scenes_are_there_on_a_phone(look, captioned):
    page = look.open(captioned, viewport={"width": 320, "height": 640}, **PHONE)
    expect(page.get_by_role("button", name="Edit captions of Scene 1 Part 0")).to_be_visible()
    title = page.get_by_role("heading", name="Part 0")

    assert title.evaluate("title => title.scrollWidth <= title.clientWidth")


def test_what_is_chosen_stands_out_in_the_dark(look, served):
    page = drafted(look, served, color_scheme="dark")
    chosen = page.locator("label", has=page.get_by_role("radio", name="phrase"))
    lightness = chosen.evaluate(LIGHTNESS), chosen.locator("..").evaluate(LIGHTNESS)

    assert lightness[0] > lightness[1] + 0.05


def test_without_a_model_the_page_says_why_speech_is_not_recognised(look, served):
    page = look.open(f"{served.address}/#/new")

    page.locator("label", has=page.get_by_role("radio", name="from a file")).click()
    expect(page.get_by_text("No worker of this server can recognise speech")).to_be_visible()
    expect(page.get_by_role("radio", name="recognise speech")).to_have_count(0)
