"""The edge's pure half: decode a record, run the stage, say what to send and what to count.

Everything that runs stages calls `handle`: the worker's pool and shards, the in-memory
runner, the audit and the command line. It does no I/O.
"""

from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb
from typing import Any, assert_never

from schemas import Event
from streams.codec import MAX_RECORD_BYTES, Headers, Message, Record, decode, encode, header, origin_of
from streams.deadletter import dead_letter
from streams.outcome import Dead, Drop, Ok, Outcome, Tombstone
from streams.state.protocols import Origin, StateError
from streams.topology import Stage
from streams.traceparent import traced

__all__ = ["Handled", "handle"]

_FRAMES = 12


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of one record: messages in order, and one counter label.

    `failed` is true when the stage raised: its state can no longer be trusted.
    """

    messages: tuple[Message, ...]
    label: str
    failed: bool = False


def handle(stage: Stage, record: Record, state: Any = None) -> Handled:
    """Process one record; the same record and state give the same bytes. StateError when the state cannot be read."""
    try:
        value = decode(stage.reads, record)
        return _parked(stage, record, value) if isinstance(value, Dead) else _processed(stage, record, value, state)
    except StateError:
        raise
    except MemoryError:
        return _parked(stage, record, Dead("memory"), failed=True)
    except Exception as error:  # noqa: BLE001 - a bug in a stage must not stop the other documents
        return _parked(stage, record, _bug(error), failed=True)


def _bug(error: Exception) -> Dead:
    """What was raised and on which way, innermost first; files by name alone: a path tells of a machine."""
    frames = extract_tb(error.__traceback__)[::-1][:_FRAMES]
    trace = "\n".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
    detail = f"{type(error).__name__}: {error} ({frames[0].name}:{frames[0].lineno})"
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    return Dead("stage_error", detail[:500], kind[:200], trace)


def _processed(stage: Stage, record: Record, value: Event, state: Any) -> Handled:
    origin = origin_of(record)
    outcome: Outcome = stage.run(value) if stage.state is None else stage.run(value, state, origin)
    match outcome:
        case Ok(values):
            messages = tuple(_messages(stage, record, origin, values))
            # The broker would refuse it, now and at every redelivery. `failed` undoes what the state has noted.
            largest = max((len(message.value or b"") for message in messages), default=0)
            if largest > MAX_RECORD_BYTES:
                return _parked(stage, record, Dead("too_large", f"an output of {largest} bytes"), failed=True)
            return Handled(messages, "ok")
        case Drop(reason):
            return Handled((), f"drop:{reason}")
        case Dead():
            return _parked(stage, record, outcome)
        case _:
            assert_never(outcome)


def _parked(stage: Stage, record: Record, dead: Dead, *, failed: bool = False) -> Handled:
    return Handled((dead_letter(stage.reads, stage.name, record, dead),), f"dead:{dead.reason}", failed)


def _messages(stage: Stage, record: Record, origin: Origin, values: tuple[Event | Tombstone, ...]) -> list[Message]:
    by_model = {topic.model: topic for topic in stage.writes}
    inherited = (*_inherited(record), *traced(stage.name, record))
    messages = []
    for number, value in enumerate(values):
        if isinstance(value, Tombstone):
            topic, key, subject, data = by_model[value.model], value.key, value.key, None
        else:
            topic = by_model[type(value)]
            key, subject, data = topic.key(value), topic.subject(value), encode(value)
        headers = {
            "ce_specversion": "1.0",
            "ce_id": f"{stage.name}:{origin}:{number}",
            "ce_type": topic.name,
            "ce_source": f"/pipeline/{stage.name}",
            "ce_subject": subject,
            "ce_partitionkey": key,
            "ce_origin": str(origin),
        }
        if data is not None:  # an event without data, a tombstone, has no type of data either
            headers |= {"ce_dataschema": topic.dataschema, "content-type": "application/json"}
        messages.append(Message(topic.name, key.encode(), data, (*_packed(headers), *inherited)))
    return messages


def _packed(headers: dict[str, str]) -> Headers:
    return tuple((name, text.encode()) for name, text in headers.items())


def _inherited(record: Record) -> Headers:
    """What stays the same from the raw record on; `ce_replay` names the job that brought it, absent when live."""
    found = ((name, header(record.headers, name)) for name in ("ce_time", "ce_documentid", "ce_replay"))
    return tuple((name, text.encode()) for name, text in found if text is not None)
