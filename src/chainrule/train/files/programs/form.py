"""The form of a program in a file: its names, numbers and kinds, before anything is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import FormatError
from chainrule.train.files.programs.sizes import checked_size
from chainrule.train.files.programs.vocabulary import OPERATIONS

__all__ = ["DTYPES", "check_form"]

MAX_NODES = 100_000
"""Of a program, those within it too."""

DTYPES = {
    name: np.dtype(full)
    for name, full in {
        "bool": "bool", "f16": "float16", "f32": "float32", "f64": "float64", "i8": "int8",
        "i16": "int16", "i32": "int32", "i64": "int64", "u8": "uint8", "u16": "uint16",
        "u32": "uint32", "u64": "uint64",
    }.items()
}  # fmt: skip


def check_form(description: Any, tensors: Mapping[str, NDArray[Any]]) -> None:
    """Raise a FormatError for a description that is no program of these tensors."""
    _Checker(tensors).program(description, 0)


class _Checker:
    """Counts the nodes of all programs within one another, and compares each with its form."""

    def __init__(self, tensors: Mapping[str, NDArray[Any]]) -> None:
        self._tensors, self._count = tensors, 0

    def program(self, description: Any, depth: int) -> None:
        inputs, nodes, outputs = self._entries(description, "inputs", "nodes", "outputs")
        _require(depth <= 16 and isinstance(inputs, list) and len(inputs) <= MAX_NODES)
        for type_ in inputs:
            _require(isinstance(type_, list) and len(type_) == 2)
            dtype, shape = type_
            _require(isinstance(dtype, str) and dtype in DTYPES)
            self._sizes(shape)
        known = self._nodes(nodes, len(inputs), depth)
        self._operands(outputs, known)

    def _nodes(self, nodes: Any, known: int, depth: int) -> int:
        """Check nodes after some values; return how many values there are then."""
        _require(isinstance(nodes, list))
        self._count += len(nodes)
        _require(self._count <= MAX_NODES)
        for node in nodes:
            _require(isinstance(node, list) and len(node) == 3)
            name, operands, parameters = node
            _require(isinstance(name, str) and isinstance(parameters, dict))
            self._operands(operands, known)
            if name == "constant":
                (value,) = self._entries(parameters, "value")
                self._constant(value)
            elif name == "custom_derivative":
                self._derivative(parameters, len(operands), known, depth)
            else:
                operation = OPERATIONS.get(name)
                _require(operation is not None, f"it has the operation {ascii(name)[:40]}")
                kinds = cast(Any, operation).parameters
                for value, kind in zip(
                    self._entries(parameters, *kinds), kinds.values(), strict=True
                ):
                    self._parameter(value, kind, depth)
            known += 1
        return known

    def _derivative(self, parameters: Any, operands: int, known: int, depth: int) -> None:
        count, is_regular, backward = self._entries(parameters, "count", "regular", "backward")
        _require(type(count) is int and 0 < count <= operands and type(is_regular) is bool)
        nodes, outputs = self._entries(backward, "nodes", "outputs")
        known = self._nodes(nodes, known + count, depth + 1)
        _require(isinstance(outputs, list) and len(outputs) == operands - count)
        self._operands([each for each in outputs if each is not None], known)

    def _parameter(self, value: Any, kind: str, depth: int) -> None:
        match kind:
            case "bool":
                _require(type(value) is bool)
            case "dtype":
                _require(isinstance(value, str) and value in DTYPES)
            case "graph":
                self.program(value, depth + 1)
            case "int":
                _require(type(value) is int and abs(value) <= MAX_NODES)
            case "float or null":
                _require(value is None or type(value) in (int, float))
            case "size" | "size or null":
                _require(value is not None or kind == "size or null")
                if value is not None:
                    checked_size(value)
            case "sizes":
                self._sizes(value)
            case "slices":
                _require(isinstance(value, list) and len(value) <= 64)
                for each in value:
                    self._sizes(each)
                    _require(len(each) == 3)
            case _:
                _require(isinstance(value, str) and len(value) <= 1000 and value.isprintable())

    def _constant(self, value: Any) -> None:
        _require(isinstance(value, dict))
        if "tensor" in value:
            (name,) = self._entries(value, "tensor")
            _require(isinstance(name, str) and name in self._tensors, "a tensor is missing")
            return
        if "breaks" in value:
            self._bands(value)
            return
        names = ["dtype", "number", "shape", *(["strides"] if "strides" in value else [])]
        dtype, number, *sizes = self._entries(value, *names)
        _require(isinstance(dtype, str) and dtype in DTYPES)
        for each in sizes:
            self._sizes(each)
            _require(len(each) == len(sizes[0]))
        if isinstance(number, dict):
            is_ratio = number.keys() == {"over", "under"} and len(sizes) == 1
            for each in number.values() if is_ratio else [number]:
                checked_size(each)
        else:
            _require(type(number) in (bool, int) or (type(number) is float and len(sizes) == 1))

    def _bands(self, value: Any) -> None:
        """Check a matrix that is constant on bands of diagonals."""
        dtype, shape, breaks, part = self._entries(value, "dtype", "shape", "breaks", "values")
        _require(isinstance(dtype, str) and dtype in DTYPES)
        self._sizes(shape)
        self._sizes(breaks)
        (name,) = self._entries(part, "tensor")
        _require(isinstance(name, str) and name in self._tensors, "a tensor is missing")
        values = self._tensors[name]
        _require(len(shape) == 2 and values.dtype == DTYPES[dtype])
        _require(values.shape == (len(breaks) + 1,))

    def _sizes(self, value: Any) -> None:
        _require(isinstance(value, list) and len(value) <= 64)
        for each in value:
            checked_size(each)

    def _operands(self, operands: Any, known: int) -> None:
        _require(isinstance(operands, list) and len(operands) <= MAX_NODES)
        _require(all(type(each) is int and 0 <= each < known for each in operands))

    def _entries(self, value: Any, *names: str) -> list[Any]:
        _require(isinstance(value, dict) and value.keys() == set(names))
        return [value[name] for name in names]


def _require(condition: bool, problem: str = "it is not of the form of a program") -> None:
    if not condition:
        raise FormatError(f"load: a program cannot be read: {problem}")
