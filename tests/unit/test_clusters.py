import pytest

from streams.text.entities.clusters import clusters
from streams.text.entities.forms import forms
from streams.text.entities.gazetteer import gazetteer
from streams.text.entities.naming import naming
from streams.text.entities.sentences import sentences
from streams.text.entities.spans import LOC, MISC, ORG, PER, Span


def things(*names: tuple[str, int]) -> dict[str, list[str]]:
    """Canonical name to the surfaces of an article that names these, one a sentence."""
    text = "\n".join(name for name, _ in names)
    parts = sentences(text)
    found = [Span(at, 0, len(parts[at].words), kind) for at, (_, kind) in enumerate(names)]
    return {
        naming(cluster).name: [names[span.sentence][0] for form in cluster.forms for span in form.spans]
        for cluster in clusters(forms(text, parts, found), gazetteer().known)
    }


def test_a_person_is_one_by_surname_title_and_initial() -> None:
    assert things(("Ilse Varga", PER), ("Varga", PER), ("Mrs. Varga", PER), ("I. Varga", PER)) == {
        "Ilse Varga": ["Ilse Varga", "I. Varga", "Varga", "Mrs. Varga"]
    }


def test_a_korean_name_starts_with_the_family() -> None:
    assert list(things(("Kim Jong Un", PER), ("Kim", PER))) == ["Kim Jong Un"]


def test_two_of_one_surname_stay_two_and_the_bare_surname_is_the_one_named_more() -> None:
    found = things(("Ilse Varga", PER), ("Tomas Varga", PER), ("Tomas Varga", PER), ("Varga", PER))
    assert found == {"Ilse Varga": ["Ilse Varga"], "Tomas Varga": ["Tomas Varga", "Tomas Varga", "Varga"]}


def test_a_leader_is_known_by_surname_unless_a_namesake_is_named_in_full() -> None:
    assert list(things(("Putin", PER))) == ["Vladimir Putin"]
    assert list(things(("Igor Putin", PER), ("Putin", PER))) == ["Igor Putin"]
    assert set(things(("Igor Putin", PER), ("Vladimir Putin", PER), ("Putin", PER))) == {"Igor Putin", "Vladimir Putin"}


def test_an_organisation_is_one_by_acronym_start_and_legal_form() -> None:
    assert things(("Harbour Bridge Fund", ORG), ("HBF", ORG), ("Varga Steel, Inc.", ORG), ("Varga Steel", ORG)) == {
        "Harbour Bridge Fund": ["Harbour Bridge Fund", "HBF"],
        "Varga Steel": ["Varga Steel, Inc.", "Varga Steel"],
    }


@pytest.mark.parametrize("surface", ["U.N. Security Council", "UN Security Council", "Security Council"])
def test_an_alias_gets_the_canonical_name(surface: str) -> None:
    assert list(things((surface, ORG))) == ["United Nations Security Council"]


def test_a_people_is_not_its_country() -> None:
    assert set(things(("North Korea", LOC), ("North Korean", MISC), ("North Koreans", MISC))) == {
        "North Korea",
        "North Korean",
    }


def test_the_north_is_a_korea_only_beside_it() -> None:
    assert list(things(("North Korea", LOC), ("North", LOC))) == ["North Korea"]
    assert list(things(("North", LOC))) == ["North"]


def test_a_name_is_not_taken_from_a_headline_in_capitals() -> None:
    assert list(things(("TARNMOUTH", LOC), ("Tarnmouth", LOC))) == ["Tarnmouth"]


def test_a_known_name_of_another_type_is_not_the_known_thing() -> None:
    (person,) = clusters(forms("Jordan", sentences("Jordan"), [Span(0, 0, 1, PER)]), gazetteer().known)
    (country,) = clusters(forms("Jordan", sentences("Jordan"), [Span(0, 0, 1, LOC)]), gazetteer().known)
    assert naming(person) == ("PERSON", "Jordan", ())
    assert naming(country) == ("PLACE", "Jordan", ("iso3166:JO",))


def test_a_country_before_a_known_office_of_it_makes_no_other_thing() -> None:
    assert list(things(("U.S. Centers for Disease Control and Prevention", ORG), ("CDC", ORG))) == [
        "Centers for Disease Control and Prevention"
    ]


def test_a_plural_is_the_same_people() -> None:
    assert list(things(("Republicans", MISC), ("Republican", MISC))) == ["Republican"]


def test_a_name_is_written_as_the_text_has_it() -> None:
    assert list(things(("#Tarnmouth", MISC), ("O'Fell's  Bar", ORG))) == ["#Tarnmouth", "O'Fell's Bar"]


def test_a_title_before_a_stray_mark_is_still_a_name() -> None:
    assert list(things(("Mr. .", PER))) == ["."]
