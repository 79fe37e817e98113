"""Tables are updated by rows: bit for bit as a whole where the rule allows it, else on request."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.errors import ArgumentError
from chainrule.train.fit import row_updates

VOCABULARY = 300
DRAW = np.random.default_rng(0)
X, Y = DRAW.integers(0, 40, (50, 5)) * 7, DRAW.integers(0, 3, 50)
KEEPING = [optim.SGD(0.3), optim.Adagrad(0.3)]
MOVING = [
    *(optim.SGD(0.1, momentum=0.9), optim.Adadelta(), optim.Adam(), optim.AdamW()),
    *(optim.Lion(), optim.Nadam(), optim.RMSprop()),
]


class TwoLookups(nn.Layer):
    """Looks a table up twice; the gradient is the sum of two."""

    def build(self, input_shape):
        self.table = self.parameter("table", (VOCABULARY, 4))

    def forward(self, x):
        index = x.astype(int)
        return np.concatenate([self.table[index[:, :3]], self.table[index[:, 2:]] ** 2], axis=1)


def trained(optimizer, make=lambda: nn.Embedding(VOCABULARY, 4), epochs=3):
    net = cr.Network([make(), nn.Flatten(), nn.Dense(3)], seed=1)
    net.compile(loss="cross_entropy", optimizer=optimizer)
    net.predict(X[:1])
    if epochs:
        net.fit(X, Y, batch_size=16, epochs=epochs, verbose=0)
    return net


def bits(net):
    return {name: each.tobytes() for name, each in net.params.items()}


@pytest.mark.filterwarnings("ignore:fit. X goes from")  # indices of a layer of one's own
@pytest.mark.parametrize(
    ("optimizer", "make"),
    [(KEEPING[0], lambda: nn.Embedding(VOCABULARY, 4)), (KEEPING[1], TwoLookups)],
)
def test_row_updates_have_the_bits_of_whole_ones(optimizer, make, monkeypatch):
    by_rows = trained(optimizer, make)
    monkeypatch.setattr(row_updates, "_ROWS_PER_LOOKUP", VOCABULARY)
    assert bits(trained(optimizer, make)) == bits(by_rows)


def test_rules_say_whether_a_zero_gradient_keeps_an_element():
    old = DRAW.normal(size=50)
    for rule in [*KEEPING, *MOVING]:
        slots = rule.slots(old)
        kept, state = rule.update_parameter(old, old, slots, 0.1, 1.0)
        new, slots = rule.update_parameter(kept, 0 * old, state, 0.1, 2.0)
        keeps = np.array_equal(new, kept) and all(
            np.array_equal(slots[name], state[name]) for name in slots
        )
        assert rule.keeps_at_zero_gradient is keeps, rule

    class Decaying(optim.SGD):
        def update_parameter(self, parameter, gradient, slots, rate, step):
            return 0.9 * parameter - rate * gradient, slots

    assert not Decaying(0.1).keeps_at_zero_gradient


def test_lazy_updates_apply_the_rule_to_the_rows_of_the_batch():
    net = trained(rule := optim.Adam(0.05), lambda: nn.Embedding(VOCABULARY, 4, sparse=True), 0)
    table, *others = (net.params[name] for name in net.params)
    params, slots = [table.copy(), *(each.copy() for each in others)], None
    slots = [rule.slots(each) for each in params]
    for count, start in enumerate(range(0, 50, 16), 1):
        for name, value in zip(net.params, params, strict=True):
            net.params[name][...] = value
        gradients = net.gradients(X[start : start + 16], Y[start : start + 16])
        read = np.unique(X[start : start + 16])
        for number, gradient in enumerate(gradients.values()):
            rows = read if number == 0 else slice(None)
            own = {name: each[rows] for name, each in slots[number].items()}
            new, own = rule.update_parameter(
                params[number][rows], gradient[rows], own, np.float32(0.05), np.float32(count)
            )
            params[number][rows] = new
            for name, each in own.items():
                slots[number][name][rows] = each
    lazy = trained(rule, lambda: nn.Embedding(VOCABULARY, 4, sparse=True), 0)
    lazy.fit(X, Y, batch_size=16, epochs=1, shuffle=False, verbose=0)
    for value, name in zip(params, lazy.params, strict=True):
        np.testing.assert_allclose(lazy.params[name], value, rtol=2e-5, atol=1e-6)


def test_sparse_is_saved_and_refused_where_other_rows_have_gradients(tmp_path):
    net = trained("adam", lambda: nn.Embedding(VOCABULARY, 4, sparse=True))
    net.save(tmp_path / "net")
    loaded = cr.load(tmp_path / "net")
    for each in (net, loaded):
        each.fit(X, Y, batch_size=16, epochs=1, verbose=0)
    assert bits(loaded) == bits(net) != bits(trained("adam", epochs=4))
    for optimizer, l2 in (("adam", 0.1), (optim.Adam(clip_norm=1.0), 0.0)):
        with pytest.raises(ArgumentError, match=r"weight is of a layer with sparse=True"):
            trained(optimizer, lambda l2=l2: nn.Embedding(VOCABULARY, 4, l2=l2, sparse=True))
