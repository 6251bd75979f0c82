"""The application: every route over one set of parts, behind one guard."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
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
from viralclip.server.finishing import Finishing
from viralclip.server.identity import COOKIE, LOOPBACK, SignIn
from viralclip.server.measuring import Measuring
from viralclip.server.media_index import MediaIndex
from viralclip.server.partial_uploads import PartialUploads
from viralclip.server.parts import ServerParts
from viralclip.server.problems import MEDIA_TYPE
from viralclip.server.quota import Quota
from viralclip.server.readiness import Readiness
from viralclip.server.request_context import RequestContext, note_route
from viralclip.server.request_limits import Guard, RequestLimits
from viralclip.server.submission import Submissions
from viralclip.server.video_library import VIDEO_SUFFIXES, VideoLibrary
from viralclip.server.viewing import LiveViews

# In the order in which they are described.
_ROUTED = (
    jobs,
    actions,
    live,
    history,
    clips,
    videos,
    scene_lists,
    captions,
    caption_edits,
    system,
    uploads,
    webhooks,
)
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
    parts: ServerParts,
    *,
    sign_in: SignIn,
    hosts: Sequence[str] = LOOPBACK,
    sites: Sequence[Site] = (),
    any_address: bool = False,
    page: Path | None = None,
) -> FastAPI:
    """The API over these parts, and the page if it is built."""
    app = routes()
    _provide(app, parts, sign_in)
    if parts.scraping is not None:
        app.include_router(metrics.router)
    bounds = RequestLimits(
        hosts=hosts,
        body_bytes=parts.limits.body_bytes,
        body_s=parts.timeouts.body_s,
        streamed=(uploads.PREFIX,),
        sites=sites,
        any_address=any_address,
        media_origin=parts.files.media_origin,
    )
    app.add_middleware(Guard, bounds=bounds)
    app.add_middleware(RequestContext)
    app.add_middleware(Measuring)
    if page is not None:
        app.mount("/", StaticFiles(directory=page, html=True), name="page")
    return app


class _Api(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """FastAPI describes its routes anew when there are others; what it leaves out is added."""
        before = self.openapi_schema
        schema = super().openapi()
        if schema is not before:
            _describe(schema)
        return schema


def routes() -> FastAPI:
    """Every route and its description; nothing to answer with yet."""
    app = _Api(
        title="viralclip",
        version=__version__,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(note_route)],
    )
    app.add_route("/api/openapi.json", _description, include_in_schema=False)
    for module in _ROUTED:
        app.include_router(module.router)
    problems.install(app)
    return app


async def _description(request: Request) -> JSONResponse:
    """Made in a thread when somebody first asks: it takes as long as the rest of a server's start,
    and most servers are never asked."""
    app = request.app
    async with app.state.describing:
        return JSONResponse(await asyncio.to_thread(app.openapi))


def _provide(app: FastAPI, parts: ServerParts, sign_in: SignIn) -> None:
    """What dependencies give to routes, made once for the life of the application."""
    backends, files = parts.backends, parts.files
    library = VideoLibrary(backends.catalog, files, parts.probing)
    arrivals = PartialUploads(files.uploads)
    viewers = Quota("live views", parts.limits.viewers_per_user)

    async def ask() -> None:
        await backends.catalog.jobs.count_running("nobody")
        await backends.channel.progress("none")

    app.state.describing = asyncio.Lock()
    app.state.parts = parts
    app.state.sign_in = sign_in
    app.state.library = library
    app.state.submissions = Submissions(parts, library)
    app.state.live_views = LiveViews(backends.feeds, viewers, parts.timeouts)
    app.state.media_index = MediaIndex(files.media_roots, VIDEO_SUFFIXES)
    app.state.partial_uploads = arrivals
    app.state.finishing = Finishing(arrivals, backends.catalog, files, parts.probing)
    app.state.readiness = Readiness(ask)


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
