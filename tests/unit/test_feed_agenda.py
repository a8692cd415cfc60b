"""Sources are taken when they are due, and no host holds up another."""

from datetime import UTC, datetime, timedelta

from streams.feeds.agenda import Agenda

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def agenda(**limits: int) -> Agenda:
    return Agenda(**{"at_once": 10, "per_host": 2} | limits)


def test_what_is_due_is_taken_in_order_and_the_rest_waits() -> None:
    plan = agenda()
    for name, minutes in (("late", 5), ("b", 0), ("a", -3)):
        plan.put(name, name, at(minutes))
    assert plan.take(NOW) == ["a", "b"]
    assert plan.next_at() == at(5)
    assert plan.take(at(5)) == ["late"]
    assert plan.next_at() is None


def test_what_should_be_under_way_and_is_not_is_due() -> None:
    plan = agenda(per_host=1)
    for name, host, minutes in (("a", "x", -2), ("b", "x", -1), ("c", "y", 0), ("d", "z", 5)):
        plan.put(name, host, at(minutes))
    assert plan.due(NOW) == 3
    plan.take(NOW)
    assert (plan.due(NOW), plan.due(at(5)), plan.running) == (1, 2, 2), "b waits for its host"
    plan.drop("b")
    assert plan.due(NOW) == 0


def test_a_busy_host_holds_up_nobody_else() -> None:
    plan = agenda(at_once=3)
    for number in range(5):
        plan.put(f"big-{number}", "big", at(-10 + number))
    plan.put("small", "small", NOW)
    assert plan.take(NOW) == ["big-0", "big-1", "small"]
    assert plan.take(NOW) == []
    plan.done("big-0")
    assert plan.take(NOW) == ["big-2"]


def test_no_more_are_under_way_than_allowed() -> None:
    plan = agenda(at_once=2)
    for name in "abcd":
        plan.put(name, name, NOW)
    assert plan.take(NOW) == ["a", "b"]
    plan.done("a")
    assert plan.take(NOW) == ["c"]
    assert plan.running == 2


def test_a_new_time_replaces_the_old_one_also_while_waiting_for_the_host() -> None:
    plan = agenda(per_host=1)
    plan.put("a", "host", at(-2))
    plan.put("b", "host", at(-1))
    assert plan.take(NOW) == ["a"]
    plan.put("b", "host", at(7))
    plan.done("a")
    assert plan.take(NOW) == []
    assert plan.take(at(7)) == ["b"]


def test_what_is_dropped_is_not_taken() -> None:
    plan = agenda()
    plan.put("a", "host", NOW)
    plan.drop("a")
    assert (plan.next_at(), plan.take(NOW)) == (None, [])


def test_a_source_can_move_to_another_host() -> None:
    plan = agenda()
    plan.put("a", "old", NOW)
    plan.put("a", "new", NOW)
    assert plan.take(NOW) == ["a"]
    plan.put("a", "new", at(1))
    plan.done("a")
    assert plan.take(at(1)) == ["a"]
