"""State rebuilt anywhere and records redelivered anywhere: the same outputs, the same table."""

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from schemas import StoryCandidate, StoryEvent
from streams.outcome import Dead, Drop, Ok, Outcome
from streams.stages.cluster import ClusterState, cluster
from streams.state.memory import MemoryTable
from streams.state.overlay import Overlay
from streams.state.protocols import Origin
from streams.text.story_model import ClusterConfig
from tests.story_builders import candidate

# Everything happens soon: sweeps, cuts by budget, closing, forgetting, too many open stories.
CONFIG = ClusterConfig(
    merge_every=3,
    candidates=3,
    neighbours=2,
    posting_budget=40,
    window_days=2,
    forget_days=4,
    keep_articles=12,
    max_live=6,
    expiry_per_step=2,
)

WRONG_CLOCKS = (-24.0 * 400, 24.0 * 3, 24.0 * 400)


class Delivery(NamedTuple):
    """One record, then perhaps a crash: the state is rebuilt and the last records come again."""

    number: int
    terms: range
    hours: float
    language: str
    revision: int
    rebuild: bool
    again: int

    @property
    def value(self) -> StoryCandidate:
        """What is delivered."""
        number, terms, hours, language, revision, *_ = self
        return candidate(number, terms, hours=hours, language=language, revision=revision)


@st.composite
def deliveries(draw: st.DrawFn) -> list[Delivery]:
    made: list[Delivery] = []
    revisions: dict[int, int] = {}
    for step in range(draw(st.integers(1, 50))):
        number = draw(st.integers(0, 30))
        revisions[number] = revisions.get(number, 0) + draw(st.integers(0, 1))
        topic = draw(st.integers(0, 3)) * 6
        made.append(
            Delivery(
                number,
                range(topic + draw(st.integers(0, 6)), topic + draw(st.integers(6, 14))),
                hours=step * 6 + draw(st.sampled_from([0.0, 0.0, 0.0, 1.5, *WRONG_CLOCKS])),
                language=draw(st.sampled_from(["en", "en", "de"])),
                revision=revisions[number] + 1,
                rebuild=draw(st.booleans()),
                again=draw(st.sampled_from([0, 0, 1, 4, 11])),
            )
        )
    return made


class Writer:
    """One partition of the stage, with the edge's overlay between it and the table."""

    def __init__(self) -> None:
        self.table = MemoryTable()
        self.overlay = Overlay(self.table)
        self.state = ClusterState(self.overlay, CONFIG)

    def take(self, value: StoryCandidate, offset: int) -> Outcome:
        outcome = cluster(value, self.state, Origin(0, offset))
        self.overlay.keep()
        return outcome

    def flush(self) -> None:
        for key, data in self.overlay.take().items():
            self.table.delete(key) if data is None else self.table.put(key, data)

    def crash(self) -> None:
        self.overlay = Overlay(self.table)
        self.state = ClusterState(self.overlay, CONFIG)

    def content(self) -> list[tuple[bytes, bytes]]:
        self.flush()
        return list(self.table.items())


def undisturbed(values: Sequence[StoryCandidate]) -> tuple[list[Outcome], list[tuple[bytes, bytes]]]:
    writer = Writer()
    outcomes = [writer.take(value, offset) for offset, value in enumerate(values)]
    return outcomes, writer.content()


@given(deliveries())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_rebuilds_and_redeliveries_change_nothing(stream: list[Delivery]) -> None:
    expected, content = undisturbed([delivery.value for delivery in stream])
    writer, seen = Writer(), []
    for offset, delivery in enumerate(stream):
        seen.append(writer.take(delivery.value, offset))
        if delivery.rebuild:
            writer.flush()
            writer.crash()
        for earlier in range(max(0, offset - delivery.again), offset + 1 if delivery.again else 0):
            assert isinstance(writer.take(stream[earlier].value, earlier), Drop)
    assert seen == expected
    assert writer.content() == content
    for outcome in expected:
        assert not isinstance(outcome, Dead)
        for value_out in outcome.values if isinstance(outcome, Ok) else ():
            if isinstance(value_out, StoryEvent):
                event(value_out.kind)


@given(deliveries(), st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_batch_lost_before_its_writes_gives_the_same_outputs_again(
    stream: list[Delivery], data: st.DataObject
) -> None:
    expected, content = undisturbed([delivery.value for delivery in stream])
    writer, seen, start = Writer(), [], 0
    while start < len(stream):
        end = data.draw(st.integers(start + 1, len(stream)))
        batch = [(stream[offset].value, offset) for offset in range(start, end)]
        first = [writer.take(*record) for record in batch]
        writer.crash()
        assert [writer.take(*record) for record in batch] == first
        writer.flush()
        seen += first
        start = end
    assert seen == expected
    assert writer.content() == content


@given(deliveries())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_rebuilt_book_equals_the_grown_one(stream: list[Delivery]) -> None:
    writer = Writer()
    for offset, delivery in enumerate(stream):
        writer.take(delivery.value, offset)
    for language in ("en", "de"):
        grown, rebuilt = writer.state.book(language), ClusterState(writer.overlay, CONFIG).book(language)
        assert (grown.clock, grown.count, grown.since_sweep) == (rebuilt.clock, rebuilt.count, rebuilt.since_sweep)
        assert grown.touched == rebuilt.touched
        assert grown.live.keys() == rebuilt.live.keys()
        assert grown._index._terms == rebuilt._index._terms
        assert grown._index._postings == rebuilt._index._postings


@given(deliveries())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_versions_of_a_story_follow_each_other_and_redirects_lead_somewhere(stream: list[Delivery]) -> None:
    versions: dict[tuple[str, str], int] = {}
    for outcome in undisturbed([delivery.value for delivery in stream])[0]:
        for happened in outcome.values if isinstance(outcome, Ok) else ():
            if not isinstance(happened, StoryEvent):
                continue
            story = (happened.language, happened.story_id)
            expected = 1 if happened.kind == "created" else versions[story] + 1
            assert happened.story_version == expected
            versions[story] = expected
            for other in (happened.merged_into, happened.merged_from):
                assert other is None or (happened.language, other) in versions
