"""The broker's folder: whose data it is, and what is done about data that is not ours."""

import json
import socket
from pathlib import Path

import pytest

from streams.endpoint import Endpoint
from streams.errors import BrokerError, UsageError
from streams.local.broker import _sweep
from streams.local.folder import Folder, Identity, Owned, free_ports, new_id
from streams.local.probe import parse_addresses, probe
from streams.local.properties import MAX_MESSAGE_BYTES, PATIENT_MS, QUICK_MS, server_properties

KAFKA = "4.3.1"
OURS = Identity(KAFKA, "cluster-a", 1234, 1235)


def with_data(root: Path, meta: str | None = "version=1\nnode.id=1\ncluster.id=cluster-a\n") -> Folder:
    folder = Folder(root)
    (folder.data / "topic-0").mkdir(parents=True)
    if meta is not None:
        (folder.data / "meta.properties").write_text(meta)
    folder.identify(OURS)
    return folder


def test_an_empty_folder_and_ours_have_no_flaw(tmp_path: Path) -> None:
    assert Folder(tmp_path / "new").flaw(KAFKA) is None
    assert with_data(tmp_path / "ours").flaw(KAFKA) is None


@pytest.mark.parametrize(
    ("meta", "flaw"),
    [
        ("version=1\ncluster.id=cluster-b\n", "belongs to another cluster"),
        ("", "is damaged"),
        ("\x00\xff\n=\n", "is damaged"),
        (None, "is damaged"),
    ],
)
def test_foreign_and_damaged_data_is_noticed(tmp_path: Path, meta: str | None, flaw: str) -> None:
    assert with_data(tmp_path, meta).flaw(KAFKA) == flaw


def test_data_of_another_kafka_is_noticed(tmp_path: Path) -> None:
    assert with_data(tmp_path).flaw("5.0.0") == "was made by Kafka 4.3.1, this is 5.0.0"


@pytest.mark.parametrize("text", ["", "null", "[]", '{"kafka": "4.3.1"}', "{"])
def test_data_without_a_readable_identity_is_not_trusted(tmp_path: Path, text: str) -> None:
    folder = with_data(tmp_path)
    (tmp_path / "identity.json").write_text(text)
    assert folder.flaw(KAFKA) == "is of an unknown broker"


def test_data_set_aside_is_kept_and_can_be_put_back(tmp_path: Path) -> None:
    folder = with_data(tmp_path)
    first = folder.set_aside()
    folder.data.mkdir()
    second = folder.set_aside()
    assert first != second
    folder.data.mkdir()
    folder.identify(Identity(KAFKA, "cluster-new", 1, 2))
    folder.put_back(first, OURS)
    assert (folder.data / "topic-0").is_dir()
    assert folder.flaw(KAFKA) is None


def test_one_holder_of_the_lock_at_a_time(tmp_path: Path) -> None:
    first, second = Folder(tmp_path / "root"), Folder(tmp_path / "root")
    assert first.try_lock()
    assert not second.try_lock()
    first.unlock()
    assert second.try_lock()
    second.unlock()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BrokerError, match="no broker can be kept in"):
        Folder(tmp_path / "file" / "kafka").try_lock()


def test_the_announcement_comes_and_goes(tmp_path: Path) -> None:
    folder, owned = Folder(tmp_path), Owned("127.0.0.1:1", 2, 3, "cluster-a")
    assert folder.owned() is None
    folder.announce(owned)
    assert folder.owned() == owned
    assert json.loads((tmp_path / "broker.json").read_text())["bootstrap"] == "127.0.0.1:1"
    folder.retract()
    folder.retract()
    assert folder.owned() is None


def test_the_log_of_one_start_before_is_kept_and_its_end_can_be_read(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert folder.log_tail() == ""
    folder.turn_log()
    for start in range(3):
        folder.turn_log()
        folder.log.write_text("".join(f"start {start} line {line}\n" for line in range(5000)))
    assert sorted(path.name for path in tmp_path.glob("kafka.log*")) == ["kafka.log", "kafka.log.1"]
    assert folder.log_tail().splitlines() == [f"start 2 line {line}" for line in range(4980, 5000)]


def test_a_sweep_removes_what_nobody_holds_and_minds_nothing_that_vanishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left, held = (Folder(tmp_path / f"newsloom-kafka-{name}") for name in ("left", "held"))
    assert left.try_lock()
    left.unlock()
    assert held.try_lock()
    (tmp_path / "newsloom-kafka-made").mkdir()
    (tmp_path / "newsloom-kafka-gone").symlink_to(tmp_path / "nowhere")  # as if removed since it was listed
    _sweep()
    held.unlock()
    assert sorted(path.name.rpartition("-")[2] for path in tmp_path.iterdir()) == ["gone", "held", "made"]


def test_ids_never_begin_with_a_dash() -> None:
    drawn = {new_id() for _ in range(2000)}
    assert len(drawn) == 2000
    assert {len(one) for one in drawn} == {22}
    assert not any(one.startswith("-") for one in drawn)


def test_wanted_ports_are_kept_while_they_are_free() -> None:
    first, second = free_ports()
    assert first != second
    assert free_ports((first, second)) == (first, second)
    with socket.create_server(("127.0.0.1", second)):
        assert second not in free_ports((first, second))


def test_properties_bind_the_loopback_only_and_take_our_largest_record(tmp_path: Path) -> None:
    text = server_properties(tmp_path / "a b\\c", port=1111, controller_port=2222)
    lines = dict(line.split("=", 1) for line in text.splitlines())
    assert lines["listeners"] == "PLAINTEXT://127.0.0.1:1111,CONTROLLER://127.0.0.1:2222"
    assert lines["log.dirs"].endswith("a b\\\\c")
    assert lines["auto.create.topics.enable"] == "false"
    assert int(lines["message.max.bytes"]) == MAX_MESSAGE_BYTES >= 9 * 1024 * 1024
    assert int(lines["broker.session.timeout.ms"]) == QUICK_MS < PATIENT_MS


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("localhost:9092", [("localhost", 9092)]),
        ("[::1]:9092", [("::1", 9092)]),
        ("a.example:1, b-c.example:65535", [("a.example", 1), ("b-c.example", 65535)]),
    ],
)
def test_addresses_are_read(text: str, addresses: list[tuple[str, int]]) -> None:
    assert parse_addresses(text) == addresses


@pytest.mark.parametrize(
    "text", ["", "localhost", "docker", ":9092", "a:0", "a:65536", "a:1,", "http://a:1", "::1:9092"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="HOST:PORT"):
        parse_addresses(text)


async def test_a_port_where_nothing_listens_is_said_at_once() -> None:
    with socket.socket() as free:  # kept by us, so that nobody else comes to listen there
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(BrokerError, match=f"no broker at {address}"):
            await probe(Endpoint(address), limit_s=30)


async def test_a_port_that_takes_connections_and_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        bootstrap = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(BrokerError, match=bootstrap):
            await probe(Endpoint(bootstrap), limit_s=0.5)
