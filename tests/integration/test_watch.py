"""A drop folder on a real broker: each file is in the raw topic once for each content, whatever kills the watcher."""

import json
import os
import zipfile
from collections import Counter
from pathlib import Path

import pytest
import pytest_asyncio

from schemas import DroppedFile, RawDocument
from streams.cli import main
from streams.codec import header
from streams.drop.watch import watching
from streams.edge.admin import create_topics
from streams.edge.reader import read_table, read_topic
from streams.endpoint import Endpoint
from streams.errors import UsageError
from streams.local.broker import Broker
from streams.settings import Settings
from streams.topics import DROP_LEDGER, RAW
from tests.integration.mortal import Death, killed, plan_of, watch

FILES = 4


@pytest_asyncio.fixture
async def settings(broker: Broker, lane: str, tmp_path: Path) -> Settings:
    settings = Settings(broker=broker.bootstrap, lane=lane, state_dir=tmp_path / "state", partitions=2)
    await create_topics(broker.endpoint, settings)
    return settings


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


async def raw(settings: Settings) -> list[tuple[str, RawDocument]]:
    """The `ce_id` of each raw record, and its document."""
    return [
        (header(each.headers, "ce_id") or "", RawDocument.model_validate_json(each.value or b""))
        async for each in read_topic(Endpoint(settings.broker), settings.topic(RAW.name))
    ]


async def ledger(settings: Settings) -> dict[str, DroppedFile]:
    table = await read_table(Endpoint(settings.broker), settings.topic(DROP_LEDGER.name))
    entries = [DroppedFile.model_validate_json(value) for value in table.values()]
    return {each.path: each for each in entries}


def texts(folder: Path) -> list[str]:
    return [path.read_text() for path in folder.glob("*.txt")]


def pack(path: Path, texts: list[str]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for number, text in enumerate(texts):
            archive.writestr(f"{number}.txt", text)


async def test_a_file_is_taken_once_and_one_that_changes_is_the_same_document(settings: Settings, drop: Path) -> None:
    (drop / "deep").mkdir()
    (drop / "deep" / "a.txt").write_text("The ferry was late.")
    (drop / "b.txt.part").write_text("half a")
    (drop / "link.txt").symlink_to("/etc/hostname")
    os.mkfifo(drop / "pipe")
    (drop / "empty.txt").touch()
    async with watching(Endpoint(settings.broker), settings, plan_of(drop)) as watcher:
        await watcher.look()
        await watcher.look()
        (drop / "deep" / "a.txt").touch()
        await watcher.look()
        (drop / "deep" / "a.txt").write_text("The ferry was very late.")
        (drop / "b.txt.part").rename(drop / "b.txt")
        await watcher.look()
        with pytest.raises(UsageError, match="another"):
            async with watching(Endpoint(settings.broker), settings, plan_of(drop)):
                pass
    late, later, other = [document for _, document in await raw(settings) if document.filename == "deep/a.txt"] + [
        document for _, document in await raw(settings) if document.filename == "b.txt"
    ]
    assert late.document_id == later.document_id != other.document_id
    assert len(await raw(settings)) == 3
    known = await ledger(settings)
    assert {path: each.state for path, each in known.items()} == {
        "deep/a.txt": "done",
        "b.txt": "done",
        "link.txt": "refused",
        "pipe": "refused",
        "empty.txt": "refused",
    }


async def test_an_archive_is_many_documents_and_what_is_unfit_in_it_is_counted(settings: Settings, drop: Path) -> None:
    pack(drop / "day.zip", ["One ferry.", "", "Two ferries."])
    (drop / "bad.zip").write_bytes(b"PK\x03\x04 no archive")
    (drop / "three.jsonl").write_text("".join(json.dumps({"id": n, "text": f"Ferry {n}."}) + "\n" for n in range(3)))
    async with watching(Endpoint(settings.broker), settings, plan_of(drop)) as watcher:
        await watcher.look()
    known = await ledger(settings)
    assert (known["day.zip"].documents, known["day.zip"].refused, known["day.zip"].state) == (2, 1, "done")
    assert (known["bad.zip"].documents, known["bad.zip"].state) == (0, "refused")
    assert (known["three.jsonl"].documents, known["three.jsonl"].state) == (3, "done")
    assert len(await raw(settings)) == 5


async def test_what_is_done_moves_away_and_what_is_refused_stays(
    settings: Settings, drop: Path, tmp_path: Path
) -> None:
    (drop / "a.txt").write_text("The ferry was late.")
    (drop / "empty.txt").touch()
    async with watching(Endpoint(settings.broker), settings, plan_of(drop, move_to=tmp_path / "done")) as watcher:
        await watcher.look()
        assert (tmp_path / "done" / "a.txt").read_text() == "The ferry was late."
        (drop / "a.txt").write_text("The ferry was late.")
        await watcher.look()
    assert list(texts(drop)) == [""]
    assert len(await raw(settings)) == 1


DEATHS: list[Death] = [
    ("outbox", 1, "before"),
    ("outbox", 1, "half"),
    ("outbox", 1, "after"),
    ("sender", 1, "after"),
    ("sender", 5, "after"),
    ("outbox", 2, "before"),
    ("outbox", 2, "half"),
    ("sender", 3, "before"),
    ("sender", 4, "after"),
    ("outbox", 2, "half"),
]


async def test_ten_kills_change_nothing(settings: Settings, drop: Path) -> None:
    pack(drop / "day.zip", [f"Member {number} of an archive." for number in range(5)])
    for number, death in enumerate(DEATHS):
        for new in range(FILES):
            (drop / f"{number}-{new}.txt").write_text(f"Text {new} of day {number}.")
        (drop / "0-0.txt").write_text(f"Corrected {number} times.")
        assert await killed(watch, settings, death, drop) != 0
    async with watching(Endpoint(settings.broker), settings, plan_of(drop)) as watcher:
        await watcher.look()
    found = await raw(settings)
    assert set(Counter(ce_id for ce_id, _ in found).values()) == {1}
    contents = {document.content for _, document in found}
    assert set(texts(drop)) <= contents
    assert {f"Member {number} of an archive." for number in range(5)} <= contents
    assert {each.state for each in (await ledger(settings)).values()} == {"done"}


def test_the_command_takes_what_is_there_and_says_so(
    settings: Settings, drop: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (drop / "a.txt").write_text("The ferry was late.")
    options = ("--once", "--json", "--every", "0.1", "--broker", settings.broker, "--lane", settings.lane)
    assert main(("watch", str(drop), "--delete", *options)) == 0
    (line,) = capfd.readouterr().out.splitlines()
    assert (json.loads(line)["path"], json.loads(line)["state"]) == ("a.txt", "done")
    assert list(drop.iterdir()) == []
    (drop / "empty.txt").touch()
    assert main(("watch", str(drop), *options)) == 4
    assert main(("watch", str(drop), "--move-to", str(drop / "done"), *options)) == 2
