"""The line model: how likely a line of a text file belongs to the article's body.

The mean of three networks with two hidden layers (48 and 24 units) over
`streams.text.lines`; how they were trained and what they reach is in data/lines.md.
"""

import functools
import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from streams.text.lines import FEATURES, features

__all__ = ["KEEP_FROM", "LineModel", "keep_probabilities", "read_model"]

KEEP_FROM = 0.4
"""A line is kept above this probability; data/lines.md says what other thresholds cost."""

_ARTIFACT = "line_model.npz"
_NETWORKS, _LAYERS = 3, 3
# Standardised features beyond this are outliers, and were clipped in training too.
_CLIP = 8.0

Array = NDArray[np.float64]
Layers = tuple[tuple[Array, Array], ...]


@dataclass(frozen=True, slots=True, eq=False)
class LineModel:
    """Standardisation of the features, and weights and biases of each network's layers."""

    mean: Array
    scale: Array
    networks: tuple[Layers, ...]

    def probabilities(self, lines: Sequence[str]) -> Array:
        """One probability a line, for non-empty, stripped lines in order."""
        if not lines:
            return np.zeros(0)
        values = np.clip((features(lines) - self.mean) / self.scale, -_CLIP, _CLIP)
        answers = np.stack([_answers(values, layers) for layers in self.networks])
        # Rounded, so that another processor's last digit cannot change the article.
        rounded: Array = np.round(answers.mean(axis=0), 6)
        return rounded


def read_model(artifact: bytes) -> LineModel:
    """The model in an .npz file; ValueError when it was trained for other features."""
    with np.load(io.BytesIO(artifact)) as stored:
        arrays = {name: np.asarray(stored[name], dtype=np.float64) for name in stored.files}
    if arrays["mean"].shape != (FEATURES,):
        raise ValueError(f"line model for {arrays['mean'].shape} features, not {FEATURES}")
    networks = tuple(
        tuple((arrays[f"weights{network}{layer}"], arrays[f"bias{network}{layer}"]) for layer in range(_LAYERS))
        for network in range(_NETWORKS)
    )
    return LineModel(arrays["mean"], arrays["scale"], networks)


@functools.cache
def _installed() -> LineModel:
    return read_model((files("streams.text") / "data" / _ARTIFACT).read_bytes())


def keep_probabilities(lines: Sequence[str]) -> Array:
    """What the installed model says: one probability a line, for non-empty, stripped lines in order."""
    return _installed().probabilities(lines)


def _answers(values: Array, layers: Layers) -> Array:
    for weights, bias in layers[:-1]:
        values = np.maximum(values @ weights + bias, 0)
    weights, bias = layers[-1]
    answers: Array = 1 / (1 + np.exp(-(values @ weights + bias)[:, 0]))
    return answers
