"""Every answer of the API is what its OpenAPI document says."""

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from jsonschema import Draft202012Validator

from streams.api.problems import MEDIA_TYPE
from streams.codec import Message
from streams.memory import MemoryPipeline
from streams.readmodel.database import open_writer
from streams.readmodel.follow import Standing
from streams.readmodel.store import apply
from streams.topics import RAW
from tests.api_builders import TOKEN, app_over, called, serving
from tests.readmodel_builders import chain_of_merges

BEARER = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    with serving(tmp_path_factory.mktemp("api") / "model") as made:
        yield made


@pytest_asyncio.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with called(app) as made:
        yield made


def check(app: FastAPI, route: str, answer: httpx.Response, method: str = "get") -> None:
    """The answer fits what the document says of this route and status."""
    spec = app.openapi()
    responses = spec["paths"][route][method]["responses"]
    said = responses.get(str(answer.status_code)) or responses["default"]
    kind = answer.headers["content-type"].partition(";")[0]
    schema: dict[str, Any] = said["content"][kind]["schema"]
    Draft202012Validator(schema | {"components": spec["components"]}).validate(answer.json())


async def first(client: httpx.AsyncClient, path: str, key: str) -> str:
    return str((await client.get(path)).json()["items"][0][key])


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/v1/articles", "/v1/articles"),
        ("/v1/articles?limit=1000000000", "/v1/articles"),
        ("/v1/articles?cursor=rubbish", "/v1/articles"),
        ("/v1/articles?since=2026-03-01&until=2026-03-01T12:10:00%2B00:00&sort=oldest", "/v1/articles"),
        ("/v1/articles?limit=none", "/v1/articles"),
        ("/v1/articles/art_none", "/v1/articles/{article_id}"),
        ("/v1/search?q=ferry", "/v1/search"),
        ("/v1/search", "/v1/search"),
        ("/v1/stories?sort=hot&articles=2", "/v1/stories"),
        ("/v1/stories?sort=none", "/v1/stories"),
        ("/v1/stories/sty_none", "/v1/stories/{story_id}"),
        ("/v1/stories/sty_none/members", "/v1/stories/{story_id}/members"),
        ("/v1/stories/sty_none/timeline", "/v1/stories/{story_id}/timeline"),
        ("/v1/entities?type=PERSON&name=otto", "/v1/entities"),
        ("/v1/sources", "/v1/sources"),
        ("/v1/pipeline?minutes=5", "/v1/pipeline"),
        ("/v1/trace/https://example.org/a?b=c", "/v1/trace/{what}"),
        ("/healthz", "/healthz"),
        ("/readyz", "/readyz"),
    ],
)
async def test_answers_are_as_described(app: FastAPI, client: httpx.AsyncClient, path: str, route: str) -> None:
    check(app, route, await client.get(path))


async def test_what_is_there_is_as_described(app: FastAPI, client: httpx.AsyncClient) -> None:
    article = await first(client, "/v1/articles?q=halvard&sort=oldest", "article_id")
    story = await first(client, "/v1/stories?q=ferry", "story_id")
    for path, route in (
        (f"/v1/articles/{article}?removed=true", "/v1/articles/{article_id}"),
        (f"/v1/stories/{story}", "/v1/stories/{story_id}"),
        (f"/v1/stories/{story}/members?limit=1", "/v1/stories/{story_id}/members"),
        (f"/v1/stories/{story}/timeline", "/v1/stories/{story_id}/timeline"),
        (f"/v1/trace/{article}", "/v1/trace/{what}"),
        (f"/v1/trace/{story}", "/v1/trace/{what}"),
    ):
        answer = await client.get(path)
        assert answer.status_code == 200, path
        check(app, route, answer)


async def test_documents_are_answered_as_described(app: FastAPI, client: httpx.AsyncClient) -> None:
    for body, status in (({"text": "A text."}, 202), ({}, 422)):
        answer = await client.post("/v1/documents", json=body, headers=BEARER)
        assert answer.status_code == status
        check(app, "/v1/documents", answer, "post")


async def test_errors_are_problems(client: httpx.AsyncClient) -> None:
    for path, status in (("/v1/articles?cursor=x", 400), ("/v1/none", 404), ("/v1/stories?limit=0", 422)):
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (status, MEDIA_TYPE)
        assert answer.json()["status"] == status
        assert answer.json()["reason"]


async def test_an_unchanged_answer_is_not_sent_again(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/stories")
    again = await client.get("/v1/stories", headers={"if-none-match": f'"other", W/{answer.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]


async def test_a_page_never_holds_more_than_the_cap(client: httpx.AsyncClient) -> None:
    for limit in (10**9, 2**31):
        assert len((await client.get(f"/v1/articles?limit={limit}")).json()["items"]) == 7
    assert (await client.get(f"/v1/articles?limit={10**30}")).status_code == 422


async def test_metrics_count_by_route_and_tell_the_lag(client: httpx.AsyncClient) -> None:
    await client.get("/v1/articles/art_one")
    await client.get("/v1/articles/art_two")
    text = (await client.get("/metrics")).text
    assert 'newsloom_http_requests_total{method="GET",route="/v1/articles/{article_id}",status="404"}' in text
    assert "art_one" not in text
    assert "newsloom_read_model_lag_records 0.0" in text
    assert "newsloom_documents_total" in text


async def test_metrics_count_dead_letters_by_reasons_that_we_know(tmp_path: Path) -> None:
    pipeline = MemoryPipeline()
    pipeline.append(Message(RAW.name, b"doc_1", b"not JSON"))
    pipeline.run()
    (letter,) = pipeline.topics[RAW.dead_letters]
    odd = tuple((name, b"x" * 99 if name == "x-news-error-code" else value) for name, value in letter.headers)
    pipeline.append(Message(RAW.dead_letters, letter.key, letter.value, odd))
    with serving(tmp_path / "model", pipeline) as app:
        async with called(app) as asked:
            text = (await asked.get("/metrics")).text
    assert 'newsloom_dead_letters{reason="bad_json",stage="normalize"} 1.0' in text
    assert 'newsloom_dead_letters{reason="other",stage="normalize"} 1.0' in text
    assert "xxx" not in text


async def test_nothing_is_ready_before_it_was_level(tmp_path: Path) -> None:
    now = time.monotonic()
    for standing, status in (
        (Standing(lag=None), 503),
        (Standing(lag=5), 503),
        (Standing(lag=5, level_at=now - 60), 503),
        (Standing(lag=5, level_at=now - 1), 200),
        (Standing(lag=0, level_at=now - 60), 200),
    ):
        app = app_over(tmp_path / "none", standing=standing)
        async with called(app) as client:
            assert (await client.get("/readyz")).status_code == status
            assert (await client.get("/healthz")).status_code == 200
            answer = await client.get("/v1/stories")
            assert (answer.status_code, answer.json()["reason"]) == (503, "warming_up")
        app.state.services.reader.close()


async def test_the_id_of_a_merged_story_redirects(tmp_path: Path) -> None:
    with serving(tmp_path / "model") as app:
        db = open_writer(tmp_path / "model")
        apply(db, chain_of_merges(), {})
        db.close()
        async with called(app) as client:
            for behind in ("", "/members?limit=2", "/timeline"):
                answer = await client.get(f"/v1/stories/sty_a{behind}")
                assert (answer.status_code, answer.headers["location"]) == (308, f"/v1/stories/sty_c{behind}")
                followed = await client.get(f"/v1/stories/sty_a{behind}", follow_redirects=True)
                assert followed.status_code == 200
