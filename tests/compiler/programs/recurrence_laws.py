"""Laws of native recurrent layers, one function each; run as a script with the name of one."""

import os
import resource
import sys
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import nn
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.compiler.loop_ir.loops import Loop
from chainrule.compiler.native_program import NativeProgram
from chainrule.graph.evaluate import evaluate
from chainrule.nn.parameter import substituted

DRAW = np.random.default_rng(0)


def training(layers: list[nn.Layer], batch: int, time: int = 6, dtype: str = "float32") -> Any:
    """Return a function of three gradient-descent steps, and its arguments."""
    x = DRAW.normal(size=(3, batch, time, 5)).astype(dtype)
    x[:, ::3, time // 2 :] = 0.0
    stack = cr.Network(layers, seed=1, dtype=dtype)
    stack(x[0])
    values = [each.value.copy() for layer in stack.layers for each in layer.parameters().values()]
    parameters = [each for layer in stack.layers for each in layer.parameters().values()]

    def loss(values: Any, x: Any) -> Any:
        with substituted(parameters, values):
            for layer in stack.layers:
                x = layer(x)
        return np.mean(x * x * x)

    def steps(values: Any, xs: Any) -> Any:
        def step(values: Any, x: Any) -> Any:
            value, gradients = cr.value_and_grad(loss)(values, x)
            moved = [v - np.asarray(0.3, dtype) * s for v, s in zip(values, gradients, strict=True)]
            return moved, value

        return cr.scan(step, values, xs)

    return steps, (values, x)


STACKS: dict[str, Any] = {
    "rnn": lambda: [nn.RNN(24)],
    "lstm": lambda: [nn.LSTM(32)],
    "masked": lambda: [nn.LSTM(32, return_sequences=True, mask_value=0.0), nn.GRU(20, "relu")],
    "gru": lambda: [nn.GRU(40, return_sequences=True, go_backwards=True)],
    "both": lambda: [nn.Bidirectional(nn.GRU(16, mask_value=0.0))],
    "narrow": lambda: [nn.LSTM(8, return_sequences=True), nn.RNN(3)],
}


def loops_of(steps: Any) -> list[Loop]:
    loops = [each for each in steps if isinstance(each, Loop)]
    return loops + [inner for each in loops for inner in loops_of(each.steps)]


def values() -> None:
    """Native results agree with NumPy for batches of every size."""
    for name, make in STACKS.items():
        for batch in (1, 16, 50) if name == "lstm" else (1, 50):
            steps, arguments = training(make(), batch, dtype="float64")
            graph = simplify(cr.trace(steps)(*arguments))
            program = NativeProgram(graph)
            inputs = [*arguments[0], arguments[1]]
            for result, expected in zip(program(inputs), evaluate(graph, inputs), strict=True):
                np.testing.assert_allclose(
                    result, expected, rtol=1e-10, atol=1e-12, err_msg=f"{name} {batch}"
                )


def threads() -> None:
    """Results are bit-identical for every thread count."""
    for number, (name, make) in enumerate(STACKS.items()):
        batch = (50, 64)[number % 2]
        steps, arguments = training(make(), batch)
        graph, inputs = simplify(cr.trace(steps)(*arguments)), [*arguments[0], arguments[1]]
        results = []
        for count in (1, 2, 5):
            os.environ["CHAINRULE_NUM_THREADS"] = str(count)
            program = NativeProgram(graph)
            results.append([each.tobytes() for each in program(inputs)])
        assert all(each == results[0] for each in results), f"{name} {batch}"


def batch_parallel() -> None:
    """Loops over time carry no dependence across the batch, forwards and backwards: no barriers."""
    for name in ("rnn", "lstm", "masked", "gru", "both"):
        steps, arguments = training(STACKS[name](), 64)
        program = NativeProgram(simplify(cr.trace(steps)(*arguments)))
        (outer,) = (each for each in program.loops.steps if isinstance(each, Loop))
        inner = loops_of(outer.steps)
        assert len(inner) >= 2, name
        assert not outer.batch_axes, name
        assert all(each.batch_axes for each in inner), name
        assert {axis.extent for each in inner for axis in each.batch_axes} == {64}, name


def memory() -> None:
    """Memory grows at most linearly with the time steps, and not with the number of calls."""
    sizes = []
    for time in (20, 40):
        steps, arguments = training([nn.LSTM(32)], 64, time)
        program = NativeProgram(simplify(cr.trace(steps)(*arguments)))
        sizes.append(program.arena_bytes)
    assert sizes[1] < 2 * sizes[0]
    # Gates, candidate, both states, tanh of one: seven values a unit; the input projection adds
    # four, whose memory the gradients of the gates may reuse.
    assert sizes[1] < (7 + 4 + 4) * 40 * 64 * 32 * 4 * 1.25, sizes
    inputs = [*arguments[0], arguments[1]]
    before = 0
    for call in range(400):
        program(inputs)
        if call == 100:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2000


if __name__ == "__main__":
    globals()[sys.argv[1]]()
