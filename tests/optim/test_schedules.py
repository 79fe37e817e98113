"""Schedules against their formulas."""

import math

import numpy as np
import pytest

from chainrule import optim
from chainrule.errors import ArgumentError
from chainrule.optim.config import describe_briefly


def test_constant_is_constant():
    assert {optim.constant(0.3)(step, epoch) for step in range(5) for epoch in range(5)} == {0.3}


def test_step_decays_at_the_end_of_each_period():
    schedule = optim.step(1.0, factor=0.5, steps=3)
    assert [schedule(step, 0) for step in range(7)] == [1, 1, 1, 0.5, 0.5, 0.5, 0.25]


@pytest.mark.parametrize("time", [0, 1, 7, 100])
def test_exponential_decay_is_a_power_of_the_factor(time):
    assert optim.exponential(0.5, factor=0.9, epochs=10)(0, time) == 0.5 * 0.9 ** (time / 10)


@pytest.mark.parametrize("time", [0, 3, 10, 17, 20, 25])
def test_cosine_follows_equation_5_of_its_paper_then_is_constant(time):
    expected = 0.1 + 0.5 * (0.6 - 0.1) * (1 + math.cos(math.pi * min(time, 20) / 20))
    assert optim.cosine(0.6, final=0.1, steps=20)(time, 99) == pytest.approx(expected, rel=1e-15)


def test_warmup_increases_linearly_and_is_continuous_at_its_end():
    schedule = optim.warmup(optim.exponential(0.8, factor=0.5, steps=1), steps=4)
    expected = [0.2, 0.4, 0.6, 0.8, 0.8, 0.4, 0.2]
    assert [schedule(step, 0) for step in range(7)] == pytest.approx(expected)


def test_warmups_compose():
    inner = optim.warmup(0.8, steps=2, start=0.4)
    schedule = optim.warmup(inner, steps=2)
    expected = [0.3, 0.6, 0.6, 0.8, 0.8]
    assert [schedule(step, 0) for step in range(5)] == pytest.approx(expected)


def test_inverse_time_decay_is_one_over_the_time():
    schedule = optim.inverse_time(0.5, rate=0.25, steps=4)
    assert [schedule(step, 9) for step in (0, 4, 16, 48)] == [0.5, 0.4, 0.25, 0.125]
    assert optim.inverse_time(0.5, rate=1.0, epochs=1)(9, 4) == 0.1


def test_one_cycle_has_the_rate_of_each_update_of_pytorch():
    # torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=10), PyTorch 2.13
    theirs = [0.04, 0.52, 1.0, 0.9504846320134738, 0.8117456539497631, 0.6112620219362892,
              0.38874197806371086, 0.18825834605023708, 0.04951936798652625, 4e-6]  # fmt: skip
    for schedule in (optim.one_cycle(1.0, steps=10), optim.one_cycle(1.0, epochs=10)):
        time = [(each, 0) if schedule.steps else (0, each) for each in range(12)]
        assert [schedule(*each) for each in time] == pytest.approx([*theirs, 4e-6, 4e-6])


@pytest.mark.parametrize("duration", [1, 2, 3, 20])
@pytest.mark.parametrize("rise", [0.05, 0.3, 0.5, 0.95])
def test_one_cycle_peaks_once_and_ends_in_its_last_update(duration, rise):
    rates = [optim.one_cycle(1.0, rise=rise, steps=duration)(t, 0) for t in range(duration + 3)]
    assert rates[duration - 1 :] == pytest.approx([4e-6] * 4)
    peak = rates.index(max(rates))
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)


def test_a_plain_function_of_the_epoch_is_called_once_an_epoch():
    called = []

    def decayed(epoch):
        called.append(epoch)
        return np.float32(0.5) / (1 + epoch)

    rates = [decayed, lambda epoch: np.exp(-epoch), np.poly1d([0.25, 0.5]), 0.1]
    for rate, expected in zip(rates, [0.125, np.exp(-3), 1.25, 0.1], strict=True):
        rule = optim.SGD(rate)
        values = {rule.rate(step, epoch=3) for step in range(5)}
        assert list(values) == pytest.approx([expected])
        assert type(values.pop()) is float
    assert called == [0, 3]
    assert describe_briefly(optim.SGD(decayed)) == "SGD(learning_rate=decayed)"
    assert optim.warmup(decayed, epochs=2)(0, 1) == pytest.approx(0.5)


BAD_FUNCTIONS = [
    (lambda epoch: -0.1, "<lambda> for epoch 0 is -0.1; it must be a number, 0 or more"),
    (lambda epoch: float("nan"), "<lambda> for epoch 0 is nan"),
    (lambda epoch: None, "<lambda> for epoch 0 is None"),
    (lambda epoch: np.ones(2), "for epoch 0 is array"),
    (lambda epoch: 0.1 * epoch, "returned 0 for epoch 0.* write epoch"),
    (lambda epoch, rate: rate, r"learning_rate\(epoch, rate\) is called with \(epoch\)"),
    (lambda: 0.1, r"is called with \(epoch\)"),
    (optim.cosine, "it must be a number, a function of the epoch, or a schedule"),
]


@pytest.mark.parametrize(("function", "words"), BAD_FUNCTIONS)
def test_a_function_that_gives_no_rate_is_refused(function, words):
    with pytest.raises(ArgumentError, match=words):
        optim.Adam(function)


def test_a_rate_that_becomes_negative_is_refused_when_it_does():
    rule = optim.SGD(lambda epoch: 0.1 * (2 - epoch))
    assert [rule.rate(0, epoch) for epoch in range(3)] == pytest.approx([0.2, 0.1, 0.0])
    with pytest.raises(ArgumentError, match=r"<lambda> for epoch 3 is -0.1"):
        rule.rate(0, 3)


def test_a_plateau_reduces_the_rate_and_an_improvement_resets_the_count():
    schedule = optim.reduce_on_plateau(1.0, factor=0.5, patience=2, final=0.2)
    rates = []
    for loss in [3, 2, 2, 1, 1, 1, 1, 1, 1, 1]:
        schedule = schedule.observe(loss)
        rates.append(schedule(0, 0))
    assert rates == [1, 1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.2]


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_no_improvement(loss):
    schedule = optim.reduce_on_plateau(1.0, patience=1).observe(loss)
    assert (schedule.best, schedule(0, 1)) == (None, 0.1)


def test_an_optimizer_and_a_warmup_forward_the_observed_loss():
    rule = optim.SGD(optim.warmup(optim.reduce_on_plateau(1.0, patience=1), epochs=2))
    for loss in (1.0, 1.0):
        rule = rule.observe(loss)
    assert rule.rate(step=0, epoch=2) == 0.1


def test_schedules_independent_of_the_loss_return_themselves():
    for rate in (0.1, optim.cosine(0.1, epochs=3), optim.warmup(0.1, epochs=2)):
        rule = optim.SGD(rate)
        assert rule.observe(1.0) is rule


BAD = [
    (lambda: optim.cosine(0.1), "cosine: steps is None and epochs is None; give one of them"),
    (lambda: optim.cosine(0.1, steps=1, epochs=1), "cosine: steps is 1 and epochs is 1"),
    (lambda: optim.cosine(0.1, steps=0), "cosine: steps is 0; it must be an integer, 1 or"),
    (lambda: optim.cosine(0.1, epochs=2.5), "cosine: epochs is 2.5"),
    (lambda: optim.cosine(-1, epochs=2), "cosine: learning_rate is -1"),
    (lambda: optim.cosine(0.1, decay_steps=3), "here it is `steps`"),
    (lambda: optim.cosine(0.1, T_max=3), "here it is `steps`"),
    (lambda: optim.step(0.1, gamma=0.5, epochs=1), "here it is `factor`"),
    (lambda: optim.step(0.1, factor=0, epochs=1), "step: factor is 0"),
    (lambda: optim.exponential(0.1, math.nan, epochs=1), "exponential: factor is nan"),
    (lambda: optim.warmup(0.0, steps=3), "warmup: then is 0.0; it must be a number greater"),
    (lambda: optim.warmup(lr=0.1, steps=3), "there is no argument `lr`; here it is `then`"),
    (lambda: optim.warmup(optim.cosine(0.1, epochs=2), steps=3), "count both in steps or both"),
    (lambda: optim.one_cycle(0.1, steps=3, rise=1.0), "one_cycle: rise is 1.0"),
    (lambda: optim.one_cycle(0.1, steps=3, pct_start=0.5), "here it is `rise`"),
    (lambda: optim.one_cycle(0.1, steps=3, start_divisor=0.5), "start_divisor is 0.5"),
    (lambda: optim.reduce_on_plateau(0.1, factor=1.0), "reduce_on_plateau: factor is 1.0"),
    (lambda: optim.reduce_on_plateau(0.1, patience=-1), "patience is -1"),
    (lambda: optim.reduce_on_plateau(0.1, min_lr=0.01), "here it is `final`"),
]


@pytest.mark.parametrize(("make", "words"), BAD, ids=[words for _, words in BAD])
def test_an_invalid_argument_is_named(make, words):
    with pytest.raises(ArgumentError) as caught:
        make()
    assert words in str(caught.value)
