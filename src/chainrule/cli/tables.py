"""Recipes for tabular data sets."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from chainrule import data, datasets, nn
from chainrule.cli.figures import draw_classes
from chainrule.cli.recipe import Baseline, Layers, Parts, Recipe, cosine_adam
from chainrule.cli.report import report_binary, report_classes

__all__ = ["HIDDEN", "LINEAR_RATE", "RECIPES", "adam"]

LETTERS = np.array([chr(ord("A") + number) for number in range(26)])


MEASUREMENTS = [
    "x-box", "y-box", "width", "high", "onpix", "x-bar", "y-bar", "x2bar",
    "y2bar", "xybar", "x2ybr", "xy2br", "x-ege", "xegvy", "y-ege", "yegvx",
]  # fmt: skip
"""The names of the inputs of `letters`: Frey & Slate (1991), table 1."""


def _churn() -> Parts:
    X, y = datasets.churn()
    return data.split(X, y, test_size=0.2, seed=0, stratify=True)


def _letters() -> Parts:
    (X, y), (Z, z) = datasets.letters()
    return (X, LETTERS[y]), (Z, LETTERS[z])


def _with_table(*layers: Any) -> Layers:
    """Begin a network with a table fitted on the training part."""
    return lambda part: [data.Table().fit(part[0]), *(make() for make in layers)]


HIDDEN = (
    lambda: nn.Dense(64, activation="relu"),
    lambda: nn.Dropout(0.3),
    lambda: nn.Dense(32, activation="relu"),
)


adam = cosine_adam(0.003)
LINEAR_RATE = 0.02
"""The learning rate of Adam for linear baselines: a smaller one would leave them unfinished."""

RECIPES: dict[str, Recipe] = {
    "letters": Recipe(
        title="capital letters, each described by 16 measurements of its image",
        load=_letters,
        layers=lambda part: [
            nn.Rescale(4, -2),  # from [0, 1] to mean about 0, deviation about 1
            nn.Dense(256, activation="relu"),
            nn.Dense(128, activation="relu"),
            nn.Dropout(0.1),
            nn.Dense(26),
        ],
        optimizer=adam,
        epochs=40,
        batch_size=64,
        report=report_classes,
        draw=partial(draw_classes, features=MEASUREMENTS),
        example=(
            "from chainrule.cli.tables import LETTERS",
            "(_, _), (X, y) = datasets.letters()",
            "y = LETTERS[y]",
        ),
    ),
    "churn": Recipe(
        title="customers of a bank, predicting who leaves",
        load=_churn,
        layers=_with_table(*HIDDEN, lambda: nn.Dense(1)),
        optimizer=adam,
        epochs=40,
        batch_size=64,
        report=report_binary,
        draw=draw_classes,
        example=(
            "X, y = datasets.churn()",
            "_, (X, y) = data.split(X, y, test_size=0.2, seed=0, stratify=True)",
        ),
        show="print(net.predict_proba(X)[:10, 0].round(2), y[:10])",
        loss="binary_cross_entropy",
        metrics=("accuracy", "auc"),
        baseline=Baseline("logistic regression", _with_table(lambda: nn.Dense(1)), LINEAR_RATE),
    ),
}
