"""A Faust app that stops rather than goes on wrongly.

- Its consumer is `SafeConsumer`; its buffered producer refuses every record, since a
  failed or late delivery there goes unnoticed (paths C and D): outputs and table writes
  go through `streams.edge.outbox`, acknowledged by the broker before the input is.
- Two watchdogs: a group coordinator that has died silently (path E), and a partition
  with lag on which nothing moves.
"""

import asyncio
import time
from typing import Any, NoReturn

import faust
from faust.transport.drivers import aiokafka as driver
from mode import Service

from streams.edge.consumer import SafeTransport
from streams.edge.failpoint import Failpoint
from streams.edge.recovery import Tables
from streams.endpoint import Endpoint
from streams.settings import Settings

__all__ = ["HardenedApp", "StalledError", "new_app"]

# What a fetch has brought of a partition is worked on before the next one's: a partition must not wait until
# another has nothing left. A broker sends a larger record all the same.
_TURN_BYTES = 512 * 1024


class StalledError(RuntimeError):
    """The worker is alive but gets nothing done."""


class BypassError(RuntimeError):
    """Something was sent through Faust's own producer."""


class _RefusingProducer(driver.Producer):  # type: ignore[misc]
    """Paths C and D: nothing may leave through a buffer that nobody waits for."""

    def send_soon(self, fut: Any) -> NoReturn:
        raise BypassError(f"use streams.edge.outbox: {fut}")

    async def send(self, *args: Any, **_: Any) -> NoReturn:
        raise BypassError(f"use streams.edge.outbox: {args}")

    send_and_wait = send


class _Transport(SafeTransport):
    Producer = _RefusingProducer


class _Monitor(faust.Monitor):  # type: ignore[misc]
    @Service.task  # type: ignore[untyped-decorator]
    async def _sampler(self) -> None:
        """Nothing: nobody reads Faust's averages."""


class HardenedApp(faust.App):  # type: ignore[misc]
    """One stage's app; `failure` is why it stops, `failed` is set with it."""

    settings: Settings
    failpoint: Failpoint
    failure: BaseException | None = None
    joined = False

    @property
    def failed(self) -> asyncio.Event:
        """Set once the app has crashed."""
        if not hasattr(self, "_failed"):
            self._failed = asyncio.Event()
        return self._failed

    def _crash(self, reason: BaseException) -> None:
        """Fail-stop: remember the first reason, commit nothing more. All services of the app end up here."""
        self.failure = self.failure or reason
        self.failed.set()
        super()._crash(reason)

    def _new_transport(self) -> Any:
        return _Transport(self.conf.broker_consumer, self)

    def _new_producer_transport(self) -> Any:
        return _Transport(self.conf.broker_producer, self)

    @Service.task  # type: ignore[untyped-decorator]
    async def _watch_group(self) -> None:
        while not self.should_stop:
            await self.sleep(1.0)
            if (reason := group_failure(self)) is not None:
                await self.crash(reason)
                return

    @Service.task  # type: ignore[untyped-decorator]
    async def _watch_progress(self) -> None:
        limit = self.settings.stall_timeout_s
        marker: tuple[object, ...] | None = None
        since: float | None = None  # when an answer first said that records wait
        while not self.should_stop:
            await self.sleep(limit / 8)
            present = progress(self)
            if present != marker or not await waiting_work(self):
                marker, since = present, None
            elif since is None:
                since = time.monotonic()
            elif time.monotonic() - since > limit:
                await self.crash(StalledError(f"no progress for {limit:.0f} s with records waiting: {present}"))
                return


def group_failure(app: HardenedApp) -> BaseException | None:
    """Path E: aiokafka parks an unretriable group error where Faust never looks."""
    consumer = getattr(getattr(app._consumer, "_thread", None), "_consumer", None)  # noqa: SLF001
    coordinator = getattr(consumer, "_coordinator", None)
    if coordinator is None:
        return None
    pending: BaseException | None = coordinator._pending_exception  # noqa: SLF001
    if pending is not None:
        return pending
    task, closing = coordinator._coordination_task, coordinator._closing  # noqa: SLF001
    if task is not None and task.done() and not closing.done():
        return StalledError("the group coordination task has ended")
    return None


def progress(app: HardenedApp) -> tuple[object, ...]:
    """Changes whenever anything moves: delivery, commits, recovery, membership, stage work."""
    consumer = app.consumer
    recovered = app.tables.recovery.active_offsets
    return (
        consumer.delivered,
        tuple(sorted(consumer._committed_offset.items())),  # noqa: SLF001
        tuple(sorted((str(tp), offset) for tp, offset in recovered.items())),
        app.consumer_generation_id,
        getattr(app, "work_done", 0),
    )


async def waiting_work(app: HardenedApp) -> bool:
    """Whether records wait for this worker, or it has not got as far as being able to tell."""
    try:
        if not app.joined or app.rebalancing:
            return True
        ours = [tp for tp in app.consumer.assignment() if app.topics.acks_enabled_for(tp.topic)]
        ends = await asyncio.wait_for(app.consumer.highwaters(*ours), 5) if ours else {}
        reached = {tp: app.consumer._committed_offset[tp] for tp in ours}  # noqa: SLF001
        if fresh := [tp for tp in ours if reached[tp] is None]:
            reached |= await asyncio.wait_for(app.consumer.earliest_offsets(*fresh), 5)
    except Exception:  # noqa: BLE001 - whatever keeps us from asking keeps us from working
        return True
    return any(ends[tp] > reached[tp] for tp in ours)


def _credentials(endpoint: Endpoint) -> faust.SASLCredentials | faust.SSLCredentials | None:
    """What Faust's own consumer and producer log in with."""
    if (security := endpoint.security) is None:
        return None
    if (login := security.login) is None:
        return faust.SSLCredentials(security.context())
    password = login.password.get_secret_value()
    return faust.SASLCredentials(
        username=login.username, password=password, mechanism=login.mechanism, ssl_context=security.context()
    )


def new_app(
    stage_name: str, *, endpoint: Endpoint, settings: Settings, datadir: str, member: str | None = None
) -> HardenedApp:
    """The app of one stage; values of the settings are explained in ARCHITECTURE.md.

    A worker that dies and comes back as the same `member` before its session is over has its partitions
    at once: no rebalance, and nobody waits for the one who died.
    """
    app = HardenedApp(
        settings.group(stage_name),
        broker=";".join(f"aiokafka://{address}" for address in endpoint.bootstrap.split(",")),
        broker_credentials=_credentials(endpoint),
        store="rocksdb://",
        datadir=datadir,
        autodiscover=False,
        TableManager=Tables,
        Monitor=_Monitor,
        web_enabled=False,
        processing_guarantee="at_least_once",
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=member,
        broker_session_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=max(0.3, settings.session_timeout_s / 6),
        broker_commit_interval=0.5,
        broker_max_poll_records=settings.batch_records * 2,
        broker_request_timeout=max(20, settings.session_timeout_s),  # Faust refuses a session that is longer
        consumer_max_fetch_size=_TURN_BYTES,
        stream_wait_empty=True,
        stream_recovery_delay=0.0,
        stream_processing_timeout=settings.stall_timeout_s,
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_partitions=settings.partitions,
        table_standby_replicas=0,
        worker_redirect_stdouts=False,
        producer_acks=-1,
        producer_request_timeout=60,
    )
    app.settings = settings
    app.failpoint = Failpoint.of(settings.failpoint, stage_name)
    return app
