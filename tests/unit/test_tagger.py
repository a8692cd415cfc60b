from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text.entities import features
from streams.text.entities.features import FEATURES, FeatureTable
from streams.text.entities.gazetteer import Phrase, gazetteer
from streams.text.entities.tagger import LABELS, FormSums, Tagger, best_paths, constrained, packed, tagger, unpacked

SENTENCES = [
    ["The", "harbour", "of", "Tarnmouth", "was", "closed", "."],
    ["Mayor", "Ilse", "Varga", "met", "Vladimir", "Putin", "in", "North", "Korea", "on", "Monday", "."],
    ["Silence"],
]


def phrases(sentences: list[list[str]]) -> list[list[Phrase]]:
    return [list(gazetteer().phrases(words)) for words in sentences]


def test_names_of_people_and_countries_are_found() -> None:
    labels = tagger().tag(SENTENCES, phrases(SENTENCES))
    assert [LABELS[label] for label in labels[1]] == [
        "O", "B-PER", "I-PER", "O", "B-PER", "I-PER", "O", "B-LOC", "I-LOC", "O", "O", "O",
    ]  # fmt: skip


def test_a_sentence_is_tagged_the_same_in_any_company() -> None:
    together = tagger().tag(SENTENCES, phrases(SENTENCES))
    alone = [tagger().tag([words], phrases([words]))[0] for words in SENTENCES]
    assert together == alone


def test_remembered_words_change_nothing() -> None:
    table = FeatureTable()
    first = table.features(SENTENCES, phrases(SENTENCES))
    table.features([["Another", "sentence"]], [[]])
    assert first.shape == (sum(map(len, SENTENCES)), FEATURES)
    assert np.array_equal(first, table.features(SENTENCES, phrases(SENTENCES)))
    table.forget()
    assert np.array_equal(first, FeatureTable().features(SENTENCES, phrases(SENTENCES)))


@given(st.lists(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=12), min_size=1, max_size=6))
def test_any_words_get_labels_that_obey_bio(sentences: list[list[str]]) -> None:
    for words, labels in zip(sentences, tagger().tag(sentences, phrases(sentences)), strict=True):
        assert len(labels) == len(words)
        for before, label in pairwise([0, *labels]):
            assert label % 2 or label == 0 or before in (label - 1, label)


@given(st.integers(0, 2**32 - 1))
def test_sums_of_lanes_are_the_sums_of_the_weights(seed: int) -> None:
    chance = np.random.default_rng(seed)
    weights = chance.integers(-127, 128, (64, len(LABELS)), dtype=np.int8)
    weights[0], weights[1] = [-127, *[127] * 8], [127, *[-127] * 8]
    buckets = chance.integers(0, 64, (20, FEATURES), dtype=np.uint32)
    buckets[0], buckets[1], buckets[2, ::2] = 0, 1, 1
    sums = weights[buckets].sum(axis=1, dtype=np.int32)
    assert np.array_equal(unpacked(packed(weights)[buckets].sum(axis=1), FEATURES), sums - sums[:, :1])


def test_sums_of_word_forms_and_context_are_the_sums_of_all_features() -> None:
    table, lanes = FeatureTable(), packed(np.random.default_rng(5).integers(-127, 128, (64, 9), dtype=np.int8))
    sums = FormSums(lanes, table)
    sums.of(table.rows(SENTENCES[:1]))
    found = table.rows(SENTENCES)
    context = lanes[table.context(SENTENCES, phrases(SENTENCES), found) % 64].sum(axis=0)
    whole = lanes[table.features(SENTENCES, phrases(SENTENCES)) % 64].sum(axis=1)
    assert np.array_equal(sums.of(found) + context, whole)


def test_words_forgotten_and_learned_anew_are_tagged_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = np.random.default_rng(6).integers(-127, 128, (64, 9), dtype=np.int8)
    made = Tagger.of(weights, np.zeros((9, 9), np.int32), np.zeros(9, np.int32))
    first = made.tag(SENTENCES, phrases(SENTENCES))
    monkeypatch.setattr(features, "MAX_KNOWN_WORDS", 0)
    made.tag(SENTENCES[:1], [[]])
    assert made.tag(SENTENCES[::-1], phrases(SENTENCES[::-1])) == first[::-1]


@given(st.integers(0, 2**32 - 1))
def test_the_best_path_is_the_best_of_all_paths(seed: int) -> None:
    chance = np.random.default_rng(seed)
    size, lengths = len(LABELS), [3, 2, 1]
    transitions, opening = constrained(
        chance.integers(-50, 50, (size, size), dtype=np.int32), chance.integers(-50, 50, size, dtype=np.int32)
    )
    scores = chance.integers(-100, 100, (3, 3, size), dtype=np.int32)

    def total(row: int, path: tuple[int, ...]) -> int:
        steps = sum(int(transitions[pair]) for pair in pairwise(path))
        return int(opening[path[0]]) + steps + sum(int(scores[row, at, label]) for at, label in enumerate(path))

    for row, path in enumerate(best_paths(scores.transpose(1, 2, 0), lengths, transitions, opening)):
        best = max(total(row, option) for option in product(range(size), repeat=lengths[row]))
        assert total(row, tuple(path)) == best
