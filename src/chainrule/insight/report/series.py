"""Samples that are sequences of steps, drawn as small curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.insight.pages.markup import Markup, element
from chainrule.nn.layer import Layer
from chainrule.nn.layers.convolution import Conv1D
from chainrule.nn.layers.lstm_gru import GRU, LSTM
from chainrule.nn.layers.rnn import RNN
from chainrule.nn.layers.wrappers import Bidirectional

__all__ = ["FEATURES", "are_series", "series_elements"]

Array = NDArray[Any]

_OF_STEPS = (RNN, LSTM, GRU, Bidirectional, Conv1D)
FEATURES = 4
"""Features that are drawn at most."""
_WIDTH, _HEIGHT, _POINTS = 160, 64, 320


def are_series(X: Any, layers: Sequence[Layer]) -> bool:
    """Whether samples are sequences, (n, steps, features), as their shape or a layer shows."""
    if not isinstance(X, np.ndarray) or X.dtype.kind not in "biuf" or X.ndim != 3 or not X.size:
        return False
    return X.shape[2] <= FEATURES or any(isinstance(each, _OF_STEPS) for each in layers)


def series_elements(X: Array, texts: list[str]) -> list[Markup]:
    """Return a drawing of each sample, all on one scale; the texts describe them."""
    steps = np.unique(np.linspace(0, X.shape[1] - 1, _POINTS).astype(int))
    shown = X[:, steps, :FEATURES].astype(float)
    finite = shown[np.isfinite(shown)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    span = (high - low) or 1.0
    x = np.linspace(4, _WIDTH - 4, len(steps)) if len(steps) > 1 else np.array([_WIDTH / 2])
    y = _HEIGHT - 4 - (shown - low) / span * (_HEIGHT - 8)
    return [_drawing(x, each, text) for each, text in zip(y, texts, strict=True)]


def _drawing(x: Array, y: Array, text: str) -> Markup:
    paths: list[Markup] = []
    for feature, column in enumerate(y.T):
        points = [f"{a:.1f} {b:.1f}" for a, b in zip(x, column, strict=True) if np.isfinite(b)]
        if points:
            paths.append(element("path", class_=f"c{feature}", d=f"M{'L'.join(points)}h0"))
    title = element("title", text or "a sample")
    return element("svg", title, *paths, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img")
