"""Files and archives that mean harm: refused one by one, and the rest goes on."""

import base64
import gzip
import io
import lzma
import os
import socket
import stat
import tarfile
import tracemalloc
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard

from schemas import RawDocument
from streams.ingest import ArchiveLimits, IngestOptions, Refused, documents

NOW = datetime(2026, 1, 2, tzinfo=UTC)
KIB = 1024
MIB = KIB * KIB


def read(path: Path | str, **options: object) -> list[RawDocument | Refused]:
    return list(documents([str(path)], options=IngestOptions(now=NOW, **options)))  # type: ignore[arg-type]


def outcome(path: Path | str, **options: object) -> list[str]:
    """Content of each document, reason of each refusal."""
    return [item.reason if isinstance(item, Refused) else item.content for item in read(path, **options)]


def tar_of(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w:") as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_links_pipes_and_sockets_are_refused_unopened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "z.txt").write_text("fine")
    (tmp_path / "a-link.txt").symlink_to("/etc/passwd")
    (tmp_path / "b-folder").symlink_to("/etc")
    os.mkfifo(tmp_path / "c-pipe.txt")
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(tmp_path)  # a socket's path has room for a hundred bytes
        listener.bind("d.sock")
        assert sorted(outcome(tmp_path)) == ["fine", "not_regular", "not_regular", "symlink", "symlink"]
    assert outcome(tmp_path / "a-link.txt") == ["symlink"]
    assert outcome(tmp_path / "b-folder") == ["symlink"]
    assert outcome(tmp_path / "c-pipe.txt") == ["not_regular"]
    assert outcome("/dev/null") == ["not_regular"]


def test_missing_unreadable_and_empty_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "e.txt").touch()
    assert outcome(tmp_path / "none.txt") == ["not_found"]
    assert outcome(tmp_path / "e.txt") == ["empty"]
    assert outcome("a\0b") == ["bad_name"]


def test_a_document_over_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x" * 2000)
    (tmp_path / "b.jsonl").write_text('{"text": "%s"}\n{"text": "y"}\n' % ("x" * 2000))
    assert outcome(tmp_path, max_document_bytes=1999) == ["too_large", "too_large", "y"]
    assert len(outcome(tmp_path / "a.txt", max_document_bytes=2000)[0]) == 2000


def test_an_endless_line_is_skipped_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    with gzip.open(path, "wb", 1) as stream:
        stream.write(b'{"text": "')
        for _ in range(40):
            stream.write(os.urandom(8 * KIB).hex().encode() * 64)
        stream.write(b'"}\n{"text": "after"}\n')
    tracemalloc.start()
    assert outcome(path) == ["too_large", "after"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * MIB


@pytest.mark.parametrize("line", [b"{", b"[1]", b"5", b'{"text": "\\ud800"}', b"\xff", b"{}", b'{"text": 5}'])
def test_a_bad_line_stops_nothing(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"text": "one"}\n' + line + b'\n{"text": "two"}')
    first, refused, last = read(path)
    assert isinstance(first, RawDocument)
    assert isinstance(last, RawDocument)
    assert isinstance(refused, Refused)
    assert refused.path == f"{path}:2"
    assert refused.reason in {"bad_json", "bad_record"}


@pytest.mark.parametrize(
    ("pack", "suffix"),
    [(gzip.compress, "gz"), (lzma.compress, "xz"), (zstandard.compress, "zst")],
    ids=["gz", "xz", "zst"],
)
@pytest.mark.parametrize("inner", ["txt", "jsonl", "tar"])
def test_bombs_are_refused(tmp_path: Path, pack, suffix: str, inner: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    zeros = bytes(64 * MIB)
    if inner == "tar":
        info = tarfile.TarInfo("zeros.txt")
        info.size = len(zeros)
        zeros = info.tobuf() + zeros + bytes(1024)
    path = tmp_path / f"a.{inner}.{suffix}"
    path.write_bytes(pack(zeros))
    del zeros
    tracemalloc.start()
    assert outcome(path) == ["archive_limit"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 48 * MIB


def test_a_large_member_is_no_damage(tmp_path: Path) -> None:
    path = tar_of(tmp_path / "a.tar.gz", (member("a.txt"), os.urandom(3 * MIB // 2).hex().encode()))
    assert len(outcome(path)[0]) == 3 * MIB


def test_zip_bombs_are_refused_once(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "fine")
        for name in "bcd":
            archive.writestr(f"{name}.txt", bytes(4 * MIB))
    assert outcome(path) == ["fine", "archive_limit"]


def test_text_that_packs_well_is_no_bomb(tmp_path: Path) -> None:
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(b"the same line again\n" * 50_000))
    assert len(outcome(path)[0]) == MIB - 48_576


def test_archives_have_a_limit_of_members_and_bytes(tmp_path: Path) -> None:
    three = tar_of(tmp_path / "a.tar", *((member(f"{n}.txt"), b"x" * n) for n in (1, 2, 3)))
    assert outcome(three, limits=ArchiveLimits(members=2)) == ["x", "xx", "archive_limit"]
    assert outcome(three, limits=ArchiveLimits(members=3)) == ["x", "xx", "xxx"]
    packed = tmp_path / "b.txt.gz"
    packed.write_bytes(gzip.compress(os.urandom(5000).hex().encode()))
    assert outcome(packed, limits=ArchiveLimits(unpacked_bytes=9_999)) == ["archive_limit"]
    archive = tmp_path / "c.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for n in range(3):
            opened.writestr(f"{n}.txt", "x")
    assert outcome(archive, limits=ArchiveLimits(members=2)) == ["archive_limit"]


@pytest.mark.parametrize(
    "name",
    ["../up.txt", "a/../../b.txt", "/etc/x.txt", "..\\up.txt", "C:\\x.txt", "x" * 300 + ".txt", "d/" * 600 + "x.txt"],
)
def test_names_that_lead_astray_are_refused(tmp_path: Path, name: str) -> None:
    tar_path = tar_of(tmp_path / "a.tar", (member(name), b"evil"), (member("ok.txt"), b"fine"))
    assert outcome(tar_path) == ["bad_name", "fine"]
    zip_path = tmp_path / "a.zip"
    with zipfile.ZipFile(zip_path, "w") as archive:
        archive.writestr(name, "evil")
        archive.writestr("ok.txt", "fine")
    assert outcome(zip_path) == ["bad_name", "fine"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_tar_members_that_are_no_files_are_refused(tmp_path: Path, kind: bytes) -> None:
    path = tar_of(tmp_path / "a.tar.gz", (member("evil.txt", kind, "/etc/passwd"), b""), (member("ok.txt"), b"fine"))
    refused, content = outcome(path)
    assert refused in {"symlink", "not_regular"}
    assert content == "fine"


def test_zip_links_nul_names_and_encryption_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("locked.txt", "secret")
        archive.writestr("nul_name.txt", "evil")
        archive.writestr("ok.txt", "fine")
    data = bytearray(path.read_bytes().replace(b"nul_name.txt", b"nul\0name.txt"))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.index(mark, data.index(mark) + 1)
        assert b"locked.txt" in data[start : start + 60]
        data[start + at] |= 1
    path.write_bytes(data)
    assert outcome(path) == ["symlink", "encrypted", "bad_name", "fine"]


def test_archives_in_archives_are_refused(tmp_path: Path) -> None:
    inner = gzip.compress(b'{"text": "x"}')
    names = ("a.jsonl.gz", "a.zip", "a.tar", "a.tgz", "a.txt.zst")
    path = tar_of(
        tmp_path / "a.tar", *((member(name), inner) for name in names), (member("b.jsonl"), b'{"text": "fine"}')
    )
    assert outcome(path) == ["nested_archive"] * 5 + ["fine"]


@pytest.mark.parametrize("suffix", ["gz", "xz", "zst", "tar", "tar.gz", "zip"])
def test_what_is_no_archive_is_refused(tmp_path: Path, suffix: str) -> None:
    for number, data in enumerate((b"", b"no archive at all" * 100, os.urandom(3000))):
        path = tmp_path / f"{number}.{suffix}"
        path.write_bytes(data)
        assert set(outcome(path)) <= {"corrupt", "empty"}, data[:20]


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, zstandard.compress], ids=["gz", "xz", "zst"])
def test_a_cut_file_keeps_its_whole_lines(tmp_path: Path, pack) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    noise = "".join(f'{{"text": "{base64.b64encode(os.urandom(30_000)).decode()}"}}\n' for _ in range(40))
    packed = pack(noise.encode())
    suffix = {b"\x1f": "gz", b"\xfd": "xz", b"\x28": "zst"}[packed[:1]]
    path = tmp_path / f"a.jsonl.{suffix}"
    path.write_bytes(packed[: len(packed) // 2])
    found = outcome(path)
    assert found[-1] == "corrupt"
    assert found.count("corrupt") == 1
    assert len(found) > 1


def test_a_cut_tar_is_reported(tmp_path: Path) -> None:
    path = tar_of(tmp_path / "a.tar", (member("a.txt"), b"A" * 600), (member("b.txt"), b"B" * 600))
    data = path.read_bytes()
    path.write_bytes(data[: 512 + 1024])
    assert outcome(path)[1:] == ["corrupt"]
    path.write_bytes(data[: 512 + 1024 + 512 + 100])
    assert set(outcome(path)[1:]) == {"corrupt"}


def test_a_damaged_zip_member_stops_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "damaged-content")
        archive.writestr("b.txt", "fine")
    path.write_bytes(path.read_bytes().replace(b"damaged-content", b"DAMAGED-content"))
    assert outcome(path) == ["corrupt", "fine"]


def test_a_tar_header_cannot_fill_the_memory(tmp_path: Path) -> None:
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, 500 * MIB
    path = tmp_path / "a.tar"
    with path.open("wb") as stream:
        stream.write(info.tobuf())
        stream.truncate(600 * MIB)
    tracemalloc.start()
    assert outcome(path) == ["corrupt"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * MIB


def test_a_chain_of_tar_headers_ends(tmp_path: Path) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 11
    path = tmp_path / "a.tar"
    path.write_bytes((info.tobuf() + b"11 abc=def\n".ljust(512, b"\0")) * 5000)
    assert outcome(path) == ["corrupt"]


def test_reports_cannot_steer_a_terminal(tmp_path: Path) -> None:
    path = tar_of(tmp_path / "a.tar", (member("\x1b[31m\udcff/../x"), b""))
    (refused,) = read(path)
    assert isinstance(refused, Refused)
    assert refused.path.isprintable()
    refused.path.encode()
