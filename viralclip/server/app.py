"""The application: every route over one set of services, behind one guard."""

from collections.abc import Sequence
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from pydantic.json_schema import models_json_schema

from viralclip import __version__
from viralclip.live import Reset, Snapshot, Ticked, Told
from viralclip.server import clips, jobs, live, problems, system, uploads, videos
from viralclip.server.guard import LOOPBACK, Bounds, Guard
from viralclip.server.identity import Accounts, identify_with
from viralclip.server.services import Services


def create_app(
    services: Services,
    *,
    accounts: Accounts | None = None,
    hosts: Sequence[str] = LOOPBACK,
    page: Path | None = None,
) -> FastAPI:
    """The API, and the page if it is built; without `accounts` everybody is the local user."""
    app = FastAPI(
        title="viralclip",
        version=__version__,
        description="Clips of long videos, with progress that is true.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.identify = identify_with(accounts)
    app.include_router(jobs.routes(services))
    app.include_router(live.routes(services))
    app.include_router(clips.routes(services))
    app.include_router(videos.routes(services))
    app.include_router(system.routes(services, accounts))
    if services.uploads is not None:
        app.include_router(uploads.routes(services, services.uploads))
    problems.install(app)
    bounds = Bounds(
        hosts=hosts, body_bytes=services.limits.body_bytes, open_paths=(uploads.PREFIX,)
    )
    app.add_middleware(Guard, bounds=bounds)
    if page is not None:
        app.mount("/", StaticFiles(directory=page, html=True), name="page")
    _describe_frames(app)
    return app


def _describe_frames(app: FastAPI) -> None:
    """OpenAPI has no place for a socket's messages: their schemas stand among the components."""
    schema = app.openapi()
    _, frames = models_json_schema(
        [(frame, "serialization") for frame in (Snapshot, Reset, Told, Ticked)],
        ref_template="#/components/schemas/{model}",
    )
    schema["components"]["schemas"] = frames["$defs"] | schema["components"]["schemas"]
