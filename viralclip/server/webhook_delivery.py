"""Delivers webhooks of ended jobs: signed, and retried with backoff until they arrive, also after a
restart."""

import asyncio
import base64
import hashlib
import hmac
import random
from collections import Counter
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import structlog
from pydantic import AwareDatetime, BaseModel

from viralclip import __version__
from viralclip.catalog.port import Catalog
from viralclip.catalog.records import JobRecord
from viralclip.catalog.webhooks import (
    Delivery,
    DeliveryState,
    Webhook,
    Webhooks,
)
from viralclip.events import Outcome
from viralclip.server.webhook_http import PostError, WebhookAddressError, parse_target, post
from viralclip.telemetry.metrics import WEBHOOK_DELIVERIES, DeliveryOutcome

# The names of the Standard Webhooks specification, for which receivers find libraries.
ID_HEADER = "webhook-id"
TIME_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"
# How long after each failed attempt the next one comes, give or take a fifth.
WAITS_S = (5, 30, 120, 600, 3600, 4 * 3600, 12 * 3600)
_JITTER = 0.2
_LOOK_S = 1.0
# Deliveries under way at once, and those of one owner: a receiver that does not answer keeps
# only its owner's others waiting.
_AT_ONCE, _OF_ONE = 16, 4
_ANSWER_S = 10.0
# Nobody else takes up a delivery within that time; afterwards its courier must have died.
_LEASE = timedelta(seconds=60)
_KEPT = timedelta(days=7)
_TIDY = timedelta(hours=1)
# A job that is not there after so long was never queued.
_NEVER = timedelta(hours=1)
# A job that has run for long is looked at less often: its webhook comes at most so much later.
_LATE_SHARE = 0.02
_LATEST_S = 15.0
# What an attempt comes to, as it is counted.
_OUTCOMES: dict[DeliveryState, DeliveryOutcome] = {
    "due": "postponed",
    "delivered": "delivered",
    "given_up": "given_up",
}
# The answer of a receiver that wants no more.
_GONE = f"http_{HTTPStatus.GONE.value}"

log = structlog.get_logger(__name__)


class JobEnded(BaseModel, frozen=True):
    """What a webhook is told when a run of a job has ended."""

    type: str = "job_finished"
    job_id: str
    run: int
    outcome: Outcome
    clips_completed: int
    clips_failed: int
    clips_cancelled: int
    finished_at: AwareDatetime


class Pinged(BaseModel, frozen=True):
    """What a webhook is told to see whether it listens."""

    type: str = "ping"


def sign(secret: bytes, delivery_id: str, timestamp: int, body: str) -> str:
    """`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body` under the secret."""
    signed = f"{delivery_id}.{timestamp}.{body}".encode()
    return "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()


async def enqueue_deliveries(
    job: JobRecord, catalog: Catalog, webhooks: Webhooks, at: datetime
) -> None:
    """What waited for the end of the job's latest run is due, and says how it ended."""
    if job.outcome is None or job.finished_at is None:
        return
    endings = (await catalog.clips.count_endings([job.job_id]))[job.job_id]
    ended = JobEnded(
        job_id=job.job_id,
        run=job.run,
        outcome=job.outcome,
        clips_completed=endings.complete,
        clips_failed=endings.failed,
        clips_cancelled=endings.cancelled,
        finished_at=job.finished_at,
    )
    await webhooks.deliveries.end(job.job_id, job.run, ended.model_dump_json(), at)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class WebhookDelivery:
    """Sees to every delivery when its time has come; `anywhere` allows private addresses."""

    def __init__(
        self,
        webhooks: Webhooks,
        catalog: Catalog,
        *,
        anywhere: bool = False,
        now: Callable[[], datetime] = _utc_now,
        look_s: float = _LOOK_S,
        answer_s: float = _ANSWER_S,
    ) -> None:
        self._webhooks = webhooks
        self._catalog = catalog
        self._anywhere = anywhere
        self._now = now
        self._look_s = look_s
        self._answer_s = answer_s
        self._tidied = datetime.min.replace(tzinfo=UTC)

    async def run(self) -> None:
        """Look for what is due, for ever; a slow receiver keeps nobody but itself waiting."""
        under_way: dict[asyncio.Task[None], str] = {}
        try:
            while True:
                under_way = {task: owner for task, owner in under_way.items() if not task.done()}
                for owner, delivery in await self._claim_due(under_way.values()):
                    under_way[asyncio.create_task(self._process(delivery))] = owner
                await asyncio.sleep(self._look_s)
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def round(self) -> int:
        """See to everything that is due now; how much that was."""
        taken = await self._claim_due(())
        await asyncio.gather(*(self._process(delivery) for _, delivery in taken))
        return len(taken)

    async def _claim_due(self, busy: Collection[str]) -> list[tuple[str, Delivery]]:
        """What is due, within the shares of owners whose deliveries are under way."""
        try:
            await self._tidy()
            now = self._now()
            return await self._webhooks.queue.claim_due(
                now, now + _LEASE, limit=_AT_ONCE - len(busy), each=_OF_ONE, busy=Counter(busy)
            )
        except Exception:
            log.warning("Webhooks cannot be looked at", exc_info=True)
            return []

    async def _tidy(self) -> None:
        if self._now() - self._tidied > _TIDY:
            self._tidied = self._now()
            await self._webhooks.deliveries.forget(self._tidied - _KEPT)

    async def _process(self, delivery: Delivery) -> None:
        try:
            if delivery.state == "waiting":
                await self._check_run(delivery)
            else:
                await self._deliver(delivery)
        except Exception:
            # It comes up again when the lease is over.
            log.warning("Webhook delivery failed", delivery=delivery.delivery_id, exc_info=True)

    async def _check_run(self, delivery: Delivery) -> None:
        """Whether the run that it waits for has ended."""
        job = await self._catalog.jobs.find(delivery.job_id or "")
        age = self._now() - delivery.created_at
        if job is None or job.run != delivery.run:
            if age > _NEVER:
                await self._webhooks.queue.drop(delivery.delivery_id)
                return
        elif job.outcome is not None:
            await enqueue_deliveries(job, self._catalog, self._webhooks, self._now())
            return
        wait = min(max(age.total_seconds() * _LATE_SHARE, 0.0), _LATEST_S)
        await self._webhooks.queue.postpone(
            delivery.delivery_id, self._now() + timedelta(seconds=wait)
        )

    async def _deliver(self, delivery: Delivery) -> None:
        webhook = await self._webhooks.hooks.find(delivery.webhook_id)
        if webhook is None:
            return
        answer = await self._attempt(webhook, delivery)
        state, wait_s = _next(answer, delivery.attempts)
        due_at = self._now() + timedelta(seconds=wait_s)
        await self._webhooks.queue.record_attempt(
            delivery.delivery_id, state=state, answer=answer, due_at=due_at
        )
        WEBHOOK_DELIVERIES.count(outcome=_OUTCOMES[state])
        facts = {"webhook": webhook.webhook_id, "job_id": delivery.job_id}
        log.info("Webhook called", **facts, answer=answer, state=state)

    async def _attempt(self, webhook: Webhook, delivery: Delivery) -> str:
        """`http_` and the status of the answer, or a code for why there is none."""
        body = delivery.body or ""
        secret = self._webhooks.hooks.secret_of(webhook)
        timestamp = int(self._now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"viralclip/{__version__}",
            ID_HEADER: delivery.delivery_id,
            TIME_HEADER: str(timestamp),
            SIGNATURE_HEADER: sign(secret, delivery.delivery_id, timestamp, body),
        }
        try:
            target = parse_target(webhook.url, anywhere=self._anywhere)
            status = await post(
                target,
                headers,
                body.encode(),
                anywhere=self._anywhere,
                timeout_s=self._answer_s,
            )
        except (PostError, WebhookAddressError) as error:
            return str(error) if isinstance(error, PostError) else error.code
        return f"http_{status}"


def _next(answer: str, failures: int) -> tuple[DeliveryState, float]:
    """What becomes of a delivery that had failed so often before this answer."""
    if answer.startswith("http_2"):
        return "delivered", 0.0
    if answer == _GONE or failures >= len(WAITS_S):
        return "given_up", 0.0
    jitter = random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - nothing is kept secret by it
    return "due", WAITS_S[failures] * jitter
