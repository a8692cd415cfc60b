import math
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text.story_model import (
    MAX_GAP_DAYS,
    ClusterConfig,
    JoinFeatures,
    JoinWeights,
    MergeFeatures,
    MergeWeights,
    join_logit,
    merge_logit,
    probability,
)

SAME = JoinFeatures(all=0.9, title=0.8, lead=0.9, ent=0.9, nearest=0.9, size=3, gap_days=1.0)
STRANGER = JoinFeatures(all=0.05, title=0.0, lead=0.02, ent=0.0, nearest=0.05, size=3, gap_days=1.0)
ONE = MergeFeatures(0.8, 0.6, 0.7, 0.7, 0.7, 0.6, 0.7, gap_days=0.0, distance_days=1.0, smaller=2, bigger=3)
TWO = MergeFeatures(0.1, 0.0, 0.1, 0.1, 0.1, 0.05, 0.1, gap_days=4.0, distance_days=6.0, smaller=2, bigger=3)


def test_the_learned_weights_tell_an_event_from_another() -> None:
    config = ClusterConfig()
    assert join_logit(SAME, config.join) > config.join_threshold > join_logit(STRANGER, config.join)
    assert merge_logit(ONE, config.merge) > config.merge_threshold > merge_logit(TWO, config.merge)


@pytest.mark.parametrize("name", ["all", "title", "lead", "ent", "nearest"])
def test_the_nearer_an_article_the_likelier_it_joins(name: str) -> None:
    farther = JoinFeatures(**(SAME._asdict() | {name: 0.1}))
    assert join_logit(farther, JoinWeights()) < join_logit(SAME, JoinWeights())


def test_the_longer_ago_the_less_likely_up_to_a_limit() -> None:
    logits = [join_logit(SAME._replace(gap_days=days), JoinWeights()) for days in (0.0, 1.0, 10.0, MAX_GAP_DAYS)]
    assert logits == sorted(logits, reverse=True)
    assert join_logit(SAME._replace(gap_days=1e6), JoinWeights()) == logits[-1]


@pytest.mark.parametrize("name", [field.name for field in fields(JoinWeights)])
def test_each_weight_of_a_join_counts(name: str) -> None:
    by = JoinWeights()
    heavier = replace(by, **{name: getattr(by, name) + 1})
    single = SAME._replace(size=1) if name == "single" else SAME
    value = {"log_size": math.log(3), "single": 1.0, "gap": 1.0, "log_gap": math.log(2), "bias": 1.0}
    expected = value[name] if name in value else getattr(SAME, name)
    assert join_logit(single, heavier) - join_logit(single, by) == pytest.approx(expected)


@pytest.mark.parametrize("name", [field.name for field in fields(MergeWeights)])
def test_each_weight_of_a_merge_counts(name: str) -> None:
    by = MergeWeights()
    heavier = replace(by, **{name: getattr(by, name) + 1})
    seen = ONE._replace(gap_days=3.0)
    logs = {"log_smaller": 2, "log_bigger": 3, "log_gap": 4, "log_distance": 2, "bias": math.e}
    expected = math.log(logs[name]) if name in logs else getattr(seen, name)
    assert merge_logit(seen, heavier) - merge_logit(seen, by) == pytest.approx(expected)


@given(st.floats(-300, 300))
def test_a_probability_is_one_to_four_places(logit: float) -> None:
    found = probability(logit)
    assert 0 <= found <= 1
    assert round(found, 4) == found
    assert found + probability(-logit) == pytest.approx(1, abs=1e-4)


def test_even_odds_are_a_half() -> None:
    assert (probability(0.0), probability(1.0)) == (0.5, 0.7311)


@pytest.mark.parametrize("name", [field.name for field in fields(ClusterConfig) if field.name not in {"join", "merge"}])
def test_the_digest_tells_each_setting(name: str) -> None:
    config = ClusterConfig()
    assert replace(config, **{name: getattr(config, name) + 1}).digest() != config.digest()
    assert ClusterConfig().digest() == config.digest()


def test_the_digest_tells_each_weight() -> None:
    config = ClusterConfig()
    assert replace(config, join=replace(config.join, bias=0.0)).digest() != config.digest()
    assert replace(config, merge=replace(config.merge, bias=0.0)).digest() != config.digest()
