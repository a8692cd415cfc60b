# ruff: noqa: INP001, T201 - a script, not part of a package
"""Train the line model from labelled lines and measure it on pages it has not seen.

    PYTHONPATH=. python tools/train_lines.py PLAINTEXT_LINES.jsonl.xz streams/text/data/line_model.npz

Needs scikit-learn, which the product does not. Recipe and figures: streams/text/data/lines.md.
The same input, library versions and processor give the same bytes.
"""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier

from streams.text.line_model import LineModel, read_model
from streams.text.lines import features
from tests.quality.plaintext import Page, pages
from tests.quality.scores import shingle_score

SEEDS = (1, 2, 3)
LAYERS = (48, 24)
CLIP = 8.0
"""Standardised features beyond this are outliers; `streams.text.line_model` clips them too."""

THRESHOLDS = (0.2, 0.3, 0.4, 0.5)

Array = NDArray[np.float64]


def rows(page: Page) -> Array:
    """Feature rows of a page; a line without text stands as a dash."""
    return features([line.strip() or "-" for line in page.lines])


def trained(training: Sequence[Page]) -> dict[str, Any]:
    """Arrays of the artifact: standardisation, and weights and biases of each network's layers."""
    values = np.concatenate([rows(page) for page in training])
    wanted = np.concatenate([np.array(page.keep) for page in training])
    mean, scale = values.mean(axis=0), values.std(axis=0)
    scale[scale == 0] = 1
    scaled = np.clip((values - mean) / scale, -CLIP, CLIP).astype(np.float32)
    arrays: dict[str, Any] = {"mean": mean.astype(np.float32), "scale": scale.astype(np.float32)}
    for number, seed in enumerate(SEEDS):
        network = MLPClassifier(
            LAYERS, max_iter=18, early_stopping=True, random_state=seed, batch_size=512, alpha=1e-4
        ).fit(scaled, wanted)
        for layer, (weights, bias) in enumerate(zip(network.coefs_, network.intercepts_, strict=True)):
            arrays[f"weights{number}{layer}"] = weights.astype(np.float32)
            arrays[f"bias{number}{layer}"] = bias.astype(np.float32)
    return arrays


def kept(model: LineModel, page: Page, threshold: float) -> tuple[str, str]:
    """Gold text and the text that `model` keeps of a page."""
    probabilities = model.probabilities([line.strip() or "-" for line in page.lines])
    lines = [line for line, probability in zip(page.lines, probabilities, strict=True) if probability > threshold]
    return page.gold, "\n".join(lines)


def report(model: LineModel, held_out: Iterable[Page]) -> None:
    """Print the shingle score (F1; recall for clean text) of each set, regime and threshold."""
    groups: dict[tuple[str, str], list[Page]] = {}
    for page in held_out:
        groups.setdefault((page.dataset, page.regime), []).append(page)
    for (dataset, regime), group in sorted(groups.items()):
        scores = [shingle_score(kept(model, page, threshold) for page in group) for threshold in THRESHOLDS]
        figures = [f"{(score.recall if regime == 'clean' else score.f1):.4f}" for score in scores]
        print(dataset, regime, len(group), "pages; thresholds", THRESHOLDS, *figures)


def main() -> None:
    """Train, write the artifact, and measure it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lines", type=Path)
    parser.add_argument("artifact", type=Path)
    options = parser.parse_args()
    every = list(pages(options.lines))
    np.savez_compressed(options.artifact, **trained([page for page in every if not page.held_out]))
    report(read_model(options.artifact.read_bytes()), [page for page in every if page.held_out])


if __name__ == "__main__":
    main()
