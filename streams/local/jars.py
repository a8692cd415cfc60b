"""Kafka's jars: each exactly what the committed lock says, or there is no broker.

Sought in our cache, then in `~/.m2`, then fetched: through `mvn` when it is on PATH, else over
plain HTTPS. Wherever a jar comes from, its SHA-256 and size are checked on every start.
"""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from streams.errors import JarError
from streams.local.download import download
from streams.local.maven import fetch_with_maven
from streams.settings import Settings

__all__ = ["LOCK_FILE", "Jar", "JarLock", "absent_jars", "check_jars", "ensure_jars", "jar_folder", "read_lock"]

LOCK_FILE = Path(__file__).with_name("jars.lock.json")
_THREADS = 8


@dataclass(frozen=True, slots=True)
class Jar:
    """One locked jar; `coordinates` are `group:artifact:version`."""

    coordinates: str
    sha256: str
    size: int

    @property
    def file(self) -> str:
        """Its file name; unique in the lock."""
        _, artifact, version = self.coordinates.split(":")
        return f"{artifact}-{version}.jar"

    @property
    def path(self) -> str:
        """Where a Maven repository keeps it."""
        group, artifact, version = self.coordinates.split(":")
        return f"{group.replace('.', '/')}/{artifact}/{version}/{self.file}"

    def matches(self, file: Path) -> bool:
        """Whether `file` is this jar, byte for byte."""
        try:
            with file.open("rb") as content:
                if os.fstat(content.fileno()).st_size != self.size:
                    return False
                return hashlib.file_digest(content, "sha256").hexdigest() == self.sha256
        except FileNotFoundError:
            return False


@dataclass(frozen=True, slots=True)
class JarLock:
    """The committed lock: Kafka's version and every jar it runs on."""

    kafka: str
    jars: tuple[Jar, ...]

    @property
    def digest(self) -> str:
        """Short name of exactly this set of jars."""
        return hashlib.sha256("".join(jar.sha256 for jar in self.jars).encode()).hexdigest()[:12]


@cache
def read_lock() -> JarLock:
    """The lock this newsloom was released with."""
    lock = json.loads(LOCK_FILE.read_text())
    return JarLock(lock["kafka"], tuple(Jar(**jar) for jar in lock["jars"]))


def jar_folder(settings: Settings) -> Path:
    """Where the locked Kafka's jars are cached."""
    return settings.cache_dir / f"kafka-{read_lock().kafka}"


def absent_jars(settings: Settings) -> list[Jar]:
    """The jars that are not in the cache yet."""
    return [jar for jar in read_lock().jars if not (jar_folder(settings) / jar.file).exists()]


def ensure_jars(settings: Settings, say: Callable[[str], None]) -> list[Path]:
    """Have every locked jar in the cache, checked; their files in the order of the lock.

    JarError when one cannot be had, or is not what the lock says; the message names it.
    """
    if absent_jars(settings):
        with _alone(jar_folder(settings)):
            _complete(absent_jars(settings), jar_folder(settings), settings, say)
    return check_jars(settings)


def check_jars(settings: Settings) -> list[Path]:
    """Compare every cached jar with the lock; JarError that names those that differ."""
    folder, jars = jar_folder(settings), read_lock().jars
    with ThreadPoolExecutor(_THREADS) as pool:
        verdicts = pool.map(lambda jar: jar.matches(folder / jar.file), jars)
        wrong = [jar.file for jar, right in zip(jars, verdicts, strict=True) if not right]
    if wrong:
        raise JarError(f"{', '.join(wrong)} in {folder} is not what the lock says; delete it to have it fetched again")
    return [folder / jar.file for jar in jars]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process fills the cache; others wait, and find it filled."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise JarError(f"Kafka's jars cannot be stored in {folder}: {error}") from error


def _complete(absent: Sequence[Jar], folder: Path, settings: Settings, say: Callable[[str], None]) -> None:
    absent = _take(absent, Path.home() / ".m2/repository", folder)
    if not absent:
        return
    say(f"fetching {len(absent)} jars of Apache Kafka {read_lock().kafka}, {sum(j.size for j in absent) >> 20} MB")
    if settings.maven_repository == Settings.model_fields["maven_repository"].default:
        with tempfile.TemporaryDirectory(dir=folder) as output:
            fetch_with_maven([jar.coordinates for jar in absent], Path(output))
            absent = _take(absent, Path(output), folder)
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(lambda jar: _fetch(jar, folder, settings.maven_repository), absent))


def _take(absent: Sequence[Jar], repository: Path, folder: Path) -> list[Jar]:
    """Copy into the cache what a local repository has and the lock approves of; what is still absent."""
    left = []
    for jar in absent:
        if jar.matches(repository / jar.path):
            part = folder / f"{jar.file}.part"
            shutil.copyfile(repository / jar.path, part)
            _store(part, folder / jar.file)
        else:
            left.append(jar)
    return left


def _fetch(jar: Jar, folder: Path, repository: str) -> None:
    part, url = folder / f"{jar.file}.part", f"{repository.rstrip('/')}/{jar.path}"
    resumed = part.exists()
    download(url, part, size=jar.size)
    if resumed and not jar.matches(part):
        # The beginning may have been another file's.
        part.unlink()
        download(url, part, size=jar.size)
    if not jar.matches(part):
        part.unlink()
        raise JarError(f"{jar.file} from {repository} is not what the lock says; refused")
    _store(part, folder / jar.file)


def _store(part: Path, file: Path) -> None:
    with part.open("rb") as content:
        os.fsync(content.fileno())
    part.replace(file)
