"""Laws of native convolutions, one function each; run as a script with the names of some.

Values are compared with SciPy's correlation, gradients with the evaluator's.
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
    # spatial shape, kernel, strides, dilations, paddings, channels in, out, groups
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
    """Return the convolution of a case, in plain NumPy, and its arguments."""
    spatial_shape, sizes, strides, dilations, paddings, channels, filters, groups = case
    count = len(spatial_shape)

    def convolve(x, kernel):
        x = np.pad(x, [(0, 0), *((p, p) for p in paddings), (0, 0)])
        axes = tuple(range(1, count + 1))
        windows = unfold(x, axes=axes, sizes=sizes, strides=strides, dilations=dilations)
        position, offset = "xyz"[:count], "ijk"[:count]
        if groups == 1:
            return np.einsum(f"n{position}c{offset},{offset}co->n{position}o", windows, kernel)
        if groups == channels == filters:
            depthwise = kernel.reshape((*sizes, channels))
            return np.einsum(f"n{position}c{offset},{offset}c->n{position}c", windows, depthwise)
        head, tail = windows.shape[: count + 1], windows.shape[count + 2 :]
        windows = windows.reshape((*head, groups, channels // groups, *tail))
        parts = kernel.reshape((*kernel.shape[:-1], groups, filters // groups))
        result = np.einsum(f"n{position}gc{offset},{offset}cgo->n{position}go", windows, parts)
        return result.reshape((*head, filters))

    draw = np.random.default_rng(sum(spatial_shape))
    x = draw.standard_normal((samples, *spatial_shape, channels))
    return convolve, x, draw.standard_normal((*sizes, channels // groups, filters))


def correlated(case, x, kernel):
    """Return the same convolution by SciPy, one sample and filter at a time."""
    spatial_shape, sizes, strides, dilations, paddings, channels, filters, groups = case
    count = len(spatial_shape)
    x = np.pad(x, [(0, 0), *((p, p) for p in paddings), (0, 0)])
    dilated_sizes = [(n - 1) * d + 1 for n, d in zip(sizes, dilations, strict=True)]
    dilated = np.zeros((*dilated_sizes, *kernel.shape[count:]))
    dilated[tuple(slice(None, None, d) for d in dilations)] = kernel
    steps = tuple(slice(None, None, s) for s in strides)
    columns = []
    for number in range(filters):
        start = number // (filters // groups) * (channels // groups)
        windows = x[..., start : start + channels // groups]
        part = [correlate(each, dilated[..., number], "valid")[steps][..., 0] for each in windows]
        columns.append(np.stack(part))
    return np.stack(columns, axis=-1)


def compiled(function, *arguments):
    graph = simplify(trace(function)(*arguments))
    return graph, NativeProgram(graph)


def values():
    """Convolutions agree with SciPy's correlation."""
    for case in CASES:
        convolve, x, kernel = convolution(case)
        _, program = compiled(convolve, x, kernel)
        (result,) = program([x, kernel])
        np.testing.assert_allclose(
            result, correlated(case, x, kernel), rtol=1e-10, atol=1e-10, err_msg=str(case)
        )


def gradients():
    """Both gradients agree with the evaluator's, in both float dtypes."""
    for case, dtype in itertools.product(CASES, (np.float64, np.float32)):
        convolve, x, kernel = convolution(case)
        x, kernel = x.astype(dtype), kernel.astype(dtype)

        def gradients_of(x, kernel, convolve=convolve):
            loss = lambda x, kernel: np.sum(np.tanh(convolve(x, kernel) / 4))  # noqa: E731
            return grad(loss, argnums=(0, 1))(x, kernel)

        graph, program = compiled(gradients_of, x, kernel)
        bound = 1e-10 if dtype is np.float64 else 2e-4
        results = program([x, kernel]), evaluate(graph, [x, kernel])
        for result, expected in zip(*results, strict=True):
            np.testing.assert_allclose(
                result, expected, rtol=bound, atol=bound, err_msg=f"{case} {dtype}"
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


def few_positions():
    """A bound on depth may depend on a loop that is not among the rows of tiles."""
    for width, filters in ((3, 64), (5, 5)):
        case = ((3, width), (3, 3), (1, 1), (1, 1), (0, 0), 32, filters, 1)
        convolve, x, kernel = convolution(case, samples=16)
        derivative = grad(lambda x, k, f=convolve: np.sum(np.sin(f(x, k))), argnums=(0, 1))
        graph, program = compiled(derivative, x, kernel)
        for result, expected in zip(
            program([x, kernel]), evaluate(graph, [x, kernel]), strict=True
        ):
            np.testing.assert_allclose(result, expected, rtol=1e-9, atol=1e-9)


def iteration_bounds():
    """The input's gradient is contracted within bounds, not over zero padding (0 * inf is NaN)."""
    for samples, *case in BOUNDED:
        convolve, x, kernel = convolution(case, samples)

        def input_gradient(x, kernel, convolve=convolve):
            return grad(lambda x: np.sum(np.sin(convolve(x, kernel))))(x)

        graph, program = compiled(input_gradient, x, kernel)
        contractions = [
            nest.contraction for nest in nests_of(program.loops.steps) if nest.contraction
        ]
        assert any(contraction.bounds for contraction in contractions), case
        (result,), (expected,) = program([x, kernel]), evaluate(graph, [x, kernel])
        np.testing.assert_allclose(result, expected, rtol=1e-10, atol=1e-10, err_msg=str(case))
        if samples < 8:
            continue  # for few samples, the sides are padded with zeros

        def pullback(cotangent, kernel, convolve=convolve, x=x):
            return vjp(lambda x: convolve(x, kernel), x)[1](cotangent)[0]

        cotangent = np.abs(convolve(x, kernel)) + 1
        kernel[(0,) * len(case[1])] = np.inf
        graph, program = compiled(pullback, cotangent, kernel)
        (result,), (expected,) = program([cotangent, kernel]), evaluate(graph, [cotangent, kernel])
        assert np.isinf(expected).any()
        assert not np.isnan(expected).any()
        np.testing.assert_allclose(result, expected, rtol=1e-10, atol=1e-10, err_msg=str(case))


def pooling():
    """Folds of separate, adjacent and overlapping windows agree with the evaluator's."""
    x = np.random.default_rng(0).integers(-3, 4, (3, 13, 12, 20)).astype(np.float64)
    for size, stride, dilation in itertools.product((2, 3), (1, 2, 3, 4), (1, 2)):
        geometry = WindowGeometry((size, size), (stride, stride), (dilation, dilation), "valid")

        def gradients_of(x, geometry=geometry):
            largest = lambda x: np.sum(np.sin(first_maximum(geometry.unfold(x), 2)))  # noqa: E731
            mean = lambda x: np.sum(np.sin(np.mean(geometry.unfold(x), axis=(-2, -1))))  # noqa: E731
            return grad(largest)(x), grad(mean)(x)

        for array in (x[..., :3], x, x.astype("f")):
            graph, program = compiled(gradients_of, array)
            bound = 1e-10 if array.dtype == np.float64 else 1e-5
            for result, expected in zip(program([array]), evaluate(graph, [array]), strict=True):
                np.testing.assert_allclose(result, expected, rtol=bound, atol=bound)


def reshaped_results():
    """A value that is only reshaped is computed in the output's memory, which others read too."""
    case = ((9, 10), (3, 3), (1, 1), (1, 1), (1, 1), 32, 32, 2)
    convolve, x, kernel = convolution(case)

    def several(x, kernel):
        y = convolve(x, kernel)
        return y, y.reshape(-1), np.sum(y * y), y[1:, :, ::2]

    graph, program = compiled(several, x, kernel)
    used = [each for step in program.loops.steps for each in accesses(step)]
    written = {buffer.root for buffer, _, is_write in used if is_write}
    assert sum(buffer.size == graph.outputs[0].size for buffer in written) == 2
    for result, expected in zip(program([x, kernel]), evaluate(graph, [x, kernel]), strict=True):
        np.testing.assert_allclose(result, expected, rtol=1e-10, atol=1e-10)


def threads():
    """Results are bit-identical for every thread count."""
    case = ((30, 28), (3, 3), (1, 1), (1, 1), (1, 1), 16, 32, 1)
    for strides, samples in (((1, 1), 3), ((2, 2), 3), ((1, 1), 9)):
        convolve, x, kernel = convolution((*case[:2], strides, *case[3:]), samples)
        x, kernel = x.astype("f"), kernel.astype("f")

        def gradients_of(x, kernel, convolve=convolve):
            loss = lambda x, kernel: np.sum(np.tanh(convolve(x, kernel) / 4))  # noqa: E731
            return grad(loss, argnums=(0, 1))(x, kernel)

        results = set()
        for count in (1, 2, 5):
            set_num_threads(count)
            _, program = compiled(gradients_of, x, kernel)
            assert program.is_multithreaded
            results.add(tuple(each.tobytes() for each in program([x, kernel])))
        assert len(results) == 1


def split_reductions():
    """Long reductions, over windows or not, are split into blocks, and agree with the evaluator."""
    x = np.random.default_rng(0).standard_normal((12, 50, 40, 16))
    cotangent = np.random.default_rng(1).standard_normal((12, 48, 38, 8))
    a, b = x.reshape(-1, 16), np.cos(x[..., :4]).reshape(-1, 4)

    def kernel_gradient(x, cotangent):
        windows = unfold(x, axes=(1, 2), sizes=(3, 3), strides=(1, 1), dilations=(1, 1))
        return np.einsum("nxycij,nxyo->ijco", windows, cotangent)

    def depthwise_gradient(x, cotangent):
        windows = unfold(x, axes=(1, 2), sizes=(3, 3), strides=(1, 1), dilations=(1, 1))
        return np.einsum("nxycij,nxyc->ijc", windows, cotangent)

    wide = np.concatenate([cotangent, -np.sin(cotangent)], axis=-1)
    cases = (
        (kernel_gradient, (x, cotangent)),
        (depthwise_gradient, (x, wide)),
        (lambda a, b: a.T @ b, (a, b)),
    )
    for function, arguments in cases:
        graph, program = compiled(function, *arguments)
        shapes = {b.shape[0] for step in program.loops.steps for b, _, _ in accesses(step)}
        assert shapes & {2, 3, 4, 6}, "no reduction is split"
        (result,), (expected,) = program(list(arguments)), evaluate(graph, list(arguments))
        np.testing.assert_allclose(result, expected, rtol=1e-10, atol=1e-10)


def memory():
    """A step on two threads takes at most 1.5 times the memory of inputs, outputs and gradients."""
    set_num_threads(2)
    case = ((32, 32), (3, 3), (1, 1), (1, 1), (1, 1), 64, 64, 1)
    convolve, x, kernel = convolution(case)
    x, kernel = x.astype("f"), kernel.astype("f")

    def gradients_of(x, kernel):
        loss = lambda x, kernel: np.sum(np.tanh(convolve(x, kernel)))  # noqa: E731
        return grad(loss, argnums=(0, 1))(x, kernel)

    _, program = compiled(gradients_of, x, kernel)
    y, y_gradient = x.nbytes, x.nbytes
    total = 2 * x.nbytes + 2 * kernel.nbytes + y + y_gradient
    used = program.arena_bytes + 2 * x.nbytes + 2 * kernel.nbytes
    assert used <= 1.5 * total, (used, total)


if __name__ == "__main__":
    os.environ.setdefault("CHAINRULE_NUM_THREADS", "2")
    for name in sys.argv[1:]:
        globals()[name]()
