"""A program as statements of NumPy: an expression where a value is used once, else a variable."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, cast

import numpy as np

from chainrule.export.numpy_source.constants import constant_expression, type_at
from chainrule.export.numpy_source.expression import (
    ATOM,
    Expression,
    exact,
    size_text,
    sizes_text,
)
from chainrule.export.numpy_source.operations import ELEMENTWISE, OTHERS, Text
from chainrule.export.numpy_source.positive_parts import positive_parts
from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import Node, variable
from chainrule.train.files.programs.form import DTYPES
from chainrule.train.files.programs.sizes import Point, size_at
from chainrule.train.files.programs.vocabulary import OPERATIONS

__all__ = ["Writer", "unsupported_operations"]

_WIDTH = 88
"""Of an expression; a longer one is parted by variables."""

_SAME = ("identity", "stop_gradient")
_LOOPS = ("scan", "cond", "while_loop")
_OWN = ("constant", "custom_derivative", "get_result", "broadcast_to")


class Writer:
    """Writes programs as statements, one after the other."""

    def __init__(self, tensors: dict[str, str], point: Point) -> None:
        self._tensors, self._point = tensors, point
        self.lines: list[str] = []
        self._names = self._new_names()
        self._indent = "    "

    @staticmethod
    def _new_names() -> Iterator[str]:
        letters = "abcdefghijklmopqrsuvwyz"
        yield from letters
        for number in itertools.count(1):
            yield from (f"{each}{number}" for each in letters)

    def line(self, text: str = "") -> None:
        """Append a line."""
        self.lines.append(f"{self._indent}{text}" if text else "")

    def input(self, text: str, type_: Sequence[Any]) -> Expression:
        """Return an input of a program, whose value is in a variable."""
        return Expression(text, variable(type_at(type_, self._point)))

    def assigned(self, value: Expression, name: str | None = None) -> Expression:
        """Assign a value to a variable."""
        name = next(self._names) if name is None else name
        if value.text != name:
            self.line(f"{name} = {value.text}")
        return Expression(name, value.node, full_shape=value.full_shape)

    def renamed(self, value: Expression, name: str) -> Expression:
        """Assign a value to a variable; the one that the last line assigns is called so there."""
        head = f"{self._indent}{value.text} = "
        if self.lines and self.lines[-1].startswith(head):
            self.lines[-1] = f"{self._indent}{name} = {self.lines[-1].removeprefix(head)}"
            return Expression(name, value.node)
        return self.assigned(value, name)

    def run(self, program: dict[str, Any], inputs: Sequence[Expression]) -> list[Expression]:
        """Write the statements of a program; return its outputs."""
        nodes, outputs = program["nodes"], program["outputs"]
        uses = np.zeros(len(inputs) + len(nodes), int)
        for _, operands, _ in nodes:
            np.add.at(uses, operands, 1)
        np.add.at(uses, outputs, 1)
        positive = positive_parts(nodes, len(inputs), uses)
        for each in positive.values():  # where x is read twice, and written once
            uses[each] -= 1
        compared = {nodes[index - len(inputs)][1][0] for index in positive}
        values = list(inputs)
        for name, operands, parameters in nodes:
            given = [values[each] for each in operands]
            if len(values) in compared:
                value = given[0]  # of max(x, 0), which compares in its own text
            elif len(values) in positive:
                value = self._positive_part(given[2])
            else:
                value = self._value(name, given, parameters)
            if len(values) not in compared and self._is_variable(value, int(uses[len(values)])):
                value = self.assigned(value)
            values.append(value)
        return [values[each] for each in outputs]

    def _is_variable(self, value: Expression, uses: int) -> bool:
        if value.parts is not None or not uses or _is_name(value):
            return False
        return uses > 1 or len(value.text) > _WIDTH

    def _value(
        self, name: str, operands: list[Expression], parameters: dict[str, Any]
    ) -> Expression:
        if name == "constant":
            return constant_expression(parameters["value"], self._tensors, self._point)
        if name == "custom_derivative":
            return Expression("", None, parts=tuple(operands[: parameters["count"]]))
        if name == "get_result":
            parts = operands[0].parts
            assert parts is not None, "an operation of several results"
            return parts[parameters["index"]]
        if name in _SAME:
            return operands[0]
        if name == "broadcast_to":
            node = self._inferred(name, operands, parameters)
            x = operands[0]
            full = sizes_text(parameters["shape"])
            is_same = x.full_shape is None and not x.is_literal and x.shape == node.shape
            return Expression(x.text, node, x.precedence, None if is_same else full, x.is_literal)
        if name in _LOOPS:
            return self._loop(name, operands, parameters)
        node = self._inferred(name, operands, parameters)
        if name in ELEMENTWISE:
            return self._elementwise(name, operands, node)
        operands = [exact(each) for each in operands]
        known = {"known": node.shape} if name == "reduce_to" else {}
        write = partial(OTHERS[name], **_as_numpy(parameters), **known)
        text, level = self._fitting(operands, write)
        return Expression(text, node, level)

    def _elementwise(self, name: str, operands: list[Expression], node: Node) -> Expression:
        if all(each.is_literal for each in operands):  # or Python would compute in float64
            first = operands[0]
            typed = f"np.{first.node.dtype}({first.text})"
            operands = [Expression(typed, first.node, full_shape=first.full_shape), *operands[1:]]
        text, level = self._fitting(operands, ELEMENTWISE[name])
        full = None
        if all(each.full_shape is not None for each in operands):
            full = operands[0].full_shape
        return Expression(text, node, level, full)

    def _positive_part(self, x: Expression) -> Expression:
        text, _ = self._fitting([x], lambda x: (f"np.maximum({x.text}, 0)", ATOM))
        return Expression(text, x.node, full_shape=x.full_shape)

    def _fitting(self, operands: list[Expression], write: Callable[..., Text]) -> Text:
        """Return the text of an operation that fits a line: long operands become variables."""
        while True:
            text, level = write(*operands)
            long = [i for i, each in enumerate(operands) if not _is_name(each)]
            if len(text) <= _WIDTH or not long:
                return text, level
            longest = max(long, key=lambda i: len(operands[i].text))
            operands = [self.assigned(e) if i == longest else e for i, e in enumerate(operands)]

    def _loop(
        self, name: str, operands: list[Expression], parameters: dict[str, Any]
    ) -> Expression:
        operands = [exact(each) for each in operands]
        if name == "scan":
            return self._scan(operands, **parameters)
        if name == "cond":
            return self._cond(operands, **parameters)
        return self._while(operands, **parameters)

    def _settled(self, value: Expression) -> Expression:
        """Return a value that is a variable, to be read in each step of a loop."""
        return value if _is_name(value) and not value.is_literal else self.assigned(value)

    def _scan(
        self,
        operands: list[Expression],
        body: dict[str, Any],
        shared: int,
        carries: int,
        length: Any,
        reverse: bool,
    ) -> Expression:
        constants = [self._settled(each) for each in operands[:shared]]
        xs = [self._settled(each) for each in operands[shared + carries :]]
        init = operands[shared : shared + carries]
        carry = [self.assigned(each, next(self._names)) for each in init]
        step = next(self._names)
        count = len(body["outputs"]) - carries
        rows = [self.assigned(Expression("[]", None)) for _ in range(count)]
        steps = f"range({size_text(length)})"
        self.line(f"for {step} in {f'reversed({steps})' if reverse else steps}:")
        types = body["inputs"][shared + carries :]
        items = [self.input(f"{x.text}[{step}]", t) for x, t in zip(xs, types, strict=True)]
        results = self._body(body, [*constants, *carry, *items], carry, rows)
        last = []
        for row, result in zip(rows, results[carries:], strict=True):
            items_text = f"{row.text}[::-1]" if reverse else row.text
            shape = (size_at(length, self._point), *result.shape)
            node = variable(ArrayType(result.node.dtype, shape))
            last.append(self.assigned(Expression(f"np.stack({items_text})", node)))
        return Expression("", None, parts=(*carry, *last))

    def _body(
        self,
        body: dict[str, Any],
        inputs: list[Expression],
        carry: list[Expression],
        rows: Sequence[Expression] = (),
    ) -> list[Expression]:
        """Write one step: the new carry, and what is appended to the rows."""
        self._indent += "    "
        results = [exact(each) for each in self.run(body, inputs)]
        for row, result in zip(rows, results[len(carry) :], strict=True):
            self.line(f"{row.text}.append({result.text})")
        pairs = zip(carry, results, strict=False)
        new = [(old.text, each.text) for old, each in pairs if old.text != each.text]
        if new:
            left, right = zip(*new, strict=True)
            self.line(f"{', '.join(left)} = {', '.join(right)}")
        self._indent = self._indent[4:]
        return results

    def _cond(
        self, operands: list[Expression], if_true: dict[str, Any], if_false: dict[str, Any]
    ) -> Expression:
        test, *shared = map(self._settled, operands)
        names = [next(self._names) for _ in if_true["outputs"]]
        results: list[Expression] = []
        for head, branch in ((f"if {test.text}:", if_true), ("else:", if_false)):
            self.line(head)
            results = self._body(branch, shared, [Expression(each, None) for each in names])
        parts = [Expression(n, e.node) for n, e in zip(names, results, strict=True)]
        return Expression("", None, parts=tuple(parts))

    def _while(
        self,
        operands: list[Expression],
        condition: dict[str, Any],
        body: dict[str, Any],
        condition_shared: int,
        body_shared: int,
        max_steps: Any,
    ) -> Expression:
        first = condition_shared + body_shared
        operands = [*map(self._settled, operands[:first]), *operands[first:]]
        tested, shared = operands[:condition_shared], operands[condition_shared:first]
        carry = [self.assigned(e, next(self._names)) for e in operands[first:]]
        limit = "itertools.count()" if max_steps is None else f"range({size_text(max_steps)})"
        self.line(f"for _ in {limit}:")
        self._indent += "    "
        (test,) = self.run(condition, [*tested, *carry])
        self.line(f"if not {exact(test).inside(ATOM)}:")
        self.line("    break")
        self._indent = self._indent[4:]
        self._body(body, [*shared, *carry], carry)
        return Expression("", None, parts=tuple(carry))

    def _inferred(self, name: str, operands: list[Expression], parameters: dict[str, Any]) -> Node:
        """Return a node of the type of an operation's value, at one number of samples."""
        operation = OPERATIONS[name]
        decoded = {
            key: self._decoded(v, operation.parameters[key]) for key, v in parameters.items()
        }
        return operation.apply(*(each.node for each in operands), **decoded)

    def _decoded(self, value: Any, kind: str) -> Any:
        if kind == "sizes":
            return tuple(size_at(each, self._point) for each in value)
        if kind == "slices":
            return tuple(tuple(size_at(x, self._point) for x in each) for each in value)
        if kind == "dtype":
            return DTYPES[value]
        return value


def _is_name(value: Expression) -> bool:
    """Whether an expression is a number, a variable or a weight."""
    return value.is_literal or re.fullmatch(r'[\w.]+(\["[\w.]+"\])?', value.text) is not None


def _as_numpy(parameters: dict[str, Any]) -> dict[str, Any]:
    if "dtype" in parameters:
        return {**parameters, "dtype": str(DTYPES[parameters["dtype"]])}
    return parameters


def unsupported_operations(program: Any) -> set[str]:
    """Return the names of the operations of a program that have no text."""
    if isinstance(program, dict) and "nodes" in program:
        found: set[str] = set()
        for name, _, parameters in cast(dict[str, Any], program)["nodes"]:
            if name not in (*ELEMENTWISE, *OTHERS, *_SAME, *_LOOPS, *_OWN):
                found.add(name)
            if name != "custom_derivative":
                for each in parameters.values():
                    found |= unsupported_operations(each)
        return found
    return set()
