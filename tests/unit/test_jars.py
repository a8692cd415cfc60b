"""Jars: what the lock says, or nothing."""

import hashlib
import multiprocessing
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from streams.errors import JarError
from streams.local import download, jars
from streams.local.jars import Jar, JarLock, check_jars, ensure_jars, jar_folder, read_lock
from streams.settings import Settings

CONTENT = {f"org.example:part-{number}:1.{number}": bytes([number]) * 200_000 for number in range(4)}
LOCK = JarLock(
    "9.9.9",
    tuple(Jar(name, hashlib.sha256(content).hexdigest(), len(content)) for name, content in CONTENT.items()),
)


@pytest.fixture(autouse=True)
def small_lock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(jars, "read_lock", lambda: LOCK)
    monkeypatch.setattr(download, "_PAUSE_S", 0)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def settings(tmp_path: Path, repository: str = "http://127.0.0.1:9/nowhere") -> Settings:
    return Settings(cache_dir=tmp_path / "cache", maven_repository=repository)


def repository(folder: Path) -> Path:
    for jar in LOCK.jars:
        (folder / jar.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / jar.path).write_bytes(CONTENT[jar.coordinates])
    return folder


def silent(_: str) -> None:
    pass


def test_the_committed_lock_names_kafka_its_logging_and_each_jar_once() -> None:
    lock = read_lock()
    names = [jar.coordinates for jar in lock.jars]
    assert f"org.apache.kafka:kafka_2.13:{lock.kafka}" in names
    assert any(name.startswith("org.slf4j:slf4j-simple:1.7.") for name in names)
    assert len({jar.file for jar in lock.jars}) == len(names)
    assert all(len(jar.sha256) == 64 and jar.size > 0 for jar in lock.jars)


def test_a_jar_is_where_maven_keeps_it() -> None:
    jar = Jar("org.apache.kafka:kafka_2.13:4.3.1", "", 0)
    assert jar.path == "org/apache/kafka/kafka_2.13/4.3.1/kafka_2.13-4.3.1.jar"


def test_jars_come_from_the_local_repository_without_the_network(tmp_path: Path) -> None:
    repository(tmp_path / "home/.m2/repository")
    files = ensure_jars(settings(tmp_path), silent)
    assert [file.read_bytes() for file in files] == list(CONTENT.values())


def test_jars_come_from_a_mirror_once(tmp_path: Path) -> None:
    mirror = repository(tmp_path / "mirror")
    said: list[str] = []
    first = ensure_jars(settings(tmp_path, mirror.as_uri()), said.append)
    assert len(said) == 1
    assert "4 jars" in said[0]
    assert ensure_jars(settings(tmp_path), said.append) == first
    assert len(said) == 1


def test_a_wrong_jar_of_the_local_repository_is_passed_over(tmp_path: Path) -> None:
    mirror = repository(tmp_path / "mirror")
    (repository(tmp_path / "home/.m2/repository") / LOCK.jars[1].path).write_bytes(b"x" * 200_000)
    files = ensure_jars(settings(tmp_path, mirror.as_uri()), silent)
    assert files[1].read_bytes() == CONTENT[LOCK.jars[1].coordinates]


@pytest.mark.parametrize("content", [b"x" * 200_000, b"", b"x" * 200_001], ids=["other", "empty", "longer"])
def test_a_wrong_jar_of_a_mirror_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    mirror = repository(tmp_path / "mirror")
    (mirror / LOCK.jars[2].path).write_bytes(content)
    with pytest.raises(JarError, match=r"part-2-1\.2\.jar"):
        ensure_jars(settings(tmp_path, mirror.as_uri()), silent)
    assert not (jar_folder(settings(tmp_path)) / LOCK.jars[2].file).exists()


def test_a_cached_jar_that_was_changed_is_refused_by_name(tmp_path: Path) -> None:
    ensure_jars(settings(tmp_path, repository(tmp_path / "mirror").as_uri()), silent)
    cached = jar_folder(settings(tmp_path)) / LOCK.jars[3].file
    cached.write_bytes(cached.read_bytes()[:-1] + b"!")
    with pytest.raises(JarError, match=r"part-3-1\.3\.jar in .* is not what the lock says"):
        ensure_jars(settings(tmp_path), silent)
    with pytest.raises(JarError, match=r"part-3-1\.3\.jar"):
        check_jars(settings(tmp_path))


def test_an_unreachable_repository_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(JarError, match=r"cannot fetch http://127\.0\.0\.1:9/.*\.jar") as caught:
        ensure_jars(settings(tmp_path), silent)
    assert "\n" not in str(caught.value)


def test_a_repository_address_must_be_one(tmp_path: Path) -> None:
    with pytest.raises(JarError, match="not an http, https or file address"):
        ensure_jars(settings(tmp_path, "ftp://example.org"), silent)


def test_a_cache_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(JarError, match="cannot be stored"):
        ensure_jars(settings(tmp_path), silent)


class Flaky(BaseHTTPRequestHandler):
    """Serves every jar, but breaks the first answer for each off in its middle."""

    broken: set[str]
    ranges: list[str]

    def do_GET(self) -> None:
        content = CONTENT[next(jar.coordinates for jar in LOCK.jars if self.path.endswith(jar.path))]
        begin = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(content) - begin))
        self.end_headers()
        if self.path in self.broken:
            self.ranges.append(self.headers["Range"])
            self.wfile.write(content[begin:])
        else:
            self.broken.add(self.path)
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def flaky() -> Iterator[str]:
    Flaky.broken, Flaky.ranges = set(), []
    with ThreadingHTTPServer(("127.0.0.1", 0), Flaky) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/maven2"
        server.shutdown()
        thread.join()


def test_a_download_that_breaks_off_goes_on_where_it_was(tmp_path: Path, flaky: str) -> None:
    files = ensure_jars(settings(tmp_path, flaky), silent)
    assert [file.read_bytes() for file in files] == list(CONTENT.values())
    assert Flaky.ranges == ["bytes=100000-"] * 4


@pytest.mark.parametrize("size", [0, 1000, 200_000, 300_000])
def test_what_a_killed_run_left_does_not_spoil_the_next(tmp_path: Path, flaky: str, size: int) -> None:
    folder = jar_folder(settings(tmp_path))
    folder.mkdir(parents=True)
    (folder / f"{LOCK.jars[0].file}.part").write_bytes(b"?" * size)
    files = ensure_jars(settings(tmp_path, flaky), silent)
    assert [file.read_bytes() for file in files] == list(CONTENT.values())


def test_two_processes_fill_one_cache(tmp_path: Path) -> None:
    given = settings(tmp_path, repository(tmp_path / "mirror").as_uri())
    processes = [multiprocessing.get_context("fork").Process(target=ensure_jars, args=(given, silent)) for _ in "12345"]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 5
    assert sorted(file.name for file in jar_folder(given).glob("*.*ar*")) == sorted(jar.file for jar in LOCK.jars)
