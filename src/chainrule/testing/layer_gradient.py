"""Gradient check of a layer: against finite differences, and a manual backward against autodiff."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import numpy as np

from chainrule.arguments.aliases import CORE_ALIASES
from chainrule.arguments.checks import (
    POSITIVE,
    bad_argument,
    checked_lengths,
    checked_number,
    checked_seed,
)
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.autodiff.derivative import vjp
from chainrule.errors import GradientError
from chainrule.nn.layer import Layer
from chainrule.nn.parameter import substituted
from chainrule.testing.gradient import check_grads

__all__ = ["check_layer"]

Arrays = list[Any]


@answers_foreign_names(CORE_ALIASES)
def check_layer(
    layer: Layer,
    input_shape: tuple[int, ...],
    tolerance: float = 1e-6,
    seed: int = 0,
    inputs: Any = None,
) -> float:
    """Check the gradients of a layer with respect to its input and its parameters.

    Parameters
    ----------
    layer : Layer
        A layer, built in float64 if it is not built yet.
    input_shape : tuple of int
        Shape of the input, the batch first.
    tolerance : float
        Largest relative error allowed, > 0.
    seed : int
        Seed of the input and of the directions.
    inputs : array, `input_shape`, or None
        The input, such as the indices of an embedding; None draws it from the standard normal
        distribution.

    Returns
    -------
    float
        The worst relative error against finite differences and, where the layer has a manual
        ``backward``, against the derived gradient.

    Raises
    ------
    GradientError
        If an error exceeds `tolerance`; the message names the input or parameter.

    Examples
    --------
    >>> from chainrule import nn
    >>> check_layer(nn.Dense(3, activation="tanh"), input_shape=(4, 2)) < 1e-6
    True
    """
    if not isinstance(cast(Any, layer), Layer):
        raise bad_argument("check_layer", "layer", layer, "a layer, such as nn.Dense(3)")
    input_shape = checked_lengths("check_layer", "input_shape", input_shape)
    tolerance = checked_number("check_layer", "tolerance", tolerance, POSITIVE)
    seed = checked_seed("check_layer", seed)
    sample = np.random.default_rng(seed).standard_normal(input_shape)
    x = sample if inputs is None else np.asarray(inputs)
    if layer.input_shape is None:
        layer.dtype = np.dtype("float64")
    layer(x)
    parameters = {name: p for name, p in layer.parameters().items() if p.trainable}
    values = [np.asarray(p.value, np.float64) for p in parameters.values()]

    def run(x: Any, *values: Any) -> Any:
        with substituted(list(parameters.values()), values):
            return layer(x)

    def derived(x: Any, *values: Any) -> Any:
        with substituted(list(parameters.values()), values):
            return layer.forward(x)

    point, names = [x, *values], [f"{type(layer).__name__}.{name}" for name in ("x", *parameters)]
    functions: list[Callable[..., Any]] = [run, derived]
    if x.dtype.kind != "f":  # indices have no gradient
        functions = [partial(each, x) for each in functions]
        point, names = point[1:], names[1:]
    by_hand, by_rules = functions
    try:
        worst = check_grads(by_hand, point, order=1, tolerance=tolerance, seed=seed)
    except GradientError as error:
        wrong = _first_wrong(by_hand, point, names, tolerance, seed)
        raise GradientError(f"check_layer: the gradient of {wrong} is wrong: {error}") from None
    if type(layer).backward is not Layer.backward:
        worst = max(worst, _compare(by_hand, by_rules, point, names, tolerance))
    return worst


def _first_wrong(
    function: Callable[..., Any], point: Arrays, names: list[str], tolerance: float, seed: int
) -> str:
    """Return the name of the first argument whose gradient fails alone, or all names."""
    for i, name in enumerate(names):

        def of_one(value: Any, i: int = i) -> Any:
            return function(*point[:i], value, *point[i + 1 :])

        try:
            check_grads(of_one, (point[i],), order=1, tolerance=tolerance, seed=seed)
        except GradientError:
            return name
    return ", ".join(names)


def _compare(
    by_hand: Callable[..., Any],
    derived: Callable[..., Any],
    point: Arrays,
    names: list[str],
    tolerance: float,
) -> float:
    """Compare the vector-Jacobian products of two functions for the same random cotangent."""
    y, pull = vjp(derived, *point)
    cotangent = np.random.default_rng(0).standard_normal(np.shape(y))
    worst = 0.0
    for name, expected, manual in zip(
        names, pull(cotangent), vjp(by_hand, *point)[1](cotangent), strict=True
    ):
        scale = float(np.max(np.abs(expected), initial=1e-300))
        error = float(np.max(np.abs(expected - manual), initial=0.0)) / scale
        if not error <= tolerance:
            raise GradientError(
                f"check_layer: backward differs from the derived gradient of {name}: relative "
                f"error {error:.1e}, allowed {tolerance:.0e}; first values of backward "
                f"{np.ravel(manual)[:3]}, derived {np.ravel(expected)[:3]}"
            )
        worst = max(worst, error)
    return worst
