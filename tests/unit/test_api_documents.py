"""`POST /v1/documents`: what is taken, what is refused, and what a broker that goes away leaves."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import RawDocument
from streams.api import documents as module
from streams.api.intake import BusyError, Intake, UnsentError
from streams.api.uploads import _lines
from streams.settings import Settings
from tests.api_builders import TOKEN, Landing, called, serving
from tests.builders import BODY, TITLE, raw_document

RECORD = {"id": "4711", "source": "gazette", "title": TITLE, "text": BODY}
LINES = {"content-type": "application/x-ndjson"}


async def posted(folder: Path, landing: Landing | None = None, **request: Any) -> httpx.Response:
    settings = Settings(api_rate=0, max_document_bytes=4096)
    headers = {"authorization": f"Bearer {TOKEN}"} | request.pop("headers", {})
    with serving(folder / "model", landing=landing, settings=settings) as app:
        async with called(app) as client:
            return await client.post("/v1/documents", headers=headers, **request)


async def test_one_document_is_taken_and_its_place_told(tmp_path: Path) -> None:
    landing = Landing()
    answer = await posted(tmp_path, landing, json=RECORD)
    (document,) = landing.documents
    assert answer.status_code == 202
    assert answer.json()["items"] == [
        {
            "status": "accepted",
            "document_id": document.document_id,
            "topic": "news.raw.v1",
            "partition": 0,
            "offset": 0,
        }
    ]
    assert (document.source.id, document.title, document.content) == ("gazette", TITLE, BODY)


async def test_lines_are_answered_in_their_order(tmp_path: Path) -> None:
    landing = Landing()
    lines = [
        orjson.dumps(RECORD),
        b"",
        b"{not json",
        b"[1]",
        b'{"title": "no text"}',
        b'{"text": "' + b"x" * 9000 + b'"}',
        b'{"text": "' + b"x" * 5000 + b'"}',
        orjson.dumps({"text": "Another text altogether."}),
    ]
    answer = await posted(tmp_path, landing, content=b"\n".join(lines), headers=LINES, params={"source": "herald"})
    receipt = answer.json()
    assert answer.status_code == 202
    assert (receipt["accepted"], receipt["refused"]) == (2, 5)
    assert [item.get("reason", "taken") for item in receipt["items"]] == [
        "taken",
        "bad_json",
        "bad_record",
        "bad_record",
        "too_large",
        "too_large",
        "taken",
    ]
    assert [item["item"] for item in receipt["items"] if item["status"] == "refused"] == [
        f"line {number}" for number in (3, 4, 5, 6, 7)
    ]
    assert [document.source.id for document in landing.documents] == ["gazette", "herald"]


async def test_files_are_articles_and_json_files_records(tmp_path: Path) -> None:
    landing = Landing()
    files = [
        ("file", ("page.html", b"<html><body><p>A page.</p></body></html>", "text/html")),
        ("file", ("one.json", orjson.dumps(RECORD), "application/json")),
        ("file", ("empty.txt", b"", "text/plain")),
        ("file", ("large.txt", b"x" * 5000, "text/plain")),
    ]
    answer = await posted(tmp_path, landing, files=files, data={"note": "not a file"})
    assert answer.status_code == 202
    assert [(d.media_type, d.filename) for d in landing.documents] == [("text/html", "page.html"), ("text/plain", None)]
    assert [item["reason"] for item in answer.json()["items"][2:]] == ["empty", "too_large"]


@pytest.mark.parametrize(
    ("content", "kind", "status", "reason"),
    [
        (b"A text.", "text/plain", 415, "unsupported_media_type"),
        (b"{}", "", 415, "unsupported_media_type"),
        (b"{}", "application/json", 422, "refused"),
        (b"[" * 100_000, "application/json", 413, "body_too_large"),
        (b"[" * 5000, "application/json", 422, "refused"),
        (b"", "application/x-ndjson", 422, "refused"),
        (b"x\n\ny", "application/x-ndjson", 422, "refused"),
        (b"--x", "multipart/form-data", 422, "refused"),
        (b"rubbish", "multipart/form-data; boundary=x", 422, "refused"),
    ],
)
async def test_what_is_not_taken_is_told_why(
    tmp_path: Path, content: bytes, kind: str, status: int, reason: str
) -> None:
    landing = Landing()
    answer = await posted(tmp_path, landing, content=content, headers={"content-type": kind})
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert landing.documents == []


async def test_a_broker_that_goes_away_is_503_and_says_what_it_had(tmp_path: Path) -> None:
    landing = Landing(fails_after=2)
    content = b"\n".join(orjson.dumps({"text": f"Text {number}."}) for number in range(5))
    answer = await posted(tmp_path, landing, content=content, headers=LINES)
    problem = answer.json()
    assert (answer.status_code, problem["reason"], problem["accepted"]) == (503, "broker", 2)
    assert [item["offset"] for item in problem["items"]] == [0, 1]
    assert "127.0.0.1:9" not in answer.text


async def test_a_producer_that_failed_is_replaced() -> None:
    landing = Landing(fails_after=0)
    intake = Intake(landing.open)

    async def one() -> AsyncIterator[RawDocument]:
        yield raw_document()

    with pytest.raises(UnsentError):
        await intake.send(one())
    landing.fails_after = None
    assert len(await intake.send(one())) == 1
    assert len(await intake.send(one())) == 1
    assert landing.opened == 2


async def test_more_documents_than_one_request_may_bring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ITEMS", 3)
    content = b"\n".join(orjson.dumps({"text": f"Text {number}."}) for number in range(5))
    answer = await posted(tmp_path, content=content, headers=LINES)
    assert (answer.status_code, answer.json()["reason"]) == (413, "too_many")


async def test_a_sender_that_falls_silent_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SILENCE_S", 0.05)

    async def silent() -> AsyncIterator[bytes]:
        yield b'{"text": "A text."}\n'
        await asyncio.sleep(5)

    answer = await posted(tmp_path, content=silent(), headers=LINES)
    assert (answer.status_code, answer.json()["reason"]) == (408, "timeout")


async def test_uploads_at_once_are_bounded() -> None:
    intake = Intake(Landing().open)
    held = [intake.place() for _ in range(16)]
    for place in held:
        await place.__aenter__()
    with pytest.raises(BusyError):
        await intake.place().__aenter__()
    await held[0].__aexit__(None, None, None)
    async with intake.place():
        pass


@given(st.lists(st.binary(max_size=12).map(lambda part: part.replace(b"\n", b"")), max_size=8), st.integers(1, 9))
def test_lines_are_the_same_however_they_are_cut(lines: list[bytes], size: int) -> None:
    data = b"\n".join(lines)

    async def cut() -> AsyncIterator[bytes]:
        for start in range(0, len(data), size):
            yield data[start : start + size]

    async def read() -> list[bytes | None]:
        return [line async for line in _lines(cut(), 8)]

    expected = [line if len(line) <= 8 else None for line in data.split(b"\n")]
    while expected and expected[-1] == b"":
        expected.pop()
    found = asyncio.run(read())
    while found and found[-1] == b"":
        found.pop()
    assert found == expected


@pytest.mark.parametrize(
    "body",
    [
        {"json": RECORD},
        {"content": b'{"text": "Short."}', "headers": LINES},
        {"files": [("file", ("page.html", b"<p>Short.</p>", "text/html"))]},
    ],
    ids=["json", "lines", "files"],
)
async def test_documents_go_on_with_the_trace_of_the_request(tmp_path: Path, body: dict[str, Any]) -> None:
    landing = Landing()
    traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    await posted(tmp_path, landing, **{**body, "headers": {**body.get("headers", {}), "traceparent": traceparent}})
    assert landing.traceparents == [traceparent]
