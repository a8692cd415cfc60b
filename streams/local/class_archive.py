"""Kafka's classes parsed and verified ahead (class data sharing): a start takes a third of the processor time.

The archive is made once for a Java and a set of jars, beside a running broker and at the lowest
priority, from the list of classes that broker has loaded. The JVM checks an archive before it maps
it (its own checksums, the jars' times and sizes), and starts without one that is stale or damaged.
"""

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from streams.local.process import ended, spawn
from streams.local.runtime import Runtime

__all__ = ["archive_of", "making_archive", "sharing_flags"]

# The first requests load classes too; then the processor is the demo's for a while.
_SETTLED_S = 4.0
_LONGEST_S = 300.0
_QUIET = ("-Xshare:auto", "-Xlog:cds=off", "-Xlog:class+path=off")


def archive_of(runtime: Runtime) -> Path:
    """File of the archive for this Java and these jars."""
    key = hashlib.sha256("\n".join([runtime.java.stamp, *map(str, runtime.jars)]).encode()).hexdigest()[:12]
    return runtime.cache / f"classes-{runtime.java.major}-{key}.jsa"


def sharing_flags(runtime: Runtime, class_list: Path) -> list[str]:
    """Use the archive if it is there; else have the classes listed for `making_archive`."""
    archive = archive_of(runtime)
    if archive.exists():
        return [*_QUIET, f"-XX:SharedArchiveFile={archive}", "-XX:+VerifySharedSpaces"]
    return [f"-XX:DumpLoadedClassList={class_list}"]


@asynccontextmanager
async def making_archive(runtime: Runtime, class_list: Path) -> AsyncIterator[None]:
    """While the context lasts, make the archive if there is none; given up at its end."""
    if archive_of(runtime).exists():
        yield
        return
    maker = asyncio.create_task(_make(runtime, class_list))
    try:
        yield
    finally:
        maker.cancel()
        # It only makes later starts faster: whatever went wrong with it must not hurt this one.
        with suppress(asyncio.CancelledError, OSError):
            await maker


async def _make(runtime: Runtime, class_list: Path) -> None:
    await asyncio.sleep(_SETTLED_S)
    archive = archive_of(runtime)
    with tempfile.TemporaryDirectory(dir=runtime.cache, prefix="classes-") as name:
        folder = Path(name)
        shutil.copyfile(class_list, folder / "classes.lst")
        made = folder / archive.name
        flags = ("-Xshare:dump", "-Xmx256m", f"-XX:SharedClassListFile={folder / 'classes.lst'}")
        command = runtime.command(*flags, f"-XX:SharedArchiveFile={made}")
        process = spawn([*_lowest_priority(), *command], folder=folder, log=folder / "log")
        try:
            if await ended(process, limit_s=_LONGEST_S) and process.returncode == 0:
                made.replace(archive)
        finally:
            process.kill()
            process.wait()


def _lowest_priority() -> list[str]:
    nice = shutil.which("nice")
    return [nice, "-n", "19"] if nice else []
