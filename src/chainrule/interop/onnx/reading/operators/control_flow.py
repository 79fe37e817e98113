"""If, Loop and Scan: the graphs that they hold are computed by the rules of their operators."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.autodiff.control_flow.scan import scan
from chainrule.graph.node import Node
from chainrule.interop.onnx.reading.operation import Operation, OperatorRule, known

__all__ = ["MAX_ITERATIONS", "OPERATORS"]

MAX_ITERATIONS = 100_000
"""Of a Loop whose condition is known at each iteration."""


def _if(operation: Operation, condition: Any) -> Any:
    if type(condition) is not Node:
        name = "then_branch" if bool(np.all(condition)) else "else_branch"
        return tuple(operation.run(name))
    yes, no = operation.run("then_branch"), operation.run("else_branch")
    if any(a.shape != b.shape for a, b in zip(yes, no, strict=True)):
        raise operation.refuse("its branches have results of different shapes, and its condition "
                               "depends on an input of the model")  # fmt: skip
    test = condition.reshape(())
    return tuple(np.where(test, a, b) for a, b in zip(yes, no, strict=True))


def _loop(operation: Operation, count: Any, condition: Any, *carry: Any) -> Any:
    """Iterations as long as the condition holds, which must be known after each."""
    limit = MAX_ITERATIONS
    if count is not None:
        limit = int(known(operation, count, "the number of iterations").reshape(()))
    go_on: Any = True if condition is None else known(operation, condition, "its condition")
    states, rows, i = list(carry), list[list[Any]](), 0
    while i < limit and bool(np.all(go_on)):
        if i >= MAX_ITERATIONS:
            raise operation.refuse(f"it has more than {MAX_ITERATIONS} iterations")
        again, *results = operation.run("body", np.array(i, np.int64), np.array(True), *states)
        states, scanned = results[: len(carry)], results[len(carry) :]
        rows.append(scanned)
        go_on = known(operation, again, "whether it goes on")
        i += 1
    stacked = [np.stack(each, axis=0) for each in zip(*rows, strict=True)]
    if not rows and operation.outputs > len(carry):
        raise operation.refuse("it has no iteration, so the shape of what it stacks is unknown")
    return (*states, *stacked)


def _scan(operation: Operation, *given: Any) -> Any:
    """A scan; before version 9 the first axis is that of the samples."""
    if operation.version < 9:
        return _batched_scan(operation, *given)
    count = operation.get("num_scan_inputs")
    carry, sequences = given[: len(given) - count], given[len(given) - count :]
    axes = operation.get("scan_input_axes") or [0] * count
    turned = operation.get("scan_input_directions") or [0] * count
    moved = [np.moveaxis(x, axis, 0) for x, axis in zip(sequences, axes, strict=True)]
    moved = [x[::-1] if back else x for x, back in zip(moved, turned, strict=True)]
    last, rows = _scanned(operation, carry, moved)
    number = len(rows)
    axes = operation.get("scan_output_axes") or [0] * number
    turned = operation.get("scan_output_directions") or [0] * number
    rows = [x[::-1] if back else x for x, back in zip(rows, turned, strict=True)]
    return (*last, *(np.moveaxis(x, 0, axis) for x, axis in zip(rows, axes, strict=True)))


def _scanned(operation: Operation, carry: Any, sequences: Any) -> tuple[list[Any], list[Any]]:
    def body(states: tuple[Any, ...], given: tuple[Any, ...]) -> tuple[Any, Any]:
        results = operation.run("body", *states, *given)
        return tuple(results[: len(carry)]), tuple(results[len(carry) :])

    last, rows = scan(body, tuple(carry), tuple(sequences))
    return list(last), list(rows)


def _batched_scan(operation: Operation, lengths: Any, *given: Any) -> Any:
    count = operation.get("num_scan_inputs")
    if lengths is not None:
        raise operation.refuse("lengths of sequences of its version 8 are unsupported")
    carry, sequences = given[: len(given) - count], given[len(given) - count :]
    results: list[list[Any]] = []
    for n in range(given[0].shape[0]):
        last, rows = _scanned(operation, [x[n] for x in carry], [x[n] for x in sequences])
        results.append([*last, *rows])
    return tuple(np.stack(each, axis=0) for each in zip(*results, strict=True))


def _has_element(operation: Operation, x: Any = None) -> Any:
    return np.array(x is not None)


OPERATORS: dict[str, OperatorRule] = {
    "If": _if,
    "Loop": _loop,
    "OptionalGetElement": lambda operation, x: x,
    "OptionalHasElement": _has_element,
    "Scan": _scan,
}
