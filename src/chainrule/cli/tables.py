"""Recipes for tables."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import data, datasets, nn, optim
from chainrule.cli.recipe import Baseline, Layers, Parts, Recipe
from chainrule.cli.report import (
    draw_classes,
    report_chances,
    report_classes,
)

__all__ = ["HIDDEN", "RECIPES", "adam"]

LETTERS = np.array([chr(ord("A") + number) for number in range(26)])


def _churn() -> Parts:
    X, y = datasets.churn()
    return data.split(X, y, test_size=0.2, seed=0, stratify=True)


def _letters() -> Parts:
    (X, y), (Z, z) = datasets.letters()
    return (X, LETTERS[y]), (Z, LETTERS[z])


def _tabled(*layers: Any) -> Layers:
    """Let a network begin with a table that has learned from the training part."""
    return lambda part: [data.Table().fit(part[0]), *(make() for make in layers)]


HIDDEN = (
    lambda: nn.Dense(64, activation="relu"),
    lambda: nn.Dropout(0.3),
    lambda: nn.Dense(32, activation="relu"),
)


def adam(epochs: int) -> optim.Adam:
    """Return Adam with a rate that falls to nothing over so many epochs."""
    return optim.Adam(optim.cosine(0.003, epochs=epochs))


RECIPES: dict[str, Recipe] = {
    "letters": Recipe(
        title="capital letters, each described by 16 measurements of its picture",
        load=_letters,
        layers=lambda part: [
            nn.Rescale(4, -2),  # from [0, 1] to about zero and as far as one
            nn.Dense(256, activation="relu"),
            nn.Dense(128, activation="relu"),
            nn.Dropout(0.1),
            nn.Dense(26),
        ],
        optimizer=adam,
        epochs=40,
        batch_size=64,
        report=report_classes,
        draw=draw_classes,
        example=("(_, _), (X, y) = datasets.letters()",),
    ),
    "churn": Recipe(
        title="customers of a bank, who left it or stayed",
        load=_churn,
        layers=_tabled(*HIDDEN, lambda: nn.Dense(1)),
        optimizer=adam,
        epochs=40,
        batch_size=64,
        report=report_chances,
        draw=draw_classes,
        example=("X, y = datasets.churn()",),
        show="print(net.predict_proba(X)[:10, 0].round(2), y[:10])",
        loss="binary_cross_entropy",
        metrics=("accuracy", "auc"),
        baseline=Baseline("logistic regression", _tabled(lambda: nn.Dense(1))),
    ),
}
