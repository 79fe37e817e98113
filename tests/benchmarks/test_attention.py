"""Implementations of attention train to the same loss."""

import pytest

from benchmarks.workloads import attention


@pytest.mark.slow
@pytest.mark.parametrize("name", ["torch", "jax"])
def test_attention_reaches_the_loss_of_other_libraries(name):
    pytest.importorskip(name)
    x, y = attention.series(batches=3)
    ends = [attention.BUILDERS[each](x, y)() for each in ("chainrule", name)]
    first, *losses = (
        attention.evaluate(each, x, y) for each in (attention.initial_parameters(), *ends)
    )
    assert losses[0] < first  # training lowers the loss
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
