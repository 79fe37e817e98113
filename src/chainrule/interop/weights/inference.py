"""Weights without a network: the kind of each layer, as far as its arrays tell it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.interop.weights.groups import Group
from chainrule.interop.weights.layout import Array, Layout
from chainrule.nn.config import snake_case
from chainrule.nn.layer import Layer

__all__ = ["Candidate", "inferred"]

Candidate = tuple[type[Layer], Layout]
"""A kind of layer that may have some arrays, and its layout."""


def inferred(
    function: str, groups: Sequence[Group], candidates: Callable[[Group], Sequence[Candidate]]
) -> dict[str, Array]:
    """Return values under the names that layers have by default: ``dense``, ``dense_1``.

    All layers whose kind their arrays leave open are refused at once.
    """
    found = [(group, candidates(group)) for group in groups]
    unclear = [_question(group, kinds) for group, kinds in found if len(kinds) != 1]
    if unclear:
        raise ArgumentError(
            f"{function}: the arrays do not tell the kind of every layer: {'; '.join(unclear)}. "
            f"Give the network that they are for, as cr.{function}(weights, net)"
        )
    numbers, values = Counter[str](), dict[str, Array]()
    for group, ((kind, layout),) in found:
        name = snake_case(kind.__name__)
        number = numbers[name]
        numbers[name] += 1
        title = f"{name}_{number}" if number else name
        try:
            read = layout.read(group.arrays)
        except (KeyError, ValueError) as error:
            raise ArgumentError(
                f"{function}: {group.name!r} looks like {kind.__name__} and has not all of its "
                f"arrays ({error}): it has {', '.join(group.full_names.values())}; give all weights"
            ) from None
        values |= {f"{title}.{each}": _floating(array) for each, array in read.items()}
    return values


def _question(group: Group, kinds: Sequence[Candidate]) -> str:
    arrays = ", ".join(f"{name} {array.shape}" for name, array in group.arrays.items())
    choice = " or ".join(kind.__name__ for kind, _ in kinds) or "of no layer of this library"
    return f"{group.name!r} ({arrays}) may be {choice}"


def _floating(array: Array) -> Array:
    """Return a copy in float64 if it has that dtype, else in float32."""
    return np.array(array, np.float64 if array.dtype == np.float64 else np.float32)
