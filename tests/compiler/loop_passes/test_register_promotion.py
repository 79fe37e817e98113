"""Scalar replacement: what a nest stores and loads in one iteration needs no memory."""

import numpy as np

from tests.compiler.programs.loop_text import Loops, matrix, text_of


def test_a_buffer_of_one_nest_is_held_in_registers():
    loops = Loops(lambda x: np.exp(x) * np.exp(x), matrix(64))
    assert loops.text(loops.fused()) == text_of("""
        for i<64 vector i:
          exp[i] = exp(x[i])
          result[i] = multiply(exp[i], exp[i])
    """)
    assert loops.text(loops.promoted()) == text_of("""
        for i<64 vector i:
          (exp[i]) = exp(x[i])
          result[i] = multiply(exp[i], exp[i])
    """)


def test_a_contraction_hands_its_sums_to_the_epilogue_in_registers():
    loops = Loops(lambda x, w: np.exp(x @ w) * 2, matrix(64, 64), matrix(64, 64))
    assert loops.text(loops.promoted()) == text_of("""
        for i<64 j<64:
          (contract[i, j]) = sum k<64: x[i, k] * w[k, j]
          result[i, j] = multiply(exp(contract[i, j]), 2.0)
    """)


def test_a_contraction_is_stored_if_the_epilogue_stores_another_layout():
    loops = Loops(lambda x, w: np.exp(x @ w), matrix(64, 50), matrix(50, 9))
    (nest,) = loops.promoted()
    assert nest.contraction is not None
    strides = [
        loops.layout.strides(b) for b in (nest.contraction.target, nest.statements[0].target)
    ]
    assert (strides[0] == strides[1]) == (nest.contraction.target in nest.registers)


def test_buffers_that_another_nest_reads_are_stored():
    loops = Loops(lambda x: np.exp(x)[::-1] * np.exp(x), matrix(64))
    assert loops.text(loops.promoted()) == loops.text(loops.fused())


def test_partial_sums_of_a_nest_are_stored():
    loops = Loops(lambda x: np.sum(np.exp(x)), matrix(64))
    assert loops.text(loops.promoted()) == text_of("""
        for i<64 vector i:
          result[] = sum i<64: exp(x[i])
    """)
    loops = Loops(lambda x: np.exp(x) * np.sum(np.exp(x)), matrix(64))
    assert not any(nest.registers for nest in loops.promoted())
