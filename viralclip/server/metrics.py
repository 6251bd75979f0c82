"""`GET /metrics`: what was recorded, and what is asked for at that moment."""

import asyncio
import hmac
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from starlette.requests import HTTPConnection

from viralclip.engine.port import QueueDepth
from viralclip.server import problems
from viralclip.server.door import now_known
from viralclip.server.identity import LOOPBACK, bearer, known_owner
from viralclip.server.owner_first import OwnerFirst
from viralclip.server.pools import BusyError, Pool
from viralclip.server.problems import UnauthorizedError
from viralclip.server.request_limits import Guard, RequestLimits
from viralclip.telemetry.metrics import (
    DISK_FREE_BYTES,
    QUEUE_CLIPS,
    QUEUE_OLDEST_SECONDS,
    Place,
)
from viralclip.telemetry.recorder import PrometheusRecorder

# Whose connection it is that scrapes with the token that is for nothing else.
_SCRAPER = "metrics"
# What is not known by then is left out of the answer: a scraper gives up after ten seconds.
_LOOK_S, _WRITE_S = 1.0, 5.0

log = structlog.get_logger(__name__)


class Scrape:
    """Answers scrapes, whatever is slow: the queue, a disk and the text each have a thread.

    `depth` asks the database how much is queued; `places` are folders whose disks may fill up.
    """

    def __init__(
        self,
        recorder: PrometheusRecorder,
        depth: Callable[[], QueueDepth],
        places: Mapping[Place, Path],
        *,
        look_s: float = _LOOK_S,
    ) -> None:
        self._recorder = recorder
        self._depth = depth
        self._places = places
        self._looking = Pool("metrics-look", threads=1 + len(places), each=1, within_s=look_s)
        self._writing = Pool("metrics", threads=1, each=1, within_s=_WRITE_S)

    async def __call__(self, accept: str) -> tuple[bytes, str]:
        """The text and its media type; BusyError where others ask all the time."""
        looks = (self._look_at_disk(place, folder) for place, folder in self._places.items())
        await asyncio.gather(self._look_at_queue(), *looks)
        return await self._writing.run(_SCRAPER, self._recorder.exposition, accept)

    async def _look_at_queue(self) -> None:
        try:
            depth = await self._looking.run("queue", self._depth)
        except Exception as error:  # noqa: BLE001 - without a database the rest is still true
            log.warning("Queue depth unknown", error=repr(error))
            QUEUE_CLIPS.clear()
            QUEUE_OLDEST_SECONDS.clear()
            return
        QUEUE_CLIPS.set(depth.waiting, state="waiting")
        QUEUE_CLIPS.set(depth.running, state="running")
        QUEUE_OLDEST_SECONDS.set(depth.oldest_s)

    async def _look_at_disk(self, place: Place, folder: Path) -> None:
        try:
            usage = await self._looking.run(place, shutil.disk_usage, folder)
        except (OSError, BusyError) as error:
            log.warning("Free space unknown", place=place, error=repr(error))
            return
        DISK_FREE_BYTES.set(usage.free, place=place)


@dataclass(frozen=True)
class Scraping:
    """What is scraped, and the token of whoever may do that and nothing else."""

    scrape: Scrape
    token: str | None = field(default=None, repr=False)


async def _scraping(request: Request) -> Scraping:
    return request.app.state.parts.scraping


router = APIRouter(route_class=OwnerFirst)


@router.get("/metrics", include_in_schema=False)
async def get_metrics(
    request: Request, scraping: Annotated[Scraping, Depends(_scraping)]
) -> Response:
    """Whoever may ask anything may scrape, and whoever has the token."""
    if is_scraper(request, scraping.token):
        now_known(request.scope, _SCRAPER)
    else:
        await known_owner(request)
    return await _answer(scraping.scrape, request)


def metrics_app(scrape: Scrape, *, token: str | None) -> FastAPI:
    """The application of a worker's port: to whoever has the token, or to this machine alone."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/metrics")
    async def get_metrics(request: Request) -> Response:
        if token is not None and not is_scraper(request, token):
            raise UnauthorizedError
        return await _answer(scrape, request)

    problems.install(app)
    if token is None:
        # A page in a browser of this machine may have made a name of its own point here.
        app.add_middleware(Guard, bounds=RequestLimits(hosts=LOOPBACK, body_bytes=0))
    return app


def is_scraper(connection: HTTPConnection, token: str | None) -> bool:
    """Whether the request has the token that scrapers are given."""
    given = bearer(connection)
    if token is None or given is None:
        return False
    return hmac.compare_digest(given.encode(), token.encode())


async def _answer(scrape: Scrape, request: Request) -> Response:
    text, media_type = await scrape(request.headers.get("accept", ""))
    # Starlette would add a second charset.
    return Response(text, headers={"Content-Type": media_type})
