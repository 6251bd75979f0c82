"""Captions in the page: a file is given, a word is corrected, and the clip says what was typed."""

import re

import httpx
from playwright.sync_api import Page, expect

SRT = "1\n00:00:00,200 --> 00:00:00,900\nHelo there\n\n2\n00:00:01,000 --> 00:00:01,800\nagain\n"


def given(look, served) -> Page:
    """A new job of one scene with captions from a file."""
    page = look.open(f"{served.address}/#/new")
    page.get_by_role("button", name="talk.mp4").last.click()
    expect(page.get_by_role("slider", name="Place in the video")).to_be_visible()
    page.get_by_role("button", name="Add a row").click()
    page.get_by_label("Start of scene 1").fill("0")
    page.get_by_label("End of scene 1").fill("2")
    page.get_by_role("checkbox", name=re.compile("^center focus")).check()
    page.locator("label", has=page.get_by_role("radio", name="from a file")).click()
    page.get_by_label("File with captions").set_input_files(
        {"name": "talk.srt", "mimeType": "text/plain", "buffer": SRT.encode()}
    )
    return page


def retype(page: Page, word: str, text: str, key: str = "Enter") -> None:
    shown = page.get_by_role("button", name=re.compile(f"^{word}, at"))
    expect(shown).to_be_visible()
    if not shown.evaluate("word => word === document.activeElement"):
        shown.click()
    page.keyboard.press("Enter")
    page.get_by_label(re.compile("^Word: ")).fill(text)
    page.keyboard.press(key)


def test_a_word_is_corrected_before_the_job_and_again_when_it_has_ended(look, served):
    page = given(look, served)
    retype(page, "Helo", "Nobody", key="Escape")
    retype(page, "Helo", "Hello")
    expect(page.get_by_role("button", name=re.compile("^Hello, at"))).to_be_focused()
    expect(page.get_by_alt_text(re.compile("^The clip at"))).to_be_visible()
    expect(page.get_by_text("This frame will be in the clip.")).to_be_visible()
    look.keep(page, "editor")
    page.reload()
    expect(page.get_by_role("button", name=re.compile("^Hello, at"))).to_be_visible()
    page.get_by_role("button", name="Make the clips").click()
    expect(page.get_by_role("list", name="1 finished clip")).to_be_visible()
    job_id = page.url.rpartition("/")[2]
    assert "Hello there" in srt_of(served.client(), job_id)

    page.get_by_role("button", name=re.compile("^Edit captions of")).click()
    retype(page, "there", "you all")
    look.keep(page, "scene")
    page.get_by_role("button", name="Make 1 clip again").click()
    expect(page.get_by_text("run 2", exact=True)).to_be_visible()
    # It is there again once the run has ended.
    expect(page.get_by_role("button", name=re.compile("^Edit captions of"))).to_be_visible()

    assert "Hello you all" in srt_of(served.client(), job_id)


def srt_of(client: httpx.Client, job_id: str) -> str:
    with client:
        return client.get(f"/api/jobs/{job_id}/clips/1/center_focus/captions.srt").text
