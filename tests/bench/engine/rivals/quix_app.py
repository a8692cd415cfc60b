"""The stages on quixstreams, at least once, as its documentation wires them; needs requirements-bench.lock.

    python -m tests.bench.engine.rivals.quix_app STAGE...

An application runs in one thread, so it is started several times: the stateless stages once a core, the
single writers once. State is quixstreams' own: RocksDB, changelog topic, prefixed by the record's key. It
offers no iteration, so the index is not rebuilt after a restart: here the state is empty at the start.
Producer linger and batch size are those of newsloom; the rest are its defaults.
"""

import sys
from collections.abc import Iterator
from typing import Any

from quixstreams import Application, State, message_context
from quixstreams.models import Serializer

from streams.codec import MAX_RECORD_BYTES, Message, Record
from streams.runner import handle
from streams.settings import Settings
from streams.state.overlay import Overlay
from streams.topology import Stage, stage_named

__all__ = ["main"]


class _Value(Serializer):  # type: ignore[misc]
    """The value of a message; its headers travel beside it."""

    def __call__(self, message: Message, *_: Any, **__: Any) -> bytes:
        return message.value or b""


class _StateTable:
    """`streams.state.protocols.Table` over the state that quixstreams lends for one record."""

    lent: State

    def get(self, key: bytes) -> bytes | None:
        """The value of `key`, or None."""
        value: bytes | None = self.lent.get_bytes(key.decode("latin-1"))
        return value

    def put(self, key: bytes, value: bytes) -> None:
        """Set `key`."""
        self.lent.set_bytes(key.decode("latin-1"), value)

    def delete(self, key: bytes) -> None:
        """Remove `key`."""
        self.lent.delete(key.decode("latin-1"))

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Nothing: there is no way to ask, and at the start nothing is there."""
        return iter(())


def _record(stage: Stage, value: bytes, key: bytes, headers: Any) -> Record:
    place = message_context()
    return Record(stage.reads.name, place.partition, place.offset, key, value, tuple(headers or ()))


class _Writer:
    """A single writer; the state of each key is opened when it is first seen."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._open: dict[bytes, tuple[_StateTable, Overlay, Any]] = {}

    def __call__(self, value: bytes, key: bytes, _timestamp: int, headers: Any, state: State) -> list[Message]:
        """Outputs of one record."""
        if key not in self._open:
            assert self._stage.state is not None
            table = _StateTable()
            overlay = Overlay(table)
            self._open[key] = table, overlay, self._stage.state(overlay)
        table, overlay, opened = self._open[key]
        table.lent = state
        handled = handle(self._stage, _record(self._stage, value, key, headers), opened)
        overlay.keep()
        for written, data in overlay.take().items():
            table.delete(written) if data is None else table.put(written, data)
        return list(handled.messages)


def _wire(app: Application, stage: Stage, settings: Settings) -> None:
    source = app.topic(settings.topic(stage.reads.name), value_deserializer="bytes", key_deserializer="bytes")
    names = [*(topic.name for topic in stage.writes), stage.reads.dead_letters]
    sinks = {name: app.topic(settings.topic(name), value_serializer=_Value()) for name in names}
    flow = app.dataframe(source)
    if stage.table is None:

        def run(value: bytes, key: bytes, _timestamp: int, headers: Any) -> list[Message]:
            return list(handle(stage, _record(stage, value, key, headers)).messages)

        flow = flow.apply(run, expand=True, metadata=True)
    else:
        flow = flow.apply(_Writer(stage), expand=True, metadata=True, stateful=True)
    flow = flow.set_headers(lambda message, *_: list(message.headers))
    flow.to_topic(lambda message, *_: sinks[message.topic], key=lambda message: message.key)


def main() -> None:
    """Run the stages named on the command line until SIGTERM."""
    settings, names = Settings(), sys.argv[1:]
    app = Application(
        broker_address=settings.broker,
        consumer_group=settings.topic(f"quix-{'-'.join(names)}"),
        auto_offset_reset="earliest",
        state_dir=settings.state_dir / f"quix-{'-'.join(names)}",
        loglevel="WARNING",
        auto_create_topics=True,
        producer_extra_config={"linger.ms": 5, "message.max.bytes": MAX_RECORD_BYTES},
    )
    for name in names:
        _wire(app, stage_named(name), settings)
    app.run()


if __name__ == "__main__":
    main()
