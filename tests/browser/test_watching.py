"""Looking at a job: through reloads, from two tabs, and stopping or repairing what it does."""

import re

from playwright.sync_api import Locator, Page, expect

WHOLE = "The whole job"


def share(page: Page, name: str = WHOLE) -> int:
    return int(page.get_by_role("progressbar", name=name).get_attribute("aria-valuenow") or 0)


def row(page: Page, scene: str, style: str = "original"):
    """The row of a clip: its step in words, its bar, its button."""
    card = page.get_by_role("article", name=scene)
    return card.get_by_role("listitem").filter(has_text=style)


def wait_until_it_moves(page: Page) -> None:
    page.wait_for_function("() => document.querySelector('[role=progressbar]')?.ariaValueNow >= 5")


def lines_with(page: Page, text: str) -> Locator:
    page.get_by_label("Find in the log").fill(text)
    return page.get_by_role("log").get_by_role("listitem")


def test_a_reload_in_the_middle_loses_nothing(look, served):
    served.render_at(1)
    page = look.open(served.submit((0, 1), (0, 15)))
    wait_until_it_moves(page)
    before = share(page)
    look.keep(page, "before")
    page.reload()
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    expect(row(page, "Scene 2 Part 2")).to_contain_text("rendering")
    look.keep(page, "after")

    assert before <= share(page)
    assert share(page) < 100
    expect(page.get_by_text("succeeded").first).to_be_visible()
    expect(page.get_by_role("list", name="2 finished clips")).to_be_visible()


def test_a_cancelled_job_says_who_cancelled_it_and_keeps_what_was_done(look, served):
    served.render_at(1)
    page = look.open(served.submit((0, 1), (0, 50), (0, 55)))
    expect(row(page, "Scene 1 Part 1")).to_contain_text("done")
    page.get_by_role("button", name="Cancel job").click()

    expect(row(page, "Scene 3 Part 3")).to_contain_text("cancelled by local")
    expect(page.get_by_text("1 of 3 clips done, 2 cancelled")).to_be_visible()
    expect(page.get_by_role("button", name="Retry 2 clips")).to_be_visible()
    assert share(page) < 100


def test_one_clip_is_cancelled_and_its_siblings_go_on(look, served):
    served.render_at(1)
    page = look.open(served.submit((0, 4), styles="original,split"))
    page.get_by_role("button", name="Cancel split of Scene 1 Part 1").click()
    expect(row(page, "Scene 1 Part 1", "split")).to_contain_text("cancel")

    expect(row(page, "Scene 1 Part 1", "split")).to_contain_text("cancelled by local")
    expect(row(page, "Scene 1 Part 1", "original")).to_contain_text("done")
    expect(page.get_by_text("partly done").first).to_be_visible()


def test_a_failed_clip_says_why_and_a_retry_makes_it_alone(look, served):
    served.break_style("split")
    page = look.open(served.submit((0, 1), (1, 2), styles="original,split"))
    failed = page.get_by_role("region", name="Failures and warnings")
    expect(failed).to_contain_text("2 clips failed")
    expect(page.get_by_text("2 of 4 clips done, 2 failed")).to_be_visible()
    why = failed.get_by_role("button", name=re.compile("Show why|Hide"))
    # Whoever comes when the job has ended sees why at once.
    if why.get_attribute("aria-expanded") == "false":
        why.click()
    expect(failed).to_contain_text("Part 2, split")
    expect(failed).to_contain_text("FFmpeg could not render this clip")
    trace_id = failed.locator("code").inner_text()
    lines = [line for line in served.log_lines() if line.get("trace_id") == trace_id]
    assert any("broken by the test" in line.get("error", "") for line in lines)
    look.keep(page, "failed")
    served.break_style(None)
    failed.get_by_role("button", name="Retry 2 clips").click()

    expect(page.get_by_text("4 of 4 clips done")).to_be_visible()
    expect(page.get_by_text("run 2", exact=True)).to_be_visible()
    expect(lines_with(page, "original: rendering")).to_have_count(2)
    expect(lines_with(page, "split: rendering")).to_have_count(4)
    expect(failed).to_contain_text("Nothing failed")


def test_a_job_whose_clips_all_failed_is_not_shown_as_done(look, served):
    served.break_style("original")
    page = look.open(served.submit((0, 1)))

    expect(page.get_by_role("region", name="Failures and warnings")).to_contain_text(
        "1 clip failed"
    )
    expect(page.get_by_text("failed", exact=True).first).to_be_visible()
    expect(page).to_have_title(re.compile(r"^\d?\d % talk.mp4"))
    expect(page.get_by_text("No clip was made")).to_be_visible()


def test_two_tabs_show_the_same_and_what_one_does_the_other_sees(look, served):
    served.render_at(1)
    address = served.submit((0, 1), (0, 50))
    here, there = look.open(address), look.open(address)
    for page in (here, there):
        expect(row(page, "Scene 1 Part 1")).to_contain_text("done")
        expect(page.get_by_role("list", name="1 finished clip")).to_be_visible()
    here.get_by_role("button", name="Cancel job").click()

    expect(there.get_by_text("1 of 2 clips done, 1 cancelled")).to_be_visible()
    expect(there.get_by_role("button", name="Cancel job")).to_have_count(0)
    assert share(here) == share(there)


def test_a_job_that_waits_says_how_many_clips_are_made_before_its_own(look, served):
    served.render_at(1)
    others = served.submit(*[(0, 50)] * 8)
    # Its clips are queued once its source was read, and only then is another job behind them.
    served.wait_until_clips_wait(others)
    page = look.open(served.submit((0, 1)))
    expect(page.get_by_text(re.compile(r"^\d clips first$"))).to_be_visible()
    with served.client() as client:
        client.post(f"{served.api(others)}/cancel").raise_for_status()

    expect(page.get_by_text("succeeded").first).to_be_visible()


def test_a_job_is_deleted_with_its_clips_once_that_is_confirmed(look, served):
    page = look.open(served.submit((0, 1)))
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("button", name="Keep")).to_be_focused()
    page.get_by_role("group", name="Delete the job").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Jobs")).to_be_visible()
    page.go_back()

    expect(page.get_by_role("heading", name="This job is not there")).to_be_visible()


def test_a_refused_wish_is_taken_back_and_the_refusal_shown(look, served):
    served.render_at(1)
    page = look.open(served.submit((0, 50)))
    priority = page.get_by_label("Priority")
    expect(priority).to_have_value("normal")
    refusal = '{"title":"","status":409,"detail":"Not while it rains.","code":"conflict"}'
    page.route("**/api/jobs/*", lambda route: route.fulfill(status=409, body=refusal))
    priority.select_option("urgent")

    expect(page.get_by_text("Not while it rains.")).to_be_visible()
    expect(priority).to_have_value("normal")
    page.unroute("**/api/jobs/*")
    priority.select_option("low")
    expect(priority).to_have_value("low")
    page.reload()
    expect(priority).to_have_value("low")
    page.get_by_role("button", name="Cancel job").click()
    expect(page.get_by_text("cancelled").first).to_be_visible()


def test_the_log_is_filtered_searched_and_never_drawn_whole(look, served):
    page = look.open(served.submit(*((start, start + 0.2) for start in range(8))))
    log = page.get_by_role("log")
    expect(log).to_contain_text("Job succeeded: 8 done")
    expect(log).to_have_attribute("aria-label", re.compile(r"^\d\d lines"))
    assert log.get_by_role("listitem").count() < 40

    page.get_by_label("Find in the log").fill("scene 7 ended")
    expect(log.get_by_role("listitem")).to_have_count(1)
    page.get_by_label("Find in the log").fill("")
    page.get_by_label("Least level shown").select_option("error")
    expect(log).to_contain_text("Nothing matches.")
