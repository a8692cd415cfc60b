"""What newsloom needs of this machine, and how to mend what is missing."""

import asyncio
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from streams.errors import NewsloomError
from streams.local.broker import find_broker
from streams.local.jars import absent_jars, check_jars, jar_folder, read_lock
from streams.local.java import find_java
from streams.settings import Settings

__all__ = ["Check", "checks"]

_PYTHONS = ((3, 11), (3, 12))
_LEAST_FREE_MB = 1024


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what it is, whether it will do, what was found, and what to do when it will not."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


async def checks(settings: Settings) -> list[Check]:
    """Look at everything; nothing is changed, fetched or started, and no check raises."""
    local = await asyncio.gather(*(asyncio.to_thread(check, settings) for check in _CHECKS))
    return [*local, await _broker(settings)]


def _python(_: Settings) -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    return Check("python", sys.version_info[:2] in _PYTHONS, found, "use Python 3.11 or 3.12")


def _libraries(_: Settings) -> Check:
    """The libraries whose very version is part of what we promise."""
    wrong: list[str] = []
    right: list[str] = []
    for line in requires("newsloom") or []:
        name, pinned, wanted = line.partition("==")
        if not pinned or ";" in line:
            continue
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "missing"
        (right if found == wanted else wrong).append(f"{name} {found}")
    return Check(
        "libraries",
        not wrong,
        ", ".join(wrong or right),
        "install the locked versions: pip install --require-hashes -r requirements.lock",
    )


def _java(settings: Settings) -> Check:
    try:
        java = find_java(settings)
    except NewsloomError as error:
        detail, _, remedy = str(error).partition(": ")
        return Check("java", _is_given(settings), detail, remedy or "set NEWSLOOM_JAVA to a Java 17 or later")
    return Check("java", ok=True, detail=f"Java {java.major}, {java.path} ({java.source})")


def _jars(settings: Settings) -> Check:
    lock, folder = read_lock(), jar_folder(settings)
    if absent := absent_jars(settings):
        megabytes = sum(jar.size for jar in absent) / 1e6
        detail = f"{len(absent)} of {len(lock.jars)} jars of Kafka {lock.kafka} to fetch, {megabytes:.0f} MB"
        # The first start fetches them: that is no fault.
        return Check("jars", ok=True, detail=detail)
    try:
        check_jars(settings)
    except NewsloomError as error:
        return Check("jars", ok=False, detail=str(error), remedy="delete what is named; the next start fetches it")
    return Check("jars", ok=True, detail=f"{len(lock.jars)} jars of Kafka {lock.kafka} in {folder}, as locked")


def _writable(name: str, folder_of: Callable[[Settings], Path]) -> Callable[[Settings], Check]:
    def check(settings: Settings) -> Check:
        folder = folder_of(settings)
        existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        if not (existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)):
            remedy = f"set NEWSLOOM_{name.upper()} to a folder of yours"
            return Check(name, ok=False, detail=f"cannot write {existing}", remedy=remedy)
        free_mb = shutil.disk_usage(existing).free >> 20
        remedy = f"free some space, or set NEWSLOOM_{name.upper()}"
        return Check(name, free_mb >= _LEAST_FREE_MB, f"{folder}, {free_mb / 1024:.1f} GiB free", remedy)

    return check


_CHECKS: tuple[Callable[[Settings], Check], ...] = (
    _python,
    _libraries,
    _java,
    _jars,
    _writable("state_dir", lambda settings: settings.state_dir),
    _writable("cache_dir", lambda settings: settings.cache_dir),
)


async def _broker(settings: Settings) -> Check:
    try:
        broker = await find_broker(settings)
    except NewsloomError as error:
        return Check("broker", ok=False, detail=str(error), remedy="start it, or use --broker auto")
    if broker is None:
        return Check("broker", ok=True, detail="none runs; `newsloom up` starts one")
    clear = ", in the clear: NEWSLOOM_SECURITY_PROTOCOL says how else" if broker.endpoint.exposed else ""
    return Check("broker", ok=True, detail=f"{broker.endpoint} answers ({broker.kind}){clear}")


def _is_given(settings: Settings) -> bool:
    """With a broker given, no Java is needed."""
    return settings.broker not in {"auto", "embedded"}
