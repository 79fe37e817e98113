"""Selections in the derivative: what is not selected contributes nothing, even where it is NaN."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.autodiff.passes import reverse
from chainrule.ops.primitives.array_update import scatter, update_slice

NAN, INF = np.nan, np.inf
QUARTER = 0.25  # the derivative of √x at 4
ROOT = -1 / 32  # its second derivative there
W = np.array([[1.0, 2.0], [3.0, 4.0]])
HOLED = np.array([[-1.0, 4.0], [1.0, 4.0]])
SECOND = np.array([[False], [True]])


def check(*cases: tuple[Callable[[Any], Any], Any, Any]) -> None:
    """Compare the gradient of the sum of each function, by NumPy and compiled."""
    for number, (function, point, derivative) in enumerate(cases):

        def total(x: Any, function: Any = function) -> Any:
            return np.sum(function(x))

        x = np.asarray(point, float)
        with np.errstate(all="ignore"):
            for gradient in (cr.grad(total), cr.jit(cr.grad(total)), cr.grad(cr.jit(total))):
                np.testing.assert_allclose(
                    gradient(x), derivative, rtol=1e-12, atol=1e-15, err_msg=f"case {number}"
                )


def gradient_of(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return cr.grad(lambda x: np.sum(function(x)))


def test_the_branch_not_taken_contributes_nothing() -> None:
    steps = np.arange(3)
    check(
        (lambda x: np.where(x > 0, np.sqrt(x), x), [-1, 4], [1, QUARTER]),
        (lambda x: np.where(x <= 0, x, np.sqrt(x)), [-1, 4], [1, QUARTER]),
        (lambda x: np.where(x > 0, x * np.log(x), 0), [0, 1], [0, 1]),
        (lambda x: np.where(x == 0, 1, np.sin(x) / x), [0, np.pi], [0, -1 / np.pi]),
        (lambda x: np.where(x <= 10, np.exp(x), 1), [0, 1e10], [1, 0]),
        (lambda x: np.where(x <= 10, np.sinh(x), 1), [0, 1e10], [1, 0]),
        (lambda x: np.where(x <= 10, np.exp2(x), 1), [0, 1e10], [np.log(2), 0]),
        (lambda x: np.where(x > -10, 0.5**x, 1), [0, -1e10], [-np.log(2), 0]),
        (lambda x: np.where(x > 30, x, np.log(1 + np.exp(x))), [1e3, 0], [1, 0.5]),
        (lambda x: np.where(x > 0, x**0.3, 0), [0, 1], [0, 0.3]),
        (lambda x: np.where(x > 0, x**x, 0), [0, 1], [0, 1]),
        (lambda x: np.where(np.abs(x) < 1, np.arcsin(x), x), [1, 0, 2], [1, 1, 1]),
        (lambda x: np.where(x > 1, np.arccosh(x), x), [1, 0, 2], [1, 1, 3**-0.5]),
        (lambda x: np.where(x != 0, np.arctan2(x, 2 * x), 0), [3, 0], [0, 0]),
        (lambda x: np.where(x > 0, np.sin(1 / np.log(x)), 1), [0, np.e], [0, -np.cos(1) / np.e]),
        (lambda x: np.where(steps > 1, np.sqrt(x + steps), x), 0, 2 + 8**-0.5),
        (lambda x: np.where(x > 0, np.sqrt(x) * np.log(x), x), [0, 1], [1, 1]),
        (lambda x: np.where(x > 0, np.sqrt(np.where(x > 0, x, 1)), 0), [-1, 4], [0, QUARTER]),
    )


def test_nested_selections_and_those_of_other_names() -> None:
    points, derivatives = [-1, 0, 0.25, 4], [-2, 0, 1, QUARTER]
    corners = [[0, 0], [3, 4], [6, 8]]
    check(
        (lambda x: np.where(x > 0, np.where(x > 1, np.log(x), x**0.5), x * x), points, derivatives),
        (lambda x: np.select([x > 1, x > 0], [np.log(x), x**0.5], x * x), points, derivatives),
        (lambda x: np.maximum(np.sqrt(x), 1), [0, 4], [0, QUARTER]),
        (lambda x: np.minimum(1 / x, 5), [0, 2], [0, -QUARTER]),
        (lambda x: np.clip(np.log(x), -1, 1), [0, 1], [0, 1]),
        (lambda x: np.max(np.sqrt(x)), [0, 4], [0, QUARTER]),
        (lambda x: np.max(np.sqrt(x), axis=1), [[0, 4], [1, 0]], [[0, QUARTER], [0.5, 0]]),
        (lambda x: np.median(np.sqrt(x)), [0, 4, 9], [0, QUARTER, 0]),
        (lambda x: np.nansum(np.sqrt(x)), [-1, 4], [0, QUARTER]),
        (lambda x: np.sqrt(x)[1:], [0, 4], [0, QUARTER]),
        (lambda x: np.sqrt(x)[np.array([1, 1])], [0, 4], [0, 2 * QUARTER]),
        (lambda x: np.take_along_axis(x**0.5, np.array([1]), 0), [0, 4], [0, QUARTER]),
        (
            lambda x: np.sqrt(np.sum((x[:, None] - x) ** 2, -1))[np.triu_indices(3, 1)],
            corners, [[-1.2, -1.6], [0, 0], [1.2, 1.6]],
        ),
    )  # fmt: skip


def test_masks_pass_through_reductions_contractions_and_index_maps() -> None:
    rows, flags = [[0, 0], [1, 3]], np.array([False, True, False, False])
    check(
        (lambda x: np.where(x.sum(1) > 0, np.sqrt(x.sum(1)), 0), rows, [[0, 0], [QUARTER] * 2]),
        (lambda x: np.where(flags[1::-1], np.cumsum(np.sqrt(x)), 0), [4, 0], [QUARTER, 0]),
        (lambda x: np.where(SECOND & False, np.sqrt(x) * np.ones((2, 1)), 0), [0, 4], [0, 0]),
        (lambda x: np.where(flags, np.concatenate([x**0.5, 1 / x]), 0), [0, 4], [0, QUARTER]),
        (lambda x: np.where(np.roll(x, 1) > 0, np.roll(x**0.5, 1), 0), [0, 4], [0, QUARTER]),
        (lambda x: np.where((x > 0).all(1)[:, None], x**0.5 @ W, 0), HOLED, [[0, 0], [1.5, 1.75]]),
        (lambda w: np.where(SECOND, np.sqrt(HOLED) @ w, 0), W, [[1, 1], [2, 2]]),
        (lambda x: np.where(x[0] > 0, np.sqrt(x) @ np.ones(2), 0), [0, 4], [0, 0]),
        (lambda w: np.where(np.isnan(HOLED**0.5), 0, (HOLED**0.5 * w) ** 2), 3, 6 * 9),
    )


def test_missing_data_contribute_nothing_however_they_are_masked() -> None:
    X, y = np.array([[NAN, 1.0], [2.0, 3.0]]), np.array([NAN, 1.0])
    known, whole = np.array([False, True]), np.nan_to_num(X)
    programs: list[tuple[Any, list[Any], list[float]]] = [
        (lambda w, X, known: np.where(known, X @ w, 0), [X, known], [2, 3]),
        (lambda w, X, known: np.where(known, (X * w).sum(1), 0), [X, known], [2, 3]),
        (lambda w, X: np.where(np.isnan(X).any(axis=1), 0, X @ w), [X], [2, 3]),
        (lambda w, X: np.where(np.isnan(X), 0, X * w), [X], [2, 4]),
        (lambda w, X, y: np.where(np.isnan(y), 0, (X @ w - y) ** 2), [whole, y], [16, 24]),
        (lambda w, X, y, known: np.where(known, (X @ w - y) ** 2, 0), [whole, y, known], [16, 24]),
        (lambda w: np.where(known, X @ w, 0), [], [2, 3]),
    ]
    for function, data, derivative in programs:

        def total(w: Any, *data: Any, function: Any = function) -> Any:
            return np.sum(function(w, *data))

        for gradient in (cr.grad(total), cr.jit(cr.grad(total)), cr.grad(cr.jit(total))):
            np.testing.assert_array_equal(gradient(np.ones(2), *data), derivative)


def test_what_is_overwritten_contributes_nothing() -> None:
    def stored(x: Any) -> Any:
        return update_slice(np.sqrt(x), np.zeros(1), slices=((0, 1, 1),))

    def scattered(x: Any) -> Any:
        return scatter(np.sqrt(x), x[1:], np.array([0]))

    check((stored, [0, 4], [0, QUARTER]), (scattered, [0, 4], [0, 1 + QUARTER]))


def test_what_is_selected_keeps_its_nan_and_infinity() -> None:
    check(
        (lambda x: np.where(x < 0, np.sqrt(x), x), [-1, 4], [NAN, 1]),
        (lambda x: np.where(x >= 0, np.sqrt(x), x), [0, 4], [INF, QUARTER]),
        (lambda x: np.sqrt(x) * (x > 0), [0, 4], [NAN, QUARTER]),  # a factor of 0 selects nothing
    )


def test_masks_pass_through_loops() -> None:
    steps = np.array([[0.0, 1.0], [0.0, 2.0]])

    def ends(step: Any, start: Any, xs: Any = steps) -> Any:
        return cr.scan(step, start, xs)[0]

    def rows(step: Any, xs: Any) -> Any:
        return cr.scan(step, 0.0, xs)[1]

    def root_of_shared(x: Any) -> Any:
        root = np.sqrt(x)
        return ends(lambda c, t: (c + np.where(t > 0, root * t, 0), c), np.zeros(2))

    check(
        (lambda x: ends(lambda c, t: (np.where(t > 1, c**0.5, c), c), x), [-1, 4], [1, QUARTER]),
        (lambda x: np.where(x > 0, rows(lambda c, t: (c, t**0.5), x), 0), [0, 4], [0, QUARTER]),
        (lambda x: np.where(x > 0, ends(lambda c, t: (c**0.5, c), x), 0), [0, 1], [0, QUARTER]),
        (root_of_shared, [0, 4], [0, 3 * QUARTER]),
        (
            lambda x: ends(
                lambda c, t: (c + np.where(t[1] > 0, np.sqrt(t[0]), 3 * t[0]), c),
                0.0, (x, np.array([1.0, 0.0])),
            ),
            [4, 0], [QUARTER, 3],
        ),
        (lambda x: ends(lambda c, t: (c * 1.0, c), x), [1, 2], [1, 1]),
        (lambda x: rows(lambda c, t: (c, np.where(t > 0, t, 0)), x**0.5), [0, 4], [0, QUARTER]),
        (
            lambda x: np.where(x > 0, ends(lambda c, t: (c * t, c), np.sqrt(x)), 0),
            [0, 4], [0, 2 * QUARTER],
        ),
    )  # fmt: skip


def test_masks_pass_through_rules_written_by_hand() -> None:
    log = cr.custom_vjp(lambda x: (np.log(x), x), lambda x, ct: ct / x)
    relu = cr.custom_vjp(lambda x: (np.maximum(x, 0), x), lambda x, ct: ct * (x > 0))
    ramp = cr.custom_vjp(lambda x: (np.maximum(x, 0), x), lambda x, ct: np.where(x > 0, ct, 0))
    check(
        (lambda x: np.where(x > 0, log(x), 0), [0, 4], [0, QUARTER]),
        (lambda x: relu(np.sqrt(x) - 1), [0, 4], [0, QUARTER]),
        (lambda x: ramp(np.sqrt(x) - 1), [0, 4], [0, QUARTER]),
    )


def test_derivatives_of_higher_order_select_likewise() -> None:
    def third(x: Any) -> Any:
        return gradient_of(gradient_of(lambda x: np.where(x > 0, np.sqrt(x), x * x)))(x)

    def roots(x: Any) -> Any:
        return np.where(x > 0, cr.scan(lambda c, t: (c, np.sqrt(t)), 0.0, x)[1], 0)

    check(
        (gradient_of(lambda x: np.where(x > 0, x * np.log(x), x * x)), [-1, 0, 4], [2, 2, QUARTER]),
        (gradient_of(lambda x: np.maximum(np.sqrt(x), 1)), [0, 4], [0, ROOT]),
        (gradient_of(lambda x: np.sqrt(x)[1:]), [0, 4], [0, ROOT]),
        (gradient_of(roots), [0, 4], [0, ROOT]),
        (third, [-1, 0, 4], [0, 0, 3 / 256]),
    )


@pytest.mark.parametrize(
    "layers",
    [
        [nn.Dense(3), nn.BatchNorm(), nn.Activation("relu"), nn.Dense(2)],
        [nn.Dense(3, activation="elu"), nn.Dropout(0.5), nn.LayerNorm(), nn.Dense(2)],
        [nn.Dense(4), nn.Reshape((4, 1)), nn.MaxPool1D(2), nn.Flatten(), nn.Dense(2)],
    ],
)
def test_networks_without_singularities_keep_the_plain_chain_rule(
    layers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reverse, "propagate", None)
    generator = np.random.default_rng(0)
    net = cr.Network(layers, seed=0)
    net.compile(loss="cross_entropy", optimizer="sgd")
    net.fit(generator.normal(size=(8, 3)), np.arange(8) % 2, epochs=1, verbose=0)
