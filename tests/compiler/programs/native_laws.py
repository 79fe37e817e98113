"""Laws of native programs, one function each; run as a script with the names of some."""

import os
import sys

import numpy as np

from chainrule.autodiff.control_flow.scan import scan
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.expressions import nests_of
from chainrule.compiler.native_program import NativeProgram
from chainrule.graph.evaluate import evaluate
from chainrule.graph.trace import trace


def compiled(function, *arguments):
    graph = simplify(trace(function)(*arguments))
    return graph, NativeProgram(graph)


def special_values():
    """NaN, infinities and signed zeros are those of NumPy."""
    values = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.5, 5e-324, 1e308, -1e-40]
    functions = [
        np.exp, np.log, np.tanh, np.sqrt, np.floor, np.rint, np.sign, np.abs, np.negative,
        lambda x: x + 0.0, lambda x: x * 0.0, lambda x: 1.0 / x, lambda x: np.maximum(x, 1.0),
        lambda x: np.maximum(1.0, x), lambda x: np.where(x < 0, x, 1.0), np.max, np.argmax,
        np.argmin, lambda x: np.maximum(x, x[::-1]), np.isnan, lambda x: x == x[::-1],
    ]  # fmt: skip
    for dtype in (np.float32, np.float64):
        with np.errstate(all="ignore"):
            x = np.array(values).astype(dtype)
            for number, function in enumerate(functions):
                graph, program = compiled(function, x)
                (result,), (expected,) = program([x]), evaluate(graph, [x])
                np.testing.assert_allclose(
                    result, expected, rtol=4e-7, err_msg=f"function {number}"
                )
                known = ~np.isnan(expected)
                np.testing.assert_array_equal(
                    np.signbit(result)[known], np.signbit(expected)[known]
                )


def axes_of_equal_extent():
    """Axes of equal extent stay distinct, also where a reduction and a nest iterate over one."""

    def normalised(x, axis):
        powers = np.exp(x - np.max(x, axis=axis, keepdims=True))
        return powers / np.sum(powers, axis=axis, keepdims=True)

    draw = np.random.default_rng(0)
    for shape in [(20, n, n) for n in (3, 9, 12, 16, 17)] + [(20, 2, 9, 9), (9, 9, 9), (40, 40)]:
        x = draw.normal(size=shape).astype("f")
        for axis in range(-2, 0):
            graph, program = compiled(lambda x, axis=axis: normalised(x, axis), x)
            np.testing.assert_allclose(program([x])[0], evaluate(graph, [x])[0], rtol=1e-6)


def argmax_of_rows():
    """argmax of several rows in one iteration, and what is computed from it, agree with NumPy."""
    draw = np.random.default_rng(0)
    for rows in (1, 3, 4, 5, 8, 9):
        x = draw.normal(size=(rows, 32, 10)).astype("f")
        b, y = draw.normal(size=10).astype("f"), draw.integers(0, 10, (rows, 32))

        def accuracy_and_sums(x, b, y):
            scores = x + b
            predicted = np.argmax(scores, axis=-1)
            return np.mean(predicted == y), np.sum(np.exp(scores), axis=-1)

        graph, program = compiled(accuracy_and_sums, x, b, y)
        for result, expected in zip(program([x, b, y]), evaluate(graph, [x, b, y]), strict=True):
            np.testing.assert_allclose(result, expected, rtol=1e-5)


def empty_arrays():
    """Empty arrays can be concatenated, and their sums are 0."""
    x = np.linspace(-1, 1, 3 * 4 * 20 * 16, dtype=np.float32).reshape(3, 4, 20, 16)
    functions = [
        lambda x: np.concatenate([np.full((3, 0, 20, 16), 7.0, np.float32), x * 2], 1),
        lambda x: np.concatenate([x * 2, np.full((3, 4, 20, 0), 7.0, np.float32)], 3),
        lambda x: np.sum(x[:, :0] + 1, axis=1),
        lambda x: np.sum(x[..., :0] + 1, axis=3),
        lambda x: x[:0] + 1,
    ]
    for function in functions:
        graph, program = compiled(function, x)
        np.testing.assert_array_equal(program([x])[0], evaluate(graph, [x])[0])


def layouts():
    """Transposed, reversed, read-only, unaligned, byte-swapped and empty arrays are accepted."""
    graph, program = compiled(lambda x: x * 2, np.ones((3, 4)))
    x = np.arange(12.0).reshape(3, 4)
    unaligned = np.frombuffer(b"\0" + x.tobytes(), np.uint8)[1:].view(np.float64).reshape(3, 4)
    frozen = x.copy()
    frozen.flags.writeable = False
    backwards = x[::-1].copy()[::-1]
    for each in (x, np.asfortranarray(x), backwards, frozen, unaligned, x.astype(">f8")):
        np.testing.assert_array_equal(program([each])[0], x * 2)
    empty = np.ones((0, 4))
    graph, program = compiled(lambda x: (x + 1, np.sum(x, axis=0), x.T @ x), empty)
    for result, expected in zip(program([empty]), evaluate(graph, [empty]), strict=True):
        np.testing.assert_array_equal(result, expected)


def gather_indices():
    """An index out of bounds raises IndexError; negative ones count from the end."""
    x, i = np.arange(20.0).reshape(5, 4), np.array([0, -1, 3])
    _, program = compiled(lambda x, i: x[i] + 1, x, i)
    np.testing.assert_array_equal(program([x, i])[0], x[i] + 1)
    for wrong in (5, -6, 2**40):
        try:
            program([x, np.array([0, wrong, 3])])
        except IndexError:
            continue
        print(f"index {wrong} was accepted")
    np.testing.assert_array_equal(program([x, i])[0], x[i] + 1)


def scan_carries():
    """Carries may be swapped, read in another order, or stay constant; scans may be nested."""
    x, y = np.arange(6.0).reshape(2, 3), np.ones((2, 3))

    def swapped(x, y):
        return scan(lambda c, _: ((c[1], c[0] + 1), c[0][0]), (x, y), None, length=5)

    def reordered(x, y):
        step = lambda c, r: ((c[0][::-1] + c[1], np.roll(c[1], 1, axis=1)), np.sum(c[0]) + r)  # noqa: E731
        return scan(step, (x, y), np.arange(4.0), reverse=True)

    def nested(x, y):
        inner = lambda c, r: (np.tanh(c + r), c * r)  # noqa: E731
        return scan(lambda c, r: scan(inner, c + r, x), y[0], x)

    for function in (swapped, reordered, nested):
        graph, program = compiled(function, x, y)
        for result, expected in zip(program([x, y]), evaluate(graph, [x, y]), strict=True):
            np.testing.assert_allclose(result, expected, rtol=1e-13, err_msg=function.__name__)


def prefetch():
    """Gathers by the rows of each iteration agree with NumPy, whatever later iterations gather."""
    draw = np.random.default_rng(0)
    images = draw.integers(0, 256, (40, 7, 29)).astype(np.uint8)
    values, rows = draw.normal(size=(40, 130)), draw.integers(-40, 40, (6, 5))

    def epoch(images, values, rows):
        def step(carry, row):
            return carry + np.sum(values[row], axis=0), images[row].astype("f") / np.float32(255)

        return scan(step, values[0] * 0, rows)

    graph, program = compiled(epoch, images, values, rows)
    total, batches = evaluate(graph, [images, values, rows])
    result = program([images, values, rows])
    np.testing.assert_allclose(result[0], total, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(result[1], batches)
    for wrong in (40, -41, 2**60, -(2**63)):
        broken = rows.copy()
        broken[3:] = wrong
        result = program([images, values, broken], (0, 3))
        np.testing.assert_array_equal(result[1][:3], batches[:3])
        try:
            program([images, values, broken], (0, 4))
        except IndexError:
            continue
        print(f"row {wrong} was accepted")


def row_reductions():
    """Sums and maxima of rows and vector-matrix products are accurate for any length."""
    draw = np.random.default_rng(0)
    for length in (*range(126, 132), 143, 500, 1027):
        x, v, w = draw.normal(size=(41, length)), draw.normal(size=length), draw.normal(size=41)
        for dtype in (np.float32, np.float64, np.int64):
            inputs = [(each * 100).astype(dtype) for each in (x, v, w)]

            def reductions(x, v, w):
                return np.sum(x, axis=1), np.max(x, axis=1), x @ v, w @ x, x.T @ w, v @ x.T

            _, program = compiled(reductions, *inputs)
            exact = reductions(*(each.astype(np.longdouble) for each in inputs))
            magnitudes = reductions(*(np.abs(each).astype(np.longdouble) for each in inputs))
            bound = 0 if dtype is np.int64 else length * np.finfo(dtype).eps
            for result, expected, magnitude in zip(program(inputs), exact, magnitudes, strict=True):
                assert (np.abs(result - expected) <= bound * magnitude).all(), (length, dtype)


def concatenation():
    """Nested concatenations and paddings are written once, into their final location."""
    x = np.random.default_rng(0).standard_normal((4, 5, 3))
    y, row = x[:, :2] * 2, np.ones((2, 7, 3))

    def joined(x, y):
        return np.concatenate([np.sin(x), y], axis=1)

    cases = [
        (1, lambda x, y: np.pad(x + 1, ((1, 2), (3, 0), (1, 1)), constant_values=-np.inf)),
        (1, lambda x, y: np.concatenate([joined(x, y), row * x[0, 0]], 0)),
        (2, lambda x, y: np.concatenate([joined(x, y)[::-1], row], 0)),
        (1, lambda x, y: np.concatenate([joined(x, y), joined(y, x)], 2)),
        (2, lambda x, y: np.concatenate([c := joined(x, y), c], 0)),
        (2, lambda x, y: (np.concatenate([c := joined(x, y), joined(c, y)], 1), c)),
    ]
    for most, function in cases:
        graph = simplify(trace(function)(x, y))
        program = NativeProgram(graph)
        written = {
            b.root for step in program.loops.steps for b, _, is_write in accesses(step) if is_write
        }
        assert len(written) <= most, [buffer.shape for buffer in written]
        for result, expected in zip(program([x, y]), evaluate(graph, [x, y]), strict=True):
            np.testing.assert_allclose(result, expected, rtol=1e-14)


def threads():
    """Results are bit-identical for every thread count."""
    draw = np.random.default_rng(0)
    x, w = draw.normal(size=(300, 200)).astype("f"), draw.normal(size=(200, 150)).astype("f")

    def step(x, w):
        def body(w, _):
            h = np.tanh(x @ w)
            return w - np.float32(1e-3) * (x.T @ (h - 1)), np.sum(h * h)

        return scan(body, w, None, length=3)

    results = []
    for count in (1, 2, 5):
        os.environ["CHAINRULE_NUM_THREADS"] = str(count)
        _, program = compiled(step, x, w)
        results.append([each.tobytes() for each in program([x, w])])
    assert all(each == results[0] for each in results)


def cycle_counters():
    """A timed program gives the same bits; its cycle counters cover every nest, and grow."""
    draw = np.random.default_rng(0)
    small, large = draw.normal(size=(4, 3)), draw.normal(size=(300, 200))

    def steps(x):
        def body(c, _):
            h = np.tanh(c @ c.T) / len(c)
            return h @ c + np.cos(c), np.sum(h)

        return scan(body, x, None, length=10)

    def many_times(program, x):
        # Some counters advance every 40 ns, and a nest may take less.
        for _ in range(20):
            program([x])

    for x in (small, large):
        _, program = compiled(steps, x)
        timed = program.timed()
        assert program.cycle_counts == []
        nests = len(list(nests_of(program.loops.steps)))
        assert timed.cycle_counts == [0] * (nests + 1)
        result, expected = timed([x]), program([x])
        assert all(a.tobytes() == b.tobytes() for a, b in zip(result, expected, strict=True))
        many_times(timed, x)
        first = timed.cycle_counts
        assert all(count > 0 for count in first[:-1]), first
        assert (first[-1] > 0) == program.is_multithreaded, first
        many_times(timed, x)
        assert all(b > a for a, b in zip(first[:-1], timed.cycle_counts[:-1], strict=True))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        globals()[name]()
