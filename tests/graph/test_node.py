"""Nodes: the attributes of arrays, lazy evaluation, and what tracing refuses."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DTypeError, GraphError, TraceError, UnsupportedError
from chainrule.graph.array_type import ArrayType, type_of
from chainrule.graph.graph import Graph, check
from chainrule.graph.node import Node, ancestors, as_node, constant, variable
from chainrule.ops.primitives import elementwise

F64 = np.dtype("float64")


def test_a_node_has_the_attributes_of_an_array() -> None:
    x = variable(ArrayType(F64, (2, 3)))
    assert (x.shape, x.ndim, x.size, x.dtype, len(x)) == ((2, 3), 2, 6, F64, 2)
    assert x.T.shape == (3, 2)
    assert [row.shape for row in x] == [(3,), (3,)]
    with pytest.raises(TypeError, match="no axes"):
        len(variable(ArrayType(F64, ())))


def test_types_print_as_short_dtype_and_shape() -> None:
    assert repr(type_of(np.ones((2, 3), np.float32))) == "f32[2,3]"
    assert repr(type_of(np.uint8(1))) == "u8[]"
    assert repr(type_of(True)) == "bool[]"
    assert type_of(1.0).weak
    assert not type_of(np.float64(1.0)).weak


@pytest.mark.parametrize("value", [1j, np.array(["a"]), np.array([None]), np.array([1j])])
def test_complex_text_and_object_dtypes_are_refused(value: object) -> None:
    with pytest.raises(DTypeError, match="real numbers"):
        constant(value)


def test_ancestors_are_in_topological_order() -> None:
    x = variable(ArrayType(F64, ()))
    y = np.exp(x) + x
    order = ancestors([y], lambda node: False)
    assert [node.serial for node in order] == sorted(node.serial for node in order)
    assert order[0] is x
    assert order[-1] is y


def test_known_nodes_evaluate_lazily_and_abstract_ones_report_their_source_line() -> None:
    known = np.exp(as_node(0.0))
    assert known.value == 1.0
    with pytest.raises(TraceError, match=r"made at test_node\.py:\d+"):
        _ = np.exp(variable(ArrayType(F64, ()))).value


def test_constants_are_snapshots() -> None:
    array = np.ones(2)
    node = constant(array)
    array[:] = 5
    assert np.array_equal(node.value, [1, 1])
    frozen = np.ones(2)
    frozen.flags.writeable = False
    assert constant(frozen).value is frozen


def test_an_untraceable_function_is_refused_with_a_replacement() -> None:
    x = variable(ArrayType(F64, (3,)))
    with pytest.raises(TraceError, match="the result depends on the numbers"):
        np.unique(x)
    with pytest.raises(UnsupportedError, match=r"np\.linalg\.eig cannot be traced"):
        np.linalg.eig(x)
    with pytest.raises(AttributeError, match="cannot be traced"):
        x.byteswap()
    with pytest.raises(AttributeError, match="no attribute 'foo'"):
        _ = x.foo


def test_in_place_operators_rebind_scalars_and_are_refused_on_arrays() -> None:
    def f(x: object) -> object:
        y = x
        y += 1.0  # pyright: ignore[reportOperatorIssue]
        return y * x  # pyright: ignore[reportOperatorIssue]

    assert cr.grad(f)(3.0) == 7.0
    array = np.ones(3)
    with pytest.raises(UnsupportedError, match=r"np\.zeros\(n\)"):
        array += variable(ArrayType(F64, (3,)))


def test_check_rejects_a_type_that_inference_does_not_give() -> None:
    x = variable(ArrayType(F64, (3,)))
    wrong = Node(elementwise.exp, (x,), {}, ArrayType(F64, (4,)))
    with pytest.raises(GraphError, match="exp gives f64"):
        check(Graph((x,), (wrong,)))


def test_deep_graphs_do_not_exhaust_the_recursion_limit() -> None:
    def f(x: object) -> object:
        for _ in range(5000):
            x = x * 1.0001  # pyright: ignore[reportOperatorIssue]
        return x

    assert cr.grad(f)(1.0) == pytest.approx(1.0001**5000)
    assert cr.jit(cr.grad(f))(1.0) == pytest.approx(1.0001**5000)
