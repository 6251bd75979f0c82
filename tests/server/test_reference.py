"""What the documentation says of the network is what the server does."""

import json
import re
from contextlib import nullcontext
from pathlib import Path
from typing import get_args

from pydantic import TypeAdapter
from websockets.asyncio.client import connect

from viralclip.app.serving import config
from viralclip.catalog.webhooks import DeliveryState
from viralclip.live import EventFrame, Frame
from viralclip.server import webhook_delivery
from viralclip.server.feed import KEEP_EVENTS
from viralclip.server.history import HistoryPage
from viralclip.server.limits import Limits, Timeouts
from viralclip.server.live import EventPage
from viralclip.server.webhook_delivery import JobEnded, sign
from viralclip.server.webhooks import DeliveryOut

DOCS = Path(__file__).parents[2] / "docs" / "reference"
LIVE = (DOCS / "live.md").read_text(encoding="utf-8")
WEBHOOKS = (DOCS / "webhooks.md").read_text(encoding="utf-8")

_FRAME: TypeAdapter[Frame] = TypeAdapter(Frame)


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def table(text: str, heading: str) -> dict[str, list[str]]:
    """The cells of the first table under the heading, by the first of them."""
    section = text.split(f"## {heading}\n")[1].split("\n## ", maxsplit=1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0].strip("`"): row for row in rows if not row[0].startswith("-")}


def test_every_kind_of_frame_is_documented_with_its_fields():
    documented = {
        kind: set(re.findall(r"`(\w+)`", cells[1])) for kind, cells in table(LIVE, "Frames").items()
    }
    kinds = get_args(get_args(Frame)[0])

    assert documented == {
        kind.model_fields["kind"].default: set(kind.model_fields) - {"kind"} for kind in kinds
    } | {"heartbeat": set()}


def test_the_frame_and_the_pages_shown_are_real_ones():
    frame, page, earlier = blocks(LIVE, "json")

    told = _FRAME.validate_json(frame)
    assert isinstance(told, EventFrame)
    assert told.cursor.endswith(f"-{told.envelope.seq}")
    assert EventPage.model_validate_json(page).kind == "events"
    assert HistoryPage.model_validate_json(earlier).has_earlier is False


def test_the_figures_that_are_documented_are_those_of_the_server():
    limits, timeouts = Limits(), Timeouts()

    assert f"for {timeouts.heartbeat_s:g} seconds" in LIVE
    assert (timeouts.send_timeout_s, "for a minute is let go" in LIVE) == (60, True)
    assert (KEEP_EVENTS, "a thousand events behind" in LIVE) == (1000, True)
    assert f"at most {limits.viewers_per_user} views" in LIVE
    uvicorn = config(nullcontext())
    assert f"every {uvicorn.ws_ping_interval:g} seconds" in LIVE
    assert uvicorn.ws_per_message_deflate is False
    assert (limits.webhooks_per_user, "at most ten" in WEBHOOKS) == (10, True)
    assert (webhook_delivery._ANSWER_S, "within ten seconds" in WEBHOOKS) == (10, True)


async def test_the_close_codes_that_are_documented_are_those_of_the_server(serve):
    documented = set(table(LIVE, "WebSocket"))
    served = await serve(tokens=True, limits=Limits(viewers_per_user=0))
    token = await served.accounts.create("anna")
    await served.add("job", owner="anna")
    seen = set()
    for job_id, headers in (
        ("job", {}),
        ("none", {"Authorization": f"Bearer {token}"}),
        ("job", {"Authorization": f"Bearer {token}"}),
    ):
        async with connect(served.live(job_id), additional_headers=headers, proxy=None) as ws:
            await ws.wait_closed()
            seen.add(str(ws.close_code))

    assert seen == {"4401", "4404", "4429"}
    assert documented == seen | {"1011", "1012"}


def test_the_webhook_body_shown_is_a_real_one():
    (shown,) = blocks(WEBHOOKS, "json")
    body = json.loads(shown)

    assert json.loads(JobEnded.model_validate(body).model_dump_json()) == body


def test_the_headers_of_a_webhook_are_documented():
    names = [
        webhook_delivery.ID_HEADER,
        webhook_delivery.TIME_HEADER,
        webhook_delivery.SIGNATURE_HEADER,
    ]

    assert list(table(WEBHOOKS, "Headers and signature")) == names


def test_the_code_shown_tells_genuine_webhooks_from_others():
    (code,) = blocks(WEBHOOKS, "python")
    shown: dict = {}
    exec(code, shown)  # noqa: S102 - the documentation's own example
    secret, body = "whsec_c2VjcmV0IHNlY3JldA==", '{"type":"ping"}'
    headers = {"webhook-id": "a1", "webhook-timestamp": "7"}
    signed = headers | {"webhook-signature": sign(b"secret secret", "a1", 7, body)}

    assert shown["is_genuine"](secret, signed, body.encode())
    assert not shown["is_genuine"](secret, signed, b"other")
    assert not shown["is_genuine"](secret, signed | {"webhook-timestamp": "8"}, body.encode())


def test_the_waits_between_attempts_are_documented():
    said = "5 seconds, 30 seconds, 2 minutes,\n10 minutes, 1 hour, 4 hours and 12 hours"

    assert said in WEBHOOKS
    assert webhook_delivery.WAITS_S == (5, 30, 120, 600, 3600, 4 * 3600, 12 * 3600)
    assert get_args(DeliveryState) == ("waiting", "due", "delivered", "given_up")
    assert "next_at" in DeliveryOut.model_fields


def test_every_answer_that_is_no_status_is_documented():
    source = (Path(webhook_delivery.__file__).parent / "webhook_http.py").read_text(
        encoding="utf-8"
    )
    raised = set(re.findall(r'PostError\("(\w+)"\)', source)) | {"invalid_webhook"}

    assert set(table(WEBHOOKS, "Until it is there")) == raised
