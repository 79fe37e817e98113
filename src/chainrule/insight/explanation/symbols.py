"""Names of parameters and values in equations: W¹, b¹, a¹, δ²."""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import cast

from chainrule.insight.notation.expression import Name
from chainrule.insight.notation.greek import GREEK
from chainrule.nn.layer import Layer

__all__ = [
    "derivative_name",
    "direction_of",
    "gate_name",
    "label_of",
    "layer_text",
    "parameter_name",
    "part_names",
    "projection_name",
    "shortened",
    "variable_name",
]

_LETTERS = {
    "weight": "W",
    "input_weight": "W",
    "recurrent_weight": "U",
    "embedding": "E",
    "bias": "b",
    "gain": "γ",
    "mean": "μ",
    "variance": "v",
}

_GREEK = {**GREEK, "epsilon": "ε", "phi": "φ"}


def parameter_name(attribute: str, number: int) -> Name:
    """Return the name of a parameter of a block: ``weight`` is W, ``query.weight`` W_query."""
    *path, last = attribute.split(".")
    path = label_of(".".join(path)).split()
    first, _, kind = last.rpartition("_")
    if first and kind in ("weight", "bias") and last not in _LETTERS:
        path, last = [*path, _ATTENTION.get(first, first)], kind
    base = _LETTERS.get(last) or _GREEK.get(last) or last
    return Name(base, str(number), " ".join(path))


def label_of(path: str) -> str:
    """Return the subscript of a layer within another: ``layers.0`` is 0."""
    words = (_DIRECTIONS.get(each, each) for each in path.split(".") if each not in _LISTS)
    return " ".join(words)


def shortened(names: Mapping[str, Name]) -> dict[str, Name]:
    """Return names without the words of their subscripts that do not tell them apart."""
    found: dict[str, Name] = {}
    for full, name in names.items():
        words = name.subscript.split()
        inner = len(label_of(".".join(full.split(".")[1:-1])).split())
        shorter = [replace(name, subscript=" ".join(words[i:])) for i in range(inner, 0, -1)]
        others = [each for each in names.values() if each != name]
        unique = (x for x in shorter if not any(_could_be(each, x) for each in others))
        found[full] = next(unique, name)
    return found


def _could_be(name: Name, short: Name) -> bool:
    words, tail = name.subscript.split(), short.subscript.split()
    is_alike = (name.base, name.superscript) == (short.base, short.superscript)
    return is_alike and words[len(words) - len(tail) :] == tail


_ATTENTION = {"query": "Q", "key": "K", "value": "V", "output": "O"}
"""The letters of Vaswani et al. (2017), section 3.2."""

_DIRECTIONS = {"forward_layer": "→", "backward_layer": "←"}
"""The arrows of Graves & Schmidhuber (2005) and Bahdanau et al. (2015)."""

_LISTS = ("layers", "branches")
"""Attributes that hold the layers of another; their number says enough."""


def projection_name(parameter: Name) -> Name | None:
    """Return the name of ``x W_Q + b_Q``, Q, in attention; None for other parameters."""
    *path, last = parameter.subscript.split(" ")
    is_projection = last in ("Q", "K", "V")
    return Name(last, parameter.superscript, " ".join(path)) if is_projection else None


def variable_name(variable: str) -> Name:
    """Return the name of a variable of the user: ``z1`` is z with subscript 1, ``alpha`` α."""
    last = variable.rsplit(".", 1)[-1]
    match = re.fullmatch(r"([A-Za-z]+?)_?(\d+)", last)
    stem, number = match.groups() if match else (last, "")
    return Name(_GREEK.get(stem, stem), subscript=number)


def part_names(letters: str, number: int | None = None) -> Callable[[], Name]:
    """Return names for the parts of long equations, each once: u, v, w, then u₁, v₁, ..."""
    count = itertools.count()

    def name() -> Name:
        series, place = divmod(next(count), len(letters))
        upper = "" if number is None else str(number)
        return Name(letters[place], upper, str(series) if series else "")

    return name


def gate_name(variable: str) -> Name:
    """Return the letter of the textbooks for the variable of a step of a layer."""
    return Name(_GATES[variable]) if variable in _GATES else variable_name(variable)


_GATES = {
    "candidate": "g",
    "forget_gate": "f",
    "input_gate": "i",
    "output_gate": "o",
    "reset_gate": "r",
    "update_gate": "z",
}
"""Letters of Hochreiter & Schmidhuber (1997), Gers et al. (2000) and Cho et al. (2014)."""


def derivative_name(name: Name, upper: str) -> Name:
    """Return the name of the derivative by a value: δ_c by c."""
    return Name("δ", upper, f"{name.base}{name.subscript}")


def direction_of(layer: str) -> str:
    """Return the arrow of a layer that is one of the two of a bidirectional one."""
    return _DIRECTIONS.get(layer.rpartition(".")[2], "")


def layer_text(layer: Layer) -> str:
    """Return a layer as it is made, without the arguments that have their defaults."""
    shown: list[str] = []
    for name, parameter in inspect.signature(type(layer)).parameters.items():
        value = getattr(layer, name, parameter.default)
        if name == "name" or callable(value) or isinstance(value, Layer):
            continue
        if parameter.default is parameter.empty:
            shown.append(_short(value) if value is not parameter.empty else name)
        elif repr(value) != repr(parameter.default):
            shown.append(f"{name}={_short(value)}")
    return f"{type(layer).__name__}({', '.join(shown)})"


def _short(value: object) -> str:
    """Return an argument; layers within it as they are made."""
    if isinstance(value, Layer):
        return layer_text(value)
    if isinstance(value, list | tuple):
        inner = ", ".join(map(_short, cast("Sequence[object]", value)))
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    return repr(value)
