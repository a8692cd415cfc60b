import re

import pytest

from streams.text.entities.gazetteer import CLASSES, Known, Phrase, fold, gazetteer


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("U.S.", Known("PLACE", "United States", ("iso3166:US",))),
        ("usa", Known("PLACE", "United States", ("iso3166:US",))),
        ("UN Security Council", Known("ORG", "United Nations Security Council", ("wikidata:Q37470",))),
        ("Kim Jong-un", Known("PERSON", "Kim Jong Un", ("wikidata:Q56226",))),
        ("Türkiye", Known("PLACE", "Turkey", ("iso3166:TR",))),
        ("North Koreans", Known("GROUP", "North Korean")),
        ("Kyiv", Known("PLACE", "Kyiv", ("geonames:703448",))),
    ],
)
def test_a_known_name_leads_to_its_thing(name: str, known: Known) -> None:
    assert gazetteer().known[fold(name)] == known


def test_every_id_has_a_scheme_and_a_well_formed_value() -> None:
    formed = re.compile(r"iso3166:[A-Z]{2}(-[A-Z0-9]{2,3})?|wikidata:Q[1-9]\d*|geonames:\d+")
    ids = [external for known in gazetteer().known.values() for external in known.ids]
    assert len(ids) > 5000
    assert [external for external in ids if not formed.fullmatch(external)] == []


def test_an_id_stands_for_one_thing() -> None:
    names: dict[str, set[str]] = {}
    for known in gazetteer().known.values():
        for external in known.ids:
            names.setdefault(external, set()).add(known.name)
    assert {external: shared for external, shared in names.items() if len(shared) > 1} == {}


def test_classes_are_letters_of_the_table_in_order() -> None:
    letters = set(CLASSES.values())
    assert [
        phrase
        for phrase, classes in gazetteer().classes.items()
        if not classes or set(classes) - letters or list(classes) != sorted(classes)
    ] == []


def test_the_longest_phrase_wins_and_phrases_do_not_overlap() -> None:
    words = ["the", "U.N.", "Security", "Council", "met", "in", "New", "York", "City"]
    assert list(gazetteer().phrases(words)) == [Phrase(1, 4, CLASSES["ORG"]), Phrase(6, 9, "Rc")]


def test_capitals_are_forgiven_but_not_lower_case() -> None:
    known = gazetteer()
    assert known.word("MOSCOW") == known.word("Moscow") != ""
    assert list(known.phrases(["NORTH", "KOREA"])) == [Phrase(0, 2, CLASSES["country"])]
    assert known.word("moscow") == ""
    assert list(known.phrases(["north", "korea"])) == []


def test_folding_forgets_case_accents_stops_and_hyphens() -> None:
    assert fold("Viktor Orbán") == fold("VIKTOR ORBAN")
    assert fold("U.N.") == fold("un")
    assert fold("Moon Jae-in") == fold("moon jae in")
