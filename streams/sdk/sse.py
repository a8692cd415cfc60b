"""News over HTTP: a client of `/v1/stream` that goes on by itself after whatever breaks it off.

    async for sent in listen("http://127.0.0.1:8000", topics=("stories",)):
        print(sent.id, json.loads(sent.data)["data"]["title"])

Keep `sent.id` with what you made of the event, and give it as `last_id` after a restart: nothing
is missing then, and nothing comes twice that is not twice in its topic.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence

import aiohttp

from streams.errors import UsageError
from streams.sdk.event_stream import EventParser, ServerSent
from streams.sdk.offered import Name

__all__ = ["listen"]

_SILENCE_S = 60.0
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0
_OK = 200
_TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


async def listen(
    base_url: str,
    *,
    topics: Sequence[Name] = ("stories",),
    since: str | None = None,
    last_id: str = "",
    token: str | None = None,
    filters: Mapping[str, str] | None = None,
) -> AsyncGenerator[ServerSent, None]:
    """Events of the server at `base_url`, for ever; leave early through `contextlib.aclosing`.

    Those without data are not given, but count as the place to go on from. `filters` are query
    parameters of the stream: source, language, entity, story. A server that is away is asked again,
    after pauses that grow to ten seconds; one that refuses raises UsageError with what it says.
    InputError for an event beyond all bounds.
    """
    parameters = {"topics": ",".join(topics), **(filters or {}), **({"since": since} if since else {})}
    headers = {"Accept": "text/event-stream", **({"Authorization": f"Bearer {token}"} if token else {})}
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=_SILENCE_S)
    pause, retry_s = _FIRST_PAUSE_S, 0.0
    async with aiohttp.ClientSession(timeout=timeout, read_bufsize=2**20) as session:
        while True:
            place = {"Last-Event-ID": last_id} if last_id else {}
            try:
                async with session.get(
                    f"{base_url.rstrip('/')}/v1/stream", params=parameters, headers=headers | place
                ) as response:
                    await _accepted(response)
                    parser = EventParser(last_id)
                    async for piece in response.content.iter_any():
                        for sent in parser.feed(piece):
                            last_id, pause = sent.id, _FIRST_PAUSE_S
                            if sent.data:
                                yield sent
                        retry_s = (parser.retry_ms or 0) / 1000
            except (aiohttp.ClientError, TimeoutError, _AwayError):
                pass
            await asyncio.sleep(max(pause, retry_s))
            pause = min(pause * 2, _LONGEST_PAUSE_S)


class _AwayError(Exception):
    """The server cannot answer now."""


async def _accepted(response: aiohttp.ClientResponse) -> None:
    if response.status in _TRY_AGAIN:
        raise _AwayError
    if response.status != _OK or response.content_type != "text/event-stream":
        raise UsageError(f"{response.url.host} answers {response.status}: {(await response.text())[:500]}")
