"""Which files become which documents."""

import gzip
import io
import json
import lzma
import os
import tarfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard

from schemas import RawDocument
from streams.ids import document_id
from streams.ingest import IngestOptions, Refused, documents

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MTIME = datetime(2025, 5, 6, 7, 8, 9, tzinfo=UTC)
LINES = b'{"id": "1", "text": "One."}\n\n{"id": "2", "text": "Two."}\n'


def write(path: Path, data: bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (MTIME.timestamp(), MTIME.timestamp()))
    return str(path)


def read(*paths: str, **options: object) -> list[RawDocument | Refused]:
    return list(documents(paths, options=IngestOptions(now=NOW, **options)))  # type: ignore[arg-type]


def taken(*paths: str, **options: object) -> list[RawDocument]:
    found = read(*paths, **options)
    assert not [item for item in found if isinstance(item, Refused)]
    return [item for item in found if isinstance(item, RawDocument)]


def tar(members: dict[str, bytes], mode: str = "w:gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_a_text_file_is_one_document(tmp_path: Path) -> None:
    (document,) = taken(write(tmp_path / "a.txt", "Café.\n".encode()))
    assert document.document_id == document_id("local", "Café.\n")
    assert (document.content, document.content_encoding, document.media_type) == ("Café.\n", "text", "text/plain")
    assert (document.first_seen_at, document.source.id, document.filename) == (MTIME, "local", "a.txt")


def test_bytes_that_are_no_utf8_go_as_base64(tmp_path: Path) -> None:
    (document,) = taken(write(tmp_path / "a.txt", b"Caf\xe9."), source="gazette")
    assert (document.content_encoding, document.payload(), document.source.id) == ("base64", b"Caf\xe9.", "gazette")


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.html", b"x", "text/html"),
        ("a.HTM", b"x", "text/html"),
        ("a.md", b"# x", "text/markdown"),
        ("a", b"  <!DOCTYPE html><p>x", "text/html"),
        ("a.dat", b"<p>x", "text/html"),
        ("a.dat", b"less < more", "text/plain"),
        ("a.dat", b"\x89PNG\0\0", "application/octet-stream"),
        ("a.dat", "x".encode("utf-16"), "text/plain"),
        ("a.dat", b"%PDF-1.7", "application/pdf"),
    ],
)
def test_media_type_is_of_the_extension_or_sniffed(tmp_path: Path, name: str, data: bytes, expected: str) -> None:
    path = write(tmp_path / name, data)
    assert taken(path)[0].media_type == expected
    assert taken(path, media_type="text/x-mine")[0].media_type == "text/x-mine"


def test_a_folder_is_read_in_sorted_order_without_hidden_files(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", ".hidden.txt", "sub/c.txt", ".git/d.txt", "sub/deep/e.txt"):
        write(tmp_path / name, name.encode())
    names = [document.filename for document in taken(str(tmp_path))]
    assert names == ["a.txt", "b.txt", "sub/c.txt", "sub/deep/e.txt"]


def test_globs_are_sorted_and_double_stars_do_not_repeat_files(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "sub/c.txt"):
        write(tmp_path / name, name.encode())
    assert [d.content for d in taken(f"{tmp_path}/*.txt")] == ["a.txt", "b.txt"]
    assert sorted(d.content for d in taken(f"{tmp_path}/**")) == ["a.txt", "b.txt", "sub/c.txt"]
    assert read(f"{tmp_path}/*.none") == [Refused(f"{tmp_path}/*.none", "not_found", "no file matches")]


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.jsonl", bytes),
        ("a.ndjson", bytes),
        ("a.jsonl.gz", gzip.compress),
        ("a.jsonl.xz", lzma.compress),
        ("a.jsonl.zst", zstandard.compress),
        ("a.tar", lambda data: tar({"x/a.jsonl": data}, "w:")),
        ("a.tar.gz", lambda data: tar({"x/a.jsonl": data})),
        ("a.tgz", lambda data: tar({"x/a.jsonl": data})),
        ("a.tar.xz", lambda data: tar({"x/a.jsonl": data}, "w:xz")),
        ("a.zip", lambda data: zipped({"x/a.jsonl": data})),
    ],
)
def test_every_packing_gives_the_same_documents(tmp_path: Path, name: str, pack) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    expected = taken(write(tmp_path / "plain.jsonl", LINES))
    assert [d.content for d in expected] == ["One.", "Two."]
    assert taken(write(tmp_path / name, pack(LINES))) == expected


def test_archive_members_are_documents_seen_when_the_archive_was(tmp_path: Path) -> None:
    members = {"n/b.html": b"<p>B", "n/a.txt": b"A", "n/.DS_Store": b"x", "__MACOSX/._a.txt": b"x"}
    for path in (write(tmp_path / "a.tar.gz", tar(members)), write(tmp_path / "a.zip", zipped(members))):
        found = taken(path)
        assert [(d.filename, d.media_type, d.first_seen_at) for d in found] == [
            ("n/b.html", "text/html", MTIME),
            ("n/a.txt", "text/plain", MTIME),
        ]


def test_json_files_hold_an_object_or_a_list(tmp_path: Path) -> None:
    one = {"id": 7, "body": "One."}
    assert [d.content for d in taken(write(tmp_path / "a.json", json.dumps(one, indent=1).encode()))] == ["One."]
    found = read(write(tmp_path / "b.json", json.dumps([one, 5, {"title": "no text"}]).encode()))
    assert isinstance(found[0], RawDocument)
    assert [(r.path[-7:], r.reason) for r in found[1:] if isinstance(r, Refused)] == [
        (".json:2"[-7:], "bad_record"),
        (".json:3"[-7:], "bad_record"),
    ]


def test_several_gzip_members_and_padding_are_one_stream(tmp_path: Path) -> None:
    first, second = LINES.splitlines(keepends=True)[::2]
    packed = gzip.compress(first) + bytes(3000) + gzip.compress(second) + bytes(10)
    assert len(taken(write(tmp_path / "a.jsonl.gz", packed))) == 2


@pytest.mark.parametrize(
    ("data", "contents"),
    [
        (LINES, ["One.", "Two."]),
        (gzip.compress(LINES, mtime=0), ["One.", "Two."]),
        (b"Just text.\n", ["Just text.\n"]),
    ],
)
def test_stdin_is_json_lines_or_one_text(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, data: bytes, contents: list[str]
) -> None:
    with Path(write(tmp_path / "in", data)).open("rb") as stream:
        monkeypatch.setattr("streams.ingest.files._STDIN", stream.fileno())
        found = taken("-")
    assert [d.content for d in found] == contents
    assert {d.first_seen_at for d in found} == {NOW}
    assert {d.filename for d in found} == {None}


def test_first_seen_can_be_overridden(tmp_path: Path) -> None:
    line = b'{"text": "x", "first_seen_at": "2020-01-01T00:00:00+02:00"}'
    path = write(tmp_path / "a.jsonl", line)
    assert taken(path)[0].first_seen_at == datetime(2019, 12, 31, 22, tzinfo=UTC)
    assert taken(path, first_seen="mtime")[0].first_seen_at == MTIME
    assert taken(path, first_seen=NOW)[0].first_seen_at == NOW
