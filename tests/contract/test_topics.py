"""Topic names, keys and contracts agree."""

import re

import pytest

from schemas import DeadLetter
from schemas.registry import CONTRACTS, Contract, contract_of
from streams import topics
from streams.topics import StateTopic, Topic
from streams.topology import BESIDE, TOPOLOGY
from streams.topology import topics as public_topics
from tests.contract.corpus import named, of

KEYS = {
    "news.raw.v1": "document_id",
    "news.article.normalized.v1": "language",
    "news.article.unique.v1": "article_id",
    "news.article.duplicate.v1": "article_id",
    "news.article.enriched.v1": "article_id",
    "news.story.candidate.v1": "language",
    "news.story.event.v1": "story_id",
    "news.story.state.v1": "story_id",
    "news.replay.job.v1": "job_id",
    "news.source.config.v1": "source_id",
    "news.source.state.v1": "source_id",
    "news.dlq.disposition.v1": "letter_id",
    "news.drop.ledger.v1": "file_id",
}

NAMES_BESIDE = {topic.name for topic in BESIDE}
DECLARED = [value for value in vars(topics).values() if isinstance(value, Topic)]
STATES = [value for value in vars(topics).values() if isinstance(value, StateTopic)]


def test_the_flow_has_exactly_the_topics_that_are_declared() -> None:
    assert [topic.name for topic in public_topics()] == [name for name in KEYS if name not in NAMES_BESIDE]
    assert {topic.name for topic in DECLARED} == set(KEYS)


@pytest.mark.parametrize("name", [topic.name for topic in DECLARED] + [state.name for state in STATES])
def test_a_name_is_lower_case_dotted_and_versioned(name: str) -> None:
    # Kafka's metrics cannot tell "." from "_", so a name has only one of them.
    assert re.fullmatch(r"news(\.[a-z]+)+\.v[1-9][0-9]*", name)


@pytest.mark.parametrize("topic", DECLARED, ids=lambda topic: topic.name)
def test_a_topic_carries_a_contract_of_its_version(topic: Topic) -> None:
    contract = contract_of(topic.model)
    assert topic.name.endswith(f".v{contract.version}")
    assert topic.dataschema == contract.id


def test_every_contract_is_carried_by_a_topic_or_is_the_view_of_dead_letters() -> None:
    carried = {contract_of(topic.model) for topic in DECLARED}
    assert set(CONTRACTS) - carried == {contract_of(DeadLetter)}


@pytest.mark.parametrize("topic", DECLARED, ids=lambda topic: topic.name)
def test_the_key_is_the_field_that_the_design_says(topic: Topic) -> None:
    for path in of(contract_of(topic.model), "valid"):
        value = topic.model.model_validate_json(path.read_bytes())
        assert topic.key(value) == getattr(value, KEYS[topic.name])


@pytest.mark.parametrize("topic", DECLARED, ids=lambda topic: topic.name)
def test_a_dead_letter_topic_is_named_after_its_source(topic: Topic) -> None:
    assert topic.dead_letters == f"{topic.name}.dlq"


@pytest.mark.parametrize("contract", CONTRACTS, ids=named)
def test_names_and_uris_are_well_formed(contract: Contract) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", contract.name)
    assert contract.id == f"urn:newsloom:schema:{contract.name}:v{contract.version}"
    assert contract.filename == f"{contract.name}.v{contract.version}.schema.json"


def test_contracts_are_told_apart_by_name_and_version() -> None:
    assert len({(contract.name, contract.version) for contract in CONTRACTS}) == len(CONTRACTS)


def test_each_stage_writes_types_that_tell_its_topics_apart() -> None:
    for stage in TOPOLOGY:
        models = [topic.model for topic in stage.writes]
        assert len(set(models)) == len(models)


def test_of_the_flow_only_the_face_of_the_story_table_is_compacted() -> None:
    compacted = [topic.name for topic in DECLARED if topic.cleanup == "compact"]
    assert [name for name in compacted if name not in NAMES_BESIDE] == ["news.story.state.v1"]
