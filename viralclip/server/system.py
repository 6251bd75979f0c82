"""The rest of the API: styles to choose from, who I am, sessions for pages, health."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from viralclip import __version__
from viralclip.geometry import ASPECTS
from viralclip.origins import parse_origin
from viralclip.plan import PRESETS, Preset
from viralclip.server.dependencies import ReadinessDep, SignInDep
from viralclip.server.identity import COOKIE, Owner
from viralclip.server.owner_first import OwnerFirst
from viralclip.server.problems import NotReadyError, UnauthorizedError, problems
from viralclip.styles import all_styles

_SESSION_S = 30 * 24 * 3600

log = structlog.get_logger(__name__)


class StyleOut(BaseModel):
    name: str
    summary: str
    analysed: bool


class Choices(BaseModel):
    """What a new job can choose from."""

    styles: list[StyleOut]
    aspects: list[str]
    presets: list[Preset]


class Me(BaseModel):
    """Who is asking, and whether that takes a token."""

    user: str
    needs_token: bool
    version: str


class NewSession(BaseModel):
    token: Annotated[str, Field(max_length=200, pattern=r"^[A-Za-z0-9_-]+$")]


class Health(BaseModel):
    status: str


router = APIRouter(route_class=OwnerFirst, tags=["system"], responses=problems(403))


@router.get("/api/choices", operation_id="getChoices", responses=problems(401))
async def get_choices(_: Owner) -> Choices:
    """The styles, aspects and presets that there are here."""
    styles = [
        StyleOut(name=style.name, summary=style.summary, analysed=style.analysed)
        for style in all_styles().values()
    ]
    return Choices(styles=styles, aspects=list(ASPECTS), presets=list(PRESETS))


@router.get("/api/me", operation_id="getMe", responses=problems(401))
async def get_me(owner: Owner, request: Request, sign_in: SignInDep) -> Me:
    """Who the server takes you for."""
    needs_token = await sign_in.needs_token(request)
    return Me(user=owner, needs_token=needs_token, version=__version__)


@router.post(
    "/api/session",
    status_code=204,
    operation_id="openSession",
    responses=problems(400, 401, 413, 422),
)
async def open_session(
    new: NewSession, request: Request, response: Response, sign_in: SignInDep
) -> None:
    """Keep a token in a cookie that scripts cannot read, for pages."""
    if not await sign_in.accepts(new.token):
        raise UnauthorizedError
    response.set_cookie(
        COOKIE,
        new.token,
        max_age=_SESSION_S,
        httponly=True,
        samesite="strict",
        secure=_is_secure(request),
    )


@router.delete("/api/session", status_code=204, operation_id="closeSession")
async def close_session(response: Response) -> None:
    """Forget the token in the cookie."""
    response.delete_cookie(COOKIE)


@router.get("/healthz", operation_id="isAlive")
async def is_alive() -> Health:
    """Whether the process answers; it looks at nothing else."""
    return Health(status="ok")


@router.get("/readyz", operation_id="isReady", responses=problems(503))
async def is_ready(readiness: ReadinessDep) -> Health:
    """Whether the records and the channel answer, or did so in the last ten seconds."""
    if not await readiness.is_ready():
        raise NotReadyError
    return Health(status="ok")


def _is_secure(request: Request) -> bool:
    """Whether the page is read over TLS, which a proxy may have ended without a word."""
    origin = parse_origin(request.headers.get("origin", ""))
    return request.url.scheme == "https" or (origin is not None and origin.scheme == "https")
