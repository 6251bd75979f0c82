"""Killed servers, cut lines and proxies that know no WebSocket: the page finds its own way back."""

from playwright.sync_api import Page, expect

WEBSOCKET = b"upgrade: websocket"
STREAM = b"accept: text/event-stream"


def through(line, address: str, served) -> str:
    return address.replace(f":{served.port}/", f":{line.port}/")


def badge(page: Page):
    return page.locator("[data-connection]")


def is_rendering(page: Page):
    return expect(page.get_by_role("article").last).to_contain_text("rendering")


def test_a_killed_and_restarted_server_is_found_again_and_the_job_finishes(look, served):
    served.render_at(1)
    page = look.open(served.submit((0, 1), (0, 50)))
    expect(page.get_by_text("1 of 2 clips done")).to_be_visible()
    is_rendering(page)
    served.kill()
    expect(badge(page)).to_have_text("offline")
    expect(page.get_by_text("connection lost")).to_be_visible()
    look.keep(page, "offline")
    served.render_at(100)
    served.start()

    expect(badge(page)).to_have_text("live")
    expect(page.get_by_text("2 of 2 clips done")).to_be_visible()
    expect(page.get_by_role("list", name="2 finished clips")).to_be_visible()
    expect(page.get_by_role("log")).to_contain_text("took over from")


def test_where_websockets_are_blocked_the_page_streams_and_goes_back_when_they_work(
    look, served, line
):
    line.refuse(WEBSOCKET)
    served.render_at(1)
    page = look.open(through(line, served.submit((0, 1), (0, 55)), served))
    expect(page.get_by_text("1 of 2 clips done")).to_be_visible()
    is_rendering(page)
    expect(badge(page)).to_have_text("live")
    look.keep(page, "streaming")
    with page.expect_websocket(lambda socket: not socket.is_closed()) as lasting:
        line.refuse()
    lasting.value.wait_for_event("framereceived")

    expect(badge(page)).to_have_text("live")
    page.get_by_role("button", name="Cancel job").click()
    expect(page.get_by_text("1 of 2 clips done, 1 cancelled")).to_be_visible()
    assert not lasting.value.is_closed()


def test_where_streams_are_blocked_too_the_page_polls(look, served, line):
    line.refuse(WEBSOCKET, STREAM)
    served.render_at(1)
    page = look.open(through(line, served.submit((0, 1), (0, 5)), served))
    expect(badge(page)).to_have_text("polling")
    look.keep(page, "polling")

    expect(page.get_by_text("2 of 2 clips done")).to_be_visible()
    expect(page.get_by_role("list", name="2 finished clips")).to_be_visible()


def test_what_happened_while_the_line_was_cut_is_caught_up_with(look, served, line):
    served.render_at(1)
    page = look.open(through(line, served.submit((0, 1), (0, 3)), served))
    is_rendering(page)
    line.cut()
    expect(badge(page)).to_have_text("offline")
    line.mend()

    expect(badge(page)).to_have_text("live")
    expect(page.get_by_text("2 of 2 clips done")).to_be_visible()
    expect(page.get_by_role("log")).to_contain_text("Job succeeded: 2 done")


def test_a_token_is_asked_for_where_others_can_reach_the_server(look, serving):
    said: list[str] = []
    own = serving("127.0.0.2", lambda own: said.append(own.command("token", "create", "ada")))
    page = look.open(f"{own.address}/")
    page.get_by_label("Token").fill("not it")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("This token is not known here.")).to_be_visible()
    look.keep(page, "refused")
    page.get_by_label("Token").fill(said[0].split()[-1])
    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_role("heading", name="No jobs yet")).to_be_visible()
    page.reload()
    expect(page.get_by_text("ada")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Token")).to_be_visible()
