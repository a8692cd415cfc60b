import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text.opening import opening

LONG = (
    "The swing bridge over the harbour of Tarnmouth reopens after a winter of repairs that cost twelve million crowns"
)


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("", ""),
        (" \n ", ""),
        ("Mr. Fell left\nthe U.S. on Monday. He is back.", "Mr. Fell left the U.S. on Monday."),
        ("“Yes!” she said. He did not.", "“Yes!” she said."),
        ("A heading\n\nA text", "A heading A text"),
        (f"{LONG}. More.", "The swing bridge over the harbour of Tarnmouth reopens after a winter of repairs…"),
        ("港" * 200, "港" * 80 + "…"),
    ],
)
def test_a_text_begins_with_its_first_sentence(text: str, begins: str) -> None:
    assert opening(text) == begins


@given(st.text(max_size=400))
def test_it_is_short_and_one_line_whatever_the_text(text: str) -> None:
    found = opening(text)
    assert len(found) <= 81
    assert bool(found) == bool(text[:320].split())
    assert found == " ".join(found.split())
