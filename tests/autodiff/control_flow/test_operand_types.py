"""The primitives of control flow refuse operands of other types than their graphs take."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeError

x = np.zeros((5, 3))


def loop(name: str) -> tuple[Any, list[Any], dict[str, Any]]:
    """Return a primitive of control flow as a function has recorded it: operands, parameters."""
    functions: dict[str, Any] = {
        "scan": lambda x: cr.scan(lambda c, row: (np.tanh(c + row), c), np.zeros(3), x),
        "while_loop": lambda x: cr.while_loop(lambda c: c[0] < 3, lambda c: c + x[0], np.zeros(3)),
        "cond": lambda x: cr.cond(x[0, 0] > 0, lambda: x * 2, lambda: x + 1),
    }
    equations = cr.trace(functions[name])(x).equations
    node = next(each for each in equations if each.primitive and each.primitive.name == name)
    values = [np.zeros(each.shape, each.dtype) for each in node.inputs]
    return node.primitive, values, dict(node.params)


@pytest.mark.parametrize("name", ["scan", "while_loop", "cond"])
def test_operands_of_other_shapes_and_dtypes_are_refused(name: str) -> None:
    primitive, values, params = loop(name)
    wrong = (values[-1][..., None], values[-1].astype(np.float32), values[-1][1:])
    for other in wrong:
        with pytest.raises(ShapeError, match=f"{name}: .*the operands are|sequences must have"):
            cr.trace(lambda *inputs: primitive(*inputs, **params))(*values[:-1], other)
    cr.trace(lambda *inputs: primitive(*inputs, **params))(*values)
