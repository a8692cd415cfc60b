"""The stage `dedupe`: one verdict a document, whatever is pushed again, edited or copied."""

from typing import Any

import pytest

from schemas import Article, DuplicateRecord
from streams.ids import document_id
from streams.outcome import Dead, Drop, Ok, Outcome
from streams.stages.dedupe import DedupeState, dedupe
from streams.state.memory import MemoryTable
from streams.state.protocols import Origin
from streams.text.dedupe_model import DedupeConfig
from tests.builders import BODY, SEEN_AT, article, seen_at

DAY = 24 * 60
NEAR = BODY.replace("nine million crowns", "some nine million crowns").replace("Mayor", "The mayor,")
OTHER = "\n\n".join(
    f"Sentence {number} of the annual report on herring catches off the Sundby banks names vessel {number * 7} "
    f"and its skipper, who landed {number * 31} crates in week {number + 3} without any loss of gear."
    for number in range(8)
)
SHORT = "Ferry service between Tarnmouth and Sundby is suspended until further notice."


def pushed(body: str = BODY, *, by: str, url: str | None = None, minutes: float = 0, **changes: Any) -> Article:
    """An article of the document `by`."""
    identity: dict[str, Any] = {
        "document_id": document_id("gazette", by),
        "canonical_url": url,
        "first_seen_at": seen_at(minutes),
    }
    return article(body, **(identity | changes))


class Stage:
    """The stage over one partition; a push without an offset is the next of the raw topic."""

    def __init__(self, config: DedupeConfig | None = None) -> None:
        self.table = MemoryTable()
        self.config = config
        self.offset = -1
        self.restart()

    def restart(self) -> None:
        self.state = DedupeState(self.table, self.config)

    def push(self, value: Article, offset: int | None = None) -> Outcome:
        if offset is None:
            self.offset += 1
        return dedupe(value, self.state, Origin(0, self.offset if offset is None else offset))

    def unique(self, value: Article) -> Article:
        (found,) = outputs(self.push(value))
        assert isinstance(found, Article)
        return found

    def duplicate(self, value: Article) -> DuplicateRecord:
        (found,) = outputs(self.push(value))
        assert isinstance(found, DuplicateRecord)
        assert found.document_id == value.document_id
        assert found.article.body_text == value.body_text
        assert found.article_id == found.article.article_id
        return found


def outputs(outcome: Outcome) -> tuple[object, ...]:
    assert isinstance(outcome, Ok), outcome
    return outcome.values


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_new_article_passes_unchanged(stage: Stage) -> None:
    value = pushed(by="a")
    assert stage.unique(value) is value
    assert stage.unique(pushed(OTHER, by="b")).body_text == OTHER


def test_copies_name_the_original_and_the_article_they_were_compared_with(stage: Stage) -> None:
    first = stage.unique(pushed(by="a", url="https://a.example/1"))
    near = stage.duplicate(pushed(NEAR, by="b", url="https://b.example/1"))
    assert (near.kind, near.duplicate_of, near.matched_article_id) == ("near", first.article_id, first.article_id)
    assert 0.8 < near.similarity < 1
    exact = stage.duplicate(pushed(NEAR.upper(), by="c", url="https://c.example/1"))
    assert (exact.kind, exact.duplicate_of, exact.matched_article_id) == ("exact", first.article_id, near.article_id)
    assert exact.similarity == exact.containment == 1
    nearer = stage.duplicate(pushed(NEAR.replace("council", "board"), by="d", url="https://d.example/1"))
    assert (nearer.kind, nearer.duplicate_of, nearer.matched_article_id) == ("near", first.article_id, near.article_id)


def test_an_excerpt_is_contained(stage: Stage) -> None:
    first = stage.unique(pushed(f"{BODY}\n\n{OTHER[:1000]}", by="a", url="https://a.example/1"))
    found = stage.duplicate(pushed(BODY, by="b", url="https://b.example/1"))
    assert (found.kind, found.duplicate_of) == ("contained", first.article_id)
    assert found.similarity < 0.5
    assert found.containment > 0.9


def test_a_known_url_is_the_same_article_whatever_it_says(stage: Stage) -> None:
    url = "https://a.example/1"
    first = stage.unique(pushed(by="a", url=url))
    second = stage.duplicate(pushed(OTHER, by="b", url=url))
    assert (second.kind, second.duplicate_of, second.article_id) == ("url", first.article_id, first.article_id)
    assert second.similarity < 0.1
    assert stage.duplicate(pushed(OTHER, by="c", url=url)).similarity == 1
    assert stage.duplicate(pushed(OTHER, by="d", url="https://d.example/1")).duplicate_of == first.article_id


def test_short_texts_are_equal_or_not(stage: Stage) -> None:
    stage.unique(pushed(SHORT, by="a", url="https://a.example/1"))
    stage.unique(pushed(SHORT.replace("further", "more"), by="b", url="https://b.example/1"))
    assert stage.duplicate(pushed(SHORT.upper(), by="c", url="https://c.example/1")).kind == "exact"
    assert stage.duplicate(pushed(SHORT, by="d")).kind == "exact"


def test_a_redelivery_and_a_repeated_push_change_nothing(stage: Stage) -> None:
    value = pushed(by="a")
    stage.unique(value)
    before = dict(stage.table.items())
    assert stage.push(value, offset=0) == Drop("redelivered")
    assert dict(stage.table.items()) == before
    assert stage.push(value) == Drop("repushed")
    assert stage.push(value, offset=1) == Drop("redelivered")


def test_an_edit_of_an_original_is_its_next_revision(stage: Stage) -> None:
    first = stage.unique(pushed(by="a"))
    edited = stage.unique(pushed(NEAR, by="a"))
    assert (edited.article_id, edited.revision, edited.body_text) == (first.article_id, 2, NEAR)
    back = stage.unique(pushed(BODY, by="a"))
    assert (back.article_id, back.revision) == (first.article_id, 3)
    assert stage.push(pushed(by="a")) == Drop("repushed")
    for offset, body in enumerate((BODY, NEAR, BODY, BODY)):
        assert stage.push(pushed(body, by="a"), offset) == Drop("redelivered")


def test_an_edit_of_a_copy_stays_a_copy(stage: Stage) -> None:
    first = stage.unique(pushed(by="a", url="https://a.example/1"))
    copy = stage.duplicate(pushed(NEAR, by="b", url="https://b.example/1"))
    edited = stage.duplicate(pushed(OTHER, by="b", url="https://b.example/changed"))
    assert (edited.kind, edited.duplicate_of, edited.article_id) == ("near", first.article_id, copy.article_id)
    assert edited.article.revision == 2
    assert edited.similarity < 0.1
    assert stage.duplicate(pushed(BODY, by="b", url="https://b.example/1")).similarity == 1


def test_an_original_edited_into_another_stays_an_original(stage: Stage) -> None:
    stage.unique(pushed(by="a"))
    other = stage.unique(pushed(OTHER, by="b"))
    assert stage.unique(pushed(BODY, by="b")).article_id == other.article_id


def test_every_revision_is_known_to_later_copies(stage: Stage) -> None:
    first = stage.unique(pushed(by="a", url="https://a.example/1"))
    stage.unique(pushed(OTHER, by="a", url="https://a.example/1"))
    for number, body in enumerate((BODY, OTHER)):
        found = stage.duplicate(pushed(body, by=f"copy {number}", url=f"https://b.example/{number}"))
        assert (found.kind, found.duplicate_of) == ("exact", first.article_id)


def test_languages_do_not_meet(stage: Stage) -> None:
    stage.unique(pushed(by="a"))
    stage.unique(pushed(by="b", language="de"))


def test_texts_are_compared_for_a_week_and_urls_known_for_a_month() -> None:
    stage = Stage()
    stage.unique(pushed(by="a", url="https://a.example/1"))
    for day in range(1, 9):
        stage.unique(pushed(f"{SHORT} {day}", by=f"day {day}", minutes=day * DAY))
    stage.unique(pushed(by="b", url="https://b.example/1", minutes=8 * DAY))
    found = stage.duplicate(pushed(by="c", url="https://a.example/1", minutes=8 * DAY))
    assert (found.kind, found.similarity) == ("url", 1)
    for day in range(9, 41):
        stage.unique(pushed(f"{SHORT} {day}", by=f"day {day}", minutes=day * DAY))
    stage.unique(pushed(by="d", url="https://a.example/1", minutes=40 * DAY))


def test_an_article_id_lives_as_long_as_any_document_that_has_it() -> None:
    stage = Stage()
    url = "https://a.example/1"
    first = stage.unique(pushed(by="a", url=url))
    for day in range(1, 45):
        stage.unique(pushed(f"{SHORT} {day}", by=f"day {day}", minutes=day * DAY))
        if day == 20:
            assert stage.duplicate(pushed(by="b", url=url, minutes=day * DAY)).kind == "url"
    late = stage.duplicate(pushed(OTHER, by="c", url=url, minutes=44 * DAY))
    assert (late.kind, late.duplicate_of) == ("url", first.article_id)


def test_a_document_pushed_now_and_then_is_not_forgotten() -> None:
    stage = Stage()
    stage.unique(pushed(by="a"))
    for day in range(1, 100):
        stage.unique(pushed(f"{SHORT} {day}", by=f"day {day}", minutes=day * DAY))
        if not day % 20:
            assert stage.push(pushed(by="a")) == Drop("repushed")
    assert stage.push(pushed(by="a")) == Drop("repushed")
    assert len(list(stage.table.items())) < 4 * 35


def test_an_edit_keeps_the_url_of_a_document_about_to_be_forgotten() -> None:
    stage = Stage()
    url = "https://a.example/1"
    stage.unique(pushed(by="a", url=url))
    for day in range(1, 31):
        stage.unique(pushed(f"{SHORT} {day}", by=f"day {day}", minutes=day * DAY))
    assert stage.unique(pushed(NEAR, by="a", url=url, minutes=31 * DAY)).revision == 2
    assert stage.duplicate(pushed(OTHER, by="b", url=url, minutes=31 * DAY)).kind == "url"


def test_a_late_article_does_not_turn_the_clock_back(stage: Stage) -> None:
    stage.unique(pushed(by="a", minutes=DAY))
    clock = stage.state.ledger("en").clock
    stage.unique(pushed(OTHER, by="b", minutes=-90 * DAY))
    assert stage.state.ledger("en").clock == clock
    assert stage.duplicate(pushed(OTHER, by="c", url="https://c.example/1", minutes=2 * DAY)).kind == "exact"


def test_one_wrong_date_expires_nothing(stage: Stage) -> None:
    stage.unique(pushed(by="a"))
    stage.unique(pushed(OTHER, by="b", first_seen_at=SEEN_AT.replace(year=2999)))
    assert stage.duplicate(pushed(NEAR, by="c")).kind == "near"


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"version": "fingerprint-0"}, "version"),
        ({"minhash": "%%%"}, "fingerprint"),
        ({"minhash": "é"}, "fingerprint"),
        ({"minhash": "AAAA"}, "fingerprint"),
        ({"sample": "AAAA"}, "fingerprint"),
        ({"lead": "A" * 100_000}, "too long"),
        ({"lead": "AAAAAAAAAAA="}, "ascend"),
        ({"lead": ""}, "agree"),
        ({"tokens": 2**63}, "counts"),
        ({"shingles": 1}, "agree"),
        ({"shingles": 0}, "counts"),
    ],
)
def test_a_bad_fingerprint_is_dead(stage: Stage, changes: dict[str, object], detail: str) -> None:
    value = pushed(by="a")
    damaged = value.model_copy(update={"fingerprint": value.fingerprint.model_copy(update=changes)})
    outcome = stage.push(damaged)
    assert isinstance(outcome, Dead)
    assert outcome.reason == "bad_schema"
    assert detail in outcome.detail
    assert not list(stage.table.items())


@pytest.mark.parametrize("field", ["article_id", "content_hash"])
@pytest.mark.parametrize("damage", ["", "x", "art_", "art_00", "00" * 16 + " ", "AB" * 16, "ü" * 32])
def test_an_id_of_another_form_is_dead(stage: Stage, field: str, damage: str) -> None:
    outcome = stage.push(pushed(by="a").model_copy(update={field: damage}))
    assert isinstance(outcome, Dead)
    assert outcome.reason == "bad_schema"
