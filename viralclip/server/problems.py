"""Errors as RFC 9457 problems: a stable code, a sentence, and the faults with their places."""

from collections.abc import Mapping
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from viralclip.errors import Fault, InvalidRequestError, InvalidScenesError, ViralclipError

MEDIA_TYPE = "application/problem+json"

log = structlog.get_logger(__name__)


class FaultOut(BaseModel):
    """One thing wrong with the request, and where."""

    place: str
    problem: str


class Problem(BaseModel):
    """RFC 9457, with `code` to tell problems apart and `faults` where the input has several."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    faults: list[FaultOut] = []


class ProblemError(ViralclipError):
    """The request cannot be answered."""

    status = HTTPStatus.BAD_REQUEST


class NotFoundError(ProblemError):
    """There is nothing at this address, or it is not yours."""

    code = "not_found"
    status = HTTPStatus.NOT_FOUND


class UnauthorizedError(ProblemError):
    """A valid token is needed; send it as `Authorization: Bearer TOKEN`."""

    code = "unauthorized"
    status = HTTPStatus.UNAUTHORIZED


class ForbiddenOriginError(ProblemError):
    """Requests from this origin are not accepted."""

    code = "forbidden_origin"
    status = HTTPStatus.FORBIDDEN


class TooLargeError(ProblemError):
    """The request is larger than {limit} bytes."""

    code = "too_large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class TooManyError(ProblemError):
    """You have too many {what} at once; the limit is {limit}."""

    code = "too_many"
    status = HTTPStatus.TOO_MANY_REQUESTS


class ConflictError(ProblemError):
    """{why}"""

    code = "conflict"
    status = HTTPStatus.CONFLICT


_HTTP_CODES = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TooLargeError.code}
_BY_CODE = {"unknown_job": HTTPStatus.NOT_FOUND, "job_busy": HTTPStatus.CONFLICT}


def install(app: FastAPI) -> None:
    """Answer every error of the app as a problem."""
    app.add_exception_handler(ViralclipError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_bug)


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
    headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, UnauthorizedError) else None
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


async def _on_bug(_: Request, error: Exception) -> Response:
    log.error("Request failed", error=repr(error), exc_info=error)
    return problem_response(problem_of(ViralclipError()))


def _problem(
    status: HTTPStatus, detail: str, code: str, faults: list[Fault] | None = None
) -> Problem:
    shown = [FaultOut(place=fault.place, problem=fault.problem) for fault in faults or []]
    return Problem(title=status.phrase, status=status.value, detail=detail, code=code, faults=shown)


def _faults(error: ViralclipError) -> list[Fault]:
    return list(error.faults) if isinstance(error, InvalidScenesError) else []


def _status(error: ViralclipError) -> HTTPStatus:
    if isinstance(error, ProblemError):
        return error.status
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    if isinstance(error, InvalidRequestError):
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.INTERNAL_SERVER_ERROR
