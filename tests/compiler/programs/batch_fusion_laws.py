"""Laws of fusion over the batch axis, one function each; run as a script with the name of one."""

import os
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import nn
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.compiler.loop_ir.loops import Loop, Step
from chainrule.compiler.loop_passes import batch_fusion
from chainrule.compiler.native_program import NativeProgram
from chainrule.graph.evaluate import evaluate
from chainrule.nn.parameter import substituted

STEPS, UNITS = 96, 16


def block() -> list[nn.Layer]:
    return [
        nn.Residual([nn.LayerNorm(), nn.MultiHeadAttention(2, causal=True)]),
        nn.Residual([nn.LayerNorm(), nn.Dense(32, activation="gelu"), nn.Dense(UNITS)]),
    ]


STACKS: dict[str, Any] = {
    "attention": lambda: [nn.MultiHeadAttention(2)],
    "block": block,
    "convolution": lambda: [
        nn.Reshape((STEPS, UNITS, 1)),
        nn.Conv2D(12, 3, activation="relu"),
        nn.MaxPool2D(2),
        nn.Conv2D(8, 1),  # larger ones contract over all samples in the input's gradient
    ],
}


def training(layers: list[nn.Layer], batch: int, dtype: str = "float32") -> Any:
    """Return a function of two gradient-descent steps, and its arguments."""
    draw = np.random.default_rng(1)
    x = draw.normal(size=(2, batch, STEPS, UNITS)).astype(dtype)
    stack = cr.Network(layers, seed=1, dtype=dtype)
    y = draw.normal(size=(2, *np.shape(stack(x[0])))).astype(dtype)
    parameters = [each for layer in stack.layers for each in layer.parameters().values()]
    values = [each.value.copy() for each in parameters]

    def loss(values: Any, x: Any, y: Any) -> Any:
        with substituted(parameters, values):
            for layer in stack.layers:
                x = layer(x)
        return np.mean((x - y) ** 2)

    def steps(values: Any, data: Any) -> Any:
        def step(values: Any, data: Any) -> Any:
            value, gradients = cr.value_and_grad(loss)(values, *data)
            moved = [v - np.asarray(0.1, dtype) * s for v, s in zip(values, gradients, strict=True)]
            return moved, value

        return cr.scan(step, values, data)

    return steps, (values, (x, y))


def batch_loops(steps: Sequence[Step]) -> list[Loop]:
    """Return all loops over the samples of a batch."""
    loops: list[Loop] = []
    for step in steps:
        if isinstance(step, Loop):
            loops += [step] if step.is_parallel else batch_loops(step.steps)
    return loops


def compiled(name: str, batch: int, dtype: str) -> tuple[Any, NativeProgram, list[Any]]:
    steps, arguments = training(STACKS[name](), batch, dtype)
    graph = simplify(cr.trace(steps)(*arguments))
    return graph, NativeProgram(graph), [*arguments[0], *arguments[1]]


def values() -> None:
    """Native results agree with NumPy, also where fusion would not pay."""
    batch_fusion.MIN_PRIVATE_BYTES = 1
    for name in STACKS:
        for batch in (16, 19):
            graph, program, inputs = compiled(name, batch, "float64")
            extents = {each.axis.extent for each in batch_loops(program.loops.steps)}
            assert extents == {batch}, name
            for result, expected in zip(program(inputs), evaluate(graph, inputs), strict=True):
                np.testing.assert_allclose(
                    result, expected, rtol=1e-9, atol=1e-11, err_msg=f"{name} {batch}"
                )


def threads() -> None:
    """Results are bit-identical for every thread count, also one that does not divide the batch."""
    batch_fusion.MIN_PRIVATE_BYTES = 1
    for name in STACKS:
        results = []
        for count in (1, 2, 5):
            os.environ["CHAINRULE_NUM_THREADS"] = str(count)
            _, program, inputs = compiled(name, 19, "float32")
            results.append([each.tobytes() for each in program(inputs)])
        assert all(each == results[0] for each in results), name


def memory() -> None:
    """Values used within one sample only are privatized: memory for one sample a thread.

    Scores, weights and their gradients are the largest arrays; sixteen more samples add less
    than one of these would.
    """
    sizes = [compiled("attention", batch, "float32")[1].arena_bytes for batch in (16, 32)]
    scores = 16 * 2 * 96 * 96 * 4
    assert sizes[1] - sizes[0] < scores, sizes


def outermost_loop() -> None:
    """A batch loop outside of all others runs its full trip count."""
    layer = nn.MultiHeadAttention(2)
    x = np.random.default_rng(0).normal(size=(20, 128, 16)).astype("f")
    expected = layer(x)
    fast = cr.jit(lambda x: layer(x))
    np.testing.assert_allclose(fast(x), expected, rtol=1e-4, atol=1e-5)
    program = NativeProgram(simplify(cr.trace(lambda x: layer(x))(x)))
    assert len(batch_loops(program.loops.steps)) == 1
    np.testing.assert_allclose(program([x], (3, 4))[0], expected, rtol=1e-4, atol=1e-5)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
