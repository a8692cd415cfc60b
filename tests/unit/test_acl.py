"""Who may read and write what: every topic of the flow and beside it, spelled out; and what a cluster has otherwise."""

from dataclasses import replace

import pytest

from streams.edge.admin import topic_configs
from streams.readmodel.followed import FOLLOWED
from streams.sdk.offered import OFFERED
from streams.security.acl import PRINCIPAL_PREFIX, Acl, acls, in_lane, rules
from streams.security.apply import Difference, compared
from streams.settings import Settings
from streams.topology import TOPOLOGY

LIVE = Settings(lane="")
LOOKING = {"reader", "api", "operator"}
# By topic: who reads it, and who writes it.
EXPECTED: dict[str, tuple[set[str], set[str]]] = {
    "news.raw.v1": (
        {"normalize", "poller", "watch"} | LOOKING,
        {"push", "poller", "watch", "api", "operator"},
    ),
    "news.article.normalized.v1": ({"dedupe"} | LOOKING, {"normalize", "operator"}),
    "news.article.unique.v1": ({"enrich"} | LOOKING, {"dedupe", "operator"}),
    "news.article.duplicate.v1": (LOOKING, {"dedupe", "operator"}),
    "news.article.enriched.v1": (LOOKING, {"enrich", "operator"}),
    "news.story.candidate.v1": ({"cluster"} | LOOKING, {"enrich", "operator"}),
    "news.story.event.v1": (LOOKING, {"cluster", "operator"}),
    "news.story.state.v1": ({"cluster"} | LOOKING, {"cluster", "operator"}),
    "news.raw.v1.dlq": (LOOKING, {"normalize", "operator"}),
    "news.article.normalized.v1.dlq": (LOOKING, {"dedupe", "operator"}),
    "news.article.unique.v1.dlq": (LOOKING, {"enrich", "operator"}),
    "news.story.candidate.v1.dlq": (LOOKING, {"cluster", "operator"}),
    "news.dedupe.changelog.v1": ({"dedupe", "operator"}, {"dedupe", "operator"}),
    "news.cluster.changelog.v1": ({"cluster", "operator"}, {"cluster", "operator"}),
    "news.replay.job.v1": ({"operator"}, {"operator"}),
    "news.source.config.v1": ({"poller", "operator"}, {"operator"}),
    "news.source.state.v1": ({"poller", "operator"}, {"poller", "operator"}),
    "news.dlq.disposition.v1": (LOOKING, {"operator"}),
    "news.drop.ledger.v1": ({"watch", "operator"}, {"watch", "operator"}),
}


def who(operation: str, resource: str, name: str, settings: Settings = LIVE) -> set[str]:
    return {
        role
        for role, allowed in rules(settings).items()
        for rule in allowed
        if (rule.resource, rule.name) == (resource, name) and operation in rule.operations
    }


def test_every_topic_of_a_lane_is_spelled_out_here() -> None:
    assert EXPECTED.keys() == topic_configs(LIVE).keys()


@pytest.mark.parametrize("topic", EXPECTED)
def test_a_topic_has_exactly_these_readers_and_writers(topic: str) -> None:
    assert (who("READ", "TOPIC", topic), who("WRITE", "TOPIC", topic)) == EXPECTED[topic]


def test_only_the_operator_makes_topics_and_deletes_them_in_a_lane_only() -> None:
    lane = Settings(lane="v2")
    for topic in EXPECTED:
        assert who("CREATE", "TOPIC", topic) == {"operator"}
        assert who("DELETE", "TOPIC", topic) == set()
        assert who("DELETE", "TOPIC", f"v2.{topic}", lane) == {"operator"}


def test_a_stage_has_its_group_alone_but_for_the_operator() -> None:
    for stage in TOPOLOGY:
        group = f"newsloom.{stage.name}"
        assert who("READ", "GROUP", group) == {stage.name, "operator"}
        assert who("DESCRIBE", "GROUP", group) == {"reader", "api"}
    assert who("READ", "GROUP", "reader.") == {"reader", "api"}


def test_nothing_but_topics_and_groups_is_spoken_of_and_only_subscribers_groups_by_prefix() -> None:
    found = acls(LIVE)
    assert {acl.resource for acl in found} == {"TOPIC", "GROUP"}
    assert {acl.name for acl in found if acl.pattern == "PREFIXED"} == {"reader."}


def test_a_reader_may_read_whatever_is_offered_and_followed() -> None:
    wanted = set(FOLLOWED.values()) | {topic for each in OFFERED.values() for topic in each.topics}
    assert all("reader" in who("READ", "TOPIC", topic) for topic in wanted)


def test_a_lane_has_the_same_rules_under_its_prefix_and_no_others() -> None:
    live, lane = acls(LIVE), acls(Settings(lane="v2"))
    without_delete = {acl for acl in lane if acl.operation != "DELETE"}
    assert without_delete == {
        Acl(acl.principal, acl.resource, f"v2.{acl.name}", acl.pattern, acl.operation) for acl in live
    }


def test_principals_are_the_prefix_and_the_role_and_permissions_are_sorted_without_repetition() -> None:
    found = acls(LIVE, prefix="news-")
    assert {acl.principal for acl in found} == {f"news-{role}" for role in rules(LIVE)}
    assert list(found) == sorted(set(found))


@pytest.mark.parametrize("lane", ["", "v2", "news", "reader"])
def test_names_are_told_apart_by_lane(lane: str) -> None:
    mine = Settings(lane=lane)
    others = [Settings(lane=other) for other in ("", "v2", "news", "reader", "v") if other != lane]
    for acl in acls(mine):
        assert in_lane(acl.name, mine)
        assert not any(in_lane(acl.name, other) for other in others)
    assert not in_lane("payments.v1", mine)


STALE = Acl("newsloom-enrich", "TOPIC", "news.raw.v1", "LITERAL", "READ")
FOREIGN = Acl("auditors", "TOPIC", "news.raw.v1", "LITERAL", "READ")


def differs(*known: Acl, settings: Settings = LIVE) -> Difference:
    """What is found where these are known beside all that is wanted."""
    return compared([*acls(settings), *known], settings, prefix=PRINCIPAL_PREFIX)


def test_a_cluster_with_the_rules_differs_in_nothing_and_an_empty_one_lacks_them_all() -> None:
    assert differs() == Difference((), (), ())
    assert compared([], LIVE, prefix=PRINCIPAL_PREFIX) == Difference(acls(LIVE), (), ())


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"operation": "ALL"},
        {"operation": "ALTER_CONFIGS"},
        {"host": "10.0.0.7"},
        {"name": "news.", "pattern": "PREFIXED"},
        {"resource": "GROUP", "name": "newsloom.dedupe"},
        {"resource": "TRANSACTIONAL_ID", "name": "newsloom-enrich", "operation": "WRITE"},
    ],
)
def test_what_one_of_ours_may_beyond_the_rules_is_too_much(change: dict[str, str]) -> None:
    grant = replace(STALE, **change)  # type: ignore[arg-type]
    assert differs(grant, FOREIGN) == Difference((), (grant,), (FOREIGN,))


@pytest.mark.parametrize(
    "grant",
    [
        FOREIGN,
        replace(FOREIGN, principal="newsloom-enrich-2"),  # one of somebody's own making: no role is called so
        replace(FOREIGN, principal="*"),
        replace(STALE, permission="DENY"),
        replace(STALE, name="*"),
        replace(STALE, name="ne", pattern="PREFIXED"),
    ],
)
def test_what_is_not_ours_to_remove_is_shown_all_the_same(grant: Acl) -> None:
    assert differs(grant) == Difference((), (), (grant,))


def test_what_is_about_other_names_is_not_shown() -> None:
    elsewhere = [
        replace(STALE, name="payments"),
        replace(STALE, name="v2.news.raw.v1"),
        replace(STALE, name="v2.", pattern="PREFIXED"),
    ]
    assert differs(*elsewhere) == Difference((), (), ())
    lane = Settings(lane="v2")
    assert differs(STALE, *elsewhere, settings=lane) == Difference((), (elsewhere[1],), (elsewhere[2],))


def test_a_denial_is_no_permission_that_a_rule_wants() -> None:
    known = [replace(acl, permission="DENY") for acl in acls(LIVE)]
    assert compared(known, LIVE, prefix=PRINCIPAL_PREFIX) == Difference(acls(LIVE), (), tuple(sorted(known)))
