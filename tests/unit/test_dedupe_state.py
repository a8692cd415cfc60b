"""State of the stage `dedupe`: nothing outside the table decides, wherever a run is cut."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import Article
from streams.ids import document_id
from streams.outcome import Drop, Ok, Outcome
from streams.stages.dedupe import DedupeState, dedupe
from streams.state.dedupe_record import DocumentRecord, TextRecord, packed, unpacked
from streams.state.memory import MemoryTable
from streams.state.overlay import Overlay
from streams.state.protocols import Origin
from streams.text.dedupe_model import DedupeConfig
from streams.text.fingerprint import fingerprint, sketch_of
from tests.builders import article, seen_at

DAY = 24 * 60
PARAGRAPHS = [
    " ".join(f"{word}{number}" for word in ("harbour", "bridge", "mayor", "bearing", "crowns", "gate", "lorry"))
    + " "
    + " ".join(f"{adverb}{number * 31}" for adverb in ("slowly", "surely", "rarely", "often", "barely", "always"))
    for number in range(12)
]
SMALL = DedupeConfig(match_days=3, forget_days=8, refresh_days=1, clock_step_days=2, expiry_per_step=2)

bodies = st.lists(st.sampled_from(PARAGRAPHS), min_size=1, max_size=6, unique=True).map("\n\n".join)
urls = st.none() | st.sampled_from([f"https://a.example/{number}" for number in range(6)])


@st.composite
def articles(draw: st.DrawFn) -> Article:
    number = draw(st.integers(0, 9))
    return article(
        draw(bodies),
        document_id=document_id("gazette", str(number)),
        canonical_url=draw(urls),
        first_seen_at=seen_at(DAY * draw(st.integers(-3, 12))),
        language=draw(st.sampled_from(["en", "en", "en-GB"])),
    )


pushes = st.lists(st.tuples(articles(), st.sampled_from([0, 0, 1])), max_size=40)


def origins(run: list[tuple[Article, int]]) -> list[tuple[Article, Origin]]:
    """Each push with its place in a raw topic of two partitions, in which a document stays in its own."""
    return [(value, Origin(int(value.document_id[-1], 16) % 2, offset)) for offset, (value, _) in enumerate(run)]


def straight(run: list[tuple[Article, Origin]], config: DedupeConfig) -> tuple[list[Outcome], MemoryTable]:
    table = MemoryTable()
    state = DedupeState(table, config)
    return [dedupe(value, state, origin) for value, origin in run], table


@settings(deadline=None, max_examples=150)
@given(pushes)
def test_a_restart_at_any_point_changes_nothing(run: list[tuple[Article, int]]) -> None:
    placed = origins(run)
    expected, reference = straight(placed, SMALL)
    table = MemoryTable()
    state = DedupeState(table, SMALL)
    for (value, origin), (_, restart), outcome in zip(placed, run, expected, strict=True):
        if restart:
            state = DedupeState(table, SMALL)
        assert dedupe(value, state, origin) == outcome
    assert dict(table.items()) == dict(reference.items())


@settings(deadline=None, max_examples=100)
@given(pushes, st.data())
def test_a_redelivery_of_what_was_handled_changes_nothing(run: list[tuple[Article, int]], data: st.DataObject) -> None:
    placed = origins(run)
    lasting = replace(SMALL, forget_days=400.0)
    expected, reference = straight(placed, lasting)
    table = MemoryTable()
    state = DedupeState(table, lasting)
    for at, (value, origin) in enumerate(placed):
        assert dedupe(value, state, origin) == expected[at]
        back = data.draw(st.integers(0, 5))
        for again in placed[max(0, at - back) : at + 1] if back else ():
            assert dedupe(again[0], state, again[1]) == Drop("redelivered")
    assert dict(table.items()) == dict(reference.items())


@settings(deadline=None, max_examples=60)
@given(pushes, st.integers(1, 7))
def test_a_batch_computed_again_gives_the_same_outputs(run: list[tuple[Article, int]], size: int) -> None:
    placed = origins(run)
    expected, reference = straight(placed, SMALL)
    table = MemoryTable()
    for start in range(0, len(placed), size):
        for _ in range(2):  # killed after the outputs were sent, before the table was written
            overlay = Overlay(table)
            state = DedupeState(overlay, SMALL)
            batch = [dedupe(value, state, origin) for value, origin in placed[start : start + size]]
            assert batch == expected[start : start + size]
        overlay.keep()
        for key, value in overlay.take().items():
            table.delete(key) if value is None else table.put(key, value)
    assert dict(table.items()) == dict(reference.items())


@settings(deadline=None, max_examples=100)
@given(pushes)
def test_a_document_is_in_one_terminal_topic_and_its_revisions_ascend(run: list[tuple[Article, int]]) -> None:
    lasting = replace(SMALL, forget_days=400.0)
    kinds: dict[tuple[str, str], type] = {}
    revisions: dict[tuple[str, str], tuple[str, int]] = {}
    for (value, _), outcome in zip(origins(run), straight(origins(run), lasting)[0], strict=True):
        if not isinstance(outcome, Ok):
            continue
        (output,) = outcome.values
        of = output if isinstance(output, Article) else output.article  # type: ignore[union-attr]
        document = (value.language, value.document_id)
        assert kinds.setdefault(document, type(output)) is type(output)
        first, revision = revisions.get(document, (of.article_id, 0))
        assert (of.article_id, of.revision) == (first, revision + 1)
        revisions[document] = (of.article_id, of.revision)


def test_what_expires_leaves_nothing_behind() -> None:
    table = MemoryTable()
    state = DedupeState(table, SMALL)
    for day in range(100):
        value = article(f"{day} {PARAGRAPHS[day % 12]}", document_id=f"doc {day}", first_seen_at=seen_at(day * DAY))
        assert isinstance(dedupe(value, state, Origin(0, day)), Ok)
    kinds = [key[:1] for key, _ in table.items()]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {b"m": 1, b"d": 9, b"a": 9, b"t": 4}
    assert len(state.ledger("en")._due) == 9


def test_a_step_forgets_a_bounded_number() -> None:
    table = MemoryTable()
    state = DedupeState(table, replace(SMALL, clock_step_days=100.0))
    for number in range(10):
        dedupe(article(f"{number} {PARAGRAPHS[0]}", document_id=f"doc {number}"), state, Origin(0, number))
    left = []
    for number in range(10, 16):
        value = article(f"{number} {PARAGRAPHS[0]}", document_id=f"doc {number}", first_seen_at=seen_at(50 * DAY))
        dedupe(value, state, Origin(0, number))
        left.append([sum(key[:1] == kind for key, _ in table.items()) for kind in (b"d", b"t")])
    assert left == [[9, 9], [8, 8], [7, 7], [6, 6], [5, 5], [6, 6]]


def test_no_more_texts_are_kept_than_memory_is_meant_for() -> None:
    table = MemoryTable()
    state = DedupeState(table, replace(SMALL, most_texts=5))
    for number in range(20):
        dedupe(article(f"{number} {PARAGRAPHS[0]}", document_id=f"doc {number}"), state, Origin(0, number))
        assert sum(key[:1] == b"t" for key, _ in table.items()) == min(number + 1, 5)


def test_records_are_read_back_as_written() -> None:
    ids = [bytes([number]) * 16 for number in range(4)]
    document = DocumentRecord("near", 3, 1, 2**40, 7, 9, -5, *ids)
    assert DocumentRecord.decode(document.encode()) == document
    assert len(document.encode()) == 105
    sketch = sketch_of(fingerprint("\n\n".join(PARAGRAPHS) * 3))
    text = TextRecord(ids[0], ids[1], ids[2], -5, sketch)
    again = TextRecord.decode(text.encode())
    assert again[:4] == text[:4]
    assert again.encode() == text.encode()
    assert (again.sketch.tokens, again.sketch.shingles) == (sketch.tokens, sketch.shingles)
    assert len(text.encode()) < 66 + 256 + 4 * 292 + 1


def test_an_index_without_its_text_is_a_bug_and_says_so() -> None:
    table = MemoryTable()
    state = DedupeState(table)
    dedupe(article(), state, Origin(0, 0))
    for key, _ in list(table.items()):
        if key[:1] == b"t":
            table.delete(key)
    with pytest.raises(LookupError, match="text 0"):
        dedupe(article(document_id="another", canonical_url="https://b.example/1"), state, Origin(0, 1))


@given(st.binary(min_size=16, max_size=16))
def test_ids_are_packed_and_unpacked(data: bytes) -> None:
    assert packed(unpacked(data, "art_"), "art_") == data
