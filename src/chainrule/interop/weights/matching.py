"""Which layer of another library is which of a network; all that does not fit, in one error."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.arguments.checks import bad_argument
from chainrule.errors import ArgumentError, ShapeError, counted
from chainrule.interop.weights.groups import Group
from chainrule.interop.weights.layout import Array, Arrays, Layout
from chainrule.interop.weights.unit import Unit
from chainrule.nn.layer import Layer

__all__ = ["matched", "read_group", "refuse_problems"]

LayoutOf = Callable[[Layer], Layout]


def matched(
    function: str, groups: Sequence[Group], units: Sequence[Unit], names: Any
) -> list[tuple[Group, Unit]]:
    """Return pairs of layers: by `names`, by equal names, or else by their order."""
    if names is not None:
        return _by_names(function, groups, units, names)
    last = {each.name.replace("/", ".").split(".")[-1]: each for each in groups}
    if len(last) == len(groups) and last.keys() == {each.name for each in units}:
        return [(last[unit.name], unit) for unit in units]
    if len(groups) == len(units):
        return list(zip(groups, units, strict=True))
    raise ArgumentError(
        f"{function}: the weights are of {counted(len(groups), 'layer')}, and the network has "
        f"{counted(len(units), 'layer')} with parameters; theirs: {_listed(groups)}; ours: "
        f"{', '.join(map(_described, units))}. Make the layers correspond, give the part of the "
        "network that they are of, as net[:-1], or pair some by names={'theirs': 'ours'}"
    )


def _by_names(
    function: str, groups: Sequence[Group], units: Sequence[Unit], names: Any
) -> list[tuple[Group, Unit]]:
    if not isinstance(names, Mapping):
        raise bad_argument(function, "names", names, "a dictionary of names, theirs to ours")
    by_group = {each.name: each for each in groups}
    by_unit = {each.name: each for each in units}
    pairs: dict[Any, Any] = dict(names)
    unknown = [repr(name) for name in pairs if name not in by_group]
    unknown += [repr(name) for name in pairs.values() if name not in by_unit]
    if unknown:
        raise ArgumentError(
            f"{function}: names has {', '.join(unknown)}, which is no layer; theirs: "
            f"{', '.join(map(repr, by_group))}; ours: {', '.join(map(repr, by_unit))}"
        )
    return [(by_group[theirs], by_unit[ours]) for theirs, ours in pairs.items()]


def _listed(groups: Sequence[Group]) -> str:
    shown = [f"{each.name or 'the model'} ({_shapes(each.arrays)})" for each in groups]
    return ", ".join(shown)


def _described(unit: Unit) -> str:
    return f"{unit.name} ({type(unit.layer).__name__})"


def _shapes(arrays: Arrays) -> str:
    return ", ".join(f"{name} {each.shape}" for name, each in arrays.items())


def read_group(
    group: Group, unit: Unit, layout: Layout, own: Arrays, problems: list[str]
) -> dict[str, Array]:
    """Return the parameters of a layer by their names in it; note what does not fit."""
    expected = layout.write(unit.layer, own)
    given = dict(group.arrays)
    for name, value in layout.defaults.items():
        if name in expected and name not in given:
            given[name] = np.full(expected[name].shape, value, np.float32)
    before = len(problems)
    title = f"layer {unit.name!r} ({type(unit.layer).__name__})"
    for name, array in expected.items():
        full = group.full_names.get(name, name)
        if name not in given:
            problems.append(f"{title} lacks {name} of shape {array.shape}")
        elif given[name].shape != array.shape:
            problems.append(
                f"{title} needs {name} of shape {array.shape}, and {full!r} has "
                f"{given[name].shape}{_hint(name, given[name], array)}"
            )
    problems.extend(
        f"{title} has no place for {group.full_names[name]!r} of shape {given[name].shape}"
        for name in given
        if name not in expected
    )
    return {} if len(problems) > before else layout.read(given)


def _hint(name: str, given: Array, expected: Array) -> str:
    if name == "bias" and expected.ndim == 2 and given.size * 2 == expected.size:
        return ", that of reset_after=False, which computes otherwise"
    if given.shape == expected.shape[::-1] and given.ndim == 2:
        return ", its transpose"
    return ""


def refuse_problems(function: str, problems: Sequence[str]) -> None:
    """Raise one error of all that does not fit."""
    if not problems:
        return
    are_shapes = all(" needs " in each for each in problems)
    raise (ShapeError if are_shapes else ArgumentError)(
        f"{function}: {'; '.join(problems)}. The layers were paired in their order; give both "
        "models the same arguments, or pair them by names={'theirs': 'ours'}"
    )
