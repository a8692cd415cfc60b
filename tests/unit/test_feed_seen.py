"""Which entries are news: new ones, edited ones, and none twice."""

from schemas import SeenEntry
from streams.feeds.entries import Identified
from streams.feeds.parse import ParsedEntry
from streams.feeds.seen import KEPT, Candidate, remembered, settled, sorted_out
from tests.unit.test_feed_schedule import state

EMPTY = ParsedEntry()


def entry(natural_id: str, version: str = "v1", *aliases: str) -> Identified:
    return Identified(EMPTY, natural_id, aliases, version)


def after(feed: list[Candidate]) -> tuple[SeenEntry, ...]:
    return remembered((), feed, {each.found.natural_id: each.seen() for each in feed})


def test_an_entry_is_news_once_for_each_content() -> None:
    first = sorted_out([entry("1"), entry("2")], ())
    seen = after(first)
    assert [each.fresh for each in first] == [True, True]
    second = sorted_out([entry("1"), entry("2", "v2"), entry("3")], seen)
    assert [each.fresh for each in second] == [False, True, True]


def test_an_entry_with_a_new_guid_and_the_old_address_keeps_its_name() -> None:
    first = sorted_out([entry("guid-1", "v1", "url:a")], ())
    seen = [each.seen() for each in first]
    (again,) = sorted_out([entry("guid-2", "v1", "url:a")], seen)
    assert (again.found.natural_id, again.fresh) == ("guid-1", False)


def test_two_entries_of_one_feed_are_two_whatever_they_share() -> None:
    seen = [each.seen() for each in sorted_out([entry("guid-1", "v1", "url:a")], ())]
    both = sorted_out([entry("guid-1", "v1", "url:a"), entry("guid-2", "v1", "url:a")], seen)
    assert [(each.found.natural_id, each.fresh) for each in both] == [("guid-1", False), ("guid-2", True)]


def test_an_id_beyond_all_measure_is_kept_as_its_hash() -> None:
    long = entry("x" * 5000)
    (first,) = sorted_out([long], ())
    assert len(first.found.natural_id) < 50
    (again,) = sorted_out([long], [first.seen()])
    assert not again.fresh


def test_an_entry_whose_page_could_not_be_had_stays_news() -> None:
    (first,) = sorted_out([entry("1")], ())
    (again,) = sorted_out([entry("1")], [first.seen(tries=2)])
    assert (again.fresh, again.tries) == (True, 2)


def test_what_the_feed_has_is_remembered_and_of_the_rest_the_latest() -> None:
    seen = [each.seen() for each in sorted_out([entry(f"{number}") for number in range(KEPT + 50)], ())]
    feed = sorted_out([entry("0"), entry("new")], seen)
    kept = remembered(seen, feed, {"new": feed[1].seen()})
    assert [each.entry for each in kept[-2:]] == ["0", "new"]
    assert len(kept) == KEPT + 2
    assert "1" not in {each.entry for each in kept}
    assert str(KEPT + 49) in {each.entry for each in kept}


def test_of_a_push_that_was_cut_off_only_what_landed_is_seen() -> None:
    pushing = {
        "offsets": [0],
        "entries": [{"entry": each, "content": "new", "ce_id": f"doc_{each}:new"} for each in ("1", "2")],
    }
    before = state(pushing=pushing, seen=[{"entry": "1", "content": "old"}, {"entry": "2", "content": "old"}])
    mended = settled(before, {"doc_1:new"})
    assert {each.entry: each.content for each in mended.seen} == {"2": "old", "1": "new"}
    assert (mended.pushing, mended.pushed) == (None, 1)
    assert settled(mended, set()) == mended
