"""Errors as problem details (RFC 9457): `status`, `title`, `detail`, and a `reason` that programs can tell apart."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Literal

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from streams.errors import BrokerError
from streams.readmodel.queries import CursorError
from streams.readmodel.reader import UnreadyError

__all__ = ["MEDIA_TYPE", "Problem", "ProblemError", "Reason", "handle_problems", "problem_response"]

MEDIA_TYPE = "application/problem+json"
_RETRY_S = "2"

Reason = Literal[
    "bad_cursor",
    "bad_parameter",
    "body_too_large",
    "broker",
    "busy",
    "error",
    "method",
    "no_token",
    "not_found",
    "rate",
    "refused",
    "timeout",
    "too_many",
    "token",
    "unsupported_media_type",
    "warming_up",
    "wrong_host",
]


class Problem(BaseModel):
    """What went wrong; `about:blank` says that `title` is the status's own."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    reason: Reason = Field(description="The same for the same cause, for programs.")


class ProblemError(Exception):
    """Raised where a request cannot be answered; `more` goes into the body."""

    def __init__(
        self,
        status: int,
        reason: Reason,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.reason, self.detail = status, reason, detail
        self.headers, self.more = dict(headers or {}), dict(more or {})


def problem_response(error: ProblemError) -> Response:
    """The answer that says so."""
    title = HTTPStatus(error.status).phrase
    body = Problem(title=title, status=error.status, detail=error.detail, reason=error.reason, **error.more)
    return Response(
        orjson.dumps(body.model_dump(mode="json")), error.status, headers=error.headers, media_type=MEDIA_TYPE
    )


def handle_problems(app: FastAPI) -> None:
    """Have every error that `app` foresees answered as a problem; what it does not is the guard's."""
    app.add_exception_handler(ProblemError, _as_is)
    app.add_exception_handler(CursorError, _bad_cursor)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(UnreadyError, _unready)
    app.add_exception_handler(BrokerError, _no_broker)
    app.add_exception_handler(HTTPException, _other)


def _as_is(_: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101 - registered for nothing else
    return problem_response(error)


def _bad_cursor(_: Request, error: Exception) -> Response:
    return problem_response(ProblemError(400, "bad_cursor", f"cursor: {error}"))


def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    found = [{"at": ".".join(map(str, each["loc"])), "message": each["msg"]} for each in error.errors()]
    detail = "; ".join(f"{each['at']}: {each['message']}" for each in found[:3])
    return problem_response(ProblemError(422, "bad_parameter", detail, more={"errors": found}))


def _unready(_: Request, error: Exception) -> Response:
    return problem_response(ProblemError(503, "warming_up", str(error), headers={"Retry-After": _RETRY_S}))


def _no_broker(_: Request, __: Exception) -> Response:
    # Its address is the operator's business.
    return problem_response(
        ProblemError(503, "broker", "the broker does not answer", headers={"Retry-After": _RETRY_S})
    )


def _other(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    reasons: dict[int, Reason] = {404: "not_found", 405: "method", 413: "body_too_large"}
    reason = reasons.get(error.status_code, "error")
    return problem_response(ProblemError(error.status_code, reason, str(error.detail), headers=error.headers))
