"""Attention against PyTorch; causal, key and dropout masks; queries without keys."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
import chainrule.nn as nn
from chainrule.autodiff.derivative import grad
from chainrule.errors import ArgumentError, ShapeError
from tests.nn.layer_gradients import fixed_like, output_and_gradients

GENERATOR = np.random.default_rng(10)
X, MEMORY = GENERATOR.normal(size=(2, 5, 6)), GENERATOR.normal(size=(2, 4, 3))
MASK = np.array([[True, True, False, True, False], [True, False, False, True, True]])


def by_torch(layer: Any, x: Any, memory: Any, is_causal: bool) -> Any:
    """PyTorch's attention with the weights of a layer: module, input and output."""
    torch = pytest.importorskip("torch")
    units, source = x.shape[-1], memory.shape[-1]
    theirs = torch.nn.MultiheadAttention(
        units, layer.heads, batch_first=True, kdim=source, vdim=source, dtype=torch.float64
    )
    values = {name: torch.tensor(each.value) for name, each in layer.parameters().items()}
    parts = ("query", "key", "value")
    weights = [values[f"{part}_weight"].T for part in parts]
    state = {
        "in_proj_bias": torch.cat([values[f"{part}_bias"] for part in parts]),
        "out_proj.weight": values["output_weight"].T,
        "out_proj.bias": values["output_bias"],
    }
    if source == units:
        state["in_proj_weight"] = torch.cat(weights)
    else:
        names = ("q_proj_weight", "k_proj_weight", "v_proj_weight")
        state |= dict(zip(names, weights, strict=True))
    theirs.load_state_dict(state)
    inputs = torch.tensor(x, requires_grad=True)
    keys = inputs if memory is x else torch.tensor(memory)
    causal_mask = torch.ones(x.shape[1], memory.shape[1], dtype=bool).triu(1) if is_causal else None
    y, _ = theirs(inputs, keys, keys, attn_mask=causal_mask)
    return theirs, inputs, y


def built(layer: Any, *inputs: Any) -> Any:
    layer(*inputs)
    for each in layer.parameters().values():
        each.value[...] = GENERATOR.normal(size=each.shape)
    return layer


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("heads", [1, 2, 3])
def test_values_and_gradients_equal_those_of_pytorch(heads: int, causal: bool) -> None:
    torch = pytest.importorskip("torch")
    layer = built(nn.MultiHeadAttention(heads, causal=causal), X)
    theirs, inputs, expected = by_torch(layer, X, X, causal)
    expected.backward(torch.tensor(fixed_like(X)))
    y, gradient, gradients = output_and_gradients(layer, X)
    np.testing.assert_allclose(y, expected.detach().numpy(), atol=1e-10)
    np.testing.assert_allclose(gradient, inputs.grad.numpy(), atol=1e-10)
    parts = [gradients[f"{part}_weight"].T for part in ("query", "key", "value")]
    np.testing.assert_allclose(
        np.concatenate(parts), theirs.in_proj_weight.grad.numpy(), atol=1e-10
    )
    np.testing.assert_allclose(
        gradients["output_weight"].T, theirs.out_proj.weight.grad.numpy(), atol=1e-10
    )


def test_cross_attention_equals_that_of_pytorch() -> None:
    layer = built(nn.MultiHeadAttention(2), X, MEMORY)
    assert layer.key_weight.shape == (3, 6)
    _, _, expected = by_torch(layer, X, MEMORY, is_causal=False)
    np.testing.assert_allclose(layer(X, MEMORY), expected.detach().numpy(), atol=1e-10)


def test_a_causal_layer_does_not_depend_on_later_steps() -> None:
    layer = nn.MultiHeadAttention(2, causal=True)
    later = X.copy()
    later[:, 3:] += 1.0
    np.testing.assert_array_equal(layer(later)[:, :3], layer(X)[:, :3])
    assert not np.array_equal(layer(later)[:, 3:], layer(X)[:, 3:])


@pytest.mark.parametrize("causal", [False, True])
def test_masked_keys_do_not_change_the_output(causal: bool) -> None:
    layer = nn.MultiHeadAttention(2, causal=causal)
    y = layer(X, mask=MASK)
    other = np.where(MASK[..., None], X, 1e6)
    np.testing.assert_array_equal(layer(other, mask=MASK)[MASK], y[MASK])


def test_masking_padding_equals_truncating_it() -> None:
    layer = nn.MultiHeadAttention(2)
    mask = np.arange(5) < np.array([[3], [3]])
    np.testing.assert_allclose(layer(X, mask=mask)[:, :3], layer(X[:, :3]), atol=1e-12)


def test_a_mask_may_differ_for_each_query() -> None:
    layer = nn.MultiHeadAttention(2)
    each = np.broadcast_to(np.tri(5, dtype=bool), (2, 5, 5))
    causal = nn.MultiHeadAttention(2, causal=True)
    np.testing.assert_allclose(layer(X, mask=each), causal(X), atol=1e-12)


@pytest.mark.parametrize("causal", [False, True])
def test_a_query_without_keys_has_context_zero_and_finite_gradients(causal: bool) -> None:
    layer = built(nn.MultiHeadAttention(2, causal=causal), X)
    mask = np.array([[False] * 5, [False, True, True, True, True]])
    y = layer(X, mask=mask)
    np.testing.assert_array_equal(y[0], np.broadcast_to(layer.output_bias.value, (5, 6)))
    gradient = grad(lambda x: np.sum(layer(x, mask=mask) ** 2))(X)
    assert np.isfinite(gradient).all()
    np.testing.assert_array_equal(gradient[0], 0)


def test_a_custom_layer_with_a_mask_trains_natively() -> None:
    class Reader(nn.Layer):
        """Attention over tokens, of which 0 is padding."""

        def __init__(self) -> None:
            self.embed = nn.Embedding(5, 6)
            self.attend = nn.MultiHeadAttention(2, dropout=0.1)

        def forward(self, x: Any) -> Any:
            mask = x != 0
            weights = mask / np.sum(mask, axis=1, keepdims=True)
            return np.sum(self.attend(self.embed(x), mask=mask) * weights[..., None], axis=1)

    words = np.array([[1, 2, 3, 0], [2, 1, 0, 0], [3, 0, 0, 0], [1, 1, 4, 4]] * 4)
    net = cr.Network([Reader(), nn.Dense(2)], seed=0)
    net.compile("cross_entropy", "adam", learning_rate=0.02)
    labels = np.array([0, 1, 0, 1] * 4)
    assert net.fit(words, labels, epochs=60, batch_size=8, verbose=0)["loss"][-1] < 0.1
    longer = np.concatenate([words, np.zeros((16, 3), int)], axis=1)
    reader = net.layers[0]
    np.testing.assert_allclose(reader(longer), reader(words), rtol=1e-5, atol=1e-6)


def test_dropout_of_attention_weights_preserves_the_mean() -> None:
    layer = nn.MultiHeadAttention(1, dropout=0.5, use_bias=False)
    x = np.ones((400, 3, 2))
    quiet, noisy = layer(x), layer(x, random=nn.RandomStream(seed=0))
    assert not np.array_equal(noisy, quiet)
    np.testing.assert_allclose(noisy.mean(axis=(0, 1)), quiet[0, 0], rtol=0.1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_heads": 2}, "here it is `heads`"),
        ({"heads": 2, "key_dim": 2}, "here it is `key_units`"),
        ({"heads": 2, "use_causal_mask": True}, "here it is `causal`"),
        ({"heads": 2, "embed_dim": 4}, "there is no argument `embed_dim`"),
        ({"heads": 2, "dropout": 1.0}, r"dropout is 1.0; it must be a number in \[0, 1\)"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        nn.MultiHeadAttention(**arguments)


def test_inputs_of_the_wrong_shape_are_refused() -> None:
    with pytest.raises(ShapeError, match="6 units are not divisible by 4 heads"):
        nn.MultiHeadAttention(4)(X)
    with pytest.raises(ShapeError, match=r"it needs \(batch, steps, units\)"):
        nn.MultiHeadAttention(2)(X[0])
    with pytest.raises(ShapeError, match=r"the mask has shape \(2, 4\), but it must be \(batch, "):
        nn.MultiHeadAttention(2)(X, mask=MASK[:, :4])
