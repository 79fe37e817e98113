"""Writes the nodes of an ONNX graph: names of values, constants, sizes known when it runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from chainrule.interop.onnx.writing.program import Instruction, Size, ValueType

__all__ = [
    "GraphWriter", "Value", "broadcast_shape", "difference", "product", "scaled", "total",
]  # fmt: skip

_TO_THE_END = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Value:
    """A value of the graph: an array that is known, or the name of what a node computes.

    `label` names an array in the file, such as ``dense.weight``. `source` is the value that this
    one repeats along axes, where an operator that broadcasts may read that instead. `parts` are
    the results of an operation with several, `made_by` the instruction and its operands.
    """

    type: ValueType
    name: str = ""
    array: NDArray[Any] | None = None
    label: str = ""
    source: Value | None = None
    parts: tuple[Value, ...] = ()
    made_by: tuple[Instruction, list[Value]] | None = None

    @property
    def shape(self) -> tuple[Size, ...]:
        """The lengths of the axes."""
        return self.type.shape


@dataclass
class GraphWriter:
    """Collects nodes and initializers; the bodies of loops have writers of their own.

    Parameters
    ----------
    x : str
        The name of the input, whose lengths are the numbers of samples and steps.
    steps_axis : int
        The axis of the input that has the steps.
    outer : GraphWriter or None
        Of the graph around this one: names and initializers are in common.
    """

    x: str
    steps_axis: int = 1
    outer: GraphWriter | None = None
    layer: str = ""
    nodes: list[NodeProto] = field(default_factory=list[NodeProto])
    initializers: dict[str, TensorProto] = field(default_factory=dict[str, TensorProto])
    _names: set[str] = field(default_factory=set[str])
    _known: dict[Any, str] = field(default_factory=dict[Any, str])
    _sizes: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def root(self) -> GraphWriter:
        """The writer of the outermost graph."""
        return self if self.outer is None else self.outer.root

    def fresh(self, base: str) -> str:
        """Return a name that no other value has."""
        names, name, number = self.root._names, base, 0
        while name in names:
            number += 1
            name = f"{base}_{number}"
        names.add(name)
        return name

    def array(self, array: Any, label: str = "constant") -> str:
        """Return the name of an initializer with these values."""
        root, array = self.root, np.array(array, order="C")
        key = label, array.dtype.str, array.shape, array.tobytes()
        if key not in root._known:
            root._known[key] = name = root.fresh(label)
            root.initializers[name] = numpy_helper.from_array(array, name)
        return root._known[key]

    def name_of(self, value: Value) -> str:
        """Return the name by which an operator reads a value."""
        if value.array is None:
            return value.name
        return self.array(value.array, value.label or "constant")

    def add(self, operator: str, inputs: Sequence[str], outputs: int = 1, **attributes: Any) -> Any:
        """Add a node; return the name of its output, or the list of them for several."""
        base = f"{self.layer}/{operator}" if self.layer else operator
        names = [self.fresh(base) for _ in range(outputs)]
        node = helper.make_node(operator, list(inputs), names, name=names[0], **attributes)
        self.nodes.append(node)
        return names[0] if outputs == 1 else names

    def size(self, size: Size) -> str:
        """Return the name of an int64 array of one element, a size known when the graph runs."""
        if isinstance(size, int):
            return self.array(np.array([size]))
        root = self.root
        total: str | None = None
        for term, coefficient in size.items():
            value = root._term(term)
            if value is None:
                part = root.array(np.array([coefficient]))
            elif coefficient == 1:
                part = value
            else:
                part = root.add("Mul", [value, root.array(np.array([coefficient]))])
            total = part if total is None else root.add("Add", [total, part])
        return total or self.array(np.array([0]))

    def _term(self, term: str) -> str | None:
        if term == "one":
            return None
        if term not in self._sizes:
            if term == "product":
                name = self.add("Mul", [self._length(0), self._length(self.steps_axis)])
            else:
                name = self._length(0 if term == "samples" else self.steps_axis)
            self._sizes[term] = name
        return self._sizes[term]

    def _length(self, axis: int) -> str:
        shape = self._sizes.get("shape") or self.add("Shape", [self.x])
        self._sizes["shape"] = shape
        return self.add("Gather", [shape, self.array(np.array([axis]))], axis=0)

    def sizes(self, sizes: Iterable[Size]) -> str:
        """Return the name of an int64 array of sizes."""
        listed = list(sizes)
        if all(isinstance(each, int) for each in listed):
            return self.array(np.array(listed, np.int64))
        parts = [self.size(each) for each in listed]
        return parts[0] if len(parts) == 1 else self.add("Concat", parts, axis=0)

    def reshape(self, name: str, before: Sequence[Size], after: Sequence[Size]) -> str:
        """Return a value in another shape; at most one varying length is left to the operator."""
        if list(before) == list(after):
            return name
        return self.add("Reshape", [name, self._target(before, after)])

    def _target(self, before: Sequence[Size], after: Sequence[Size]) -> str:
        varying = [i for i, each in enumerate(after) if not isinstance(each, int)]
        kept = [i for i in varying if i < len(before) and before[i] == after[i]]
        others = [i for i in varying if i not in kept]
        is_empty = any(each == 0 for each in (*before, *after))
        if not is_empty and len(others) <= 1:
            # 0 copies a length, -1 is what remains.
            target = [
                0 if i in kept else -1 if i in others else each for i, each in enumerate(after)
            ]
            if not others and len(kept) == 1:
                target[kept[0]] = -1
            return self.array(np.array(target, np.int64))
        return self.sizes(after)

    def transpose(self, name: str, axes: Sequence[int]) -> str:
        """Return a value with its axes in another order."""
        return (
            name if list(axes) == sorted(axes) else self.add("Transpose", [name], perm=list(axes))
        )

    def slice(
        self, name: str, slices: Sequence[tuple[Size, Size, int]], shape: Sequence[Size]
    ) -> str:
        """Return ``count`` elements from ``start`` by ``step`` along each axis."""
        starts, ends, axes, steps = list[Size](), list[Size](), list[int](), list[int]()
        for axis, ((start, count, step), length) in enumerate(zip(slices, shape, strict=True)):
            if (start, count, step) == (0, length, 1):
                continue
            if step < 0 and isinstance(start, int) and isinstance(count, int):
                # Some compilers to C have no negative steps.
                indices = self.array(start + step * np.arange(count))
                name = self.add("Gather", [name, indices], axis=axis)
                continue
            axes.append(axis)
            steps.append(step)
            starts.append(_from_end(start, length))
            ends.append(_end(start, count, step, length))
        if not axes:
            return name
        given = [self.sizes(starts), self.sizes(ends), self.array(np.array(axes))]
        return self.add("Slice", [name, *given, self.array(np.array(steps))])

    def pad(self, name: str, before: Sequence[Size], after: Sequence[Size], fill: Any) -> str:
        """Return a value with `fill` before and after it along each axis."""
        if not any([*before, *after]):
            return name
        return self.add("Pad", [name, self.sizes([*before, *after]), self.array(fill)])


def _from_end(start: Size, length: Size) -> Size:
    """Return a start that varies as one counted from the end, if that does not vary."""
    if isinstance(start, int):
        return start
    distance = difference(start, length)
    return distance if isinstance(distance, int) and distance < 0 else start


def _end(start: Size, count: Size, step: int, length: Size) -> Size:
    if isinstance(start, int) and isinstance(count, int):
        end = start + (count - 1) * step + (1 if step > 0 else -1)
        return -_TO_THE_END if end < 0 else end
    last = total(start, count if step == 1 else scaled(total(count, -1), step))
    if step != 1:
        last = total(last, 1 if step > 0 else -1)
    if step > 0:
        distance = difference(last, length)
        if distance == 0:
            return _TO_THE_END
        return distance if isinstance(distance, int) and distance < 0 else last
    return -_TO_THE_END if isinstance(last, int) and last < 0 else last


def scaled(size: Size, factor: int) -> Size:
    """Return a size times a number."""
    if isinstance(size, int):
        return size * factor
    return {term: each * factor for term, each in size.items()}


def total(a: Size, b: Size) -> Size:
    """Return the sum of two sizes."""
    if isinstance(a, int) and isinstance(b, int):
        return a + b
    left = {"one": a} if isinstance(a, int) else a
    right = {"one": b} if isinstance(b, int) else b
    terms = {key: left.get(key, 0) + right.get(key, 0) for key in (*left, *right)}
    terms = {key: each for key, each in terms.items() if each}
    return terms.get("one", 0) if set(terms) <= {"one"} else terms


def difference(a: Size, b: Size) -> Size:
    """Return a - b."""
    return total(a, scaled(b, -1))


def product(sizes: Sequence[Size]) -> Size | None:
    """Return the product of sizes, if it is a size."""
    varying = [each for each in sizes if not isinstance(each, int)]
    factor = prod(each for each in sizes if isinstance(each, int))
    if len(varying) <= 1:
        return scaled(varying[0], factor) if varying else factor
    if sorted(map(str, varying)) == sorted(map(str, ({"samples": 1}, {"steps": 1}))):
        return {"product": factor}
    return None


def broadcast_shape(shapes: Sequence[Sequence[Size]]) -> tuple[Size, ...] | None:
    """Return the shape to which shapes broadcast; None where lengths differ."""
    count = max(map(len, shapes), default=0)
    result: list[Size] = []
    for lengths in zip(*[(1,) * (count - len(each)) + tuple(each) for each in shapes], strict=True):
        others = [each for each in lengths if each != 1]
        if any(each != others[0] for each in others):
            return None
        result.append(others[0] if others else 1)
    return tuple(result)
