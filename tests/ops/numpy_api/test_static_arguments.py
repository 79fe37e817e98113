"""Traced sizes, axes, counts and switches are refused under ``jit``, with a remedy that helps."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr

M = np.arange(6.0).reshape(2, 3)

PROGRAMS: dict[str, tuple[Callable[[Any, Any], Any], Any]] = {
    "length of a scan": (lambda x, n: cr.scan(lambda c, _: (2 * c, c), x, None, length=n)[0], 3),
    "axis": (lambda x, n: np.sum(x, axis=n), 1),
    "axes": (lambda x, n: np.max(x, axis=(0, n)), 1),
    "keepdims": (lambda x, k: np.sum(x, axis=0, keepdims=k), True),
    "keepdims of max": (lambda x, k: np.max(x, axis=0, keepdims=k), True),
    "keepdims of mean": (lambda x, k: x.mean(axis=1, keepdims=k), True),
    "reshape": (lambda x, n: x.reshape(n, -1), 3),
    "reshape to a tuple": (lambda x, n: np.reshape(x, (n, -1)), 3),
    "slice": (lambda x, n: x[:n], 1),
    "step": (lambda x, n: x[:, ::n], 2),
    "broadcast_to": (lambda x, n: np.broadcast_to(x[0], (n, 3)), 4),
    "tile": (lambda x, n: np.tile(x, n), 2),
    "tile along axes": (lambda x, n: np.tile(x, (n, 1)), 2),
    "repeat": (lambda x, n: np.repeat(x, n, axis=0), 2),
    "split": (lambda x, n: np.split(x, n)[0], 2),
    "split before": (lambda x, n: np.split(x, [n], axis=1)[0], 2),
    "array_split": (lambda x, n: np.array_split(x, n, axis=1)[0], 2),
    "pad": (lambda x, n: np.pad(x, n), 2),
    "pad one axis": (lambda x, n: np.pad(x, ((0, n), (0, 0))), 2),
    "diag": (lambda x, n: np.diag(x[0], n), 1),
    "diagonal": (lambda x, n: np.diagonal(x, n), 1),
    "tril": (lambda x, n: np.tril(x, n), -1),
    "triu": (lambda x, n: np.triu(x, n), 1),
    "diff": (lambda x, n: np.diff(x, n=n), 2),
    "rot90": (lambda x, n: np.rot90(x, n), 3),
    "round": (lambda x, n: np.round(x / 7, n), 1),
    "tensordot": (lambda x, n: np.tensordot(x, x.T, n), 1),
    "stack": (lambda x, n: np.stack([x, x], axis=n), 1),
    "concatenate": (lambda x, n: np.concatenate([x, x], axis=n), 1),
    "expand_dims": (lambda x, n: np.expand_dims(x, n), 1),
    "squeeze": (lambda x, n: np.squeeze(x[None], n), 0),
    "swapaxes": (lambda x, n: np.swapaxes(x, 0, n), 1),
    "moveaxis": (lambda x, n: np.moveaxis(x, 0, n), 1),
    "transpose": (lambda x, n: x.transpose(n, 0), 1),
    "flip": (lambda x, n: np.flip(x, n), 1),
    "sort": (lambda x, n: np.sort(x, axis=n), 0),
    "argmax": (lambda x, n: np.argmax(x, axis=n), 0),
    "cumsum": (lambda x, n: np.cumsum(x, axis=n), 0),
    "take": (lambda x, n: np.take(x, [0], axis=n), 1),
    "zeros_like": (lambda x, n: np.ones_like(x, shape=(n,)), 2),
    "zeros": (lambda x, n: np.zeros(n) + x[0, 0], 3),
    "ones of a shape": (lambda x, n: np.ones((n, 2)) * x[0, 0], 3),
    "full": (lambda x, n: np.full(n, 2.0) * x[0, 0], 3),
    "eye": (lambda x, n: x @ np.eye(n), 3),
    "tri": (lambda x, n: x @ np.tri(n), 3),
    "arange": (lambda x, n: x * np.arange(n), 3),
    "linspace": (lambda x, n: x * np.linspace(0, 1, n), 3),
    "range": (lambda x, n: sum(x for _ in range(n)), 3),
    "if": (lambda x, n: x * 2 if n > 1 else x, 3),
    "if not": (lambda x, n: x if not n else x * 3, 3),
    "a flag": (lambda x, training: 2 * x if training else x, True),
    "list": (lambda x, n: x * np.array([1.0] * n), 3),
    "index of a list": (lambda x, n: [x, 2 * x][n], 1),
    "int": (lambda x, n: x * int(n), 3),
    "ddof": (lambda x, n: np.std(x, ddof=n), 1),
    "order of a norm": (lambda x, n: np.linalg.norm(x[0], n), 1),
    "partition": (lambda x, n: np.partition(x, n)[:, n], 1),
    "delete": (lambda x, n: np.delete(x, n, axis=1), 1),
    "windows": (lambda x, n: np.lib.stride_tricks.sliding_window_view(x, n, axis=1), 2),
    "minlength": (lambda x, n: np.bincount(np.array([0, 1]), minlength=n) * x[0, 0], 3),
}


def test_a_traced_size_is_refused_by_name_and_static_argnums_helps() -> None:
    wrong: dict[str, str] = {}
    for name, (function, number) in PROGRAMS.items():
        try:
            cr.jit(function)(M, number)
        except Exception as error:  # noqa: BLE001 (a raw error is a fault too)
            if "static_argnums" not in str(error):
                wrong[name] = str(error)
        else:
            wrong[name] = "not refused"
        helped = cr.jit(function, static_argnums=1)(M, number)
        np.testing.assert_array_equal(helped, function(M, number), name)
        np.testing.assert_array_equal(cr.vjp(lambda x: function(x, number), M)[0], helped, name)  # noqa: B023
    assert wrong == {}


@pytest.mark.parametrize("shift", [1, -2, 7])
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_the_distance_of_a_roll_may_be_traced(shift: int, axis: int | None) -> None:
    def loss(x: Any, n: Any) -> Any:
        return np.sum(np.roll(x, n, axis=axis) * M)

    np.testing.assert_allclose(cr.jit(loss)(M, shift), loss(M, shift))
    got = cr.jit(cr.grad(loss))(M, shift)
    np.testing.assert_allclose(got, cr.grad(loss)(M, shift))
