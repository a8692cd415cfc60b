import pytest

from streams.text.entities.gazetteer import gazetteer
from streams.text.entities.revise import revise
from streams.text.entities.spans import LOC, MISC, ORG, PER, mark, spans

Names = list[tuple[str, int]]


def revised(*rows: tuple[str, str, int]) -> Names:
    """Names after revision of sentences, each with the one name that the tagger found in it and its type."""
    words = [sentence.split() for sentence, _, _ in rows]
    labels = []
    for sentence, (_, name, kind) in zip(words, rows, strict=True):
        row, parts = [0] * len(sentence), name.split()
        first = next(at for at in range(len(sentence)) if sentence[at : at + len(parts)] == parts)
        mark(row, first, first + len(parts), kind)
        labels.append(row)
    revise(words, labels, gazetteer())
    return [(" ".join(words[at.sentence][at.first : at.last]), at.type) for at in spans(labels)]


@pytest.mark.parametrize(
    "word",
    ["R-Ky.", "D-N.Y.", "R-TX", "@harbourmaster", "https://t.co/UgZ7HFvR24", "pic.twitter.com/AbCd12", "a@b.org"],
)
def test_a_seat_and_an_address_name_nothing(word: str) -> None:
    assert revised((f"said {word} today", word, ORG)) == []


def test_a_name_around_an_address_stays() -> None:
    assert revised(("Ilse Varga @varga Fell", "Ilse Varga @varga Fell", PER)) == [("Ilse Varga", PER), ("Fell", PER)]


def test_a_member_is_from_a_state_not_of_a_name() -> None:
    assert revised(("said R- South Carolina", "R- South Carolina", PER)) == [("South Carolina", LOC)]
    assert revised(("said R- again", "R-", ORG)) == []


@pytest.mark.parametrize("day", ["Monday", "September", "Sept.", "Tues", "May"])
def test_a_day_is_no_name(day: str) -> None:
    assert revised((f"it was {day} then", day, MISC)) == []
    assert revised((f"it was {day} then", day, PER)) == []


def test_a_day_within_a_name_and_a_person_named_so_stay() -> None:
    assert revised(("on Black Friday sales", "Black Friday", MISC)) == [("Black Friday", MISC)]
    assert revised(("Ilse May spoke", "Ilse May", PER), ("then May left", "May", PER)) == [
        ("Ilse May", PER),
        ("May", PER),
    ]


def test_a_credit_is_an_agency_and_a_person() -> None:
    assert revised(("AP Ilse Varga", "AP Ilse Varga", PER)) == [("AP", ORG), ("Ilse Varga", PER)]
    assert revised(("AFP Craig Varga", "AFP Craig Varga", ORG)) == [("AFP", ORG), ("Craig Varga", PER)]
    assert revised(("AP Stylebook Committee", "AP Stylebook Committee", ORG)) == [("AP Stylebook Committee", ORG)]


@pytest.mark.parametrize("name", ["Varga Tower", "Varga"])
def test_a_tower_is_a_place(name: str) -> None:
    assert revised(("in Varga Tower today", name, PER)) == [("Varga Tower", LOC)]


def test_a_firm_called_after_a_street_is_no_place_and_a_tower_alone_is_none_either() -> None:
    assert revised(("the Varga Street Fund", "Varga Street", ORG)) == [("Varga Street", ORG)]
    assert revised(("Tower spoke", "Tower", PER)) == [("Tower", PER)]


def test_a_maker_stands_before_its_cars() -> None:
    assert revised(("two Mercedes limousines", "Mercedes", PER)) == [("Mercedes", ORG)]
    assert revised(("two Mercedes limousines", "two", MISC)) == [("two", MISC), ("Mercedes", ORG)]
    assert revised(("then Mercedes left", "Mercedes", PER)) == [("Mercedes", PER)]
    assert revised(("two Varga limousines", "Varga", PER)) == [("Varga", PER)]
