"""Layers whose output for a sample depends on no other sample, in inference."""

from __future__ import annotations

import json
from collections.abc import Iterable

from chainrule.errors import ArgumentError
from chainrule.nn.layer import Layer
from chainrule.nn.sublayers import with_sublayers

__all__ = ["are_row_independent", "has_own_function"]


def are_row_independent(layers: Iterable[Layer]) -> bool:
    """Whether each row of their output is known to depend on the same row of the inputs alone.

    So it is for all layers of the library but `ODE`, which makes the steps that all rows need
    together. A layer or function of the user's may do anything.
    """
    layers = list(layers)
    kinds = [type(each) for each in with_sublayers(layers)]
    are_ours = all(kind.__module__.startswith("chainrule.nn.") for kind in kinds)
    has_ode = any(kind.__name__ == "ODE" for kind in kinds)  # imported only where it is used
    return are_ours and not has_ode and not any(map(has_own_function, layers))


def has_own_function(layer: Layer) -> bool:
    """Whether an argument of a layer, or of a sublayer, is a function of the user's."""
    try:
        return '"function":' in json.dumps(layer.config())
    except ArgumentError:  # of a function without a name
        return True
