"""Compare compiled random programs with NumPy; run as a script with ``COUNT FIRST_SEED``.

Prints the seeds whose results differ; with a third argument, ``bits``, a digest of each program's
results. Discontinuous operations (comparisons, rounding, argmax) are only applied to exact values,
on which both sides agree to the last bit.
"""

import hashlib
import sys
import traceback

import numpy as np

from chainrule.autodiff.control_flow.scan import scan
from chainrule.autodiff.derivative import grad
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.compiler.native_program import NativeProgram
from chainrule.graph.evaluate import evaluate
from chainrule.graph.trace import trace
from chainrule.ops.primitives.array_update import scatter, update_slice

LENGTHS = [1, 2, 3, 5, 8, 16, 17, 20, 33, 64, 70]


class Builder:
    """Draws operations; records every value computed so far, and whether it is exact."""

    def __init__(self, draw, inputs):
        self.draw = draw
        self.values = [(x, True) for x in inputs]

    def pick(self, condition=lambda x, is_exact: True):
        matching = [x for x, is_exact in self.values if condition(x, is_exact)]
        return matching[self.draw.integers(len(matching))] if matching else None

    def add(self, x, is_exact=False):
        if hasattr(x, "shape") and np.prod(x.shape) <= 20000:
            self.values.append((x, is_exact))

    def step(self):
        operations = [
            self.unary,
            self.binary,
            self.reduce,
            self.move,
            self.product,
            self.discontinuous,
            self.index,
            self.update,
        ]
        operations[self.draw.integers(len(operations))]()

    def unary(self):
        x = self.pick(lambda x, _: x.dtype.kind == "f")
        functions = [
            np.tanh, np.sin, np.cos, lambda x: np.exp(-np.abs(x)), lambda x: np.log1p(x * x),
            lambda x: np.sqrt(np.abs(x) + 1), lambda x: np.maximum(x, 0), lambda x: 1 / (1 + x * x),
            lambda x: -x, lambda x: np.expm1(np.tanh(x)),
        ]  # fmt: skip
        self.add(functions[self.draw.integers(len(functions))](x))

    def binary(self):
        x = self.pick(lambda x, _: x.dtype.kind == "f")
        y = self.pick(lambda y, _: y.dtype == x.dtype and _can_broadcast(x.shape, y.shape))
        functions = [np.add, np.subtract, np.multiply, np.maximum, np.minimum]
        count = 5 if self.is_exact(x) and self.is_exact(y) else 3
        self.add(np.tanh(functions[self.draw.integers(count)](x, y)))

    def reduce(self):
        x = self.pick(lambda x, _: x.ndim > 0 and x.dtype.kind == "f")
        if x is not None:
            axis = [None, *range(x.ndim)][self.draw.integers(1 + x.ndim)]
            keep = bool(self.draw.integers(2))
            # Where values are not exact, the sides may differ on which is the largest.
            count = 4 if self.is_exact(x) else 2
            function = [np.sum, np.mean, np.max, np.min][self.draw.integers(count)]
            self.add(np.tanh(function(x, axis=axis, keepdims=keep)))

    def move(self):
        x = self.pick(lambda x, _: x.ndim > 0)
        if x is None:
            return
        axes = self.draw.permutation(x.ndim)
        size = int(np.prod(x.shape))
        moves = [
            lambda: np.transpose(x, [int(a) for a in axes]),
            lambda: np.reshape(x, (-1,)),
            lambda: np.reshape(x, (2, size // 2)) if size % 2 == 0 else x,
            lambda: np.flip(x, int(axes[0])),
            lambda: x[1:] if x.shape[0] > 1 else x,
            lambda: x[..., ::2],
            lambda: np.concatenate([x, x], axis=int(axes[0])),
            lambda: np.pad(x, [(1, 2)] * x.ndim),
            lambda: x[None],
            lambda: np.stack([x, x]),
        ]
        self.add(moves[self.draw.integers(len(moves))](), self.is_exact(x))

    def is_exact(self, x):
        return any(each is x and exact for each, exact in self.values)

    def product(self):
        x = self.pick(lambda x, _: x.ndim >= 1 and x.dtype.kind == "f")
        y = None if x is None else self.pick(
            lambda y, _: y.ndim == 2 and y.dtype == x.dtype and y.shape[0] == x.shape[-1]
        )  # fmt: skip
        if y is not None:
            self.add(x @ y / np.sqrt(np.asarray(x.shape[-1], x.dtype)))
        elif x is not None and x.ndim == 2:
            self.add(x.T @ x / x.shape[0])

    def discontinuous(self):
        x = self.pick(lambda x, is_exact: is_exact and x.ndim > 0 and x.size > 0)
        functions = [
            lambda: x < 0, lambda: np.floor(x), lambda: np.rint(x), lambda: np.argmax(x, axis=-1),
            lambda: np.argmin(x, axis=0), lambda: np.sign(x), lambda: x == np.max(x),
            lambda: np.where(x > 0, x, x * 2), lambda: np.cumsum(np.rint(x), axis=0),
            lambda: (x * 3).astype(np.int64),
        ]  # fmt: skip
        if x is not None and x.dtype.kind == "f":
            self.add(functions[self.draw.integers(len(functions))](), True)

    def index(self):
        x = self.pick(lambda x, _: x.ndim > 0 and x.shape[0] > 0)
        i = self.pick(lambda i, is_exact: is_exact and i.dtype.kind == "i" and i.ndim <= 1)
        if x is not None and i is not None:
            self.add(x[np.remainder(i, x.shape[0])], self.is_exact(x))

    def update(self):
        x = self.pick(lambda x, _: x.dtype.kind == "f" and x.ndim > 0 and x.shape[0] > 1)
        if x is None:
            return
        start, step = int(self.draw.integers(x.shape[0])), int(self.draw.choice([1, 2, -1]))
        most = start + 1 if step < 0 else -(-(x.shape[0] - start) // step)
        count = int(self.draw.integers(1, most + 1))
        slices = ((start, count, step), *((0, n, 1) for n in x.shape[1:]))
        u = self.pick(lambda u, _: u.dtype == x.dtype and u.shape == x.shape)
        is_exact = self.is_exact(x) and self.is_exact(u)
        if self.draw.integers(2):
            self.add(update_slice(x, u[:count], slices=slices), is_exact)
            return
        i = self.draw.integers(-x.shape[0], x.shape[0], count)
        self.add(scatter(x, u[x.shape[0] - count :], i), is_exact)


def _can_broadcast(a, b):
    try:
        np.broadcast_shapes(a, b)
    except ValueError:
        return False
    return True


def inputs_of(draw):
    dtype = [np.float32, np.float64][draw.integers(2)]
    a, b, c = (int(LENGTHS[i]) for i in draw.integers(len(LENGTHS), size=3))
    shapes = [(a, b), (b, c), (b,), (a, 1), (c, b), ()]
    arrays = [draw.uniform(-2, 2, shape).astype(dtype) for shape in shapes]
    return [*arrays, draw.integers(-9, 9, a)]


def program_of(seed):
    """Return a random function and its arguments."""
    draw = np.random.default_rng(seed)
    inputs = inputs_of(draw)
    kind, steps = draw.integers(3), int(draw.integers(1, 14))

    def values(arguments):
        builder = Builder(np.random.default_rng(seed + 1), arguments)
        for _ in range(steps):
            builder.step()
        return [x for x, _ in builder.values[len(arguments) :]]

    def plain(*arguments):
        return values(arguments)[-4:]

    def total(*arguments):
        floats = [x for x in values(arguments) if x.dtype.kind == "f"]
        return sum(np.sum(np.tanh(x)) for x in floats) + np.sum(arguments[0] * arguments[0])

    def loop(*arguments):
        def step(carry, _):
            gradients = grad(total, argnums=(0, 1))(*carry, *arguments[2:])
            moved = tuple(x - x.dtype.type(0.01) * d for x, d in zip(carry, gradients, strict=True))
            return moved, np.sum(moved[0])

        return scan(step, (arguments[0], arguments[1]), None, length=3)

    return [plain, grad(total, argnums=(0, 1)), loop][kind], inputs


def difference(seed):
    """Return how the compiled form of a random program differs; empty if it agrees."""
    function, inputs = program_of(seed)
    graph = simplify(trace(function)(*inputs))
    expected = evaluate(graph, inputs)
    results = NativeProgram(graph)(inputs)
    for number, (a, b) in enumerate(zip(results, expected, strict=True)):
        if a.dtype != b.dtype or a.shape != b.shape:
            return f"output {number}: {a.dtype}{a.shape}, not {b.dtype}{b.shape}"
        relative = 1e-9 if a.dtype == np.float64 else 2e-3
        tolerance = 0 if a.dtype.kind != "f" else relative
        if not np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True):
            with np.errstate(all="ignore"):
                return f"output {number} of {len(expected)}: off by {np.max(np.abs(a * 1.0 - b))}"
    return ""


def digest(seed):
    """Return a SHA-256 digest of the results of a compiled program."""
    function, inputs = program_of(seed)
    total = hashlib.sha256()
    for each in NativeProgram(simplify(trace(function)(*inputs)))(inputs):
        # NaN payloads may differ.
        total.update(np.where(np.isnan(each), np.nan, each).astype(each.dtype).tobytes())
    return total.hexdigest()


if __name__ == "__main__":
    report = digest if sys.argv[3:] == ["bits"] else difference
    count, first = map(int, sys.argv[1:3])
    for seed in range(first, first + count):
        with np.errstate(all="ignore"):
            try:
                wrong = report(seed)
            except Exception:  # noqa: BLE001 - reported, with its seed, for the test to show
                wrong = traceback.format_exc()
        if wrong:
            print(f"seed {seed}: {wrong}", flush=True)
