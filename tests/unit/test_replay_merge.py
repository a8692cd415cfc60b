"""Records of several partitions come into one order, the same at every run, that keeps every order there was."""

from collections.abc import Iterable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from streams.codec import Record
from streams.replay.merge import Merge, OriginSet, Outputs, Places
from streams.state.protocols import Origin

LANGUAGES = ("de", "en", "no")


def record(partition: int, offset: int, time_ms: int = 0, origin: str | None = None) -> Record:
    headers = (("ce_origin", origin.encode()),) if origin else ()
    return Record("t", partition, offset, b"k", b"{}", headers, time_ms)


def merged(records: Iterable[Record], places: Places | None = None, at_a_time: int = 2) -> list[Record]:
    """All records through a merge that is fed a few at a time."""
    waiting: dict[int, list[Record]] = {}
    for each in records:
        waiting.setdefault(each.partition, []).append(each)
    merge = Merge(waiting, places)
    out: list[Record] = []
    while True:
        for partition in merge.starving:
            batch, waiting[partition] = waiting[partition][:at_a_time], waiting[partition][at_a_time:]
            merge.feed(partition, batch)
            if not batch:
                merge.finish(partition)
        if merge.starving:
            continue
        following = merge.pop()
        if following is None:
            return out
        out.append(following)


def test_without_places_time_decides_and_each_partition_keeps_its_order() -> None:
    records = [record(0, 0, 5), record(0, 1, 1), record(1, 0, 3), record(2, 0, 4), record(2, 1, 9)]
    found = [(each.partition, each.offset) for each in merged(records)]
    assert found == [(1, 0), (2, 0), (0, 0), (0, 1), (2, 1)]


def test_of_equal_times_the_lower_partition_goes_first() -> None:
    assert [each.partition for each in merged([record(1, 0), record(0, 0), record(0, 1)])] == [0, 0, 1]


def test_nothing_is_said_while_a_partition_starves() -> None:
    merge = Merge((0, 1))
    merge.feed(0, [record(0, 0)])
    assert merge.starving == (1,)
    assert merge.pop() is None
    merge.finish(1)
    assert merge.pop() is not None


def test_a_partition_with_something_waiting_is_not_finished() -> None:
    merge = Merge((0,))
    merge.feed(0, [record(0, 0)])
    merge.finish(0)
    assert merge.pop() is not None
    merge.finish(0)
    assert merge.starving == ()
    assert merge.pop() is None


def test_outputs_decide_where_time_would_have_it_otherwise() -> None:
    records = [record(0, 0, 1), record(1, 0, 2)]
    outputs = [record(3, 7, 50, "1-0"), record(3, 8, 50, "0-0")]
    places = Places.of(OriginSet(records), Outputs(outputs))
    assert [each.partition for each in merged(records, places)] == [1, 0]


def test_the_first_of_two_outputs_counts_and_those_of_others_do_not() -> None:
    records = [record(0, 0, 1), record(1, 0, 2)]
    outputs = [record(3, 1, 9, "7-7"), record(3, 2, 9, "1-0"), record(3, 3, 9, "0-0"), record(3, 4, 9, "1-0")]
    places = Places.of(OriginSet(records), Outputs(outputs))
    assert len(places) == 2
    assert [each.partition for each in merged(records, places)] == [1, 0]


def test_outputs_that_contradict_their_inputs_stop_nothing() -> None:
    records = [record(0, 0, 1), record(0, 1, 2), record(1, 0, 3)]
    outputs = [record(3, 1, 9, "0-1"), record(3, 2, 9, "0-0"), record(3, 3, 9, "1-0")]
    found = merged(records, Places.of(OriginSet(records), Outputs(outputs)))
    assert [(each.partition, each.offset) for each in found] == [(0, 0), (0, 1), (1, 0)]


def test_a_set_of_origins_knows_what_it_was_given() -> None:
    origins = OriginSet([record(2, 2**40), record(0, 3, origin="5-6")])
    assert Origin(2, 2**40) in origins
    assert Origin(5, 6) in origins
    assert Origin(0, 3) not in origins
    assert "5-6" not in origins


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Record], list[Record]]:
    """Raw records in the order a stage took them up, and the log of its outputs by language; some have none."""
    taken = draw(st.lists(st.tuples(st.integers(0, 3), st.sampled_from((*LANGUAGES, None))), max_size=40))
    raw: list[Record] = []
    out: list[Record] = []
    ends = dict.fromkeys(range(4), 0)
    for number, (partition, language) in enumerate(taken):
        raw.append(record(partition, ends[partition], draw(st.integers(0, 9))))
        ends[partition] += 1
        if language is not None:
            # Outputs of a batch bear one time, and those of another partition of it an earlier one.
            time_ms = number // 5 * 10 - draw(st.integers(0, 3))
            origin = f"{partition}-{raw[-1].offset}"
            out.append(record(LANGUAGES.index(language), number, time_ms, origin))
    return raw, sorted(out, key=lambda each: (each.partition, each.offset))


def order_in(records: Sequence[Record], outputs: Sequence[Record]) -> dict[int, list[str]]:
    """Origins in the order of `records`, by the partition of their outputs."""
    language = {str(each.headers[0][1], "ascii"): each.partition for each in outputs}
    found: dict[int, list[str]] = {}
    for each in records:
        origin = f"{each.partition}-{each.offset}"
        if origin in language:
            found.setdefault(language[origin], []).append(origin)
    return found


@given(histories())
def test_the_order_of_every_partition_and_of_every_output_partition_is_kept(
    history: tuple[list[Record], list[Record]],
) -> None:
    raw, outputs = history
    found = merged(raw, Places.of(OriginSet(raw), Outputs(outputs)))
    assert sorted(found, key=lambda each: (each.partition, each.offset)) == sorted(
        raw, key=lambda each: (each.partition, each.offset)
    )
    for partition in range(4):
        offsets = [each.offset for each in found if each.partition == partition]
        assert offsets == sorted(offsets)
    assert order_in(found, outputs) == order_in(raw, outputs)


@given(histories(), st.data())
def test_a_merge_that_begins_in_the_middle_goes_on_as_the_one_that_was_cut_off(
    history: tuple[list[Record], list[Record]], data: st.DataObject
) -> None:
    raw, outputs = history
    whole = merged(raw, Places.of(OriginSet(raw), Outputs(outputs)), at_a_time=5)
    rest = whole[data.draw(st.integers(0, len(whole))) :]
    again = merged(sorted(rest, key=lambda each: each.offset), Places.of(OriginSet(rest), Outputs(outputs)))
    assert again == rest
