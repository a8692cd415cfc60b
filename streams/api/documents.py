"""`POST /v1/documents`: articles into the raw topic; the answer comes when the broker has them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from streams import clock
from streams.api.answers import PROBLEMS
from streams.api.intake import BusyError, Intake, Item, UnsentError
from streams.api.problems import ProblemError
from streams.api.services import ServicesOf
from streams.api.uploads import TooManyItemsError, file_items, json_item, line_items
from streams.ingest.options import IngestOptions, Refused
from streams.ingest.sender import Ack
from streams.traceparent import TRACEPARENT

__all__ = ["Accepted", "Receipt", "RefusedItem", "router"]

router = APIRouter(prefix="/v1", tags=["documents"], responses=PROBLEMS)

MAX_ITEMS = 10_000
_JSON = "application/json"
_LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")
_FORM = "multipart/form-data"
_SILENCE_S = 30.0
_FIELDS = 16
# JSON may need twice the bytes of the text it holds.
_JSON_FACTOR = 2


class Accepted(BaseModel):
    """A document that the broker has, at this place of the raw topic."""

    status: Literal["accepted"] = "accepted"
    document_id: str
    topic: str
    partition: int
    offset: int


class RefusedItem(BaseModel):
    """A document that was not taken, and why; sending it again changes nothing."""

    status: Literal["refused"] = "refused"
    item: str
    reason: str
    detail: str


class Receipt(BaseModel):
    """An answer for each document, in order."""

    accepted: int
    refused: int
    items: list[Accepted | RefusedItem]


_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            _JSON: {"schema": {"type": "object", "description": "One article; see `streams.ingest.records`."}},
            _LINES[0]: {"schema": {"type": "string", "description": "One JSON object a line."}},
            _FORM: {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                }
            },
        },
    }
}


@router.post("/documents", status_code=202, response_model=Receipt, openapi_extra=_BODY)
async def documents(
    request: Request,
    services: ServicesOf,
    source: Annotated[str | None, Query(min_length=1, max_length=256, description="Of what names none.")] = None,
) -> Response:
    """Push articles. 202 says that the broker has all that is `accepted`; 422, that nothing could be taken.

    On 503 some may have been taken: `items` lists them, and sending all again does no harm. What comes of a document
    is in the trace of a `traceparent` header.
    """
    options = IngestOptions(now=clock.now(), source=source, max_document_bytes=services.settings.max_document_bytes)
    try:
        async with services.intake.place():
            answers = await _answers(request, services.intake, options)
    except BusyError as error:
        raise ProblemError(503, "busy", "too many uploads at once", headers={"Retry-After": "1"}) from error
    except UnsentError as error:
        raise ProblemError(
            503, "broker", "the broker does not answer; send all again", headers={"Retry-After": "5"},
            more=_receipt(error.answers).model_dump(),
        ) from error  # fmt: skip
    except TooManyItemsError as error:
        raise ProblemError(413, "too_many", f"{error}; those may be in the topic, send smaller requests") from error
    except TimeoutError as error:
        raise ProblemError(408, "timeout", f"no data for {_SILENCE_S:.0f} seconds") from error
    receipt = _receipt(answers)
    if not receipt.accepted:
        detail = "nothing was taken" if answers else "there is no document in this request"
        raise ProblemError(422, "refused", detail, more=receipt.model_dump())
    return Response(receipt.model_dump_json(), 202, media_type=_JSON)


async def _answers(request: Request, intake: Intake, options: IngestOptions) -> list[Ack | Refused]:
    line_bytes = _JSON_FACTOR * options.max_document_bytes
    traced = request.headers.get(TRACEPARENT)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == _JSON:
        data = b"".join([chunk async for chunk in _chunks(request)])
        if len(data) > line_bytes:
            raise ProblemError(413, "body_too_large", f"one document may have {line_bytes} bytes of JSON")
        return await intake.send(_one(json_item(data, "body", options)), traced)
    if kind in _LINES:
        items = line_items(_chunks(request), options, line_bytes=line_bytes, most=MAX_ITEMS)
        return await intake.send(items, traced)
    if kind == _FORM:
        return await _form(request, intake, options)
    detail = f"send {_JSON}, {_LINES[0]} or {_FORM}"
    raise ProblemError(415, "unsupported_media_type", detail, headers={"Accept-Post": detail.removeprefix("send ")})


async def _form(request: Request, intake: Intake, options: IngestOptions) -> list[Ack | Refused]:
    try:
        # Files beyond a megabyte go to disk, all of them together within the limit of the body.
        async with request.form(max_files=MAX_ITEMS // 10, max_fields=_FIELDS) as form:
            return await intake.send(file_items(form, options), request.headers.get(TRACEPARENT))
    except HTTPException as error:
        raise ProblemError(422, "refused", f"no such form: {error.detail}") from error


async def _one(item: Item) -> AsyncIterator[Item]:
    yield item


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    """The body as it comes; TimeoutError when nothing comes for half a minute."""
    stream = request.stream().__aiter__()
    while True:
        try:
            async with asyncio.timeout(_SILENCE_S):
                chunk = await anext(stream)
        except (StopAsyncIteration, ClientDisconnect):
            return
        yield chunk


def _receipt(answers: list[Ack | Refused]) -> Receipt:
    items: list[Accepted | RefusedItem] = [
        RefusedItem(item=each.path, reason=each.reason, detail=each.detail)
        if isinstance(each, Refused)
        else Accepted(
            document_id=each.document_id, topic=each.topic, partition=each.partition, offset=each.offset
        )
        for each in answers
    ]  # fmt: skip
    accepted = sum(isinstance(item, Accepted) for item in items)
    return Receipt(accepted=accepted, refused=len(items) - accepted, items=items)
