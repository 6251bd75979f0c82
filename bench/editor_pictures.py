"""Pictures of the page's captions as people see them: the form, the editor by day, by night and on
a phone."""

import io
import re
import shutil
from collections.abc import Iterator
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from bench import rig
from bench.page import FLAGS, WAIT_MS

_DESK: dict[str, Any] = {"viewport": {"width": 1040, "height": 2400}, "device_scale_factor": 1.5}
_PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
_SCREENS: dict[str, dict[str, Any]] = {
    "editor-light.webp": _DESK,
    "editor-dark.webp": {**_DESK, "color_scheme": "dark"},
    "editor-phone.webp": _PHONE,
}
_FORM = "captions-form.webp"
NAMES = (_FORM, *_SCREENS)
# What the page's own bar covers of what is scrolled to the top.
_BAR_PX = 56


def taken(address: str, video: str, srt: str, *, end: int) -> Iterator[tuple[str, Image.Image]]:
    """Each picture by its name: of a new job whose only scene is captioned by the transcript."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise rig.BenchError("these pictures need Chromium: apt-get install chromium")
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = _new_job(browser, address, video, end, _DESK)
        yield _FORM, _shot(page.locator("section.captions"))
        for name, screen in _SCREENS.items():
            page = _new_job(browser, address, video, end, screen)
            _open_editor(page, srt)
            yield name, _shot(page if screen is _PHONE else page.locator(".editor"))
            page.context.close()
        browser.close()


def _new_job(browser: Browser, address: str, video: str, end: int, screen: dict[str, Any]) -> Page:
    page = browser.new_context(locale="en-GB", **screen).new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{address}/#/new")
    page.get_by_role("button", name=video).last.click()
    expect(page.get_by_role("slider", name="Place in the video")).to_be_visible()
    page.get_by_role("button", name="Add a row").click()
    page.get_by_label("Start of scene 1").fill("0")
    page.get_by_label("End of scene 1").fill(str(end))
    page.get_by_role("checkbox", name=re.compile("^intelligent the crop")).check()
    page.locator("label", has=page.get_by_role("radio", name="from a file")).click()
    return page


def _open_editor(page: Page, srt: str) -> None:
    """The editor with a word chosen and its frame drawn, at the top of the screen."""
    page.get_by_label("File with captions").set_input_files(
        {"name": "talk.srt", "mimeType": "text/plain", "buffer": srt.encode()}
    )
    page.get_by_role("button", name=re.compile("^people, at")).click()
    expect(page.get_by_alt_text(re.compile("^The clip at"))).to_be_visible()
    expect(page.get_by_text("This frame will be in the clip.")).to_be_visible()
    page.locator(".editor").evaluate(
        "(editor, bar) => scrollTo(0, editor.getBoundingClientRect().top + scrollY - bar)", _BAR_PX
    )


def _shot(what: Page | Locator) -> Image.Image:
    return Image.open(io.BytesIO(what.screenshot(animations="disabled")))
