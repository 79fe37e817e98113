"""Layers of a function: `Identity`, and `Lambda`, which applies one of the user's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.arguments.checks import checked_function
from chainrule.arguments.signature import check_call
from chainrule.nn.layer import Layer

__all__ = ["Identity", "Lambda"]


class Identity(Layer):
    """Return the input unchanged.

    Parameters
    ----------
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Examples
    --------
    >>> import numpy as np
    >>> Identity()(np.array([[1.0, 2.0]]))
    array([[1., 2.]])
    """

    def __init__(self, name: str | None = None) -> None:
        self.name = name

    def forward(self, x: Any) -> Any:
        """Return the input."""
        return x


class Lambda(Layer):
    """Apply a function in plain NumPy, which may change the shape of the samples.

    A network that has one can be saved if the function has a name, and loaded with that function,
    ``chainrule.load(path, custom={"double": double})``, as a file holds no code. A function with
    weights is a layer of one's own, see `Layer`.

    Parameters
    ----------
    function : callable
        Takes the input, (batch, ...), and returns the output, (batch, ...).
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.

    Raises
    ------
    ArgumentError
        For anything that cannot be called.

    Examples
    --------
    >>> import numpy as np
    >>> Lambda(lambda x: x[:, ::-1])(np.array([[1.0, 2.0]]))
    array([[2., 1.]])
    """

    def __init__(self, function: Callable[[Any], Any], name: str | None = None) -> None:
        self.function = checked_function("Lambda", "function", function)
        check_call("Lambda: the function ", function, ("x",))
        self.name = name

    def forward(self, x: Any) -> Any:
        """Return what the function returns."""
        return self.function(x)
