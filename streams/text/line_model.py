"""The line model: how likely a line of a text file belongs to the article's body.

The mean of three networks with two hidden layers (48 and 24 units) over
`streams.text.lines`; how they were trained and what they reach is in data/lines.md.
"""

import functools
import io
from collections.abc import Sequence
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from streams.text.lines import FEATURES, features

__all__ = ["KEEP_FROM", "keep_probabilities"]

KEEP_FROM = 0.4
"""A line is kept above this probability; data/lines.md says what other thresholds cost."""

_ARTIFACT = "line_model.npz"
_NETWORKS, _LAYERS = 3, 3
# Standardised features beyond this are outliers, and were clipped in training too.
_CLIP = 8.0

Array = NDArray[np.float64]
Layers = tuple[tuple[Array, Array], ...]


@functools.cache
def _model() -> tuple[Array, Array, tuple[Layers, ...]]:
    with np.load(io.BytesIO((files("streams.text") / "data" / _ARTIFACT).read_bytes())) as stored:
        arrays = {name: np.asarray(stored[name], dtype=np.float64) for name in stored.files}
    if arrays["mean"].shape != (FEATURES,):
        raise ValueError(f"{_ARTIFACT} was trained for {arrays['mean'].shape} features, not {FEATURES}")
    networks = tuple(
        tuple((arrays[f"weights{network}{layer}"], arrays[f"bias{network}{layer}"]) for layer in range(_LAYERS))
        for network in range(_NETWORKS)
    )
    return arrays["mean"], arrays["scale"], networks


def keep_probabilities(lines: Sequence[str]) -> Array:
    """One probability a line, for non-empty, stripped lines in order."""
    if not lines:
        return np.zeros(0)
    mean, scale, networks = _model()
    values = np.clip((features(lines) - mean) / scale, -_CLIP, _CLIP)
    # Rounded, so that another processor's last digit cannot change the article.
    answers = np.stack([_answers(values, layers) for layers in networks])
    probabilities: Array = np.round(answers.mean(axis=0), 6)
    return probabilities


def _answers(values: Array, layers: Layers) -> Array:
    for weights, bias in layers[:-1]:
        values = np.maximum(values @ weights + bias, 0)
    weights, bias = layers[-1]
    answers: Array = 1 / (1 + np.exp(-(values @ weights + bias)[:, 0]))
    return answers
