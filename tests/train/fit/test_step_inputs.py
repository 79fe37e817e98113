"""Reused step inputs equal newly filled ones."""

import sys

import numpy as np
import pytest

from chainrule import optim
from chainrule.train.fit.step_inputs import StepInputs

NAMES = ("rows", "rate", "count", "epoch", "step")
FALLING = optim.exponential(0.5, factor=0.5, epochs=1)


def filled(step_inputs, epochs, orders, count, epoch, optimizer):
    """Fill the columns; return them for the steps of these epochs."""
    step_inputs.fill(epochs, orders, count, epoch, optimizer)
    end = epochs * step_inputs.steps
    return {name: getattr(step_inputs, name)[:end].copy() for name in NAMES}


@pytest.mark.parametrize("rate", [0.25, FALLING])
def test_reused_step_inputs_equal_new_ones(rate):
    optimizer, dtype = optim.SGD(rate), np.dtype("float64")
    used = StepInputs(5, 5, 2, dtype, set(NAMES))
    rng = np.random.default_rng(0)
    for epochs, count, epoch in [(2, 0, 0), (1, 6, 2), (5, 9, 3), (3, 0, 0), (4, 0, 0), (4, 12, 4)]:
        for shuffled in (False, True, False):
            orders = [rng.permutation(5) for _ in range(epochs)] if shuffled else None
            arguments = epochs, orders, count, epoch, optimizer
            got, expected = (
                filled(each, *arguments) for each in (used, StepInputs(5, 5, 2, dtype, set(NAMES)))
            )
            for name in NAMES:
                np.testing.assert_array_equal(got[name], expected[name], err_msg=name)


def test_step_inputs_count_steps_and_epochs_and_evaluate_the_schedule_at_each():
    step_inputs = StepInputs(4, 5, 3, np.dtype("float32"), set(NAMES))
    orders = np.array([[4, 3, 1, 0, 2], [4, 3, 2, 1, 0]])
    columns = filled(step_inputs, 2, orders, 10, 5, optim.SGD(FALLING))
    assert columns["rows"].tolist() == [[4, 3, 1], [0, 2, 0], [4, 3, 2], [1, 0, 0]]
    assert step_inputs.sizes(0, 4).tolist() == [3, 2, 3, 2]
    assert step_inputs.sizes(2, 3) == 3
    assert columns["count"].tolist() == [11, 12, 13, 14]
    assert columns["epoch"].tolist() == [5, 5, 6, 6]
    assert columns["step"].tolist() == [0, 1, 0, 1]
    np.testing.assert_allclose(columns["rate"], [0.5**6, 0.5**6, 0.5**7, 0.5**7])


def test_columns_the_program_does_not_read_are_not_written():
    step_inputs = StepInputs(2, 7, 7, np.dtype("float32"), {"rate"})
    step_inputs.fill(2, None, 3, 1, optim.SGD(0.5))
    assert step_inputs.rows is None
    assert step_inputs.rate.tolist() == [0.5] * 2
    assert not step_inputs.count.any()
    assert not step_inputs.epoch.any()


def test_an_interrupt_at_any_instruction_leaves_no_column_that_is_taken_for_written():
    """Compiled steps keep their inputs, so the next call of fit would train with wrong ones."""
    dtype, optimizer = np.dtype("float64"), optim.SGD(0.25)

    def interrupted(step_inputs, at):
        """Fill with an interrupt at one instruction; return how many there were."""
        count = 0

        def trace(frame, event, argument):
            nonlocal count
            frame.f_trace_opcodes = frame.f_code.co_filename.endswith("step_inputs.py")
            count += event == "opcode"
            if event == "opcode" and count == at:
                raise KeyboardInterrupt
            return trace

        sys.settrace(trace)
        try:
            step_inputs.fill(3, None, 6, 2, optimizer)
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
        return count

    new = StepInputs(5, 5, 2, dtype, set(NAMES))
    expected = filled(new, 3, None, 6, 2, optimizer)
    total = interrupted(StepInputs(5, 5, 2, dtype, set(NAMES)), 0)
    for at in range(1, total + 1):
        used = StepInputs(5, 5, 2, dtype, set(NAMES))
        used.fill(2, None, 0, 0, optim.SGD(0.5))
        interrupted(used, at)
        got = filled(used, 3, None, 6, 2, optimizer)
        for name in NAMES:
            np.testing.assert_array_equal(got[name], expected[name], err_msg=name)
    assert total > 50
