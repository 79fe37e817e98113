"""Embeddings: lookups, gradients by scatter-add, invalid indices, positions."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
import chainrule.nn as nn
from chainrule.autodiff.derivative import grad
from chainrule.errors import ArgumentError, DataError, DTypeError, ShapeError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import ancestors, variable
from chainrule.nn.parameter import substituted

INDICES = np.random.default_rng(8).integers(0, 5, (6, 3))


def test_each_index_returns_its_row() -> None:
    layer = nn.Embedding(5, 4)
    np.testing.assert_array_equal(layer(INDICES), layer.weight.value[INDICES])
    np.testing.assert_array_equal(layer(INDICES.astype(float)), layer.weight.value[INDICES])


def test_the_gradient_of_a_row_is_summed_over_its_lookups() -> None:
    layer = nn.Embedding(5, 2)
    layer(INDICES)
    factors = np.random.default_rng(9).normal(size=(6, 3, 2))

    def total(weight: Any) -> Any:
        with substituted([layer.weight], [weight]):
            return np.sum(factors * layer(INDICES))

    one_hot = INDICES[..., None] == np.arange(5)
    expected = np.einsum("bsw,bsu->wu", one_hot, factors)
    np.testing.assert_allclose(grad(total)(layer.weight.value), expected, rtol=1e-6)


def test_no_one_hot_array_is_built() -> None:
    layer = nn.Embedding(1000, 2)
    y = layer(variable(ArrayType(np.dtype("float32"), (6, 3))))
    assert max(node.size for node in ancestors([y], lambda node: not node.primitive)) == 36


def test_embeddings_train_and_survive_saving(tmp_path: Any) -> None:
    net = cr.Network([nn.Embedding(5, 4), nn.Flatten(), nn.Dense(1)], seed=1)
    net.compile("mse", "adam", learning_rate=0.05)
    targets = INDICES.sum(axis=1, keepdims=True)
    assert net.fit(INDICES, targets, epochs=200, batch_size=3, verbose=0)["loss"][-1] < 0.05
    net.save(tmp_path / "words.safetensors")
    again = cr.load(tmp_path / "words.safetensors")
    np.testing.assert_array_equal(again.predict(INDICES), net.predict(INDICES))


@pytest.mark.parametrize("wrong", [5, -1, 1.5, np.nan])
def test_an_invalid_index_is_named_with_its_position(wrong: float) -> None:
    words = INDICES.astype(float)
    words[2, 1] = wrong
    with pytest.raises(DataError, match=rf"{wrong} at \[2, 1\] is not a valid index; with "
                       r"vocabulary_size=5 indices go from 0 to 4"):  # fmt: skip
        nn.Embedding(5, 2)(words)


@pytest.mark.parametrize("wrong", [5, -1])
def test_a_network_refuses_invalid_indices_before_training(wrong: int) -> None:
    net = cr.Network([nn.Embedding(5, 2), nn.Flatten(), nn.Dense(1)])
    net.compile("mse")
    words = INDICES.copy()
    words[2, 1] = wrong
    message = rf"layer 'embedding' \(Embedding\): {wrong} at"
    with pytest.raises(DataError, match=message):
        net.fit(words, np.ones((6, 1)), verbose=0)
    with pytest.raises(DataError, match=message):
        net.predict(words)


@pytest.mark.parametrize("wrong", [5, -1])
def test_native_code_never_gathers_out_of_bounds(wrong: int) -> None:
    words = INDICES.copy()
    words[2, 1] = wrong
    jitted = cr.jit(lambda words: nn.Embedding(5, 2)(words))
    with pytest.raises(IndexError):
        jitted(words)


def test_text_is_refused() -> None:
    with pytest.raises(DTypeError, match="indices are integers"):
        nn.Embedding(5, 2)(np.array([["a"]]))


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("input_dim", "vocabulary_size"),
        ("num_embeddings", "vocabulary_size"),
        ("output_dim", "units"),
        ("embedding_dim", "units"),
        ("embeddings_initializer", "initializer"),
    ],
)
def test_argument_names_of_other_libraries_are_refused_with_ours(name: str, ours: str) -> None:
    with pytest.raises(ArgumentError, match=f"here it is `{ours}`"):
        nn.Embedding(**{name: 5})


def test_input_dim_of_other_layers_is_still_inferred() -> None:
    with pytest.raises(ArgumentError, match="sizes are inferred"):
        nn.Dense(3, input_dim=5)


def test_shorter_sequences_take_the_first_position_embeddings() -> None:
    layer = nn.PositionEmbedding()
    x = np.zeros((2, 5, 3))
    y = layer(x)
    np.testing.assert_array_equal(y, np.broadcast_to(layer.weight.value, x.shape))
    np.testing.assert_array_equal(layer(x[:, :2]), y[:, :2])
    with pytest.raises(ShapeError, match="its input has 6 steps, but it was built for at most 5"):
        layer(np.zeros((2, 6, 3)))
    with pytest.raises(ShapeError, match=r"it needs \(batch, steps, units\)"):
        nn.PositionEmbedding()(np.zeros((2, 6)))
