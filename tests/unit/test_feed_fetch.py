"""Fetching from a server on loopback: conditions, redirects, statuses, and where a fetch must not go."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from streams.feeds.addresses import allowance
from streams.feeds.answers import Answer, Failed, Fetched, NotModified, Validators
from streams.feeds.fetch import Fetcher, Policy
from streams.feeds.hops import Trail
from streams.feeds.hosts import Hosts, Spacing
from streams.settings import Settings
from tests.loopback import Handler, site

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FEED = b"<rss><channel><title>T</title></channel></rss>"


def fetcher(ports: str = "", **options: object) -> Fetcher:
    return Fetcher(Policy("newsloom/test", allowance(ports)), lambda: NOW, **options)  # type: ignore[arg-type]


def answering(status: int = 200, body: bytes = b"", **headers: str) -> Handler:
    stated = {name.replace("_", "-"): value for name, value in headers.items()}

    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers=stated)

    return handler


async def got(handler: Handler, path: str = "/", validators: Validators | None = None) -> Answer:
    async with site({"/": handler}) as port, fetcher(f"127.0.0.1:{port}") as session:
        return await session.get(f"http://127.0.0.1:{port}{path}", validators=validators)


def reason(answer: Answer) -> str:
    return answer.reason if isinstance(answer, Failed) else type(answer).__name__


async def test_a_feed_with_all_that_the_server_says_of_it() -> None:
    handler = answering(
        200, FEED, Content_Type="Application/RSS+XML; charset=utf-8", ETag='W/"1"', Last_Modified="yesterday",
        Cache_Control="max-age=60", Retry_After="30", Date="Tue, 24 Nov 2026 12:00:00 GMT",
        Expires="Tue, 24 Nov 2026 13:00:00 GMT",
    )  # fmt: skip
    answer = await got(handler)
    assert isinstance(answer, Fetched)
    assert answer.body == FEED
    assert (answer.status, answer.media_type, answer.charset) == (200, "application/rss+xml", "utf-8")
    assert answer.validators == Validators('W/"1"', "yesterday")
    assert (answer.max_age_s, answer.expires_at) == (60, NOW + timedelta(hours=1))
    assert (answer.retry_after_s, answer.permanent_url) == (30, None)


async def test_equal_bodies_have_equal_hashes() -> None:
    one, other, third = [await got(answering(200, body)) for body in (FEED, FEED, FEED + b" ")]
    assert isinstance(one, Fetched)
    assert isinstance(other, Fetched)
    assert isinstance(third, Fetched)
    assert one.body_hash == other.body_hash != third.body_hash


async def test_what_we_say_of_ourselves_and_what_we_take() -> None:
    seen: dict[str, str] = {}

    async def handler(request: web.Request) -> web.Response:
        seen.update(request.headers)
        return web.Response(headers={"Set-Cookie": "a=b"})

    await got(handler)
    assert (seen["User-Agent"], seen["Accept-Encoding"]) == ("newsloom/test", "gzip")
    assert not {"Cookie", "Authorization", "Referer", "If-None-Match", "If-Modified-Since"} & set(seen)


def test_the_user_agent_names_the_contact() -> None:
    named = Policy.of(Settings(fetch_contact="https://news.example/bot"))
    assert named.user_agent.startswith("newsloom/")
    assert named.user_agent.endswith(" (+https://news.example/bot)")
    assert "(" not in Policy.of(Settings(fetch_contact="")).user_agent


async def test_validators_go_back_as_they_came() -> None:
    async def handler(request: web.Request) -> web.Response:
        given = request.headers.get("If-None-Match"), request.headers.get("If-Modified-Since")
        known = given == ('W/"a,b"', "whenever")
        return web.Response(status=304 if known else 200, headers={"ETag": '"new"', "Cache-Control": "max-age=9"})

    answer = await got(handler, validators=Validators('W/"a,b"', "whenever"))
    assert isinstance(answer, NotModified)
    assert (answer.validators, answer.max_age_s) == (Validators('"new"'), 9)


@pytest.mark.parametrize(
    ("status", "headers", "expected", "wait_s"),
    [
        (404, {}, "not_found", None),
        (410, {}, "gone", None),
        (403, {}, "http_error", None),
        (204, {}, "http_error", None),
        (429, {"Retry_After": "120"}, "throttled", 120.0),
        (429, {"Retry_After": "Tue, 24 Nov 2026 12:10:00 GMT"}, "throttled", 600.0),
        (429, {}, "throttled", None),
        (503, {"Retry_After": "7"}, "throttled", 7.0),
        (503, {}, "unavailable", None),
        (500, {}, "unavailable", None),
    ],
)
async def test_a_status_has_one_meaning(
    status: int, headers: dict[str, str], expected: str, wait_s: float | None
) -> None:
    answer = await got(answering(status, b"", **headers))
    assert isinstance(answer, Failed)
    assert (answer.reason, answer.status, answer.retry_after_s) == (expected, status, wait_s)


def moved(*hops: tuple[int, str]) -> dict[str, Handler]:
    """Pages /0, /1 ... that each redirect to the next target, `/end` for the feed."""
    pages = {f"/{n}": answering(status, Location=to) for n, (status, to) in enumerate(hops)}
    return {**pages, "/end": answering(200, FEED)}


@pytest.mark.parametrize(
    ("hops", "permanent"),
    [
        ([(301, "/end")], "/end"),
        ([(308, "/1"), (301, "/end")], "/end"),
        ([(302, "/end")], None),
        ([(303, "/1"), (301, "/end")], None),
        ([(301, "/1"), (307, "/2"), (301, "/end")], "/1"),
    ],
)
async def test_only_an_unbroken_chain_of_permanent_redirects_is_one(
    hops: list[tuple[int, str]], permanent: str | None
) -> None:
    async with site(moved(*hops)) as port, fetcher(f"127.0.0.1:{port}") as session:
        answer = await session.get(f"http://127.0.0.1:{port}/0")
        base = f"http://127.0.0.1:{port}"
    assert isinstance(answer, Fetched)
    assert answer.url == base + "/end"
    assert answer.permanent_url == (base + permanent if permanent else None)


@pytest.mark.parametrize(
    ("hops", "detail"),
    [
        ([(302, f"/{n + 1}") for n in range(6)], "too many"),
        ([(301, "/0")], "in a circle"),
        ([(302, "/1"), (302, "/0")], "in a circle"),
        ([(302, "")], "to nowhere"),
        ([(302, "file:///etc/passwd")], "scheme 'file'"),
        ([(302, "gopher://127.0.0.1/x")], "scheme 'gopher'"),
        ([(302, "http://user:secret@127.0.0.1/")], "credentials"),
        ([(302, "http://[::1/")], "to no URL"),
    ],
)
async def test_redirects_end_somewhere(hops: list[tuple[int, str]], detail: str) -> None:
    async with site(moved(*hops)) as port, fetcher(f"127.0.0.1:{port}") as session:
        answer = await session.get(f"http://127.0.0.1:{port}/0")
    assert isinstance(answer, Failed)
    assert (answer.reason, detail in answer.detail) == ("redirects", True), answer
    assert "secret" not in answer.detail


async def test_five_redirects_are_followed() -> None:
    hops = [(302, f"/{n + 1}") for n in range(4)] + [(302, "/end")]
    async with site(moved(*hops)) as port, fetcher(f"127.0.0.1:{port}") as session:
        assert reason(await session.get(f"http://127.0.0.1:{port}/0")) == "Fetched"


@pytest.fixture
async def private() -> AsyncIterator[int]:
    """A server that must not be reached, on a port that is allowed for another address only."""
    async with site({"/": answering(200, b"secret")}) as port:
        yield port


SPELLINGS = [
    "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "127.0.0.1", "[::ffff:127.0.0.1]", "[::1]", "0", "0.0.0.1",
    "localhost", "localhost.", "LOCALHOST", "100.64.0.1", "169.254.169.254", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
    "[fe80::1%25lo]", "127.0.0.1.", "127\u30020\u30020\u30021", "\u2460\u2461\u2466.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("host", SPELLINGS)
async def test_no_spelling_of_a_private_address_is_connected_to(
    host: str, private: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, to: asked.append(to))
    look_up = socket.getaddrinfo  # without the dot at the end no name server is asked, which may be slow
    monkeypatch.setattr(socket, "getaddrinfo", lambda name, *more, **named: look_up(name.rstrip("."), *more, **named))
    async with fetcher(f"198.51.100.0/24:{private}") as session:
        answers = [await session.get(f"http://{host}{port}/") for port in ("", f":{private}")]
    assert {reason(answer) for answer in answers} <= {"refused_address", "bad_url", "dns"}
    assert not asked


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "gopher://127.0.0.1/", "ftp://x.example/", "data:,x", "//x", "x"]
)
async def test_only_http_is_spoken(url: str) -> None:
    async with fetcher() as session:
        assert reason(await session.get(url)) == "bad_url"


@pytest.mark.parametrize(
    "url",
    ["http://", "http:///x", "http://a b/", "http://x:99999/", "http://x:0/", "http://[::1/", "http://u:p@x.example/",
     "http://x.example/" + "a" * 9000, "http://x.example/\n", "http://xn--/", ""],
)  # fmt: skip
async def test_a_url_that_cannot_be_asked_for_is_a_bad_one(url: str) -> None:
    async with fetcher() as session:
        answer = await session.get(url)
    assert reason(answer) == "bad_url"


class Changing(AbstractResolver):
    """A resolver that gives another address each time, as in DNS rebinding."""

    def __init__(self, *addresses: str) -> None:
        self.left = list(addresses)

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002
    ) -> list[ResolveResult]:
        address = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        return [ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        return None


async def test_a_name_that_turns_private_between_two_look_ups_is_refused() -> None:
    seen: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.Response()

    async with site({"/": handler}) as port:
        names = Changing("198.51.100.1", "127.0.0.1")  # the first look-up is for the host's turn
        async with fetcher(f"198.51.100.0/24:{port}", names=names, hosts=Hosts(Spacing())) as session:
            answer = await session.get(f"http://rebinding.example:{port}/")
    assert (reason(answer), seen) == ("refused_address", [])


async def test_a_redirect_to_a_private_address_is_refused(private: int) -> None:
    # One address of loopback is allowed, the server on the other one is private.
    for to in (f"http://127.0.0.1:{private}/", f"http://localhost:{private}/", "http://169.254.169.254/latest/"):
        async with site(moved((302, to)), host="127.0.0.2") as port, fetcher(f"127.0.0.2:{port}") as session:
            answer = await session.get(f"http://127.0.0.2:{port}/0")
        assert reason(answer) == "refused_address", to
        assert isinstance(answer, Failed)
        assert answer.url == to


def test_a_redirect_from_https_to_http_is_refused() -> None:
    trail = Trail(URL("https://x.example/feed"), 5)
    failed = trail.follow(301, "http://x.example/feed")
    assert failed is not None
    assert (failed.reason, failed.detail) == ("redirects", "from https to http")
    assert trail.follow(301, "https://y.example/feed") is None


async def test_a_name_that_an_operator_trusts_is_reached() -> None:
    async with site({"/": answering(200, FEED)}) as port:
        names = Changing("127.0.0.1")
        async with fetcher(f"news.internal:{port}", names=names) as session:
            assert reason(await session.get(f"http://news.internal:{port}/")) == "Fetched"
            assert reason(await session.get(f"http://other.internal:{port}/")) == "refused_address"


async def test_the_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1/")
    assert reason(await got(answering(200, FEED))) == "Fetched"


async def test_nobody_listens_and_nobody_speaks_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        async with fetcher(f"127.0.0.1:{port}") as session:
            assert reason(await session.get(f"http://127.0.0.1:{port}/")) == "connect"
    async with site({"/": answering()}) as port, fetcher(f"127.0.0.1:{port}") as session:
        assert reason(await session.get(f"https://127.0.0.1:{port}/")) == "tls"
    monkeypatch.setattr(socket, "getaddrinfo", unknown)  # a name server may be slow, or know every name
    async with fetcher() as session:
        assert reason(await session.get("http://no-such-host.invalid/")) == "dns"


def unknown(*_: object, **__: object) -> NoReturn:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


async def test_gzip_is_unpacked_and_nothing_else_is_taken() -> None:
    packed = gzip.compress(FEED)
    answer = await got(answering(200, packed + gzip.compress(b"more") + b"\0" * 9, Content_Encoding="gzip"))
    assert isinstance(answer, Fetched)
    assert answer.body == FEED + b"more"
    for encoding in ("br", "deflate", "zstd", "gzip, gzip", "x"):
        assert reason(await got(answering(200, packed, Content_Encoding=encoding))) == "bad_encoding"
    assert reason(await got(answering(200, FEED, Content_Encoding="gzip"))) == "bad_encoding"
    assert reason(await got(answering(200, packed[:-9], Content_Encoding="gzip"))) == "broken_response"


async def test_each_hop_to_another_host_waits_for_its_turn() -> None:
    turns: list[tuple[str, ...]] = []

    class Noting(Hosts):
        def turn(self, *keys: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
            turns.append(keys)
            return super().turn(*keys)

    async with site({"/end": answering(200, FEED)}, host="127.0.0.2") as other:
        hops = moved((301, "/1"), (302, f"http://127.0.0.2:{other}/end"))
        async with (
            site(hops) as port,
            fetcher(f"127.0.0.1:{port},127.0.0.2:{other}", hosts=Noting(Spacing(between_s=0))) as session,
        ):
            assert reason(await session.get(f"http://127.0.0.1:{port}/0")) == "Fetched"
    assert turns == [("127.0.0.1", "127.0.0.1"), ("127.0.0.2", "127.0.0.2")]


async def test_a_429_lets_the_next_request_to_the_host_wait() -> None:
    waited: list[float] = []
    at = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal at
        waited.append(round(seconds))
        at += seconds

    hosts = Hosts(Spacing(between_s=5, throttled_s=30), now=lambda: at, sleep=sleep)
    pages = {"/busy": answering(429, Retry_After="100"), "/": answering(200, FEED)}
    async with site(pages) as port, fetcher(f"127.0.0.1:{port}", hosts=hosts) as session:
        for path in ("/busy", "/", "/"):
            await session.get(f"http://127.0.0.1:{port}{path}")
    assert waited == [100, 5]


async def test_a_hundred_fetches_at_a_time() -> None:
    pages: dict[str, Handler] = {"/": answering(200, FEED)}
    async with site(pages) as port, fetcher(f"127.0.0.1:{port}") as session:
        answers = await asyncio.gather(*(session.get(f"http://127.0.0.1:{port}/?{n}") for n in range(100)))
    assert {reason(answer) for answer in answers} == {"Fetched"}
