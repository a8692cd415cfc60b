"""Who may do what: hosts, tokens, rates; as data, then at the door of the API."""

import base64
import logging
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from streams.api.access import Access, host_of
from streams.api.guard import SECURITY_HEADERS, Guard
from streams.api.rate import Buckets
from streams.api.server import access_of
from streams.endpoint import is_loopback
from streams.errors import UsageError
from streams.readmodel import queries
from streams.readmodel.follow import Standing
from streams.settings import Settings
from streams.telemetry.metrics import HTTP_REQUESTS
from tests.api_builders import TOKEN, Landing, called, serving

BEARER = {"authorization": f"Bearer {TOKEN}"}
BASIC = {"authorization": "Basic " + base64.b64encode(f"me:{TOKEN}".encode()).decode()}
LOCAL = Access.of("127.0.0.1", ("News.Example.org",), TOKEN)
EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing is bound to it
PUBLIC = Access.of(EVERYWHERE, ("news.example.org",), TOKEN)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8600", "LOCALHOST:1", "[::1]:8600", "news.example.org."])
def test_names_of_this_server_are_known(host: str) -> None:
    assert LOCAL.knows(host)


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "", None, "127.0.0.1.evil.example", EVERYWHERE, "[::2]"]
)
def test_other_names_are_not(host: str | None) -> None:
    assert not LOCAL.knows(host)


def test_addresses_that_only_this_machine_reaches() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost")))
    assert not any(map(is_loopback, (EVERYWHERE, "::", "10.0.0.1", "example.org", "")))
    assert host_of("[::1]:80") == "[::1]"


def test_reads_are_free_here_and_need_the_token_elsewhere() -> None:
    assert LOCAL.verdict("GET", "/v1/stories", None) == "ok"
    assert PUBLIC.verdict("GET", "/v1/stories", None) == "token"
    assert PUBLIC.verdict("GET", "/v1/stories", BEARER["authorization"]) == "ok"
    assert PUBLIC.verdict("GET", "/v1/stories", BASIC["authorization"]) == "ok"
    assert PUBLIC.verdict("GET", "/healthz", None) == "ok"


@pytest.mark.parametrize(
    "given",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", f"bearer x{TOKEN}", BASIC["authorization"]],
)
def test_writes_need_the_token_itself(given: str | None) -> None:
    for access in (LOCAL, PUBLIC):
        assert access.verdict("POST", "/v1/documents", given) == "token"
        assert access.verdict("POST", "/v1/documents", BEARER["authorization"]) == "ok"


def test_reads_may_be_opened_where_the_port_is_kept_close() -> None:
    access = access_of(Settings(api_host=EVERYWHERE, api_open_reads=True, api_token=None, api_token_file=None))
    assert access.verdict("GET", "/v1/stories", None) == "ok"
    assert access.verdict("POST", "/v1/documents", BEARER["authorization"]) == "no_token"
    assert not access.knows("rebound.example")


def test_writes_are_off_where_no_token_is_set() -> None:
    assert Access.of("127.0.0.1", (), None).verdict("POST", "/v1/documents", BEARER["authorization"]) == "no_token"


def test_an_address_that_others_reach_needs_a_token(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="NEWSLOOM_API_TOKEN"):
        access_of(Settings(api_host=EVERYWHERE, api_token=None, api_token_file=None))
    with pytest.raises(UsageError, match="16 characters"):
        access_of(Settings(api_token=SecretStr("short"), api_token_file=None))
    with pytest.raises(UsageError, match="NEWSLOOM_API_TOKEN_FILE"):
        access_of(Settings(api_token_file=tmp_path / "none"))
    held = tmp_path / "token"
    held.write_text(TOKEN + "\n")
    access = access_of(Settings(api_host=EVERYWHERE, api_token_file=held, api_hosts="a.example, b.example"))
    assert access.token == TOKEN
    assert access.knows("b.example:8600")


def test_a_bucket_fills_again() -> None:
    buckets = Buckets(rate=2, burst=3)
    assert [buckets.take("a", 0.0) for _ in range(4)] == [0, 0, 0, 0.5]
    assert buckets.take("b", 0.0) == 0
    assert buckets.take("a", 0.5) == 0
    assert buckets.take("a", 0.5) == 0.5
    assert [buckets.take("a", 1000.0) for _ in range(4)] == [0, 0, 0, 0.5]
    assert all(Buckets(rate=0, burst=0).take("a", 0.0) == 0 for _ in range(10))


def test_clients_are_forgotten_before_they_fill_the_memory() -> None:
    buckets = Buckets(rate=1, burst=1)
    for number in range(20_000):
        buckets.take(str(number), 0.0)
    assert buckets.take("19999", 0.0) == 1
    assert buckets.take("0", 0.0) == 0


@pytest_asyncio.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(api_rate=0, api_body_bytes=2048)
    with serving(tmp_path / "model", settings=settings, access=LOCAL) as app:
        async with called(app) as made:
            yield made


async def test_a_foreign_name_is_refused_before_anything_else(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/stories", headers={"host": "evil.example"})
    assert (answer.status_code, answer.json()["reason"]) == (421, "wrong_host")
    doubled = await client.get("/healthz", headers=[("host", "localhost"), ("host", "evil.example")])
    assert doubled.status_code == 421


async def test_a_token_is_asked_for_and_checked(client: httpx.AsyncClient) -> None:
    body = {"text": "A text."}
    for headers in ({}, {"authorization": "Bearer wrong"}, BASIC):
        answer = await client.post("/v1/documents", json=body, headers=headers)
        assert (answer.status_code, answer.json()["reason"]) == (401, "token")
        assert "Bearer" in answer.headers["www-authenticate"]
    assert (await client.post("/v1/documents", json=body, headers=BEARER)).status_code == 202


async def test_a_body_beyond_the_limit_is_refused_whether_it_says_so_or_not(client: httpx.AsyncClient) -> None:
    said = await client.post("/v1/documents", json={"text": "x" * 4000}, headers=BEARER)
    assert (said.status_code, said.json()["reason"]) == (413, "body_too_large")

    async def unsaid() -> AsyncIterator[bytes]:
        for _ in range(8):
            yield b'{"text": "' + b"x" * 500 + b'"}\n'

    headers = BEARER | {"content-type": "application/x-ndjson"}
    found_out = await client.post("/v1/documents", content=unsaid(), headers=headers)
    assert (found_out.status_code, found_out.json()["reason"]) == (413, "body_too_large")


@pytest.mark.parametrize("path", ["/v1/stories", "/v1/nothing", "/healthz", "/v1/articles?limit=0"])
async def test_every_answer_carries_the_security_headers(client: httpx.AsyncClient, path: str) -> None:
    for headers in ({}, {"host": "evil.example"}):
        answer = await client.get(path, headers=headers)
        assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
        assert not any(name.startswith("access-control-") for name in answer.headers)


async def test_a_bug_is_a_problem_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(queries, "stories", broken)
    with serving(tmp_path / "model") as app:
        async with called(app) as client:
            answer = await client.get("/v1/stories")
    assert (answer.status_code, answer.json()["reason"]) == (500, "error")
    assert "secret" not in answer.text
    assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS


async def test_other_sites_get_no_permission(client: httpx.AsyncClient) -> None:
    asked = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    answer = await client.options("/v1/documents", headers=asked)
    assert answer.status_code == 405
    assert not any(name.startswith("access-control-") for name in answer.headers)


@pytest.mark.parametrize("path", ["/", "/v1/stories", "/v1/sources", "/feeds/stories.rss", "/stories/none"])
async def test_head_is_get_without_the_body(client: httpx.AsyncClient, path: str) -> None:
    asked, told = await client.get(path), await client.head(path)
    assert (told.status_code, told.content) == (asked.status_code, b"")
    same = ("content-type", "content-length", "etag")
    assert {name: told.headers.get(name) for name in same} == {name: asked.headers.get(name) for name in same}


async def test_head_is_counted_as_what_it_was(client: httpx.AsyncClient) -> None:
    asked = {"method": "HEAD", "route": "/stories/{story_id}", "status": "404"}
    before = HTTP_REQUESTS.labels(**asked)._value.get()
    await client.head("/stories/none")
    assert HTTP_REQUESTS.labels(**asked)._value.get() == before + 1


async def test_head_writes_nothing(client: httpx.AsyncClient) -> None:
    answer = await client.head("/v1/documents", headers=BEARER)
    assert answer.status_code == 405


async def test_who_asks_too_often_is_told_when_to_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.api.app.Guard", partial(Guard, now=lambda: 0.0))
    with serving(tmp_path / "model", settings=Settings(api_rate=0.5)) as app:
        async with called(app) as client:
            answers = [await client.get("/healthz") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert (answers[2].json()["reason"], answers[2].headers["retry-after"]) == ("rate", "2")


async def test_elsewhere_reads_need_the_token(tmp_path: Path) -> None:
    with serving(tmp_path / "model", access=PUBLIC) as app:
        async with called(app, host="news.example.org") as client:
            assert (await client.get("/v1/stories")).status_code == 401
            assert (await client.get("/metrics")).status_code == 401
            assert (await client.get("/v1/stories", headers=BASIC)).status_code == 200
            assert (await client.get("/healthz")).status_code == 200


async def test_the_token_is_in_no_log_and_no_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    settings = Settings(api_token=SecretStr(TOKEN), api_rate=0)
    assert TOKEN not in repr(settings)
    assert TOKEN not in str(settings.model_dump(mode="json"))
    with serving(tmp_path / "model", settings=settings, landing=Landing(0), standing=Standing()) as app:
        async with called(app) as client:
            said = [
                (await client.request(method, path, headers=headers)).text
                for headers in (BEARER, {"authorization": f"Bearer {TOKEN}x"})
                for method, path in (("GET", "/v1/nothing"), ("POST", "/v1/documents"), ("GET", "/metrics"))
            ]
    assert TOKEN not in caplog.text
    assert TOKEN not in "".join(said)


def test_a_child_gets_no_stars_for_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLOOM_API_TOKEN", TOKEN)
    assert Settings().environment()["NEWSLOOM_API_TOKEN"] == TOKEN
