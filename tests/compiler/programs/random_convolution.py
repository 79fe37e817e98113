"""Compare gradients of random stacks of convolutions and pooling with the evaluator's.

    python random_convolution.py COUNT FIRST_SEED

prints one line for each stack that differs.
"""

import os
import sys
import traceback

os.environ["CHAINRULE_DEBUG"] = "check"

import numpy as np

from chainrule.autodiff.derivative import grad
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.compiler.native_program import NativeProgram
from chainrule.errors import ShapeError
from chainrule.graph.evaluate import evaluate
from chainrule.graph.trace import trace
from chainrule.nn.layers.pooling import first_maximum
from chainrule.nn.layers.window_geometry import WindowGeometry
from chainrule.ops.primitives.windows import unfold

FORMS = ("depthwise", "sliced", "first out", "swapped", "first in", "plain")


def drawn(draw, low, high, count):
    return tuple(int(n) for n in draw.integers(low, high, count))


def stack_of(seed):
    """Draw an input, and for each convolution its kernel and window geometry."""
    draw = np.random.default_rng(seed)
    dimensions, depth = drawn(draw, 1, 3, 2)
    channels = draw.choice([1, 3, 5, 16, 20])
    x = draw.standard_normal((*drawn(draw, 1, 5, 1), *drawn(draw, 5, 18, dimensions), channels))
    layers, kernels = [], []
    for _ in range(depth):
        form, filters = FORMS[draw.integers(len(FORMS))], draw.choice([1, 4, 16, 17, 32])
        sizes = drawn(draw, 1, 4, dimensions)
        filters = channels if form == "depthwise" else filters
        shape = (*sizes, channels) if form == "depthwise" else (*sizes, channels, filters)
        kernels.append(draw.standard_normal(shape) * 0.3)
        steps = drawn(draw, 1, 4, dimensions), drawn(draw, 1, 3, dimensions)
        margins = tuple(drawn(draw, 0, 3, 2) for _ in range(dimensions))
        layers.append((form, sizes, *steps, margins, draw.integers(3), draw.integers(2)))
        channels = filters
    return x, kernels, layers


def unfolded(x, form, sizes, strides, dilations, margins):
    """Return the windows of an input, in one of the common NumPy forms."""
    x = np.pad(x, [(0, 0), *margins, (0, 0)])
    axes = tuple(range(1, x.ndim - 1))
    if form != "sliced":
        return unfold(x, axes=axes, sizes=sizes, strides=strides, dilations=dilations)
    extents = [(size - 1) * step + 1 for size, step in zip(sizes, dilations, strict=True)]
    windows = np.lib.stride_tricks.sliding_window_view(x, extents, axes)
    strided = (slice(None, None, stride) for stride in strides)
    return windows[(slice(None), *strided, slice(None), *(slice(None, None, d) for d in dilations))]


def convolved(windows, kernel, form):
    """Contract windows with a kernel, in one of the common NumPy forms."""
    count = windows.ndim // 2 - 1
    position, offset = "xyz"[:count], "ijk"[:count]
    windowed, plain = f"n{position}c{offset}", f"{offset}co"
    match form:
        case "depthwise":
            return np.einsum(f"{windowed},{offset}c->n{position}c", windows, kernel)
        case "first out":
            return np.moveaxis(
                np.einsum(f"{windowed},{plain}->no{position}", windows, kernel), 1, -1
            )
        case "swapped":
            return np.einsum(f"{plain},{windowed}->n{position}o", kernel, windows)
        case "first in":
            channels_first = np.moveaxis(windows, count + 1, 1)
            return np.einsum(f"nc{position}{offset},{plain}->n{position}o", channels_first, kernel)
        case _:
            return np.einsum(f"{windowed},{plain}->n{position}o", windows, kernel)


def loss(layers, x, *kernels):
    """Apply the stack and sum the result."""
    for kernel, (form, *geometry, activation, is_pooled) in zip(kernels, layers, strict=True):
        x = convolved(unfolded(x, form, *geometry), kernel, form)
        x = (lambda x: np.where(x <= 0, 0, x), np.tanh, lambda x: x)[activation](x)
        pairs = (2,) * (x.ndim - 2)
        if is_pooled and min(x.shape[1:-1]) >= 2:
            x = first_maximum(
                WindowGeometry(pairs, pairs, (1,) * len(pairs), "valid").unfold(x), len(pairs)
            )
    return np.sum(np.sin(x))


def difference(seed):
    """Return how the compiled gradients of a stack differ; empty if they agree."""
    x, kernels, layers = stack_of(seed)
    order = tuple(range(1 + len(kernels)))
    try:
        graph = trace(grad(lambda *a: loss(layers, *a), argnums=order))(x, *kernels)
    except ShapeError:
        return ""  # a window larger than its input
    graph = simplify(graph)
    results, expected = NativeProgram(graph)([x, *kernels]), evaluate(graph, [x, *kernels])
    errors = [
        np.max(np.abs(a - b) / (1 + np.abs(b))) for a, b in zip(results, expected, strict=True)
    ]
    return "" if max(errors) <= 1e-9 else f"off by {errors} in {layers}"


if __name__ == "__main__":
    count, first = map(int, sys.argv[1:3])
    for seed in range(first, first + count):
        try:
            wrong = difference(seed)
        except Exception:  # noqa: BLE001 - reported, with its seed, for the test to show
            wrong = traceback.format_exc()
        if wrong:
            print(f"seed {seed}: {wrong}", flush=True)
