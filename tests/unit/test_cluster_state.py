from dataclasses import replace

import pytest

from streams.state.cluster_state import Book, ClusterState
from streams.state.memory import MemoryTable
from streams.state.story_record import ArticleRecord
from streams.text.story_model import ClusterConfig

DAY = 86_400_000_000
CONFIG = replace(ClusterConfig(), keep_articles=3, forget_days=2, clock_step_days=1)
STORY = f"sty_{7:032x}"


def arrived(book: Book, number: int, *, at: int) -> None:
    book.advance(at)
    book.put_article(f"art_{number}", ArticleRecord(1, 0, number, book.clock, book.count, STORY))
    book.save_clock()


def known(book: Book, count: int) -> list[int]:
    return [number for number in range(count) if book.article(f"art_{number}") is not None]


def test_the_first_record_sets_the_clock_and_later_ones_move_it_by_a_step_and_never_back() -> None:
    book = ClusterState(MemoryTable(), CONFIG).book("en")
    clocks = []
    for at in (50 * DAY, 49 * DAY, 50 * DAY + 5, 40 * DAY, 90 * DAY):
        book.advance(at)
        clocks.append(book.clock)
    assert clocks == [50 * DAY, 50 * DAY, 50 * DAY + 5, 50 * DAY + 5, 51 * DAY + 5]


@pytest.mark.parametrize("wrong", [-9000, 9000])
def test_a_first_date_that_is_wrong_does_not_stop_the_clock(wrong: int) -> None:
    table, clocks = MemoryTable(), []
    for day in (wrong, 100, 101, 102, 101, 103):
        book = ClusterState(table, CONFIG).book("en")
        book.advance(day * DAY)
        book.save_clock()
        clocks.append(book.clock // DAY - wrong)
    assert clocks == [0, 0, 1, 2, 2, 3]
    assert book.clock - book.ahead == 103 * DAY


def test_once_dates_are_believed_one_that_is_wrong_changes_little() -> None:
    book = ClusterState(MemoryTable(), CONFIG).book("en")
    for day in (100, 100, 9000, -9000, 101):
        book.advance(day * DAY)
    assert (book.clock, book.ahead) == (101 * DAY, 0)


def test_articles_are_forgotten_by_time_but_not_before_others_came() -> None:
    book = ClusterState(MemoryTable(), CONFIG).book("en")
    for number, day in enumerate((0, 1, 2, 3)):
        arrived(book, number, at=day * DAY)
    book.forget_articles(9)
    assert known(book, 4) == [1, 2, 3]
    book.clock = 100 * DAY
    book.forget_articles(9)
    assert known(book, 4) == [1, 2, 3]


def test_no_more_are_forgotten_than_allowed() -> None:
    book = ClusterState(MemoryTable(), CONFIG).book("en")
    for number in range(8):
        arrived(book, number, at=number * DAY)
    book.forget_articles(2)
    assert known(book, 8) == [2, 3, 4, 5, 6, 7]


def test_a_rebuilt_book_knows_the_time_and_what_to_forget() -> None:
    table = MemoryTable()
    for number in range(8):
        arrived(ClusterState(table, CONFIG).book("en"), number, at=number * DAY)
    book = ClusterState(table, CONFIG).book("en")
    assert (book.clock, book.count) == (7 * DAY, 8)
    book.forget_articles(99)
    assert known(book, 8) == [5, 6, 7]


def test_a_language_has_a_book_of_its_own() -> None:
    state = ClusterState(MemoryTable(), CONFIG)
    arrived(state.book("en"), 1, at=DAY)
    assert state.book("de").count == 0
    assert known(state.book("de"), 2) == []
