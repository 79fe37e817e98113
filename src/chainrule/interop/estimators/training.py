"""Training of a perceptron on some samples: state, inputs and programs of its epochs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.interop.estimators.form import Form
from chainrule.interop.estimators.programs import LoopProgram, capacity, loop_program
from chainrule.interop.estimators.steps import Tree, train_steps

__all__ = ["EpochRunner", "Rows"]

_SMALL = 2**26
"""Bytes of inputs that are copied into an array of rounded length; longer ones stay as they are."""


@dataclass(frozen=True)
class Rows:
    """Samples: inputs, dense or sparse, encoded targets (n, outputs), and weights or None."""

    X: Any
    y: Any
    weight: Any = None

    def __len__(self) -> int:
        return self.X.shape[0]

    @property
    def is_sparse(self) -> bool:
        """Whether the inputs are a sparse matrix, which is made dense batch by batch."""
        return not isinstance(self.X, np.ndarray)

    def padded(self, rows: Any, length: int) -> Tree:
        """Return some samples as dense arrays, followed by zeros."""
        X = self.X[rows]
        parts = {"X": X.toarray() if self.is_sparse else X, "y": self.y[rows]}
        if self.weight is not None:
            parts["weight"] = self.weight[rows]
        return {"weight": None} | {name: _padded(each, length) for name, each in parts.items()}


def _padded(values: Any, length: int) -> Any:
    if len(values) == length:
        return np.ascontiguousarray(values)
    padded = np.zeros((length, *values.shape[1:]), values.dtype)
    padded[: len(values)] = values
    return padded


class EpochRunner:
    """Runs epochs on samples, from a state of which it owns the arrays.

    Parameters
    ----------
    form : Form
        The static part of the program.
    state : tree of arrays
        Parameters, slots and statistics; not written to.
    samples : Rows
        What to train on.
    size : int >= 1
        Samples a batch; the last one of an epoch may have fewer.
    numbers : dict of str to array
        Inputs of all steps.
    """

    def __init__(self, form: Form, state: Tree, samples: Rows, size: int, numbers: Tree) -> None:
        self._samples, self._size = samples, size
        leaves, self._structure = tree.flatten(state)
        self._state = [np.array(each, order="C") for each in leaves]  # of its own: overwritten
        self._spare: list[Any] = []
        self.steps = -(-len(samples) // size)
        batch = capacity(size) if self.steps == 1 else size
        length = 1 if samples.is_sparse else 1 << (self.steps - 1).bit_length()
        self._columns = self._new_columns(form, length, batch, samples.X.dtype)
        data = self._data(batch)
        args = (state, data, numbers, self._columns)
        self._program: LoopProgram = loop_program(
            form, partial(train_steps, form), args, form.custom
        )
        self._numbers, self._inputs = numbers, tree.flatten((data, numbers))[0]

    @staticmethod
    def _new_columns(form: Form, length: int, batch: int, dtype: Any) -> Tree:
        columns = {
            "rows": np.zeros((length, batch), np.int64),
            "count": np.zeros(length, np.int64),
            "rate": np.zeros(length, dtype),
        }
        if form.has_dropout:
            columns |= {name: np.zeros(length, np.int64) for name in ("epoch", "step")}
        return columns

    def _data(self, batch: int) -> Tree:
        samples = self._samples
        if samples.is_sparse:
            return samples.padded(slice(0, self._size), batch)
        size = capacity(len(samples)) if samples.X.nbytes <= _SMALL else len(samples)
        return samples.padded(slice(None), size)

    @property
    def state(self) -> Tree:
        """The present arrays; the next epoch but one overwrites them."""
        return tree.unflatten(self._structure, self._state)

    def epoch(self, order: Any, rates: Sequence[float], number: int) -> tuple[Any, Any]:
        """Run an epoch; return the loss and the number of samples of each step."""
        starts = np.arange(self.steps) * self._size
        counts = np.minimum(self._size, len(order) - starts)
        if self._samples.is_sparse:
            return self._run_singly(order, starts, counts, rates, number), counts
        rows = self._columns["rows"]
        full = len(order) // self._size
        rows[:full, : self._size] = order[: full * self._size].reshape(full, self._size)
        if full < self.steps:
            rows[full, : counts[-1]] = order[full * self._size :]
        self._fill(self.steps, counts, rates, number, 0)
        return self._run(self._inputs, self.steps), counts

    def _run_singly(
        self, order: Any, starts: Any, counts: Any, rates: Sequence[float], number: int
    ) -> Any:
        rows, losses = self._columns["rows"], []
        rows[:] = np.arange(rows.shape[1])
        for step, (start, count) in enumerate(zip(starts, counts, strict=True)):
            data = self._samples.padded(order[start : start + count], rows.shape[1])
            self._fill(1, count, rates[step : step + 1], number, step)
            losses.append(self._run(tree.flatten((data, self._numbers))[0], 1)[0])
        return np.array(losses)

    def _fill(self, steps: int, counts: Any, rates: Any, number: int, first: int) -> None:
        columns = self._columns
        columns["count"][:steps], columns["rate"][:steps] = counts, rates
        if "step" in columns:
            columns["epoch"][:steps] = number
            columns["step"][:steps] = np.arange(first, first + steps)

    def _run(self, inputs: Sequence[Any], steps: int) -> Any:
        spare = self._spare or [np.empty_like(each) for each in self._state]
        columns = tree.flatten(self._columns)[0]
        with np.errstate(all="ignore"):
            state, (losses,) = self._program(self._state, inputs, columns, steps, spare)
        self._spare = self._state if self._program.native is not None else []
        self._state = state
        return np.array(losses, np.float64)
