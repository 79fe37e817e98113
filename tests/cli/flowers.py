"""A small table, and networks trained on it, for the tests of commands."""

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule import cli, data, nn

HEADER = "id,length,colour,species"


def run(*arguments: str) -> tuple[int, str, str]:
    """Run a command in this process; gives exit code, output and errors."""
    output, errors = io.StringIO(), io.StringIO()
    screen = contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors)
    with screen[0], screen[1], pytest.raises(SystemExit) as end:
        cli.main(arguments)
    return int(end.value.code or 0), output.getvalue(), errors.getvalue()


def rows(count: int = 60) -> list[str]:
    """Return lines of the table: the species follows from length and colour."""
    random = np.random.default_rng(0)
    lines = []
    for number in range(count):
        kind = number % 2
        length = random.normal(2 + 3 * kind, 0.4)
        lines.append(f"{number},{length:.2f},{'red' if kind else 'blue'},{('iris', 'rose')[kind]}")
    return lines


def write_table(path: Path, count: int = 60) -> Path:
    path.write_text("\n".join([HEADER, *rows(count)]) + "\n")
    return path


def loaded(path: Path) -> cr.Network:
    net = cr.load(path)
    assert isinstance(net, cr.Network)
    return net


def classifier(path: Path) -> cr.Network:
    """Return a network for the species, of the columns length and colour."""
    table = data.read_csv(path)
    y = table["species"]
    inputs = data.Table("length", "colour", target="species")
    net = cr.Network([inputs, nn.Dense(4, activation="relu"), nn.Dense(2)], seed=0)
    net.compile("cross_entropy", "adam", learning_rate=0.1, metrics=["accuracy"])
    net.fit(table, y, epochs=10, verbose=0)
    return net


def regressor() -> cr.Network:
    """Return a network of two numbers a row, without names of columns."""
    net = cr.Network([nn.Dense(1)], seed=0)
    net.compile("mse", "sgd")
    X = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    net.fit(X, X.sum(axis=1, keepdims=True), epochs=1, verbose=0)
    return net
