"""`/v1/stream`: the topics as Server-Sent Events, each client where it left off.

What a client gets is what the topics hold, record by record: a record that is twice in its topic,
after a kill of a worker, comes twice, with one CloudEvents `id`. The event id says how far the
client has come in every partition, so that any server of the lane can go on from it.
"""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from streams.api.answers import PROBLEMS
from streams.api.event_stream import EventStream
from streams.api.problems import ProblemError
from streams.api.services import ServicesOf
from streams.api.streams import Asked, Choice
from streams.sdk.cursor import MAX_CURSOR

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["stream"], responses=PROBLEMS)

LastEventId = Annotated[
    str | None, Header(alias="Last-Event-ID", max_length=MAX_CURSOR, description="Where to go on: the id of an event.")
]


@router.get(
    "/stream",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Events, without end"}},
)
async def stream(services: ServicesOf, asked: Annotated[Asked, Query()], last_event_id: LastEventId = None) -> Response:
    """What happens, as it happens: Server-Sent Events.

    Types are article, story, event, duplicate, dead_letter and raw; data are CloudEvents 1.0 in JSON.
    All filters must hold, and fit only what carries such a field. A `gap` says which records of a
    partition are no longer there. The id of an event, given back as `Last-Event-ID`, goes on behind
    it: nothing is left out, nothing comes again.
    """
    streams = services.streams
    if streams is None or streams.closing.is_set():
        raise ProblemError(503, "busy", "no streams here, or no longer", headers={"Retry-After": "2"})
    choice = Choice.of(services.settings, asked, last_event_id or asked.last_event_id)
    return EventStream(streams.follow(choice), choice.render, streams.closing, streams.pace)
