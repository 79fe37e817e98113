"""Batch parallelism: recurrent loops without a dependence across the batch axis."""

import numpy as np
import pytest

from chainrule.autodiff.control_flow.scan import scan
from chainrule.compiler.loop_ir.loops import Loop
from chainrule.compiler.loop_passes.batch_parallel import mark_batch_parallel
from tests.compiler.programs.loop_text import Loops, matrix, text_of

WEIGHT = np.arange(32 * 32, dtype=np.float32).reshape(32, 32)
TALL = np.arange(50 * 50, dtype=np.float32).reshape(50, 50)


def recurrent(step):
    """Twenty steps of a recurrence over a batch of 50."""
    return Loops(
        lambda h: scan(lambda c, _: (step(c), None), h, None, length=20)[0], matrix(50, 32)
    )


def test_a_recurrence_is_parallel_over_the_batch():
    loops = recurrent(lambda h: np.tanh(h @ WEIGHT))
    before = loops.promoted()
    assert loops.text(before) == text_of("""
        for i<50 j<32 vector j:
          result[i, j] = h[i, j]
        loop t<20:
          for i<50 j<32:
            contract[i, j] = sum k<32: result[i, k] * constant[k, j]
          for i<50 j<32 vector j:
            result[i, j] = tanh(contract[i, j])
    """)
    after = loops.text(mark_batch_parallel(before))
    assert after == loops.text(before).replace("loop t<20:", "loop t<20 batch i:")


@pytest.mark.parametrize(
    "step",
    [
        lambda h: np.tanh(TALL @ h),
        lambda h: np.tanh(h @ WEIGHT) - np.mean(h, axis=0),
        lambda h: np.tanh(h[::-1] @ WEIGHT),
        lambda h: np.tanh(h @ WEIGHT) * h[0],
        lambda h: np.tanh(h @ WEIGHT) * np.sum(h),
        lambda h: np.concatenate([h[1:], np.tanh(h[:1])]),
    ],
)
def test_a_dependence_across_the_batch_is_not_parallel(step):
    loops = recurrent(step)
    marked = mark_batch_parallel(loops.promoted())
    assert [each.batch_axes for each in marked if isinstance(each, Loop)] == [()]


def test_several_carries_share_one_batch_axis():
    loops = Loops(
        lambda a, b: scan(
            lambda c, _: ((np.tanh(c[0] @ WEIGHT) * c[1], c[0] + 1), None), (a, b), None, length=20
        )[0],
        matrix(50, 32),
        matrix(50, 32),
    )
    (loop,) = (x for x in mark_batch_parallel(loops.promoted()) if isinstance(x, Loop))
    assert {axis.extent for axis in loop.batch_axes} == {50}
