"""The script that trains the tagger: its slopes are true, its labels agree, the same seed gives the same weights."""

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture
def training(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module("train_tagger")


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module("tagger_texts")


def test_the_slope_is_that_of_the_loss(training: ModuleType) -> None:
    chance = np.random.default_rng(7)
    scores, transitions, opening = (chance.normal(size=shape) for shape in ((3, 5, 9), (9, 9), (9,)))
    there = np.arange(5) < np.array([[5], [2], [1]])
    gold = np.zeros((3, 5), int)
    gold[0], gold[1, :2] = [0, 1, 2, 0, 3], [5, 6]

    def loss() -> float:
        return float(training.gradient(scores, gold, there, transitions, opening)[0])

    _, *slopes = training.gradient(scores, gold, there, transitions, opening)
    for values, slope, places in (
        (scores, slopes[0], [(0, 1, 2), (0, 4, 3), (1, 1, 6), (2, 0, 0)]),
        (transitions, slopes[1], [(0, 1), (1, 2), (3, 0), (5, 6)]),
        (opening, slopes[2], [(0,), (1,), (5,)]),
    ):
        for place in places:
            here, step = values[place], 1e-5
            values[place] = here + step
            above = loss()
            values[place] = here - step
            assert slope[place] == pytest.approx((above - loss()) / (2 * step), abs=1e-6)
            values[place] = here


def test_the_same_seed_gives_the_same_weights_and_they_learn(training: ModuleType, texts: ModuleType) -> None:
    lines = [
        texts.Labelled("a", ("Ilse", "Varga", "left", "Tarnmouth"), (1, 2, 0, 5)),
        texts.Labelled("a", ("The", "harbour", "closed"), (0, 0, 0)),
    ] * 20
    one, other = (training.train(lines, bits=12, epochs=3, seed=1) for _ in range(2))
    assert np.array_equal(one.weights, other.weights)
    assert [text.labels for text in training.label_texts(lines[:2], [one])] == [text.labels for text in lines[:2]]


@pytest.mark.parametrize(
    ("words", "tags", "wanted"),
    [
        ("President Ilse Varga", "B-PER I-PER I-PER", "O B-PER I-PER"),
        ("the Bridge Fund", "B-ORG I-ORG I-ORG", "O B-ORG I-ORG"),
        ("She left", "B-PER O", "O O"),
        ("Russian ships", "B-LOC O", "B-MISC O"),
        ("North Koreans left", "O O O", "B-MISC I-MISC O"),
        ("Varga 's harbour", "B-PER I-PER O", "B-PER O O"),
    ],
)
def test_labels_of_different_sets_come_to_agree(texts: ModuleType, words: str, tags: str, wanted: str) -> None:
    assert texts.normalised(words.split(), tags.split()) == wanted.split()
