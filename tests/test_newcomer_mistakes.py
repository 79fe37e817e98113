"""Mistakes of newcomers: each message has the words by which it is mended, and the mended code runs.

The table is ``newcomer_mistakes.txt``.
"""

import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import chainrule as cr
from chainrule import data, datasets, nn, optim


class Mistake(NamedTuple):
    """Code with a mistake, words of the message, and the mended code."""

    code: str
    words: list[str]
    mended: str


def mistakes() -> list[Mistake]:
    text = Path(__file__).with_suffix(".txt").with_stem("newcomer_mistakes").read_text("utf-8")
    found = []
    for block in text.split("\n\n")[1:]:
        code, _, rest = block.partition("\n! ")
        words, _, mended = rest.partition("\n")
        found.append(Mistake(code, words.split(" | "), mended))
    return found


def names() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    y = np.arange(60) % 3
    images = rng.uniform(size=(60, 8, 8, 3))
    return {
        "np": np, "cr": cr, "nn": nn, "optim": optim, "data": data, "datasets": datasets,
        "X": X, "y": y, "t": X @ np.arange(4.0), "net": classifier(), "labels": y % 2,
        "images": images[..., :1], "colour": images,
        "table": {"age": [1.0, 2.0], "town": ["Bonn", "Ulm"]},
    }  # fmt: skip


def classifier() -> cr.Network:
    net = cr.Network([nn.Dense(8, activation="relu"), nn.Dense(3)], seed=0)
    net.compile("cross_entropy", "adam", metrics=["accuracy"])
    return net


def run(code: str, names: dict[str, Any]) -> str:
    """Run code, and return its error or warning, or nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            exec(code, names)
        except Exception as error:  # noqa: BLE001 (of any kind)
            return f"{type(error).__name__}: {error}"
    return ""


@pytest.fixture
def fitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> cr.Network:
    monkeypatch.chdir(tmp_path)
    Path("numbers.csv").write_text("a,c\n1,2\n3,4\n", encoding="utf-8")
    np.save("numbers.npy", np.eye(3))
    net, given = classifier(), names()
    net.fit(given["X"], given["y"], verbose=0)
    return net


def test_messages_tell_newcomers_what_to_write(fitted: cr.Network) -> None:
    assert len(mistakes()) >= 102
    problems = []
    for mistake in mistakes():
        message = run(mistake.code, names() | {"fitted": fitted})
        missing = [word for word in mistake.words if word not in message]
        if not message or missing:
            problems.append(f"{mistake.code}\n    {message or 'no error'}\n    lacks {missing}")
        failure = run(mistake.mended, names() | {"fitted": fitted})
        if failure:
            problems.append(f"{mistake.mended}\n    fails: {failure}")
    assert not problems, "\n\n".join(problems)
