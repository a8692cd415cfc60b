"""When the demo is done, and when it gives up; the demo itself needs a broker and is tested with one."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from schemas import StoryArticle
from streams import demo
from streams.app import Running
from streams.codec import Record, encode
from streams.endpoint import Endpoint
from streams.errors import BrokerError, InputError
from streams.ingest import Refused
from streams.local.broker import Broker
from streams.settings import Settings
from streams.topics import DUPLICATE, STORY_EVENT, STORY_STATE
from tests.builders import SEEN_AT, raw_document
from tests.view_builders import event, story


def record(topic: str, key: str, value: bytes = b"{}", document: str = "doc_1") -> Record:
    return Record(topic, 0, 0, key.encode(), value, (("ce_documentid", document.encode()),))


def live(tmp_path: Path, restarts: int = 0) -> Running:
    log = tmp_path / "workers.log"
    log.write_text("".join(f"line {number}\n" for number in range(9)))
    return Running(
        Broker(Endpoint("127.0.0.1:1"), "given", None),
        Settings(),
        cast("Any", SimpleNamespace(restarts=restarts)),
        cast("Any", None),
        log,
    )


def test_a_document_is_done_when_its_story_stands_as_its_events_say() -> None:
    progress = demo._Progress({"doc_1", "doc_2"})
    member = StoryArticle(article_id="art_1", source_id="gazette", first_seen_at=SEEN_AT)
    for version, document in ((1, "doc_1"), (2, "doc_2")):
        happened = event("sty_1", version, article=member)
        progress.see(STORY_EVENT.name, record(STORY_EVENT.name, "sty_1", encode(happened), document))
    assert not progress.waiting
    progress.see(STORY_STATE.name, record(STORY_STATE.name, "sty_1", encode(story("sty_1", version=1))))
    assert not progress.done
    progress.see(STORY_STATE.name, record(STORY_STATE.name, "sty_1", encode(story("sty_1", version=2))))
    assert progress.done


def test_duplicates_and_dead_letters_are_ends_too() -> None:
    progress = demo._Progress({"doc_1", "doc_2"})
    progress.see(DUPLICATE.name, record(DUPLICATE.name, "art_1"))
    progress.see("any.dlq", record("any.dlq", "k", b"\xff no JSON", "doc_2"))
    assert progress.done


async def test_a_worker_that_keeps_ending_is_reported_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "_GLANCE_S", 0.01)
    monkeypatch.setattr(demo, "_CRASHES", 0)
    with pytest.raises(BrokerError, match=r"(?s)keeps ending; its log ends with\nline 4\n.*line 8$") as caught:
        await demo._alarm(live(tmp_path), demo._Progress({"doc_1"}))
    assert caught.value.exit_code == 3


async def test_silence_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "_GLANCE_S", 0.01)
    monkeypatch.setattr(demo, "_STILL_S", 0.05)
    with pytest.raises(BrokerError, match=r"nothing came out for 0\.05 s"):
        await demo._alarm(live(tmp_path), demo._Progress({"doc_1"}))


def test_a_given_broker_gets_a_lane_of_its_own_each_time() -> None:
    lanes = {demo._small(Settings(broker="kafka:9092")).lane for _ in range(2)}
    assert len(lanes) == 2
    assert all(lane.startswith("demo-") for lane in lanes)
    assert demo._small(Settings(broker="auto", lane="mine")).lane == ""


def test_an_article_that_is_not_taken_ends_the_demo() -> None:
    with pytest.raises(InputError, match="a/b: symlink"):
        demo._all_taken([raw_document(), Refused("a/b", "symlink")])
    with pytest.raises(InputError, match="no article there"):
        demo._all_taken([])
