"""Parameters: they behave as their arrays in NumPy and are written in place."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from chainrule.errors import ShapeError, TraceError
from chainrule.graph.array_type import type_of
from chainrule.graph.environment import Environment
from chainrule.graph.node import Node, variable
from chainrule.nn.parameter import Parameter, substituted

W = np.arange(6.0).reshape(2, 3)
X = np.ones((4, 2))

USES: dict[str, Callable[[Any, Any], Any]] = {
    "x @ w": lambda w, x: x @ w,
    "w.T @ x.T": lambda w, x: w.T @ x.T,
    "dot": lambda w, x: np.dot(x, w),
    "matmul": lambda w, x: np.matmul(x, w),
    "einsum": lambda w, x: np.einsum("ij,jk->ik", x, w),
    "tensordot": lambda w, x: np.tensordot(x, w, 1),
    "arithmetic": lambda w, x: 2 * w - w / 3 + w**2 - (-w),
    "mixed": lambda w, x: x[:2, :1] * w + x[0, 0],
    "abs": lambda w, x: abs(w),
    "where": lambda w, x: np.where(w > 1, w, 0),
    "maximum": lambda w, x: np.maximum(w, x[0, 0]),
    "concatenate": lambda w, x: np.concatenate([x.T @ x @ w, w]),
    "stack": lambda w, x: np.stack([w, w]),
    "sum": lambda w, x: np.sum(w, axis=0),
    "method": lambda w, x: w.sum(axis=0),
    "reshape": lambda w, x: w.reshape(3, 2),
    "row": lambda w, x: w[0],
    "slice": lambda w, x: w[:, 1:],
    "mask": lambda w, x: w[np.array([1, 0, 1])],
    "take": lambda w, x: np.take(w, np.array([0, 1]), axis=1),
    "astype": lambda w, x: w.astype("float32"),
    "rows": lambda w, x: sum(row for row in w),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize("traced", ["nothing", "x", "w", "both"])
def test_a_parameter_behaves_as_its_value(use: Callable[[Any, Any], Any], traced: str) -> None:
    x: Any = variable(type_of(X), X) if traced in ("x", "both") else X
    value: Any = variable(type_of(W), W) if traced in ("w", "both") else W
    w = Parameter("w", W)
    with substituted([w], [value]):
        found = use(w, x)
    assert not isinstance(found, Parameter)
    found = found.value if isinstance(found, Node) else found
    np.testing.assert_array_equal(found, use(W, X))


def test_a_method_of_a_traced_input_takes_a_parameter() -> None:
    x = variable(type_of(X), X)
    w = Parameter("w", W)
    for value in (W, variable(type_of(W), W)):
        with substituted([w], [value]):
            np.testing.assert_array_equal(x.dot(w).value, X @ W)


def test_a_parameter_has_the_attributes_of_its_array() -> None:
    w = Parameter("w", W)
    assert (w.shape, w.dtype, w.ndim, w.size, len(w)) == ((2, 3), W.dtype, 2, 6, 2)
    assert np.asarray(w) is W
    assert float(Parameter("b", np.array(2.0))) == 2.0
    assert int(Parameter("b", np.array(2.0))) == 2
    assert bool(Parameter("b", np.array(0.0))) is False
    assert repr(w) == "<parameter w f64[2,3]>"


def test_in_place_operators_write_into_the_live_array() -> None:
    array = W.copy()
    w = kept = Parameter("w", array)
    w -= 1.0
    w[0] = 7.0
    np.multiply(w, 2.0, out=w)
    assert w is kept
    assert w.value is array
    np.testing.assert_array_equal(array, [[14, 14, 14], [4, 6, 8]])


def test_out_may_be_an_array_where_an_input_is_a_parameter() -> None:
    target = np.empty((2, 3))
    assert np.add(Parameter("w", W), 1.0, out=target) is target
    np.testing.assert_array_equal(target, W + 1)


def test_an_in_place_operator_on_a_traced_parameter_binds_a_new_node() -> None:
    w = Parameter("w", W)
    with Environment(None, 0, is_abstract=False), substituted([w], [variable(type_of(W), W)]):
        w += 1.0
        np.testing.assert_array_equal(w.value.value, W + 1)
    assert w.value is W


def test_a_node_is_refused_outside_the_trace_it_belongs_to() -> None:
    node, w = variable(type_of(W), W), Parameter("w", W)
    with pytest.raises(TraceError, match="parameter w: a traced value cannot be stored outside"):
        w.value = node
    with pytest.raises(TraceError, match=r"parameter w\.grad: a traced value"):
        w.grad = node
    with pytest.raises(TraceError, match="parameter v: a traced value"):
        Parameter("v", node)
    assert w.value is W
    assert w.grad is None


def test_an_unknown_attribute_raises_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such"):
        _ = Parameter("w", W).no_such


def test_a_weight_has_two_axes_unless_specified() -> None:
    assert Parameter("w", W).is_weight
    assert not Parameter("b", W[0]).is_weight
    assert not Parameter("table", W, is_weight=False).is_weight


def test_parameters_are_hashed_by_identity() -> None:
    w, other = Parameter("w", W), Parameter("w", W)
    assert {w: 1, other: 2}[w] == 1


def test_a_copy_does_not_share_its_array() -> None:
    w = Parameter("w", W.copy())
    other = copy.deepcopy(w)
    other -= 1.0
    np.testing.assert_array_equal(w.value, W)


def test_bound_values_are_restored_after_the_block_even_on_errors() -> None:
    w = Parameter("w", W)

    def fail() -> None:
        with substituted([w], [W + 1]):
            np.testing.assert_array_equal(w, W + 1)
            w.grad = W
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert w.value is W
    assert w.grad is None


def test_an_attribute_that_a_parameter_lacks_is_answered() -> None:
    parameter = Parameter("weight", W.copy())
    for name, message in {
        "requires_grad": "here it is parameter.trainable",
        "data": "here it is parameter.value",
        "note": "there is no such attribute",
    }.items():
        with pytest.raises(AttributeError, match=message):
            setattr(parameter, name, 0)
    with pytest.raises(ShapeError, match=r"\(2, 3\), the assigned array \(2, 2\)"):
        parameter.array = np.zeros((2, 2))
