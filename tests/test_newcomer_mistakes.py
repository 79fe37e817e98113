"""Mistakes of newcomers: the words of each message that tell the remedy, which runs.

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
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(tmp_path)
    Path("numbers.csv").write_text("a,c\n1,2\n3,4\n", encoding="utf-8")
    np.save("numbers.npy", np.eye(3))
    net, given = classifier(), names()
    return {"fitted": net, "history": net.fit(given["X"], given["y"], verbose=0)}


def test_messages_tell_newcomers_what_to_write(trained: dict[str, Any]) -> None:
    problems = []
    for mistake in mistakes():
        message = run(mistake.code, names() | trained)
        missing = [word for word in mistake.words if word not in message]
        if not message or missing:
            problems.append(f"{mistake.code}\n    {message or 'no error'}\n    lacks {missing}")
    assert not problems, "\n\n".join(problems)


def test_the_mended_code_runs(trained: dict[str, Any]) -> None:
    mended = dict.fromkeys(mistake.mended for mistake in mistakes())
    results = {code: run(code, names() | trained) for code in mended}
    assert {code: error for code, error in results.items() if error} == {}


def test_the_table_has_mistakes_of_each_kind() -> None:
    text = " ".join(mistake.code for mistake in mistakes())
    kinds = "Network Dense compile fit predict optim. Conv2D LSTM Layer grad jit load csv Callback"
    assert len(mistakes()) >= 102
    assert [kind for kind in kinds.split() if kind not in text] == []
