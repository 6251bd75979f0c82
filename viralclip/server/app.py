"""The application: every route over one set of services, behind one guard."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.staticfiles import StaticFiles
from pydantic.json_schema import models_json_schema

from viralclip import __version__
from viralclip.live import EventFrame, Reset, Snapshot, TickFrame
from viralclip.origins import Site
from viralclip.server import (
    actions,
    caption_edits,
    captions,
    clips,
    history,
    jobs,
    live,
    metrics,
    problems,
    scene_lists,
    system,
    uploads,
    videos,
    webhooks,
)
from viralclip.server.identity import COOKIE, LOOPBACK, SignIn
from viralclip.server.measuring import Measuring
from viralclip.server.problems import MEDIA_TYPE
from viralclip.server.request_context import RequestContext, note_route
from viralclip.server.request_limits import Guard, RequestLimits
from viralclip.server.services import Services

_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_ABOUT = (
    "Clips of long videos, with progress that is true. A job is followed live over a WebSocket at "
    "`/api/jobs/{job_id}/live?after=CURSOR`: each message is one JSON object, a Snapshot, Reset, "
    f"EventFrame or TickFrame. Clients that ask for the subprotocol `{live.LINES}` may get several "
    "in a message, one to a line."
)
_TOKENS = {
    "token": {"type": "http", "scheme": "bearer", "description": "From `viralclip token create`."},
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
}


def create_app(
    services: Services,
    *,
    sign_in: SignIn,
    hosts: Sequence[str] = LOOPBACK,
    sites: Sequence[Site] = (),
    any_address: bool = False,
    page: Path | None = None,
) -> FastAPI:
    """The API, and the page if it is built."""
    app = FastAPI(
        title="viralclip",
        version=__version__,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        dependencies=[Depends(note_route)],
    )
    app.state.sign_in = sign_in
    app.include_router(jobs.routes(services))
    app.include_router(actions.routes(services))
    app.include_router(live.routes(services))
    app.include_router(history.routes(services))
    app.include_router(clips.routes(services))
    app.include_router(videos.routes(services))
    app.include_router(scene_lists.routes(services))
    app.include_router(captions.routes(services))
    app.include_router(caption_edits.routes(services))
    app.include_router(system.routes(services, sign_in))
    if services.uploads is not None:
        app.include_router(uploads.routes(services, services.uploads))
    if services.webhooks is not None:
        app.include_router(webhooks.routes(services, services.webhooks))
    if services.scrape is not None:
        app.include_router(metrics.routes(services.scrape, token=services.metrics_token))
    problems.install(app)
    bounds = RequestLimits(
        hosts=hosts,
        body_bytes=services.limits.body_bytes,
        body_s=services.body_s,
        streamed=(uploads.PREFIX,),
        sites=sites,
        any_address=any_address,
        media_origin=services.media_origin,
    )
    app.add_middleware(Guard, bounds=bounds)
    app.add_middleware(RequestContext)
    app.add_middleware(Measuring)
    if page is not None:
        app.mount("/", StaticFiles(directory=page, html=True), name="page")
    _describe(app.openapi())
    return app


def _describe(schema: dict[str, Any]) -> None:
    """What FastAPI leaves out: the frames of a socket, tokens, and what kind of content a problem
    is."""
    _, frames = models_json_schema(
        [(frame, "serialization") for frame in (Snapshot, Reset, EventFrame, TickFrame)],
        ref_template="#/components/schemas/{model}",
    )
    schema["components"]["schemas"] = frames["$defs"] | schema["components"]["schemas"]
    schema["components"]["securitySchemes"] = _TOKENS
    for path in schema["paths"].values():
        for operation in path.values():
            if "401" in operation["responses"]:
                # On this machine alone nobody needs one.
                operation["security"] = [{"token": []}, {"session": []}, {}]
            for response in operation["responses"].values():
                _name_problem(response)


def _name_problem(response: dict[str, Any]) -> None:
    for content in response.get("content", {}).values():
        if content.get("schema") == _PROBLEM:
            response["content"] = {MEDIA_TYPE: {"schema": _PROBLEM}}
            return
