"""Laws of every optimiser and every schedule."""

import json

import numpy as np
import pytest

import chainrule as cr
from chainrule import optim
from chainrule.errors import ArgumentError

OPTIMIZERS = [
    *(kind() for kind in optim.OPTIMIZERS.values()),
    optim.SGD(0.1, momentum=0.9),
    optim.SGD(0.1, momentum=0.9, nesterov=True),
    optim.RMSprop(0.01, momentum=0.9, centered=True),
    optim.RMSprop(0.01, centered=True),
    optim.Lion(0.01, weight_decay=0.1),
    optim.Adam(0.01, beta_1=0.0, beta_2=0.0),
    optim.Adam(optim.cosine(0.1, epochs=3), clip_norm=1.0, clip_value=0.5),
]
SCHEDULES = [
    optim.constant(0.1),
    optim.step(0.1, factor=0.5, epochs=2),
    optim.exponential(0.1, factor=0.9, steps=10),
    optim.inverse_time(0.1, rate=0.5, epochs=2),
    optim.cosine(0.1, steps=20, final=0.01),
    optim.warmup(0.1, steps=5),
    optim.warmup(optim.cosine(0.1, epochs=10), epochs=3, start=0.01),
    optim.warmup(optim.reduce_on_plateau(0.1), steps=3),
    optim.one_cycle(0.1, steps=30),
    optim.reduce_on_plateau(0.1, factor=0.5, patience=2, best=1.0, waited=1, reductions=1),
]
every_optimizer = pytest.mark.parametrize("rule", OPTIMIZERS, ids=str)
every_schedule = pytest.mark.parametrize("schedule", SCHEDULES, ids=str)


def samples(dtype, count=5, shape=(3, 2)):
    random = np.random.default_rng(0)
    return [random.normal(size=shape).astype(dtype) for _ in range(count + 1)]


def run(rule, dtype, update=None):
    parameter, *gradients = samples(dtype)
    slots = rule.slots(parameter)
    for count, gradient in enumerate(gradients, 1):
        rate, step = np.array(0.01, dtype), np.array(count, dtype)
        parameter, slots = (update or rule.update)(parameter, gradient, slots, rate, step)
    return parameter, slots


def test_every_optimizer_and_schedule_has_a_sample():
    assert {type(rule) for rule in OPTIMIZERS} == set(optim.OPTIMIZERS.values())
    assert {type(schedule) for schedule in SCHEDULES} == set(optim.SCHEDULES.values())


@every_optimizer
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_dtype_is_preserved(rule, dtype):
    parameter, slots = run(rule, dtype)
    assert {each.dtype for each in (parameter, *slots.values())} == {np.dtype(dtype)}


@every_optimizer
def test_python_scalars_as_rate_and_step_do_not_promote_the_dtype(rule):
    parameter, gradient = samples("float32", 1)
    parameter, slots = rule.update(parameter, gradient, rule.slots(parameter), 0.1, 1)
    assert {each.dtype for each in (parameter, *slots.values())} == {np.dtype("float32")}


@every_optimizer
def test_slots_retain_their_names_and_shapes(rule):
    parameter = samples("float64")[0]
    before, after = rule.slots(parameter), run(rule, "float64")[1]
    assert list(before) == list(after)
    assert [each.shape for each in before.values()] == [each.shape for each in after.values()]


@every_optimizer
def test_an_update_does_not_write_to_its_arguments(rule):
    parameter, gradient = samples("float64", 1)
    arguments = {"parameter": parameter, "gradient": gradient, **rule.slots(parameter)}
    before = {name: each.copy() for name, each in arguments.items()}
    rule.update(
        parameter, gradient, {name: arguments[name] for name in rule.slots(parameter)}, 0.1, 1
    )
    for name, each in arguments.items():
        np.testing.assert_array_equal(each, before[name])


@every_optimizer
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_compiled_update_equals_the_numpy_one(rule, dtype):
    expected, expected_slots = run(rule, dtype)
    traced, traced_slots = run(rule, dtype, cr.jit(rule.update))
    np.testing.assert_allclose(traced, expected, rtol=8 * np.finfo(dtype).eps)
    for name, each in expected_slots.items():
        np.testing.assert_allclose(traced_slots[name], each, rtol=8 * np.finfo(dtype).eps)


@every_optimizer
def test_a_convex_function_decreases(rule):
    target, parameter = np.array([1.0, -2.0]), np.zeros(2)
    slots = rule.slots(parameter)
    for count in range(1, 201):
        parameter, slots = rule.update(parameter, parameter - target, slots, 0.01, count)
    assert np.sum((parameter - target) ** 2) < np.sum(target**2)


@every_optimizer
def test_updates_are_elementwise(rule):
    whole, _ = run(rule, "float64")
    parameter, *gradients = (each[:1] for each in samples("float64"))
    slots = rule.slots(parameter)
    for count, gradient in enumerate(gradients, 1):
        parameter, slots = rule.update(parameter, gradient, slots, 0.01, count)
    np.testing.assert_allclose(parameter, whole[:1], rtol=1e-14)


@pytest.mark.parametrize("record", [*OPTIMIZERS, *SCHEDULES], ids=str)
def test_a_config_survives_json(record):
    assert optim.from_config(json.loads(json.dumps(record.config(), allow_nan=False))) == record


@every_schedule
def test_a_scheduled_rate_is_finite_and_not_negative(schedule):
    for time in range(60):
        rate = schedule(step=3 * time, epoch=time)
        assert type(rate) is float
        assert 0 <= rate <= 0.1 * (1 + 1e-12)


@every_schedule
def test_observing_a_loss_does_not_change_the_config_of_a_schedule(schedule):
    before = schedule.config()
    for loss in (2.0, 2.0, float("nan"), float("inf")):
        schedule.observe(loss)
    assert schedule.config() == before


BAD_RATES = [0, -0.1, float("nan"), float("inf"), "0.1", None, True, 1j, [0.1], np.ones(2)]


@pytest.mark.parametrize("kind", optim.OPTIMIZERS.values())
@pytest.mark.parametrize("rate", BAD_RATES, ids=repr)
def test_an_invalid_learning_rate_is_refused(kind, rate):
    with pytest.raises(ArgumentError, match=f"{kind.__name__}: learning_rate is .*; it must be"):
        kind(rate)


@pytest.mark.parametrize("kind", optim.OPTIMIZERS.values())
def test_lr_is_the_only_alias(kind):
    assert kind(lr=0.5) == kind(learning_rate=0.5) == kind(0.5)
    with pytest.raises(ArgumentError, match="lr and learning_rate are one argument"):
        kind(0.5, lr=0.5)
    with pytest.raises(ArgumentError, match="here it is `clip_norm`"):
        kind(clipnorm=1.0)
