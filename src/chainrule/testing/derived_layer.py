"""A layer's derivatives compared with differences, and a backward written by hand with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.autodiff.derivative import vjp
from chainrule.errors import GradientError
from chainrule.nn.layer import Layer
from chainrule.nn.parameter import bound
from chainrule.testing.gradient import check_grads

__all__ = ["check_layer"]

Arrays = list[Any]


def check_layer(
    layer: Layer,
    input_shape: tuple[int, ...],
    tolerance: float = 1e-6,
    seed: int = 0,
    inputs: Any = None,
) -> float:
    """Check a layer's derivatives by its input and by its parameters.

    Parameters
    ----------
    layer : Layer
        A new layer, which is built here in float64, or a built one.
    input_shape : tuple of int
        Shape of the input to try, the batch first.
    tolerance : float
        Largest relative error allowed.
    seed : int
        Seed of the input and of the directions.
    inputs : array, `input_shape`, or None
        What to try, such as the whole numbers that an embedding looks up; None draws it.

    Returns
    -------
    float
        The worst relative error against differences and, where the layer has a `backward` written
        by hand, against the derived one.

    Raises
    ------
    GradientError
        If an error is beyond `tolerance`; the message names what the derivative is by.

    Examples
    --------
    >>> from chainrule import nn
    >>> check_layer(nn.Dense(3, activation="tanh"), input_shape=(4, 2)) < 1e-6
    True
    """
    drawn = np.random.default_rng(seed).standard_normal(input_shape)
    x = drawn if inputs is None else np.asarray(inputs)
    if layer.input_shape is None:
        layer.dtype = np.dtype("float64")
    layer(x)
    parameters = {name: p for name, p in layer.parameters().items() if p.trainable}
    values = [np.asarray(p.value, np.float64) for p in parameters.values()]

    def run(x: Any, *values: Any) -> Any:
        with bound(list(parameters.values()), values):
            return layer(x)

    def derived(x: Any, *values: Any) -> Any:
        with bound(list(parameters.values()), values):
            return layer.forward(x)

    point, names = [x, *values], [f"{type(layer).__name__}.{name}" for name in ("x", *parameters)]
    try:
        worst = check_grads(run, point, order=1, tolerance=tolerance, seed=seed)
    except GradientError as error:
        wrong = _first_wrong(run, point, names, tolerance, seed)
        raise GradientError(f"check_layer: the derivative by {wrong} is wrong: {error}") from None
    if type(layer).backward is not Layer.backward:
        worst = max(worst, _compare(run, derived, point, names, tolerance))
    return worst


def _first_wrong(
    function: Callable[..., Any], point: Arrays, names: list[str], tolerance: float, seed: int
) -> str:
    """Name the argument whose derivative fails alone; all of them, where none does."""
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
    """Compare two functions' pullbacks of the same random cotangent."""
    y, pull = vjp(derived, *point)
    cotangent = np.random.default_rng(0).standard_normal(np.shape(y))
    worst = 0.0
    for name, right, given in zip(
        names, pull(cotangent), vjp(by_hand, *point)[1](cotangent), strict=True
    ):
        scale = float(np.max(np.abs(right), initial=1e-300))
        error = float(np.max(np.abs(right - given), initial=0.0)) / scale
        if not error <= tolerance:
            raise GradientError(
                f"check_layer: backward differs from the derived derivative by {name}: relative "
                f"error {error:.1e}, allowed {tolerance:.0e}; first values by hand "
                f"{np.ravel(given)[:3]}, derived {np.ravel(right)[:3]}"
            )
        worst = max(worst, error)
    return worst
