"""Recurrent layers against their equations, one sample and one step at a time, and PyTorch."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
import chainrule.nn as nn
from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn.parameter import substituted
from chainrule.testing import check_grads

RNG = np.random.default_rng(7)
FEATURES, UNITS, BATCH, TIME = 3, 4, 5, 6
L: Any = nn  # not type-checked: the calls below have wrong arguments
KINDS: list[Any] = [nn.RNN, nn.LSTM, nn.GRU]
each_kind = pytest.mark.parametrize("kind", KINDS)


def series(batch: int = BATCH, time: int = TIME) -> Any:
    return RNG.normal(size=(batch, time, FEATURES))


def padded(lengths: list[int], at_front: bool = False, value: float = 0.0) -> Any:
    x = series(len(lengths))
    for sample, length in zip(x, lengths, strict=True):
        sample[: TIME - length if at_front else 0] = value
        sample[TIME if at_front else length :] = value
    return x


def randomized(layer: Any, x: Any) -> Any:
    """The layer, built, with random parameters."""
    layer(x)
    for each in layer.parameters().values():
        each[...] = RNG.normal(size=each.shape) / 2
    return layer


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def by_hand(layer: Any, sample: Any) -> list[Any]:
    """The hidden states of one sample, (time, features), by the documented equations."""
    W, U, b = (np.asarray(each) for each in list(layer.parameters().values())[:3])
    n = layer.units
    h, c, states = np.zeros(n), np.zeros(n), []
    for x in sample:
        a, v = x @ W + b, h @ U
        if isinstance(layer, nn.LSTM):
            s = a + v
            c = sigmoid(s[n : 2 * n]) * c + sigmoid(s[:n]) * np.tanh(s[2 * n : 3 * n])
            h = sigmoid(s[3 * n :]) * np.tanh(c)
        elif isinstance(layer, nn.GRU):
            z, r = sigmoid(a[:n] + v[:n]), sigmoid(a[n : 2 * n] + v[n : 2 * n])
            g = np.tanh(a[2 * n :] + r * (v[2 * n :] + np.asarray(layer.recurrent_bias)))
            h = z * h + (1 - z) * g
        else:
            h = np.tanh(a + v)
        states.append(h)
    return states


@each_kind
@pytest.mark.parametrize("backwards", [False, True])
def test_hidden_states_follow_the_documented_equations(kind: Any, backwards: bool) -> None:
    x = series()
    layer = randomized(kind(UNITS, return_sequences=True, go_backwards=backwards), x)
    expected = [by_hand(layer, sample[::-1] if backwards else sample) for sample in x]
    np.testing.assert_allclose(layer(x), expected, rtol=0, atol=1e-12)


@each_kind
@pytest.mark.parametrize("backwards", [False, True])
def test_without_return_sequences_the_last_state_is_returned(kind: Any, backwards: bool) -> None:
    x = series()
    layer = randomized(kind(UNITS, go_backwards=backwards), x)
    expected = [by_hand(layer, sample[::-1] if backwards else sample)[-1] for sample in x]
    np.testing.assert_allclose(layer(x), expected, rtol=0, atol=1e-12)


@each_kind
@pytest.mark.parametrize("at_front", [False, True])
def test_masked_steps_carry_the_state_over(kind: Any, at_front: bool) -> None:
    lengths = [6, 4, 1, 0, 3]
    x = padded(lengths, at_front)
    layer = randomized(kind(UNITS, mask_value=0.0), x)
    for sample, length, last in zip(x, lengths, layer(x), strict=True):
        real = sample[TIME - length :] if at_front else sample[:length]
        expected = by_hand(layer, real)[-1] if length else np.zeros(UNITS)
        np.testing.assert_allclose(last, expected, rtol=0, atol=1e-12)


@each_kind
def test_masked_steps_output_the_mask_value_for_the_next_layer(kind: Any) -> None:
    lengths = [6, 4, 1, 0, 3]
    x = padded(lengths, value=-9.0)
    first = randomized(kind(UNITS, return_sequences=True, mask_value=-9.0), x)
    between = first(x)
    second = randomized(kind(UNITS, mask_value=-9.0), between)
    for sample, length, output, last in zip(x, lengths, between, second(between), strict=True):
        states = by_hand(first, sample[:length])
        np.testing.assert_allclose(output[:length], np.reshape(states, (length, UNITS)), atol=1e-12)
        assert (output[length:] == -9.0).all()
        expected = by_hand(second, states)[-1] if length else np.zeros(UNITS)
        np.testing.assert_allclose(last, expected, rtol=0, atol=1e-12)


def test_a_step_is_unmasked_if_one_feature_differs_from_the_mask_value() -> None:
    x = padded([6, 6])
    x[0, 2, :2] = 0.0
    layer = randomized(nn.LSTM(UNITS, mask_value=0.0), x)
    np.testing.assert_allclose(layer(x)[0], by_hand(layer, x[0])[-1], rtol=0, atol=1e-12)


@each_kind
def test_without_a_mask_value_padding_is_processed(kind: Any) -> None:
    x = padded([2, 3])
    layer = randomized(kind(UNITS), x)
    expected = [by_hand(layer, sample)[-1] for sample in x]
    np.testing.assert_allclose(layer(x), expected, rtol=0, atol=1e-12)


@each_kind
@pytest.mark.parametrize("at_front", [False, True])
def test_bidirectional_reverses_the_unmasked_steps_alone(kind: Any, at_front: bool) -> None:
    lengths = [6, 4, 1, 3]
    x = padded(lengths, at_front)
    both = randomized(nn.Bidirectional(kind(UNITS, return_sequences=True, mask_value=0.0)), x)
    for sample, length, computed in zip(x, lengths, both(x), strict=True):
        part = slice(TIME - length, None) if at_front else slice(length)
        real = sample[part]
        ahead = by_hand(both.forward_layer, real)
        back = by_hand(both.backward_layer, real[::-1])[::-1]
        expected = np.concatenate((ahead, back), axis=1)
        np.testing.assert_allclose(computed[part], expected, rtol=0, atol=1e-12)


@each_kind
def test_both_directions_agree_on_a_palindrome(kind: Any) -> None:
    half = series(time=3)
    x = np.concatenate((half, half[:, ::-1]), axis=1)
    both = randomized(nn.Bidirectional(kind(UNITS)), x)
    for name, each in both.backward_layer.parameters().items():
        each[...] = both.forward_layer.parameters()[name]
    computed = both(x)
    np.testing.assert_array_equal(computed[:, :UNITS], computed[:, UNITS:])


def test_go_backwards_equals_reversing_the_sequence() -> None:
    x = series()
    back = randomized(nn.GRU(UNITS, go_backwards=True, return_sequences=True), x)
    ahead = randomized(nn.GRU(UNITS, return_sequences=True), x)
    for name, each in ahead.parameters().items():
        each[...] = back.parameters()[name]
    np.testing.assert_array_equal(back(x), ahead(x[:, ::-1]))


@pytest.mark.parametrize(
    ("merge", "expected"),
    [("sum", np.add), ("mul", np.multiply), ("ave", lambda a, b: (a + b) / 2)],
)
def test_outputs_of_both_directions_are_merged_as_specified(merge: str, expected: Any) -> None:
    x = series()
    concatenated = randomized(nn.Bidirectional(nn.LSTM(UNITS, return_sequences=True)), x)
    merged = randomized(nn.Bidirectional(nn.LSTM(UNITS, return_sequences=True), merge=merge), x)
    for name, each in merged.parameters().items():
        each[...] = concatenated.parameters()[name]
    both = concatenated(x)
    np.testing.assert_allclose(merged(x), expected(both[..., :UNITS], both[..., UNITS:]))


def test_a_new_lstm_has_forget_bias_one_and_orthonormal_recurrent_rows() -> None:
    layer = nn.LSTM(UNITS)
    layer(series())
    np.testing.assert_array_equal(np.asarray(layer.bias), np.repeat([0, 1, 0, 0], UNITS))
    U = np.asarray(layer.recurrent_weight)
    np.testing.assert_allclose(U @ U.T, np.eye(UNITS), atol=1e-12)


def test_the_number_of_steps_may_vary_between_calls() -> None:
    layer = randomized(nn.GRU(UNITS), series())
    longer = series(time=9)
    expected = [by_hand(layer, sample)[-1] for sample in longer]
    np.testing.assert_allclose(layer(longer), expected, rtol=0, atol=1e-12)


def test_an_empty_sequence_returns_the_initial_state() -> None:
    assert (randomized(nn.LSTM(UNITS), series())(series(time=0)) == 0).all()


def test_time_distributed_applies_the_layer_to_every_step() -> None:
    x = series()
    layer = randomized(nn.TimeDistributed(nn.Dense(2, "tanh")), x)
    expected = [[layer.layer(row[None])[0] for row in sample] for sample in x]
    np.testing.assert_allclose(layer(x), expected, rtol=1e-13)


TORCH_PARTS = {nn.RNN: [0], nn.LSTM: [0, 1, 2, 3], nn.GRU: [1, 0, 2]}
"""The order of our gates in PyTorch, whose GRU begins with the reset gate."""


def in_torch(layer: Any) -> Any:
    torch: Any = pytest.importorskip("torch")
    theirs = getattr(torch.nn, type(layer).__name__)(FEATURES, UNITS, batch_first=True).double()
    order = TORCH_PARTS[type(layer)]

    def arranged(each: Any) -> Any:
        parts = np.split(np.asarray(each), len(order), axis=-1)
        return torch.tensor(np.concatenate([parts[k] for k in order], axis=-1).T.copy())

    with torch.no_grad():
        theirs.weight_ih_l0.copy_(arranged(layer.input_weight))
        theirs.weight_hh_l0.copy_(arranged(layer.recurrent_weight))
        theirs.bias_ih_l0.copy_(arranged(layer.bias))
        theirs.bias_hh_l0.zero_()
        if isinstance(layer, nn.GRU):
            theirs.bias_hh_l0[2 * UNITS :].copy_(torch.tensor(np.asarray(layer.recurrent_bias)))
    return theirs


@each_kind
def test_values_and_gradients_equal_those_of_pytorch(kind: Any) -> None:
    torch: Any = pytest.importorskip("torch")
    x, weights = series(), RNG.normal(size=(BATCH, TIME, UNITS))
    layer = randomized(kind(UNITS, return_sequences=True), x)
    theirs, given = in_torch(layer), torch.tensor(x, requires_grad=True)
    expected, _ = theirs(given)
    (expected * torch.tensor(weights)).sum().backward()
    names, parameters = zip(*layer.parameters().items(), strict=True)

    def total(x: Any, *values: Any) -> Any:
        with substituted(parameters, values):
            return np.sum(layer(x) * weights)

    values = [each.value for each in parameters]
    for compile_it in (False, True):
        derive = cr.grad(total, argnums=tuple(range(1 + len(values))))
        computed = (cr.jit(derive) if compile_it else derive)(x, *values)
        np.testing.assert_allclose(layer(x), expected.detach().numpy(), rtol=0, atol=1e-10)
        np.testing.assert_allclose(computed[0], given.grad.numpy(), rtol=0, atol=1e-10)
        expected_gradients = {
            "input_weight": theirs.weight_ih_l0.grad.numpy().T,
            "recurrent_weight": theirs.weight_hh_l0.grad.numpy().T,
            "bias": theirs.bias_ih_l0.grad.numpy(),
            "recurrent_bias": theirs.bias_hh_l0.grad.numpy()[-UNITS:],
        }
        order = TORCH_PARTS[kind]
        for name, gradient in zip(names, computed[1:], strict=True):
            parts = np.split(
                expected_gradients[name], len(order) if name != "recurrent_bias" else 1, axis=-1
            )
            arranged = [parts[k] for k in order] if len(parts) > 1 else parts
            np.testing.assert_allclose(gradient, np.concatenate(arranged, -1), rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: L.LSTM(0), ArgumentError, "units is 0; it must be an integer"),
        (lambda: L.LSTM(3, hidden_size=4), ArgumentError, "here it is `units`"),
        (lambda: L.RNN(3, nonlinearity="relu"), ArgumentError, "here it is `activation`"),
        (lambda: L.GRU(3, return_sequences=1), ArgumentError, "return_sequences is 1; it must be"),
        (lambda: L.GRU(3, mask_value="0"), ArgumentError, "mask_value is '0'; it must be a finite"),
        (lambda: L.GRU(3, padding_value=0.0), ArgumentError, "here it is `mask_value`"),
        (lambda: L.RNN(3, recurrent_initializer="orthonormal"), ArgumentError, "unknown init"),
        (lambda: L.LSTM(3)(np.ones((2, 5))), ShapeError, r"one feature pass x\[\.\.\., None\]"),
        (lambda: L.LSTM(3)(np.ones((2, 5, 3, 3))), ShapeError, r"\(batch, time, features\)"),
        (lambda: L.Bidirectional(L.Dense(3)), ArgumentError, "must be an RNN, LSTM or GRU"),
        (lambda: L.Bidirectional(L.RNN(3), merge_mode="sum"), ArgumentError, "it is `merge`"),
        (lambda: L.Bidirectional(L.RNN(3), merge="mean"), ArgumentError, "unknown merge 'mean'"),
        (lambda: L.TimeDistributed("dense"), ArgumentError, "layer must be a layer"),
        (lambda: L.TimeDistributed(L.Dense(3))(np.ones((2, 5))), ShapeError, "without a time"),
    ],
)  # fmt: skip
def test_errors_name_the_argument_and_a_remedy(call: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        call()


@each_kind
def test_stacked_layers_learn_to_add_and_survive_saving(
    kind: Any, tmp_path: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The LSTM natively; `tests/contracts` shows that each kind trains so as by NumPy."""
    if kind is not nn.LSTM:
        monkeypatch.setenv("CHAINRULE_BACKEND", "numpy")
    x = RNG.normal(size=(64, 5, 1)).astype("float32")
    y = x.sum(axis=1)
    net = cr.Network(
        [nn.Bidirectional(kind(6, return_sequences=True)), kind(8, mask_value=0.0), nn.Dense(1)]
    )
    net.compile(loss="mse", optimizer="adam", learning_rate=0.02)
    history = net.fit(x, y, epochs=25, batch_size=16, verbose=0)
    assert history["loss"][-1] < 0.2 * history["loss"][0]
    net.save(tmp_path / "net.safetensors")
    again = cr.load(tmp_path / "net.safetensors")
    np.testing.assert_array_equal(again.predict(x), net.predict(x))
    net.summary()
    assert "(batch, 5, 12)" in capsys.readouterr().out


def test_a_sequence_may_be_continued_from_its_state() -> None:
    x = np.random.default_rng(1).normal(size=(4, 6, 3))
    for layer in (nn.RNN(5, return_sequences=True), nn.GRU(5, return_sequences=True)):
        whole = layer(x)
        rest = layer(x[:, 2:], initial_state=whole[:, 1])
        np.testing.assert_allclose(rest, whole[:, 2:], rtol=1e-12)
    lstm = nn.LSTM(2, initializer="zeros", recurrent_initializer="zeros")
    h, c = np.full((4, 2), 0.5), np.full((4, 2), 2.0)
    one, forget = 1 / (1 + np.exp(0)), 1 / (1 + np.exp(-1))
    np.testing.assert_allclose(
        lstm(x[:, :1], initial_state=(h, c)), one * np.tanh(forget * c), rtol=1e-12
    )
    both = nn.Bidirectional(lstm)
    first, second = lstm(x, initial_state=[h, c]), both(x, initial_state=(h, c, 0 * h, 0 * c))
    np.testing.assert_array_equal(second[:, :2], first)


def test_initial_states_have_gradients_and_padded_steps_carry_them_over() -> None:
    x, h = np.random.default_rng(2).normal(size=(3, 4, 2)), np.full((3, 5), 0.3)
    for layer in (nn.RNN(5), nn.GRU(5)):
        layer(x)
        error = check_grads(lambda h, layer=layer: np.sum(layer(x, initial_state=h) ** 2), (h,))
        assert error < 1e-6
        kept = layer(x, mask=np.zeros((3, 4), bool), initial_state=h)
        np.testing.assert_array_equal(kept, h)


def test_an_initial_state_of_another_shape_is_refused() -> None:
    x, h = np.zeros((3, 4, 2)), np.zeros((3, 5))
    gru, lstm = nn.GRU(5), nn.LSTM(5)
    for call, message in (
        (lambda: gru(x, initial_state=h[0]), r"has shape \(5,\); it must be one array"),
        (lambda: gru(x, initial_state=h[:, :3]), r"\(batch, units\) = \(3, 5\)"),
        (lambda: gru(x, initial_state=(h, h)), r"has shape \(3, 5\), \(3, 5\)"),
        (lambda: lstm(x, initial_state=h), r"it must be a tuple \(h, c\) of arrays"),
        (lambda: nn.Bidirectional(nn.GRU(5))(x, initial_state=h), "then those of the backward one"),
        (lambda: lstm(x, state=(h, h)), "there is no argument `state`"),
    ):
        with pytest.raises((ShapeError, ArgumentError), match=message):
            call()
