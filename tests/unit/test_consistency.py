from streams.text.entities.consistency import consistent
from streams.text.entities.facts import with_facts
from streams.text.entities.gazetteer import gazetteer
from streams.text.entities.spans import LOC, MISC, ORG, PER, Span, mark, spans

Names = list[tuple[str, int]]


def labelled(sentence: str, *names: tuple[str, int]) -> tuple[list[str], list[int]]:
    """Words of a sentence, and labels that mark each of `names` where it first stands."""
    words = sentence.split()
    labels = [0] * len(words)
    for name, kind in names:
        parts = name.split()
        at = next(at for at in range(len(words)) if words[at : at + len(parts)] == parts and not labels[at])
        mark(labels, at, at + len(parts), kind)
    return words, labels


def found(words: list[list[str]], labels: list[list[int]]) -> Names:
    return [(" ".join(words[at.sentence][at.first : at.last]), at.type) for at in spans(labels)]


def settled(*rows: tuple[list[str], list[int]]) -> Names:
    words, labels = [list(part) for part in zip(*rows, strict=True)]
    return found(words, consistent(words, labels))


def informed(row: tuple[list[str], list[int]]) -> Names:
    words, labels = row
    known = gazetteer()
    return found([words], with_facts([words], [list(known.phrases(words))], [labels], known))


def test_a_surname_is_the_person() -> None:
    assert settled(
        labelled("Ilse Varga spoke", ("Ilse Varga", PER)),
        labelled("Varga left", ("Varga", LOC)),
    ) == [("Ilse Varga", PER), ("Varga", PER)]


def test_the_majority_decides() -> None:
    rows = [labelled("in Tarnmouth", ("Tarnmouth", kind)) for kind in (LOC, ORG, LOC)]
    assert settled(*rows) == [("Tarnmouth", LOC)] * 3


def test_a_repeat_the_tagger_missed_is_found_but_only_with_a_capital() -> None:
    rows = [labelled("to Bridge Fund", ("Bridge Fund", ORG)), labelled("Bridge Fund paid"), labelled("a bridge fund")]
    assert settled(*rows) == [("Bridge Fund", ORG)] * 2


def test_a_name_tagged_once_in_one_word_is_not_spread() -> None:
    assert settled(labelled("Will Tarn come", ("Tarn", PER)), labelled("Tarn water")) == [("Tarn", PER)]


def test_a_known_name_of_one_meaning_overrules() -> None:
    assert informed(labelled("North Korea won", ("North Korea", ORG))) == [("North Korea", LOC)]
    assert informed(labelled("said KCNA today")) == [("KCNA", ORG)]
    assert informed(labelled("the U.N. Security Council", ("Council", PER))) == [("U.N. Security Council", ORG)]


def test_a_known_name_inside_a_longer_one_does_not() -> None:
    assert informed(labelled("the North Korea Bridge Fund", ("North Korea Bridge Fund", ORG))) == [
        ("North Korea Bridge Fund", ORG)
    ]


def test_an_article_that_is_no_part_of_the_name_goes() -> None:
    assert informed(labelled("The UN met", ("The UN", ORG))) == [("UN", ORG)]
    assert informed(labelled("The Hague waits", ("The Hague", LOC))) == [("The Hague", LOC)]


def test_spans_start_anew_at_b_and_at_another_type() -> None:
    assert list(spans([[1, 1, 2, 6, 0, 8]])) == [
        Span(0, 0, 1, PER),
        Span(0, 1, 3, PER),
        Span(0, 3, 4, LOC),
        Span(0, 5, 6, MISC),
    ]


def test_a_capital_that_only_opens_a_sentence_makes_no_name() -> None:
    assert settled(labelled("Debris was found", ("Debris", PER)), labelled("more debris is near")) == []
    assert settled(labelled("Debris was found", ("Debris", PER)), labelled("the ship is near")) == [("Debris", PER)]


def test_an_office_is_no_part_of_a_person() -> None:
    assert informed(labelled("Treasury Secretary Ilse Varga", ("Treasury Secretary Ilse Varga", PER))) == [
        ("Ilse Varga", PER)
    ]


def test_a_lower_case_office_goes_too() -> None:
    assert informed(labelled("Defence secretary Ilse Varga", ("Defence secretary Ilse Varga", PER))) == [
        ("Ilse Varga", PER)
    ]


def test_a_town_of_that_name_somewhere_makes_no_doubt_about_several_words() -> None:
    assert informed(labelled("the White House said", ("White House", LOC))) == [("White House", ORG)]
    assert informed(labelled("Singapore said", ("Singapore", ORG))) == [("Singapore", LOC)]
    assert informed(labelled("Chelsea said", ("Chelsea", PER))) == [("Chelsea", PER)]
