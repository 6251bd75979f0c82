"""Webhooks over HTTP: who wants to be told of ended jobs, and what became of telling them."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from viralclip.catalog.webhooks import Delivery, DeliveryState, Webhook, WebhookTable, shown
from viralclip.server.dependencies import LimitsDep, WebhooksDep
from viralclip.server.identity import Owner
from viralclip.server.owner_first import OwnerFirst
from viralclip.server.problems import NotFoundError, TooManyError, problems
from viralclip.server.webhook_delivery import Pinged
from viralclip.server.webhook_http import parse_target

WebhookId = Annotated[str, Path(max_length=64)]


class NewWebhook(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: str = Field(max_length=2000)


class WebhookOut(BaseModel):
    webhook_id: str
    url: str
    created_at: AwareDatetime


class WebhookCreated(WebhookOut):
    """The secret is shown this once; the signatures of all messages are made with it."""

    secret: str


class DeliveryOut(BaseModel):
    """A message to a webhook; `answer` is what the last attempt gave, `next_at` when another
    comes."""

    delivery_id: str
    job_id: str | None
    run: int | None
    state: DeliveryState
    attempts: int
    answer: str | None
    created_at: AwareDatetime
    next_at: AwareDatetime | None


router = APIRouter(
    route_class=OwnerFirst, prefix="/api/webhooks", tags=["webhooks"], responses=problems(401, 403)
)


@router.post(
    "",
    status_code=201,
    operation_id="createWebhook",
    responses=problems(400, 413, 422, 429, 503),
)
async def create_webhook(
    new: NewWebhook, owner: Owner, webhooks: WebhooksDep, limits: LimitsDep
) -> WebhookCreated:
    """Be told of the end of every job that is submitted or retried from now on."""
    parse_target(new.url, anywhere=limits.webhooks_anywhere)
    if len(await webhooks.hooks.of(owner)) >= limits.webhooks_per_user:
        raise TooManyError(what="webhooks", limit=limits.webhooks_per_user)
    made = await webhooks.hooks.add(owner, new.url, datetime.now(UTC))
    return WebhookCreated(**_facts(made), secret=shown(webhooks.hooks.secret_of(made)))


@router.get("", operation_id="listWebhooks")
async def list_webhooks(owner: Owner, webhooks: WebhooksDep) -> list[WebhookOut]:
    """Your webhooks, without their secrets."""
    return [WebhookOut(**_facts(webhook)) for webhook in await webhooks.hooks.of(owner)]


@router.delete(
    "/{webhook_id}",
    status_code=204,
    operation_id="deleteWebhook",
    responses=problems(404, 422),
)
async def delete_webhook(webhook_id: WebhookId, owner: Owner, webhooks: WebhooksDep) -> None:
    """Be told no more; what is still owed is dropped."""
    webhook = await _find(webhook_id, owner, webhooks.hooks)
    await webhooks.hooks.remove(webhook.webhook_id)


@router.post(
    "/{webhook_id}/ping",
    status_code=202,
    operation_id="pingWebhook",
    responses=problems(404, 422),
)
async def ping_webhook(webhook_id: WebhookId, owner: Owner, webhooks: WebhooksDep) -> WebhookOut:
    """Send a `ping`, to see whether the receiver listens."""
    webhook = await _find(webhook_id, owner, webhooks.hooks)
    body = Pinged().model_dump_json()
    await webhooks.deliveries.send(webhook.webhook_id, body, datetime.now(UTC))
    return WebhookOut(**_facts(webhook))


@router.get(
    "/{webhook_id}/deliveries",
    operation_id="listDeliveries",
    responses=problems(404, 422),
)
async def list_deliveries(
    webhook_id: WebhookId, owner: Owner, webhooks: WebhooksDep
) -> list[DeliveryOut]:
    """The latest hundred messages, the latest first; those that ended are kept for a week."""
    webhook = await _find(webhook_id, owner, webhooks.hooks)
    return [_out(delivery) for delivery in await webhooks.deliveries.of(webhook.webhook_id)]


async def _find(webhook_id: str, owner: str, hooks: WebhookTable) -> Webhook:
    # Not every database can be asked for every text.
    webhook = await hooks.find(webhook_id) if webhook_id.isalnum() else None
    if webhook is None or webhook.owner != owner:
        raise NotFoundError
    return webhook


def _facts(webhook: Webhook) -> dict[str, Any]:
    return webhook.model_dump(include=set(WebhookOut.model_fields))


def _out(delivery: Delivery) -> DeliveryOut:
    return DeliveryOut(
        **delivery.model_dump(include=set(DeliveryOut.model_fields)),
        next_at=delivery.due_at if delivery.state == "due" else None,
    )
