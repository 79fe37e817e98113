"""Two-stage reduction: row sums, and the sum of these."""

from dataclasses import replace

import numpy as np

from chainrule.compiler.loop_passes.partial_reduction import replace_statement, split_reduction
from tests.compiler.programs.loop_text import Loops, matrix, text_of


def split(function, shape, extent=32):
    """The text of a reduction's nest, and of both stages of each way to split it."""
    loops = Loops(function, matrix(*shape))
    nest = loops.fused()[0]
    (total,) = nest.statements
    stages = [
        loops.text([first, replace_statement(nest, total, second)])
        for first, _, second in split_reduction(total, nest, extent, loops.layout)
    ]
    return loops.text([nest]), stages


def test_a_sum_over_batch_and_steps_is_a_sum_of_row_sums():
    before, stages = split(lambda x: np.sum(x, axis=(0, 1)), (32, 128, 20))
    assert before == text_of("""
        for i<20 vector i:
          result[i] = sum j<32 k<128: x[j, k, i]
    """)
    assert stages == [
        text_of("""
        for i<32 j<20 vector j:
          result_1[i, j] = sum k<128: x[i, k, j]
        for j<20 vector j:
          result[j] = sum i<32: result_1[i, j]
    """)
    ]


def test_sums_without_the_batch_axis_are_not_split():
    _, stages = split(lambda x: np.sum(x, axis=(0, 1)), (32, 128, 20), extent=33)
    assert stages == []


def test_row_sums_of_few_terms_are_not_split():
    _, stages = split(lambda x: np.sum(x, axis=(0, 1)), (32, 4, 20))
    assert stages == []


def test_other_reductions_are_not_split():
    _, stages = split(lambda x: np.max(x, axis=(0, 1)), (32, 128, 20))
    assert stages == []


def test_replacing_a_statement_leaves_the_others():
    loops = Loops(lambda x: (np.exp(x), np.sin(x)), matrix(20))
    (nest,) = loops.fused()
    one, other = nest.statements
    new = replace(one, layer="new")
    assert replace_statement(nest, one, new).statements == (new, other)
