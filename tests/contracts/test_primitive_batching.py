"""The batching rule of every primitive against a loop over the batch."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from chainrule.autodiff.passes.batching import batched
from chainrule.compiler.driver import compile_graph
from chainrule.graph.array_type import type_of
from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, variable
from chainrule.graph.primitive import Primitive
from tests.contracts.primitive_samples import (
    LINEAR_ALGEBRA,
    PRIMITIVES,
    Arrays,
    in_kind,
)

ROUNDED = ("contract", "cumulative_sum", "reduce_to", *LINEAR_ALGEBRA)
"""Sums, whose order may differ; everything else is the same to the bit."""

every_primitive = pytest.mark.parametrize("primitive", PRIMITIVES.values(), ids=PRIMITIVES.keys())


def entries(primitive: Primitive, x: Any, size: int) -> Any:
    """Return different values for each entry: those of `x` in another order, or of a matrix."""
    if primitive.name in LINEAR_ALGEBRA:
        rolled = [(x * (1 + number / 4)).astype(x.dtype) for number in range(size)]
    else:
        rolled = [np.roll(x, number) for number in range(size)]
    return np.stack(rolled) if size else np.empty((0, *x.shape), x.dtype)


def cases(primitive: Primitive, dtype: str, size: int) -> Iterator[tuple[Node, Arrays, Arrays]]:
    """Yield the batched primitive, its inputs and the loop's results, for each choice of inputs."""
    for sample in primitive.samples():
        arrays = in_kind(sample, dtype)
        own = [variable(type_of(x)) for x in arrays]
        output = primitive(*own, **sample.params)
        for chosen in itertools.product((False, True), repeat=len(arrays)):
            if not any(chosen):
                continue
            pairs = list(zip(arrays, chosen, strict=True))
            inputs = [entries(primitive, x, size) if is_batched else x for x, is_batched in pairs]
            new = [variable(type_of(x)) for x in inputs]
            sources = list(zip(new, chosen, strict=True))
            ((node, is_batched),) = batched([output], own, sources, size)
            assert is_batched
            rows = [
                [np.asarray(x[i] if c else x) for x, c in zip(inputs, chosen, strict=True)]
                for i in range(size)
            ]
            loop = [evaluate(Graph(tuple(own), (output,)), row)[0] for row in rows]
            empty = np.empty((0, *output.shape), output.dtype)
            yield Graph(tuple(new), (node,)), inputs, np.stack(loop) if size else empty


def agree(primitive: Primitive, found: Any, expected: Any) -> None:
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    if primitive.name in ROUNDED:
        np.testing.assert_allclose(found, expected, rtol=1e-6 if found.dtype == "f4" else 1e-14)
    else:
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@every_primitive
def test_the_batched_primitive_equals_a_loop_over_the_batch(
    primitive: Primitive, dtype: str
) -> None:
    for size in (3, 1, 0):
        for graph, inputs, expected in cases(primitive, dtype, size):
            (found,) = evaluate(graph, inputs)
            agree(primitive, found, expected)


@pytest.mark.parametrize(
    "primitive",
    [each for each in PRIMITIVES.values() if each.ufunc is None],
    ids=repr,
)
def test_the_batched_primitive_is_compiled(primitive: Primitive) -> None:
    """Some cases, in one program; an elementwise primitive is the same on another shape."""
    found = list(cases(primitive, "float64", 3))
    graphs, inputs, _ = zip(*found[:: max(2, len(found) // 6)], strict=True)
    whole = Graph(
        tuple(node for graph in graphs for node in graph.inputs),
        tuple(node for graph in graphs for node in graph.outputs),
    )
    arguments = [x for each in inputs for x in each]
    for found, expected in zip(
        compile_graph(whole)(arguments), evaluate(whole, arguments), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-15)
