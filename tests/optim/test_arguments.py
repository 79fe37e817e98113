"""Unknown names, values out of range and invalid configurations are refused with a remedy."""

import numpy as np
import pytest

from chainrule import optim
from chainrule.errors import ArgumentError, FormatError

BAD = [
    (lambda: optim.SGD(0.1, momentum=1.0), "SGD: momentum is 1.0; it must be a number in [0, 1)"),
    (lambda: optim.SGD(0.1, momentum=-0.1), "SGD: momentum is -0.1"),
    (lambda: optim.SGD(0.1, momentum=None), "SGD: momentum is None"),
    (lambda: optim.SGD(0.1, momentum="0.9"), "SGD: momentum is '0.9'"),
    (lambda: optim.SGD(0.1, nesterov="yes"), "SGD: nesterov is 'yes'; it must be True or False"),
    (lambda: optim.SGD(0.1, nesterov=True), "momentum is 0; give one, as in momentum=0.9"),
    (lambda: optim.SGD(0.1, clip_norm=0), "SGD: clip_norm is 0; it must be a number greater"),
    (lambda: optim.SGD(0.1, clip_value=np.inf), "SGD: clip_value is inf"),
    (lambda: optim.SGD(lambda step, epoch: 0.1), "(step, epoch) is called with (epoch)"),
    (lambda: optim.SGD(0.1, weight_decay=0.1), "use l2= of the layers, or optim.AdamW"),
    (
        lambda: optim.SGD(0.1, betas=(0.9, 0.99)),
        "here they are two arguments, `beta_1` and",
    ),
    (lambda: optim.SGD(0.1, momentun=0.9), "did you mean `momentum`?"),
    (
        lambda: optim.SGD(0.1, colour=3),
        "there are learning_rate, momentum, nesterov, clip_norm, clip_value",
    ),
    (lambda: optim.Adam(beta1=0.9), "Adam: there is no argument `beta1`; here it is `beta_1`"),
    (lambda: optim.Adam(betas=(0.9, 0.99)), "here they are two arguments, `beta_1` and"),
    (lambda: optim.Adam(momentum=0.9), "here it is `beta_1`"),
    (lambda: optim.Adam(eps=1e-8), "here it is `epsilon`"),
    (lambda: optim.Adam(epsilon=0), "Adam: epsilon is 0"),
    (lambda: optim.Adam(beta_2=1), "Adam: beta_2 is 1"),
    (lambda: optim.Adam(decay=0.1), "there are learning_rate"),
    (lambda: optim.Adam(learning_rate_decay=0.1), "give a schedule"),
    (lambda: optim.Adam(global_clipnorm=1), "here it is `clip_norm`"),
    (lambda: optim.Adam(params=[]), "the network passes it the parameters"),
    (lambda: optim.RMSprop(alpha=0.9), "here it is `rho`"),
    (lambda: optim.Adagrad(initial_accumulator_value=1), "here it is `initial_accumulator`"),
    (lambda: optim.AdamW(wd=0.1), "here it is `weight_decay`"),
    (lambda: optim.AdamW(weight_decay=-1), "AdamW: weight_decay is -1; it must be a number, 0 or"),
    (lambda: optim.resolve_optimizer("adm"), "there is no optimizer 'adm'; did you mean 'adam'?"),
    (lambda: optim.resolve_optimizer("magic"), "there are sgd, adagrad"),
    (lambda: optim.resolve_optimizer("dogbox"), "for a network with the loss 'mse' or 'sse' give"),
    (lambda: optim.resolve_optimizer("lbfgs", 0.1), "chooses the length of each step itself"),
    (lambda: optim.resolve_optimizer(optim.LBFGS(), 0.1), "leave it out"),
    (lambda: optim.LBFGS(history_size=5), "here it is `memory`"),
    (lambda: optim.LBFGS(tolerance_grad=1e-5), "here it is `gtol`"),
    (lambda: optim.LBFGS(max_iter=20), "net.fit(X, y, epochs=...)"),
    (lambda: optim.LBFGS(line_search_fn="strong_wolfe"), "strong Wolfe conditions; leave it out"),
    (lambda: optim.LBFGS(memory=0), "LBFGS: memory is 0; it must be an integer, 1 or more"),
    (lambda: optim.LBFGS().init(np.ones(2)), "solvers.lbfgs(function, params)"),
    (lambda: optim.SciPyMinimizer("cgg"), "did you mean 'cg'?"),
    (lambda: optim.SciPyMinimizer("cg", options={"maxiter": 9}), "net.fit(X, y, epochs=100"),
    (lambda: optim.SciPyMinimizer("cg", options={"jac": np.sin}), "a dict of options"),
    (lambda: optim.resolve_optimizer(0.1), "optimizer is 0.1; it must be a name such as 'adam'"),
    (lambda: optim.resolve_optimizer(None), "optimizer is None"),
    (lambda: optim.resolve_optimizer("sgd", -1), "SGD: learning_rate is -1"),
    (lambda: optim.resolve_optimizer(optim.Adam(), 0.1), "keep one, as in optim.Adam(learning_ra"),
]


@pytest.mark.parametrize(("make", "words"), BAD, ids=[words for _, words in BAD])
def test_an_invalid_argument_is_named(make, words):
    with pytest.raises(ArgumentError) as caught:
        make()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


BAD_DESCRIPTIONS = [
    (None, "of kind None"),
    ([], "of kind None"),
    ({}, "of kind None"),
    ({"kind": "os.system"}, "of kind 'os.system'; known are SGD"),
    ({"kind": ["SGD"]}, "of kind ['SGD']"),
    ({"kind": "Optimizer"}, "of kind 'Optimizer'"),
    ({"kind": "SGD", "momentum": 2}, "SGD does not fit: SGD: momentum is 2"),
    ({"kind": "SGD", "colour": 2}, "there is no argument `colour`"),
    ({"kind": "SGD", "learning_rate": {"kind": "Adam"}}, "SGD does not fit"),
    ({"kind": "SGD", "learning_rate": {"kind": "evil"}}, "of kind 'evil'"),
    ({"kind": "cosine", "epochs": 3}, "cosine does not fit"),
]


@pytest.mark.parametrize(("config", "words"), BAD_DESCRIPTIONS)
def test_an_invalid_configuration_is_refused(config, words):
    with pytest.raises(FormatError) as caught:
        optim.from_config(config)
    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["sgd", "SGD", "Adam", "adamw", "rmsprop", "RMSprop", "lion"])
def test_optimizers_are_found_by_name_in_any_case(name):
    rule = optim.resolve_optimizer(name, learning_rate=0.5)
    assert type(rule) is optim.OPTIMIZERS[name.lower()]
    assert rule.learning_rate == 0.5


def test_an_optimizer_or_its_class_is_accepted():
    rule = optim.Adam(0.5)
    assert optim.resolve_optimizer(rule) is rule
    assert optim.resolve_optimizer(optim.Adam) == optim.Adam() == optim.resolve_optimizer("adam")


def test_numpy_scalars_become_python_floats():
    rule = optim.SGD(np.float64(0.5), momentum=np.float32(0.5))
    assert (type(rule.learning_rate), type(rule.momentum)) == (float, float)


def test_an_optimizer_is_immutable():
    with pytest.raises(AttributeError):
        optim.SGD(0.1).momentum = 0.5


def test_a_custom_optimizer_is_accepted():
    class Own(optim.Optimizer):
        def slots(self, parameter):
            return {}

        def update(self, parameter, gradient, slots, rate, step):
            return parameter - rate * gradient, slots

    rule = optim.resolve_optimizer(Own(0.5))
    assert rule.update(1.0, 1.0, {}, rule.rate(0, 0), 1) == (0.5, {})


@pytest.mark.parametrize("name", [*optim.MINIMIZERS, "L-BFGS", "newton_cg", "Levenberg-Marquardt"])
def test_a_full_batch_method_is_found_by_its_name_and_described_by_its_config(name):
    method = optim.resolve_optimizer(name)
    assert isinstance(method, optim.Minimizer)
    assert optim.from_config(method.config()) == method
    assert set(method.config()).isdisjoint({"learning_rate", "clip_norm", "clip_value"})
