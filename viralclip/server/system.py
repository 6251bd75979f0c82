"""The rest of the API: styles to choose from, who I am, sessions for pages, health."""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from viralclip import __version__
from viralclip.geometry import ASPECTS
from viralclip.plan import PRESETS, Preset
from viralclip.server.identity import COOKIE, Accounts, Owner
from viralclip.server.problems import Problem, UnauthorizedError
from viralclip.server.services import Services
from viralclip.styles import all_styles

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem} for status in (401, 403, 422)
}
_SESSION_S = 30 * 24 * 3600


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
    """Who is asking, and whether tokens are in use here at all."""

    user: str
    needs_token: bool
    version: str


class NewSession(BaseModel):
    token: Annotated[str, Field(max_length=200)]


class Health(BaseModel):
    status: str


def routes(services: Services, accounts: Accounts | None) -> APIRouter:
    router = APIRouter(tags=["system"], responses=_PROBLEMS)

    @router.get("/api/choices", operation_id="getChoices")
    async def get_choices(_: Owner) -> Choices:
        styles = [
            StyleOut(name=style.name, summary=style.summary, analysed=style.analysed)
            for style in all_styles().values()
        ]
        return Choices(styles=styles, aspects=list(ASPECTS), presets=list(PRESETS))

    @router.get("/api/me", operation_id="getMe")
    async def get_me(owner: Owner) -> Me:
        return Me(user=owner, needs_token=accounts is not None, version=__version__)

    @router.post("/api/session", status_code=204, operation_id="openSession")
    async def open_session(new: NewSession, response: Response) -> None:
        """Keep a token in a cookie that scripts cannot read, for pages."""
        if accounts is not None and await accounts.owner_of(new.token) is None:
            raise UnauthorizedError
        response.set_cookie(COOKIE, new.token, max_age=_SESSION_S, httponly=True, samesite="strict")

    @router.delete("/api/session", status_code=204, operation_id="closeSession")
    async def close_session(response: Response) -> None:
        response.delete_cookie(COOKIE)

    @router.get("/healthz", operation_id="isAlive")
    async def is_alive() -> Health:
        return Health(status="ok")

    @router.get("/readyz", operation_id="isReady")
    async def is_ready() -> Health:
        """Whether the records and the channel answer."""
        await services.catalog.jobs(limit=1)
        await services.channel.progress("none")
        return Health(status="ok")

    return router
