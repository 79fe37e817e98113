"""Privatization: buffers of all batch rows shrink to the row of a parallel loop's iteration."""

from dataclasses import replace

import numpy as np

from chainrule.compiler.loop_ir.loops import Axis, Loop
from chainrule.compiler.loop_passes.privatization import privatize
from tests.compiler.programs.loop_text import Loops, matrix, text_of


def loop_of_rows(loops, nests, private):
    """The loop over the rows of some nests' first axes."""
    iteration = Axis(nests[0].axes[0].extent, "row", is_loop_index=True)
    body = tuple(privatize(nest, nest.axes[0], iteration, private) for nest in nests)
    return loops.text([Loop(iteration, False, body, is_parallel=True)])


def nests_and_buffer():
    loops = Loops(lambda x: np.sin(np.exp(x)[:, ::-1]) * np.exp(x), matrix(32, 128))
    nests = loops.fused()
    return loops, nests, nests[0].statements[0].target


def test_a_private_buffer_has_one_row():
    loops, nests, buffer = nests_and_buffer()
    assert loops.text(nests) == text_of("""
        for i<32 j<128 vector j:
          exp[i, j] = exp(x[i, j])
        for i<32 j<128 vector j:
          result[i, j] = multiply(sin(exp[i, -1j+127]), exp[i, j])
    """)
    private = {buffer: replace(buffer, kind="thread_local", shape=(1, 128))}
    assert loop_of_rows(loops, nests, private) == text_of("""
        loop t<32 parallel:
          for i<128 vector i:
            exp[0, i] = exp(x[t, i])
          for i<128 vector i:
            result[t, i] = multiply(sin(exp[0, -1i+127]), exp[0, i])
    """)


def test_shared_buffers_are_indexed_by_the_iteration():
    loops, nests, _ = nests_and_buffer()
    assert loop_of_rows(loops, nests, {}) == text_of("""
        loop t<32 parallel:
          for i<128 vector i:
            exp[t, i] = exp(x[t, i])
          for i<128 vector i:
            result[t, i] = multiply(sin(exp[t, -1i+127]), exp[t, i])
    """)
