"""Errors as RFC 9457 problems: a stable code, a sentence, and the faults with their places."""

import sqlite3
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from viralclip.errors import (
    DiskFullError,
    Fault,
    FaultyInputError,
    InvalidRequestError,
    ViralclipError,
    is_disk_full,
)
from viralclip.server.headers import SECURITY_HEADERS
from viralclip.server.request_context import request_trace_id

MEDIA_TYPE = "application/problem+json"
# Faults beyond these say nothing new, and an answer stays an answer.
_MOST_FAULTS = 200
_LONGEST_TEXT = 500
_LONGEST_DETAIL = 4000

log = structlog.get_logger(__name__)


class FaultOut(BaseModel):
    """One thing wrong with the request, and where."""

    place: str
    problem: str


class Problem(BaseModel):
    """RFC 9457, with `code` to tell problems apart and `faults` where the input has several.

    What the server knows beyond that is in its log, in the lines with this `trace_id`.
    """

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    trace_id: str = ""
    faults: list[FaultOut] = []


class ProblemError(ViralclipError):
    """The request cannot be answered."""

    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST
    headers: ClassVar[Mapping[str, str]] = {}


class NotFoundError(ProblemError):
    """There is nothing at this address, or it is not yours."""

    code = "not_found"
    status = HTTPStatus.NOT_FOUND


class UnauthorizedError(ProblemError):
    """A valid token is needed; send it as `Authorization: Bearer TOKEN`."""

    code = "unauthorized"
    status = HTTPStatus.UNAUTHORIZED
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": "Bearer"}


class TokensMissingError(UnauthorizedError):
    """Nobody can sign in yet; make a token on the server with `viralclip token create NAME`."""


class ForbiddenOriginError(ProblemError):
    """Pages of {origin} may not act here. If it is this server's own address, name it in
    VIRALCLIP_HOSTS, or have the proxy pass on the Host header as it came."""

    code = "forbidden_origin"
    status = HTTPStatus.FORBIDDEN


class ForbiddenHostError(ForbiddenOriginError):
    """Requests for the host {host} are not answered. If it is this server's own name, name it in
    VIRALCLIP_HOSTS."""


class TooLargeError(ProblemError):
    """The request is larger than {limit} bytes."""

    code = "too_large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class TooManyError(ProblemError):
    """You have too many {what} at once; the limit is {limit}."""

    code = "too_many"
    status = HTTPStatus.TOO_MANY_REQUESTS


class NotReadyError(ProblemError):
    """The server cannot reach its records or its channel; try again in a moment."""

    code = "not_ready"
    status = HTTPStatus.SERVICE_UNAVAILABLE


class ConflictError(ProblemError):
    """{why}"""

    code = "conflict"
    status = HTTPStatus.CONFLICT


class ServerFullError(ProblemError):
    """The server's disk is full; free some space there and try again."""

    code = DiskFullError.code
    status = HTTPStatus.INSUFFICIENT_STORAGE


_HTTP_CODES = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TooLargeError.code}
_BY_CODE = {
    "unknown_job": HTTPStatus.NOT_FOUND,
    "job_busy": HTTPStatus.CONFLICT,
    "source_changed": HTTPStatus.CONFLICT,
    "source_unreadable": HTTPStatus.UNPROCESSABLE_ENTITY,
    "secret_key_missing": HTTPStatus.SERVICE_UNAVAILABLE,
    "storage_unavailable": HTTPStatus.BAD_GATEWAY,
    "storage_rejected": HTTPStatus.BAD_GATEWAY,
    "storage_full": HTTPStatus.INSUFFICIENT_STORAGE,
}


def install(app: FastAPI) -> None:
    """Answer every error of the app as a problem."""
    app.add_exception_handler(ViralclipError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    for kind in (OSError, sqlite3.OperationalError, OperationalError):
        app.add_exception_handler(kind, _on_outage)
    app.add_exception_handler(Exception, _on_bug)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How a route's refusals stand in OpenAPI."""
    return {status: {"model": Problem} for status in statuses}


def problem_response(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        problem.model_dump_json(),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=dict(headers) if headers else None,
    )


def problem_of(error: ViralclipError) -> Problem:
    return _problem(_status(error), error.message, error.code, _faults(error))


async def _on_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ViralclipError)  # noqa: S101 - registered for this type
    problem = problem_of(error)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("Request failed", code=error.code, error=error.detail, exc_info=error)
    elif error.detail and not problem.faults:
        log.info("Request refused", code=error.code, error=error.detail[:_LONGEST_DETAIL])
    headers = error.headers if isinstance(error, ProblemError) else None
    return problem_response(problem, headers)


async def _on_invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type
    faults = [
        Fault(".".join(str(part) for part in fault["loc"][1:]), fault["msg"])
        for fault in error.errors()
    ]
    detail = "The request has faults; each is listed with its place."
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return problem_response(_problem(status, detail, "invalid_request", faults))


async def _on_http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type
    status = HTTPStatus(error.status_code)
    code = _HTTP_CODES.get(status) or status.phrase.lower().replace(" ", "_")
    return problem_response(_problem(status, str(error.detail), code), error.headers)


async def _on_outage(request: Request, error: Exception) -> Response:
    """A full disk is called that, whoever finds out: the catalog, the engine or the channel."""
    if not is_disk_full(error):
        raise error
    return await _on_error(request, ServerFullError(detail=str(error)))


async def _on_bug(_: Request, error: Exception) -> Response:
    log.error("Request failed", error=repr(error), exc_info=error)
    # Starlette answers bugs outside of every middleware.
    return problem_response(problem_of(ViralclipError()), SECURITY_HEADERS)


def _problem(status: HTTPStatus, detail: str, code: str, faults: Sequence[Fault] = ()) -> Problem:
    shown = [
        FaultOut(place=_plain(fault.place), problem=_plain(fault.problem))
        for fault in faults[:_MOST_FAULTS]
    ]
    return Problem(
        title=status.phrase,
        status=status.value,
        detail=_plain(detail),
        code=code,
        trace_id=request_trace_id(),
        faults=shown,
    )


def _plain(text: str) -> str:
    """What came from outside may be endless, or hold half a surrogate pair, which is not text."""
    return text[:_LONGEST_TEXT].encode(errors="replace").decode()


def _faults(error: ViralclipError) -> Sequence[Fault]:
    return error.faults if isinstance(error, FaultyInputError) else ()


def _status(error: ViralclipError) -> HTTPStatus:
    if isinstance(error, ProblemError):
        return error.status
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    if isinstance(error, InvalidRequestError):
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.INTERNAL_SERVER_ERROR
