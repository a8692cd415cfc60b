"""Answers: a model as JSON with an ETag, so that an unchanged one need not be sent again."""

from hashlib import blake2b
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel

from streams.api.problems import MEDIA_TYPE, Problem, ProblemError

__all__ = ["PROBLEMS", "answer", "missing"]

PROBLEMS: dict[int | str, dict[str, Any]] = {
    "default": {"description": "What went wrong", "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}}
}
"""For a route's `responses`: every error looks the same."""


def answer(request: Request, value: BaseModel) -> Response:
    """`value` as JSON, or 304 when `request` says that it is known."""
    body = value.model_dump_json().encode()
    etag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if etag in known:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


def missing(what: str, name: str) -> ProblemError:
    """There is no such thing, or no longer."""
    return ProblemError(404, "not_found", f"no {what} {name[:200]}")
