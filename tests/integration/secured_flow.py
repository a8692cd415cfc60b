"""The pipeline on a secured cluster, a process and a principal for each stage, and whatever it says and leaves."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from schemas import RawDocument
from streams.demo import samples
from streams.edge.admin import total_lag
from streams.ingest.push import push
from streams.observe.lookup import read_stories
from streams.security.acl import PRINCIPAL_PREFIX
from streams.settings import Settings
from streams.topology import TOPOLOGY
from tests.integration.certificates import written
from tests.integration.harness import until
from tests.integration.secured import ADMIN, Secured

__all__ = ["SecuredFlow", "holders", "secured_flow"]

_BY_FILE = ("enrich", "cluster")


@dataclass(frozen=True, slots=True)
class SecuredFlow:
    """Runs `newsloom` as one role or another; what it says is kept in `folder`, beside its state."""

    cluster: Secured
    folder: Path
    api_token: str
    workers: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    async def run(self, role: str, *arguments: str, **changes: Any) -> tuple[int, str]:
        """Exit code of a command, and what it said on both of its outputs."""
        said = self.folder / f"{next(self._numbers)}-{role}.log"
        process = await self._start(said, role, *arguments, **changes)
        return await process.wait(), said.read_text()

    async def work(self, stage: str) -> None:
        """Have a worker of this stage alone."""
        said = self.folder / f"worker-{stage}.log"
        self.workers[stage] = await self._start(said, stage, "worker", "--stage", stage)

    async def stop(self, *stages: str) -> dict[str, int]:
        """End workers, by default all; their exit codes."""
        ending = {stage: self.workers[stage] for stage in stages or self.workers}
        for worker in ending.values():
            if worker.returncode is None:
                worker.terminate()
        return {stage: await worker.wait() for stage, worker in ending.items()}

    def at_work(self) -> bool:
        """Whether no worker has ended."""
        return all(worker.returncode is None for worker in self.workers.values())

    async def push(self, documents: Iterable[RawDocument]) -> set[str]:
        """Push them; the ids that were acknowledged."""
        acknowledged: set[str] = set()
        endpoint, settings = self.cluster.of("push"), self.cluster.settings(f"{PRINCIPAL_PREFIX}push", lane="")
        await push(endpoint, settings, documents, on_ack=lambda document: acknowledged.add(document.document_id))
        return acknowledged

    async def is_through(self) -> bool:
        """Whether no stage has anything left to do."""
        return not any((await total_lag(self.cluster.of("operator"), Settings(lane=""))).values())

    async def has_one_story(self) -> bool:
        """Whether both samples are in one story, as a reader sees it."""
        found = await read_stories(self.cluster.of("reader"), Settings(lane=""))
        return [story.article_count for story in found.values()] == [2]

    def password_file(self, role: str) -> Path:
        """Where those roles that have their password from a file have it from."""
        return self.folder / f"{role}.password"

    async def _start(self, said: Path, role: str, *arguments: str, **changes: Any) -> asyncio.subprocess.Process:
        secret: dict[str, Any] = {"api_token": SecretStr(self.api_token)}
        if role in _BY_FILE:
            secret |= {"sasl_password": None, "sasl_password_file": self.password_file(role)}
        places = {"state_dir": self.folder / role, "partitions": 1, "processes": 1, "lane": ""}
        settings = self.cluster.settings(
            role if role == ADMIN else f"{PRINCIPAL_PREFIX}{role}", **places | secret | changes
        )
        with said.open("wb") as output:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "streams", *arguments), stdout=output, stderr=output, env=settings.environment()
            )


@asynccontextmanager
async def secured_flow(cluster: Secured, folder: Path, api_token: str) -> AsyncIterator[SecuredFlow]:
    """Rules and topics made, workers at work, and the demo's two samples become one story."""
    flow = SecuredFlow(cluster, folder, api_token)
    for role in _BY_FILE:
        written(flow.password_file(role), cluster.passwords[f"{PRINCIPAL_PREFIX}{role}"])
    for role, *command in ((ADMIN, "acl", "apply"), ("operator", "topics", "create")):
        code, said = await flow.run(role, *command)
        assert (code, "created" in said) == (0, True), said
    async with AsyncExitStack() as stack:
        stack.push_async_callback(flow.stop)
        for stage in TOPOLOGY:
            await flow.work(stage.name)
        code, said = await flow.run("push", "push", samples())
        assert code == 0, said
        await until(flow.has_one_story, "the story", within_s=90)
        await until(flow.is_through, "the end of the lag")
        yield flow


def holders(secrets: Iterable[str], folder: Path) -> set[Path]:
    """Files below `folder` that hold one of these secrets; workers write and remove others meanwhile."""
    wanted, found = [secret.encode() for secret in secrets], set()
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            content = path.read_bytes() if path.is_file() else b""
            found |= {path for secret in wanted if secret in content}
    return found
