"""`Optimizer.init` and `Optimizer.update`: a loop by hand over a tree of parameters."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import optim, tree
from chainrule.errors import ChainruleError

PARAMS = {"W": np.ones((2, 3), np.float32), "inner": [np.zeros(2), (np.float32(1.0), 2.0)]}
SCHEDULES = [
    optim.cosine(0.1, steps=8, final=0.01),
    optim.warmup(optim.step(0.1, steps=3), steps=4),
    optim.one_cycle(0.1, steps=9),
    optim.exponential(0.1, factor=0.9, steps=3),
    optim.inverse_time(0.1, rate=0.9, steps=3),
    optim.reduce_on_plateau(0.1),
]
RULES = [
    *(kind() for kind in optim.OPTIMIZERS.values()),
    optim.SGD(0.1, momentum=0.9, nesterov=True, clip_norm=0.5),
    *(optim.Adam(each, clip_norm=1.0, clip_value=0.8) for each in SCHEDULES),
]


def gradients_of(params):
    return tree.map_leaves(lambda w: w + np.asarray(0.5, w.dtype), params)


def trained(update, optimizer, steps=12):
    params = tree.map_leaves(np.asarray, PARAMS)
    state = optimizer.init(params)
    for _ in range(steps):
        params, state = update(gradients_of(params), state, params)
    return params, state


def scanned(optimizer, steps=12):
    def step(carry, _):
        params, state = carry
        return optimizer.update(gradients_of(params), state, params), 0.0

    params = tree.map_leaves(np.asarray, PARAMS)
    return cr.scan(step, (params, optimizer.init(params)), np.zeros(steps))[0]


@pytest.mark.parametrize("optimizer", RULES, ids=lambda each: f"{each!s:.60}")
def test_a_loop_over_a_tree_is_the_rule_of_each_parameter_eager_compiled_and_scanned(optimizer):
    eager, state = trained(optimizer.update, optimizer)
    expected = tree.flatten(tree.map_leaves(np.asarray, PARAMS))[0]
    slots = [optimizer.slots(each) for each in expected]
    for count in range(12):
        given = gradients_of({str(i): each for i, each in enumerate(expected)})
        given = list(optim.clip(given, optimizer).values())
        rate = optimizer.rate(count, 0)
        new = [
            optimizer.update_parameter(
                w, g.astype(w.dtype), s, w.dtype.type(rate), w.dtype.type(count + 1)
            )
            for w, g, s in zip(expected, given, slots, strict=True)
        ]
        expected, slots = [w for w, _ in new], [s for _, s in new]
    assert state["step"] == 12
    for params in (
        eager,
        trained(cr.jit(optimizer.update), optimizer)[0],
        scanned(optimizer)[0],
    ):
        for found, each in zip(tree.flatten(params)[0], expected, strict=True):
            assert found.dtype == each.dtype
            rounding = (params is not eager) * 4 * np.finfo(each.dtype).eps  # of values near 1
            np.testing.assert_allclose(found, each, rtol=rounding, atol=rounding)


def test_a_tree_of_another_structure_is_refused_before_any_update():
    rule = optim.SGD(0.1)
    state = rule.init(PARAMS)
    of_epochs = [
        optim.warmup(optim.cosine(0.1, epochs=3), epochs=2),
        optim.one_cycle(0.1, epochs=5),
        optim.step(0.1, epochs=2),
        lambda epoch: 0.1 / (1 + epoch),
    ]
    for by_epochs in map(optim.SGD, of_epochs):
        with pytest.raises(ChainruleError, match="counts epochs"):
            by_epochs.update(PARAMS, by_epochs.init(PARAMS), PARAMS)
    for call, words in [
        (lambda: rule.update({"W": PARAMS["W"]}, state, PARAMS), "'inner' is missing"),
        (lambda: rule.update({**PARAMS, "b": 1.0}, state, PARAMS), "'b' is unknown"),
        (
            lambda: rule.update({**PARAMS, "W": np.ones(3)}, state, PARAMS),
            r"'W' has shape \(2, 3\)",
        ),
        (lambda: rule.update(PARAMS, {}, PARAMS), "state is {}; it must be the state"),
        (lambda: rule.update(PARAMS, rule.init([1.0]), PARAMS), "that of other parameters"),
        (lambda: rule.update(PARAMS, state), "missing a required argument: 'params'"),
        (lambda: rule.init({"n": np.arange(3)}), "'n' has dtype int64"),
        (lambda: rule.init("adam"), "params is a str"),
    ]:
        with pytest.raises(ChainruleError, match=words):
            call()


def test_an_update_of_five_arguments_is_the_rule_of_one_parameter():
    class Halved(optim.SGD):
        def update(self, parameter, gradient, slots, rate, step):
            return super().update(parameter, gradient / 2, slots, rate, step)

    rule = Halved(0.5)
    assert rule.update(1.0, 2.0, {}, 0.5, 1) == rule.update_parameter(1.0, 2.0, {}, 0.5, 1)
    params, _ = rule.update([2.0], rule.init([1.0]), [1.0])
    assert params == [0.5]
