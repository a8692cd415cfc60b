"""Articles from a program: what is acknowledged is in the raw topic, once each, and what is not fit is said to be."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from schemas import RawDocument
from streams.codec import MAX_RECORD_BYTES, Record, raw_message
from streams.edge.admin import create_topics
from streams.edge.reader import read_topic
from streams.endpoint import Endpoint
from streams.errors import BrokerError, UsageError
from streams.local.broker import Broker
from streams.sdk import Ack, Producer, Refused, UnfitError
from streams.settings import Settings
from streams.topics import RAW
from tests.builders import SEEN_AT, raw_document


@pytest_asyncio.fixture
async def settings(broker: Broker, lane: str, tmp_path: Path) -> Settings:
    settings = Settings(broker=broker.bootstrap, lane=lane, state_dir=tmp_path, partitions=2)
    await create_topics(broker.endpoint, settings)
    return settings


async def raw(settings: Settings) -> list[Record]:
    return [record async for record in read_topic(Endpoint(settings.broker), settings.topic(RAW.name))]


async def test_an_acknowledged_document_is_where_the_acknowledgement_says(settings: Settings) -> None:
    document = raw_document()
    async with Producer(settings) as producer:
        ack = await producer.send(document)
    (record,) = await raw(settings)
    message = raw_message(document)
    assert (record.key, record.value, record.headers) == (message.key, message.value, message.headers)
    placed = Ack(document.document_id, record.topic, record.partition, record.offset, len(record.value or b""))
    assert ack == placed


async def test_texts_pages_records_and_files_become_documents(settings: Settings, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<html><body><p>A ferry was late.</p></body></html>")
    (tmp_path / "-").write_text("The file with the odd name.")
    record = {"id": "4711", "source": "courier", "title": "Ferry late", "text": "A ferry was late."}
    async with Producer(settings, source="gazette", now=lambda: SEEN_AT) as producer:
        acks = [await producer.send(item) for item in ("Fog at the pier.", record, page, tmp_path / "-")]
    values = {each.key: RawDocument.model_validate_json(each.value or b"") for each in await raw(settings)}
    text, loose, html, odd = (values[ack.document_id.encode()] for ack in acks)
    assert (text.content, text.source.id, text.first_seen_at) == ("Fog at the pier.", "gazette", SEEN_AT)
    assert (loose.title, loose.source.id) == ("Ferry late", "courier")
    assert (html.media_type, html.filename) == ("text/html", "page.html")
    assert odd.content == "The file with the odd name."


async def test_many_tasks_share_a_producer_and_many_documents_their_flight(settings: Settings) -> None:
    documents = [raw_document(f"Text number {number} of a long day at the harbour.") for number in range(2500)]
    async with Producer(settings) as producer:
        alone = await asyncio.gather(*[producer.send(document) for document in documents[:50]])
        together = [answer async for answer in producer.send_many(documents[50:])]
    answers = [*alone, *together]
    assert [answer.document_id for answer in answers if isinstance(answer, Ack)] == [d.document_id for d in documents]
    records = await raw(settings)
    assert {(r.partition, r.offset) for r in records} == {
        (a.partition, a.offset) for a in answers if isinstance(a, Ack)
    }
    assert len(records) == len(documents)


async def test_what_is_unfit_is_refused_and_the_rest_goes_on(settings: Settings, tmp_path: Path) -> None:
    lines = tmp_path / "two.jsonl"
    lines.write_text("".join(json.dumps({"text": text}) + "\n" for text in ("One ferry.", "Two ferries.")))
    huge = raw_document("\0" * (MAX_RECORD_BYTES // 6 + 1))  # JSON needs six bytes for each

    async def items() -> AsyncIterator[RawDocument | dict[str, str] | Path]:
        for item in (huge, {"title": "no text"}, lines, tmp_path / "missing"):
            yield item

    async with Producer(settings) as producer:
        answers = [answer async for answer in producer.send_many(items())]
        for unfit, reason in ((huge, "too_large"), ({"a": 1}, "bad_record"), (lines, "bad_record"), ("", "bad_record")):
            with pytest.raises(UnfitError) as refused:
                await producer.send(unfit)
            assert refused.value.reason == reason
    reasons = [answer.reason if isinstance(answer, Refused) else "sent" for answer in answers]
    assert reasons == ["too_large", "bad_record", "sent", "sent", "not_found"]
    assert len(await raw(settings)) == 2


async def test_without_a_topic_or_a_connection_there_is_a_clear_error(settings: Settings) -> None:
    with pytest.raises(BrokerError, match="no topic"):
        async with Producer(settings.model_copy(update={"lane": "nowhere"})):
            pass
    with pytest.raises(UsageError, match="async with"):
        await Producer(settings).send(raw_document())
