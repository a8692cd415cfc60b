"""What a judge remembers is what the stage answers, for that value and no other."""

from dataclasses import replace

import pytest

from streams.chaos import recall
from streams.chaos.documents import generate
from streams.chaos.recall import Recall
from streams.codec import Record, raw_message
from streams.outcome import Outcome
from streams.runner import handle
from streams.stages.normalize import normalize
from streams.topics import RAW
from streams.topology import TOPOLOGY, Stage

NORMALIZE = TOPOLOGY[0]


def records(count: int, *, first: int = 0, offset: int = 0) -> list[Record]:
    messages = map(raw_message, generate(count, first=first))
    return [Record(RAW.name, 0, at, each.key, each.value, each.headers, at) for at, each in enumerate(messages, offset)]


def counting(calls: list[str]) -> Stage:
    def run(document: object) -> Outcome:
        calls.append(str(document))
        return normalize(document)  # type: ignore[arg-type]

    return replace(NORMALIZE, run=run)


async def test_a_value_is_computed_once_and_its_records_keep_their_own_places() -> None:
    calls: list[str] = []
    memory, stage = Recall(), counting(calls)
    for place in (0, 700):
        at_hand = records(8, offset=place)
        done = await memory.run(stage, at_hand)
        assert [each.handled for each in done] == [handle(NORMALIZE, record) for record in at_hand]
    assert len(calls) == 8


async def test_another_value_is_another_answer_under_the_same_key() -> None:
    one, other = records(2)
    swapped = replace(other, key=one.key, value=(other.value or b"").replace(b"chaos-1.txt", b"chaos-9.txt"))
    memory = Recall()
    await memory.run(NORMALIZE, [one])
    for record in (other, swapped, replace(one, value=b"[]"), replace(one, value=None)):
        (done,) = await memory.run(NORMALIZE, [record])
        assert done.handled == handle(NORMALIZE, record)


async def test_a_stage_that_raises_is_asked_again() -> None:
    def broken(_: object) -> Outcome:
        raise ValueError("a bug")

    memory, stage = Recall(), replace(NORMALIZE, run=broken)
    for _ in range(2):
        (done,) = await memory.run(stage, records(1))
        assert done.handled.label == "dead:stage_error"
        assert done.handled.failed


async def test_what_it_remembers_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recall, "_MOST", 3)
    calls: list[str] = []
    memory, stage = Recall(), counting(calls)
    await memory.run(stage, records(5))
    await memory.run(stage, records(3, first=2))
    assert len(calls) == 5
    await memory.run(stage, records(1))
    assert len(calls) == 6
