"""Loop fusion: one nest for statements without a dependence between iterations."""

import numpy as np
import pytest

from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Affine, Axis, Buffer, Load, Program, Statement
from chainrule.compiler.loop_ir.printer import format_program
from chainrule.compiler.loop_passes.fusion import fuse
from tests.compiler.programs.loop_text import Loops, matrix, text_of


def test_producer_consumer_and_reduction_become_one_nest():
    loops = Loops(lambda x, b: (np.exp(x) * b, np.sum(np.exp(x))), matrix(64), matrix(64))
    assert loops.text(loops.lowered()) == text_of("""
        for:
          exp[i] = exp(x[i])  for i<64
        for:
          result[i] = multiply(exp[i], b[i])  for i<64
        for:
          result_1[] = sum i<64: exp[i]
    """)
    assert loops.text(loops.fused()) == text_of("""
        for i<64 vector i:
          exp[i] = exp(x[i])
          result[i] = multiply(exp[i], b[i])
          result_1[] = sum i<64: exp[i]
    """)


def test_a_dependence_carried_between_iterations_is_not_fused():
    loops = Loops(lambda x: np.exp(x)[::-1] * np.exp(x), matrix(64))
    assert loops.text(loops.fused()) == text_of("""
        for i<64 vector i:
          exp[i] = exp(x[i])
        for i<64 vector i:
          result[i] = multiply(exp[-1i+63], exp[i])
    """)


def test_a_sum_is_complete_only_after_its_nest():
    loops = Loops(lambda x: np.exp(x) * np.sum(np.exp(x)), matrix(64))
    assert loops.text(loops.fused()) == text_of("""
        for i<64 vector i:
          exp[i] = exp(x[i])
          reduce_to[] = sum i<64: exp[i]
        for i<64 vector i:
          result[i] = multiply(exp[i], reduce_to[])
    """)


def test_bias_and_rectifier_are_the_epilogue_of_a_contraction():
    loops = Loops(
        lambda x, w, b: np.maximum(x @ w + b, 0), matrix(64, 50), matrix(50, 40), matrix(40)
    )
    assert loops.text(loops.fused()) == text_of("""
        for i<64 j<40:
          contract[i, j] = sum k<50: x[i, k] * w[k, j]
          result[i, j] = maximum(add(contract[i, j], b[j]), 0.0)
    """)


def test_a_reduction_is_not_an_epilogue():
    loops = Loops(lambda x: np.sum(x @ x, axis=0), matrix(64, 64))
    assert loops.text(loops.fused()) == text_of("""
        for i<64 j<64:
          contract[i, j] = sum k<64: x[i, k] * x[k, j]
        for l<64 vector l:
          result[l] = sum i<64: contract[i, l]
    """)


@pytest.mark.parametrize(("size", "nests"), [(64, 1), (512, 2)])
def test_a_costly_epilogue_does_not_pay_for_results_beyond_the_caches(size, nests):
    loops = Loops(lambda x, w: np.tanh(x @ w), matrix(size, 64), matrix(64, size))
    assert len(loops.fused()) == nests


def test_other_lengths_are_another_nest():
    loops = Loops(lambda x, y: (np.exp(x), np.exp(y)), matrix(64), matrix(65))
    assert len(loops.fused()) == 2


def test_axes_are_renamed_without_capture():
    """In the sum over j, j names the nest's axis, so the summed axis needs another name."""
    i, j, f4 = Axis(16), Axis(16), np.dtype("f4")
    v, x = Buffer("input", f4, (16,), "v"), Buffer("input", f4, (16, 16), "x")
    a, s = Buffer("output", f4, (16,), "a"), Buffer("output", f4, (16,), "s")
    at_i, at_j = Affine.of(i), Affine.of(j)
    items = [
        Statement(a, (at_j,), Load(v, (at_j,))),
        Statement(s, (at_i,), Load(x, (at_i, at_j)), "sum", (j,)),
    ]
    program = Program("", (v, x), (a, s), fuse(items, Layout()))
    assert format_program(program).splitlines()[-3:] == [
        "  for i<16 vector i:",
        "    a[i] = v[i]",
        "    s[i] = sum j<16: x[i, j]",
    ]
