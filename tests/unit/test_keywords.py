from hypothesis import given
from hypothesis import strategies as st

from streams.text.keywords import MOST, keyword_layer
from tests.builders import BODY, TITLE


def test_rare_and_frequent_words_stand_for_the_article() -> None:
    keywords = keyword_layer(TITLE, BODY, "en").keywords
    terms = [keyword.term for keyword in keywords]
    assert {"tarnmouth", "bridge", "harbour"} <= set(terms)
    assert not {"the", "on", "said", "monday"} & set(terms)
    assert keywords[0].weight == 1
    assert [keyword.weight for keyword in keywords] == sorted((keyword.weight for keyword in keywords), reverse=True)


def test_a_word_is_shown_as_the_article_writes_it_most() -> None:
    layer = keyword_layer(None, "Quarries, quarries and one quarry. The quarries closed.", "en-GB")
    assert layer.keywords[0].term == "quarries"


def test_a_language_without_a_snapshot_gets_none() -> None:
    assert keyword_layer("Der Hafen", "Der Hafen von Tarnmünde ist wieder offen.", "de").keywords == ()


def test_what_is_left_of_links_is_no_keyword() -> None:
    body = f"{BODY} pic.twitter.com/Zzxqvk https://t.co/ UgZ7HFvR24 k4xq9z1 @tarnbridger mail@qwertz.example 2017 " * 3
    terms = {keyword.term for keyword in keyword_layer("Tarn 4481 bridge", body, "en").keywords}
    assert "bridge" in terms
    assert not {"zzxqvk", "twitter", "ugz7hfvr24", "k4xq9z1", "tarnbridger", "qwertz", "2017", "4481"} & terms


def test_a_name_with_a_number_is_a_keyword() -> None:
    terms = {
        keyword.term for keyword in keyword_layer(None, "The h1n1 flu, covid19 and flight mh370. " * 4, "en").keywords
    }
    assert {"h1n1", "covid19", "mh370"} <= terms


@given(st.none() | st.text(), st.text())
def test_any_text_gives_bounded_weights(title: str | None, body: str) -> None:
    layer = keyword_layer(title, body, "en")
    assert len(layer.keywords) <= MOST
    assert all(0 <= keyword.weight <= 1 for keyword in layer.keywords)
    assert layer == keyword_layer(title, body, "en")
