"""RNN, LSTM and GRU: a scan over time for each direction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.autodiff.control_flow.scan import scan
from chainrule.interop.onnx.reading.operation import Operation, OperatorRule
from chainrule.interop.onnx.reading.operators.activation import ACTIVATIONS

__all__ = ["OPERATORS"]

Step = Callable[[tuple[Any, ...], Any], tuple[Any, ...]]


def _functions(operation: Operation, default: list[str], direction: int) -> list[Any]:
    names = operation.get("activations") or []
    names = [each.decode() if isinstance(each, bytes) else each for each in names]
    count, alphas, betas = (
        len(default),
        operation.get("activation_alpha"),
        operation.get("activation_beta"),
    )
    chosen = names[direction * count : (direction + 1) * count] or default
    found = {name.lower(): function for name, function in ACTIVATIONS.items()}
    functions: list[Any] = []
    for k, name in enumerate(chosen):
        if name.lower() not in found:
            raise operation.refuse(f"the activation {name!r} is unknown")
        place, function = direction * count + k, found[name.lower()]
        given = {
            key: values[place]
            for key, values in (("alpha", alphas), ("beta", betas))
            if values and place < len(values) and name.lower() not in ("tanh", "sigmoid", "relu")
        }
        functions.append(_clipped(function, given, operation.get("clip")))
    return functions


def _clipped(function: Any, given: dict[str, float], bound: float | None) -> Any:
    if bound is None:
        return lambda x: function(x, **given)
    return lambda x: function(np.minimum(np.maximum(x, -bound), bound).astype(x.dtype), **given)


def _run(
    operation: Operation,
    x: Any,
    width: int,
    lengths: Any,
    states: list[Any],
    make: Callable[..., Step],
) -> Any:
    """Return the outputs, (time, directions, batch, units), and the last states."""
    kind = operation.get("direction", b"forward")
    kind = kind.decode() if isinstance(kind, bytes) else kind
    if operation.get("layout", 0):
        x = np.swapaxes(x, 0, 1)
        states = [None if each is None else np.swapaxes(each, 0, 1) for each in states]
    count = 2 if kind == "bidirectional" else 1
    rows: list[Any] = []
    last: list[list[Any]] = []
    for direction in range(count):
        zeros = np.zeros((x.shape[1], width), x.dtype)
        start = tuple(zeros if each is None else each[direction] for each in states)
        is_backwards = kind == "reverse" or direction == 1
        ys, final = _directed(x, start, make(direction), is_backwards, lengths)
        rows.append(ys)
        last.append(list(final))
    y = np.stack(rows, axis=1)
    finals = [np.stack([each[k] for each in last], axis=0) for k in range(len(states))]
    if operation.get("layout", 0):
        y = np.transpose(y, (2, 0, 1, 3))
        finals = [np.swapaxes(each, 0, 1) for each in finals]
    return (y, *finals)


def _directed(x: Any, start: tuple[Any, ...], step: Step, is_backwards: bool, lengths: Any) -> Any:
    times = np.arange(x.shape[0])

    def body(carry: tuple[Any, ...], given: tuple[Any, Any]) -> tuple[Any, Any]:
        row, time = given
        states = step(carry, row)
        if lengths is None:
            return states, states[0]
        is_inside = (time < lengths)[:, None]
        kept = tuple(np.where(is_inside, a, b) for a, b in zip(states, carry, strict=True))
        return kept, np.where(is_inside, states[0], np.zeros((), x.dtype))

    final, ys = scan(body, start, (x, times), reverse=is_backwards)
    return ys, final


def _parts(x: Any, count: int) -> list[Any]:
    return np.split(x, count, axis=-1)


def _rnn(
    operation: Operation, x: Any, w: Any, r: Any, b: Any = None, lengths: Any = None, h: Any = None
) -> Any:
    def make(direction: int) -> Step:
        (f,) = _functions(operation, ["Tanh"], direction)
        weight, recurrent = w[direction].T, r[direction].T
        bias = 0 if b is None else sum(_parts(b[direction], 2))
        return lambda carry, row: (f(row @ weight + carry[0] @ recurrent + bias),)

    return _run(operation, x, r.shape[-1], lengths, [h], make)


def _gru(
    operation: Operation, x: Any, w: Any, r: Any, b: Any = None, lengths: Any = None, h: Any = None
) -> Any:
    units, before = r.shape[-1], operation.get("linear_before_reset", 0)

    def make(direction: int) -> Step:
        f, g = _functions(operation, ["Sigmoid", "Tanh"], direction)
        weight, recurrent = w[direction].T, r[direction].T
        zeros = np.zeros(3 * units, x.dtype)
        wb, rb = (zeros, zeros) if b is None else _parts(b[direction], 2)

        def step(carry: tuple[Any, ...], row: Any) -> tuple[Any, ...]:
            (state,) = carry
            given = _parts(row @ weight + wb, 3)
            own = _parts(state @ recurrent + rb, 3)
            update, reset = f(given[0] + own[0]), f(given[1] + own[1])
            if before:
                inner = reset * own[2]
            else:
                inner = (reset * state) @ recurrent[:, 2 * units :] + rb[2 * units :]
            return ((1 - update) * g(given[2] + inner) + update * state,)

        return step

    return _run(operation, x, units, lengths, [h], make)


def _lstm(
    operation: Operation, x: Any, w: Any, r: Any, b: Any = None, lengths: Any = None,
    h: Any = None, c: Any = None, p: Any = None,
) -> Any:  # fmt: skip
    def make(direction: int) -> Step:
        f, g, k = _functions(operation, ["Sigmoid", "Tanh", "Tanh"], direction)
        weight, recurrent = w[direction].T, r[direction].T
        bias = 0 if b is None else sum(_parts(b[direction], 2))
        peeps = [0, 0, 0] if p is None else _parts(p[direction], 3)

        def step(carry: tuple[Any, ...], row: Any) -> tuple[Any, ...]:
            state, cell = carry
            inner, outer, forget, candidate = _parts(row @ weight + state @ recurrent + bias, 4)
            entered = f(inner + peeps[0] * cell)
            kept = 1 - entered if operation.get("input_forget", 0) else f(forget + peeps[2] * cell)
            cell = kept * cell + entered * g(candidate)
            return f(outer + peeps[1] * cell) * k(cell), cell

        return step

    return _run(operation, x, r.shape[-1], lengths, [h, c], make)


OPERATORS: dict[str, OperatorRule] = {"GRU": _gru, "LSTM": _lstm, "RNN": _rnn}
