"""Which buffers are in registers while a loop runs; their values are those of any other memory."""

import numpy as np

import chainrule as cr
from chainrule.compiler.backends.llvm.scalar_loops import buffers_in_registers
from chainrule.compiler.pipeline import compile_to_loops
from chainrule.graph.trace import trace
from chainrule.ops.primitives.linear_algebra.linear_system import unchecked_solve


def chosen(function, *arguments):
    steps = compile_to_loops(trace(function)(*arguments)).loops.steps
    return [(each.kind, each.shape) for each in buffers_in_registers(steps)]


def halved(x):
    return cr.while_loop(lambda x: np.sum(x) > 1, lambda x: x / 2, x)


def test_carries_of_scalar_loops_are_in_registers():
    assert chosen(halved, np.float64(9)) == [("output", ()), ("arena", ())]
    assert ("output", (3,)) in chosen(halved, np.ones(3))


def test_carries_of_loops_over_arrays_are_in_memory():
    assert chosen(halved, np.ones(100)) == []


def test_small_linear_systems_are_inlined_and_in_registers():
    def iterated(matrix, x):
        def body(x):
            return unchecked_solve(matrix + x, x[:, None], is_transposed=False)[:, 0]

        return cr.while_loop(lambda x: np.sum(x) > 1, body, x)

    for n, is_inlined in ((3, True), (5, False)):
        matrix, x = 2 * np.eye(n), np.ones(n)
        assert (("output", (n,)) in chosen(iterated, matrix, x)) == is_inlined
        np.testing.assert_allclose(cr.jit(iterated)(matrix, x), iterated(matrix, x), rtol=1e-14)


def test_what_is_stored_or_read_at_an_index_that_varies_is_in_memory():
    def rows(x):
        return cr.scan(lambda c, _: (c * 1.5, c), x, None, length=5)

    def gathered(x, i):
        return cr.while_loop(lambda c: c[1] < 9, lambda c: (c[0] * 2, c[1] + c[0][i]), (x, 0.0))

    assert chosen(rows, np.float64(1)) == [("output", ())]
    assert ("output", (3,)) not in chosen(gathered, np.ones(3), np.int64(1))


def test_results_of_every_dtype_are_stored_at_the_end(in_child):
    def check():
        for dtype in ("float16", "float32", "float64", "int8", "uint16", "int64", "bool"):
            x = np.array([1, 0, 1], dtype)

            def turned(x):
                init = (x, np.int64(0))
                return cr.while_loop(lambda c: c[1] < 4, lambda c: (c[0][::-1], c[1] + 1), init)[0]

            results = cr.jit(turned)(x)
            assert results.dtype == x.dtype
            assert results.tobytes() == x.tobytes()

    in_child(check)
