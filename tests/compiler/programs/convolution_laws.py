"""Laws of native convolutions, each a function; run in a process of its own with the name of one.

Values are compared with SciPy's correlation, gradients with the graph as the evaluator has it.
"""

import itertools
import os
import sys

import numpy as np
from scipy.signal import correlate

from chainrule.autodiff.derivative import grad, vjp
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.expressions import nests_of
from chainrule.compiler.native_program import NativeProgram
from chainrule.compiler.runtime.thread_count import set_num_threads
from chainrule.graph.evaluate import evaluate
from chainrule.graph.trace import trace
from chainrule.nn.layers.pooling import first_maximum
from chainrule.nn.layers.window_geometry import WindowGeometry
from chainrule.ops.primitives.windows import unfold

CASES = [
    # places, kernel, strides, dilations, paddings, channels in, out, groups
    ((9, 14), (3, 3), (1, 1), (1, 1), (0, 0), 3, 20, 1),
    ((9, 8), (3, 3), (1, 1), (1, 1), (1, 1), 16, 16, 1),
    ((12, 11), (5, 5), (2, 2), (1, 1), (2, 2), 1, 32, 1),
    ((13, 10), (3, 2), (2, 1), (1, 3), (0, 1), 5, 17, 1),
    ((14, 15), (3, 3), (2, 3), (2, 2), (2, 0), 8, 4, 1),
    ((11, 11), (3, 3), (3, 3), (3, 1), (1, 1), 4, 16, 1),
    ((8, 9), (1, 1), (2, 2), (1, 1), (0, 0), 16, 24, 1),
    ((10, 7), (2, 2), (3, 3), (1, 1), (0, 0), 16, 16, 1),
    ((9, 10), (3, 3), (1, 1), (1, 1), (1, 1), 8, 12, 4),
    ((9, 10), (3, 3), (2, 2), (1, 1), (1, 1), 6, 6, 2),
    ((9, 10), (3, 3), (2, 1), (1, 1), (1, 1), 48, 64, 4),
    ((11, 9), (3, 3), (1, 1), (2, 1), (2, 1), 32, 16, 2),
    ((9, 10), (3, 3), (1, 2), (1, 1), (1, 0), 20, 20, 20),
    ((40,), (5,), (1,), (2,), (4,), 6, 18, 1),
    ((33,), (4,), (3,), (1,), (0,), 16, 1, 1),
    ((6, 7, 5), (3, 2, 3), (1, 2, 1), (1, 1, 1), (1, 0, 1), 4, 16, 1),
]


def convolution(case, samples=3):
    """The convolution of a case, in plain NumPy, and its arguments."""
    places, sizes, strides, dilations, paddings, channels, filters, groups = case
    count = len(places)

    def convolve(x, kernel):
        x = np.pad(x, [(0, 0), *((p, p) for p in paddings), (0, 0)])
        axes = tuple(range(1, count + 1))
        seen = unfold(x, axes=axes, sizes=sizes, strides=strides, dilations=dilations)
        place, entry = "xyz"[:count], "ijk"[:count]
        if groups == 1:
            return np.einsum(f"n{place}c{entry},{entry}co->n{place}o", seen, kernel)
        if groups == channels == filters:
            depthwise = kernel.reshape((*sizes, channels))
            return np.einsum(f"n{place}c{entry},{entry}c->n{place}c", seen, depthwise)
        head, tail = seen.shape[: count + 1], seen.shape[count + 2 :]
        seen = seen.reshape((*head, groups, channels // groups, *tail))
        parts = kernel.reshape((*kernel.shape[:-1], groups, filters // groups))
        result = np.einsum(f"n{place}gc{entry},{entry}cgo->n{place}go", seen, parts)
        return result.reshape((*head, filters))

    draw = np.random.default_rng(sum(places))
    x = draw.standard_normal((samples, *places, channels))
    return convolve, x, draw.standard_normal((*sizes, channels // groups, filters))


def correlated(case, x, kernel):
    """The same by SciPy, sample by sample and filter by filter."""
    places, sizes, strides, dilations, paddings, channels, filters, groups = case
    count = len(places)
    x = np.pad(x, [(0, 0), *((p, p) for p in paddings), (0, 0)])
    spread = [(n - 1) * d + 1 for n, d in zip(sizes, dilations, strict=True)]
    wide = np.zeros((*spread, *kernel.shape[count:]))
    wide[tuple(slice(None, None, d) for d in dilations)] = kernel
    steps = tuple(slice(None, None, s) for s in strides)
    columns = []
    for number in range(filters):
        own = number // (filters // groups) * (channels // groups)
        seen = x[..., own : own + channels // groups]
        part = [correlate(each, wide[..., number], "valid")[steps][..., 0] for each in seen]
        columns.append(np.stack(part))
    return np.stack(columns, axis=-1)


def compiled(function, *arguments):
    graph = simplify(trace(function)(*arguments))
    return graph, NativeProgram(graph)


def values():
    """Every convolution is SciPy's correlation, with its operands in either order."""
    for case in CASES:
        convolve, x, kernel = convolution(case)
        _, program = compiled(convolve, x, kernel)
        (found,) = program([x, kernel])
        np.testing.assert_allclose(
            found, correlated(case, x, kernel), rtol=1e-10, atol=1e-10, err_msg=str(case)
        )


def gradients():
    """Both gradients are what the evaluator makes of the graph, in both kinds of numbers."""
    for case, kind in itertools.product(CASES, (np.float64, np.float32)):
        convolve, x, kernel = convolution(case)
        x, kernel = x.astype(kind), kernel.astype(kind)

        def slopes(x, kernel, convolve=convolve):
            loss = lambda x, kernel: np.sum(np.tanh(convolve(x, kernel) / 4))  # noqa: E731
            return grad(loss, argnums=(0, 1))(x, kernel)

        graph, program = compiled(slopes, x, kernel)
        bound = 1e-10 if kind is np.float64 else 2e-4
        for found, wanted in zip(program([x, kernel]), evaluate(graph, [x, kernel]), strict=True):
            np.testing.assert_allclose(
                found, wanted, rtol=bound, atol=bound, err_msg=f"{case} {kind}"
            )


BOUNDED = [
    # samples; then as above
    (9, (9, 8), (3, 3), (1, 1), (1, 1), (1, 1), 16, 20, 1),
    (9, (11, 9), (3, 3), (1, 1), (2, 1), (0, 0), 5, 17, 1),
    (8, (9, 11), (4, 3), (2, 2), (1, 1), (1, 0), 6, 18, 1),
    (10, (11, 10), (5, 4), (2, 1), (1, 2), (2, 3), 8, 16, 1),
    (8, (9, 10), (3, 3), (1, 1), (1, 1), (1, 1), 32, 32, 4),
    (8, (9, 10), (3, 3), (1, 1), (1, 1), (1, 1), 20, 20, 20),
    (12, (31,), (4,), (1,), (2,), (3,), 6, 18, 1),
    (8, (6, 7, 5), (3, 2, 3), (1, 1, 1), (1, 1, 1), (1, 0, 1), 4, 16, 1),
    (2, (19, 16), (3, 3), (1, 1), (1, 1), (1, 1), 16, 32, 1),
]


def borders():
    """Beyond the ends of slopes there is nothing, not zeros: what is infinite stays apart."""
    for samples, *case in BOUNDED:
        convolve, x, kernel = convolution(case, samples)

        def slope(x, kernel, convolve=convolve):
            return grad(lambda x: np.sum(np.sin(convolve(x, kernel))))(x)

        graph, program = compiled(slope, x, kernel)
        contractions = [
            nest.contraction for nest in nests_of(program.loops.steps) if nest.contraction
        ]
        assert any(contraction.bounds for contraction in contractions), case
        (found,), (wanted,) = program([x, kernel]), evaluate(graph, [x, kernel])
        np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10, err_msg=str(case))
        if samples < 8:
            continue  # there, columns at the sides are zeros

        def linear(slope, kernel, convolve=convolve, x=x):
            return vjp(lambda x: convolve(x, kernel), x)[1](slope)[0]

        given = np.abs(convolve(x, kernel)) + 1
        kernel[(0,) * len(case[1])] = np.inf
        graph, program = compiled(linear, given, kernel)
        (found,), (wanted,) = program([given, kernel]), evaluate(graph, [given, kernel])
        assert np.isinf(wanted).any()
        assert not np.isnan(wanted).any()
        np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10, err_msg=str(case))


def pooling():
    """Folds of windows, apart, touching or overlapping, are what the evaluator makes of them."""
    x = np.random.default_rng(0).integers(-3, 4, (3, 13, 12, 20)).astype(np.float64)
    for size, stride, dilation in itertools.product((2, 3), (1, 2, 3, 4), (1, 2)):
        sliding = WindowGeometry((size, size), (stride, stride), (dilation, dilation), "valid")

        def slopes(x, sliding=sliding):
            largest = lambda x: np.sum(np.sin(first_maximum(sliding.unfold(x), 2)))  # noqa: E731
            mean = lambda x: np.sum(np.sin(np.mean(sliding.unfold(x), axis=(-2, -1))))  # noqa: E731
            return grad(largest)(x), grad(mean)(x)

        for kind in (x[..., :3], x, x.astype("f")):
            graph, program = compiled(slopes, kind)
            bound = 1e-10 if kind.dtype == np.float64 else 1e-5
            for found, wanted in zip(program([kind]), evaluate(graph, [kind]), strict=True):
                np.testing.assert_allclose(found, wanted, rtol=bound, atol=bound)


def results():
    """What is only given another shape is computed in the result, which other readers see too."""
    case = ((9, 10), (3, 3), (1, 1), (1, 1), (1, 1), 32, 32, 2)
    convolve, x, kernel = convolution(case)

    def several(x, kernel):
        y = convolve(x, kernel)
        return y, y.reshape(-1), np.sum(y * y), y[1:, :, ::2]

    graph, program = compiled(several, x, kernel)
    written = {b.root for step in program.loops.steps for b, _, is_new in accesses(step) if is_new}
    assert sum(buffer.size == graph.outputs[0].size for buffer in written) == 2
    for found, wanted in zip(program([x, kernel]), evaluate(graph, [x, kernel]), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10)


def threads():
    """Any number of threads gives the same bits."""
    case = ((30, 28), (3, 3), (1, 1), (1, 1), (1, 1), 16, 32, 1)
    for strides, samples in (((1, 1), 3), ((2, 2), 3), ((1, 1), 9)):
        convolve, x, kernel = convolution((*case[:2], strides, *case[3:]), samples)
        x, kernel = x.astype("f"), kernel.astype("f")

        def slopes(x, kernel, convolve=convolve):
            loss = lambda x, kernel: np.sum(np.tanh(convolve(x, kernel) / 4))  # noqa: E731
            return grad(loss, argnums=(0, 1))(x, kernel)

        results = set()
        for count in (1, 2, 3, 4, 8):
            set_num_threads(count)
            _, program = compiled(slopes, x, kernel)
            assert program.is_shared
            results.add(tuple(each.tobytes() for each in program([x, kernel])))
        assert len(results) == 1


def blocks():
    """A sum over very much is one over blocks, of windows or not, and is what NumPy gives."""
    x = np.random.default_rng(0).standard_normal((12, 50, 40, 16))
    slope = np.random.default_rng(1).standard_normal((12, 48, 38, 8))
    a, b = x.reshape(-1, 16), np.cos(x[..., :4]).reshape(-1, 4)

    def kernel_gradient(x, slope):
        seen = unfold(x, axes=(1, 2), sizes=(3, 3), strides=(1, 1), dilations=(1, 1))
        return np.einsum("nxycij,nxyo->ijco", seen, slope)

    def of_each_channel(x, slope):
        seen = unfold(x, axes=(1, 2), sizes=(3, 3), strides=(1, 1), dilations=(1, 1))
        return np.einsum("nxycij,nxyc->ijc", seen, slope)

    wide = np.concatenate([slope, -np.sin(slope)], axis=-1)
    cases = (
        (kernel_gradient, (x, slope)),
        (of_each_channel, (x, wide)),
        (lambda a, b: a.T @ b, (a, b)),
    )
    for function, arguments in cases:
        graph, program = compiled(function, *arguments)
        shapes = {b.shape[0] for step in program.loops.steps for b, _, _ in accesses(step)}
        assert shapes & {2, 3, 4, 6}, "nothing is summed in blocks"
        (found,), (wanted,) = program(list(arguments)), evaluate(graph, list(arguments))
        np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10)


def memory():
    """A step takes at most half as much memory again as inputs, outputs and gradients together."""
    case = ((32, 32), (3, 3), (1, 1), (1, 1), (1, 1), 64, 64, 1)
    convolve, x, kernel = convolution(case)
    x, kernel = x.astype("f"), kernel.astype("f")

    def slopes(x, kernel):
        loss = lambda x, kernel: np.sum(np.tanh(convolve(x, kernel)))  # noqa: E731
        return grad(loss, argnums=(0, 1))(x, kernel)

    _, program = compiled(slopes, x, kernel)
    y, slope_of_y = x.nbytes, x.nbytes
    together = 2 * x.nbytes + 2 * kernel.nbytes + y + slope_of_y
    used = program.arena_bytes + 2 * x.nbytes + 2 * kernel.nbytes
    assert used <= 1.5 * together, (used, together)


if __name__ == "__main__":
    os.environ.setdefault("CHAINRULE_NUM_THREADS", "2")
    globals()[sys.argv[1]]()
