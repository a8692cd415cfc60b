"""What pages are put together from: words, marks in a text, charts, lags."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import Entity, Mention
from streams.api.pages.chart import HEIGHT, WIDTH, bars, coverage
from streams.api.pages.marks import Piece, marked, paragraphs
from streams.api.pages.pipeline import stages
from streams.api.pages.wording import ago, counted, duration, host_of, listed, web_link
from streams.edge.admin import StageLag
from tests.builders import SEEN_AT, seen_at

NOW = seen_at(0)


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0, "just now"), (-0.5, "just now"), (5, "5 min ago"), (59, "59 min ago"), (60, "1 h ago"), (3 * 1440, "3 d ago")],
)
def test_times_are_told_in_one_unit(minutes: float, said: str) -> None:
    assert ago(seen_at(-minutes), NOW) == said


def test_what_is_long_ago_or_yet_to_come_is_a_date() -> None:
    assert ago(seen_at(-8 * 1440), NOW) == "21 February 2026"
    assert ago(seen_at(2 * 1440), NOW) == "3 March 2026"
    assert (duration(0), duration(59.4), duration(7200)) == ("0 s", "59 s", "2 h")


def test_numbers_and_lists_read_well() -> None:
    assert (counted(1, "article"), counted(1200, "story", "stories")) == ("1 article", "1,200 stories")
    assert [listed(names) for names in ((), ("a",), ("a", "b"), ("a", "b", "c"))] == ["", "a", "a and b", "a, b and c"]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "//evil.example/",
        "http://", "https://a b.example/", "http://[::1", "ftp://example.org/", "HTTPS\t://example.org", "", None,
        "http://example.org/" + "a" * 9000,
    ],
)  # fmt: skip
def test_only_addresses_of_the_web_are_linked(url: str | None) -> None:
    assert web_link(url) is None
    assert host_of(url) is None


def test_an_address_of_the_web_is_linked_as_it_is() -> None:
    assert web_link("HTTPS://www.Example.org/a?b=c#d") == "HTTPS://www.Example.org/a?b=c#d"
    assert host_of("https://www.example.org/a") == "example.org"


def entity(name: str, *spans: tuple[int, int]) -> Entity:
    mentions = tuple(Mention(start=start, end=end, text="x") for start, end in spans)
    return Entity(entity_id=f"ent_{name}", type="PLACE", name=name, salience=1, mentions=mentions)


def test_entities_are_marked_by_code_points() -> None:
    text = "😀 Zoë came.\n\nTo Skerrow."
    zoe, skerrow = entity("Zoë", (2, 5)), entity("Skerrow", (16, 23))
    assert paragraphs(text, [skerrow, zoe]) == [
        [Piece("😀 "), Piece("Zoë", zoe), Piece(" came.")],
        [Piece("To "), Piece("Skerrow", skerrow), Piece(".")],
    ]


@given(
    st.text(alphabet="ab \n", max_size=60),
    st.lists(st.tuples(st.integers(0, 70), st.integers(1, 80)), max_size=8),
)
def test_no_mention_changes_the_text(text: str, spans: list[tuple[int, int]]) -> None:
    found = [entity(str(number), span) for number, span in enumerate(spans)]
    joined = ["".join(piece.text for piece in pieces) for pieces in paragraphs(text, found)]
    assert joined == [paragraph for paragraph in text.split("\n\n") if paragraph.strip()]


@given(st.text(max_size=30), st.lists(st.tuples(st.integers(-2, 40), st.integers(-2, 40)), max_size=6))
def test_no_mark_changes_a_snippet(text: str, marks: list[tuple[int, int]]) -> None:
    assert "".join(piece for piece, _ in marked(text, marks)) == text


def test_a_snippet_has_its_words_marked() -> None:
    assert marked("a ferry came", [(2, 7)]) == [("a ", False), ("ferry", True), (" came", False)]


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=50), st.integers(1, 64))
def test_bars_hold_everything_and_stay_within_the_chart(seconds: list[int], parts: int) -> None:
    times = [SEEN_AT + timedelta(seconds=each) for each in seconds]
    found = bars(times, min(times), max(times), parts)
    assert sum(bar.count for bar in found) == len(times)
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH + 0.2 for bar in found)
    assert all(bar.y >= 0 and bar.y + bar.height <= HEIGHT + 0.2 for bar in found)


def test_a_coverage_has_the_busiest_outlets_and_counts_the_others() -> None:
    times: dict[str, list[datetime]] = {f"outlet {n}": [seen_at(n)] * (12 - n) for n in range(12)}
    found = coverage(times)
    assert found is not None
    assert [name for name, _ in found.lanes] == [f"outlet {n}" for n in range(8)]
    assert found.others == 4
    assert coverage({}) is None


def test_a_stage_waits_as_long_as_its_oldest_record() -> None:
    lag = StageLag("dedupe", "g", "t", partitions=(0, 3, 2), committed=(9, 5, 7))
    known = {("normalized", 1, 5): seen_at(-2), ("normalized", 2, 7): seen_at(-5)}
    (view,) = stages([lag], known, NOW)
    assert (view.records, view.waiting_s) == (5, 300)


def test_a_stage_whose_oldest_record_is_unknown_does_not_say_zero() -> None:
    idle = StageLag("enrich", "g", "t", partitions=(0,), committed=(9,))
    blind = StageLag("cluster", "g", "t", partitions=(1,), committed=(9,))
    assert [view.waiting_s for view in stages([idle, blind], {}, NOW)] == [0.0, None]
