"""Reading weights into the parameters of a network, and writing them, by layouts of layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.arguments.checks import bad_argument
from chainrule.errors import ArgumentError
from chainrule.interop.weights.groups import Group
from chainrule.interop.weights.layout import Array, Layout
from chainrule.interop.weights.matching import matched, read_group, refuse_problems
from chainrule.interop.weights.unit import Unit, units_of
from chainrule.nn.layer import Layer
from chainrule.train.network import Network

__all__ = ["Orders", "built", "read_into", "written"]

LayoutOf = Callable[[Layer], Layout]
Orders = Mapping[str, Sequence[tuple[int, Array]]]
"""By parameter, axes and their order in the other library: its index i is ours order[i]."""


def built(function: str, net: Any) -> Network:
    """Return a network that is built; raise an error for anything else."""
    if not isinstance(net, Network):
        raise bad_argument(function, "net", net, "a chainrule.Network")
    if net.output_shape is None:
        raise ArgumentError(
            f"{function}: the network is not built yet, so its parameters have no shapes; call "
            "net(X) once, with some samples"
        )
    return net


def read_into(
    function: str,
    groups: Sequence[Group],
    net: Network,
    units: Sequence[Unit],
    names: Any,
    layout: LayoutOf,
    orders: Orders | None = None,
) -> dict[str, Array]:
    """Return values for the parameters of a network, in its dtype."""
    live, problems, values = net.params, list[str](), dict[str, Array]()
    for group, unit in matched(function, groups, units, names):
        own = {name: live[full] for name, full in unit.parameters.items()}
        read = read_group(group, unit, layout(unit.layer), own, problems)
        for name, array in read.items():
            full = unit.parameters[name]
            values[full] = _in_our_order(array, (orders or {}).get(full, ()))
    refuse_problems(function, problems)
    return {name: np.array(each, live[name].dtype) for name, each in values.items()}


def _in_our_order(array: Array, orders: Sequence[tuple[int, Array]]) -> Array:
    for axis, order in orders:
        array = np.take(array, np.argsort(order), axis)
    return array


def written(
    net: Network,
    layout: LayoutOf,
    separator: str,
    orders: Orders,
    like: Sequence[Group] | None = None,
    function: str = "",
) -> dict[str, Array]:
    """Return the arrays of another library by name, those of `like` where it is given."""
    values, units = net.params.copy(), units_of(net)
    by_unit: dict[str, dict[str, Array]] = {}
    for unit in units:
        own: dict[str, Array] = {}
        for name, full in unit.parameters.items():
            array = values[full]
            for axis, order in orders.get(full, ()):
                array = np.take(array, order, axis)
            own[name] = array
        by_unit[unit.name] = layout(unit.layer).write(unit.layer, own)
    if like is not None:
        return _named_like(function, by_unit, units, like)
    return {
        f"{unit}{separator}{name}": np.array(array)
        for unit, arrays in by_unit.items()
        for name, array in arrays.items()
    }


def _named_like(
    function: str,
    by_unit: Mapping[str, Mapping[str, Array]],
    units: Sequence[Unit],
    like: Sequence[Group],
) -> dict[str, Array]:
    """Return arrays under the names that a model of the other library has for them."""
    problems, named = list[str](), dict[str, Array]()
    for group, unit in matched(function, like, units, None):
        arrays, title = by_unit[unit.name], f"layer {unit.name!r} ({type(unit.layer).__name__})"
        for name, given in group.arrays.items():
            full = group.full_names[name]
            if name not in arrays:
                problems.append(f"{title} has nothing for {full!r} of shape {given.shape}")
            elif arrays[name].shape != given.shape:
                problems.append(
                    f"{title} needs {full!r} of shape {arrays[name].shape}, and it has "
                    f"{given.shape}"
                )
            else:
                named[full] = np.array(arrays[name], given.dtype)
        problems.extend(
            f"{title} has {name}, and {group.name!r} does not"
            for name in arrays
            if name not in group.arrays
        )
    refuse_problems(function, problems)
    return named
