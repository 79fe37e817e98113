"""Embeddings: rows looked up, slopes added up, numbers that are no words."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
import chainrule.nn as nn
from chainrule.autodiff.derivative import grad
from chainrule.errors import ArgumentError, DataError, DTypeError, ShapeError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import ancestors, variable
from chainrule.nn.parameter import bound

WORDS = np.random.default_rng(8).integers(0, 5, (6, 3))


def test_each_number_gets_its_row() -> None:
    layer = nn.Embedding(5, 4)
    np.testing.assert_array_equal(layer(WORDS), layer.weight.value[WORDS])
    np.testing.assert_array_equal(layer(WORDS.astype(float)), layer.weight.value[WORDS])


def test_the_slope_of_a_row_adds_up_where_it_was_looked_up() -> None:
    layer = nn.Embedding(5, 2)
    layer(WORDS)
    factors = np.random.default_rng(9).normal(size=(6, 3, 2))

    def total(weight: Any) -> Any:
        with bound([layer.weight], [weight]):
            return np.sum(factors * layer(WORDS))

    one_hot = WORDS[..., None] == np.arange(5)
    expected = np.einsum("bsw,bsu->wu", one_hot, factors)
    np.testing.assert_allclose(grad(total)(layer.weight.value), expected, rtol=1e-6)


def test_no_row_of_zeros_and_a_one_is_made() -> None:
    layer = nn.Embedding(1000, 2)
    y = layer(variable(ArrayType(np.dtype("float32"), (6, 3))))
    assert max(node.size for node in ancestors([y], lambda node: not node.primitive)) == 36


def test_a_network_learns_rows_and_a_file_keeps_them(tmp_path: Any) -> None:
    net = cr.Network([nn.Embedding(5, 4), nn.Flatten(), nn.Dense(1)], seed=1)
    net.compile("mse", "adam", learning_rate=0.05)
    targets = WORDS.sum(axis=1, keepdims=True)
    assert net.fit(WORDS, targets, epochs=200, batch_size=3, verbose=0)["loss"][-1] < 0.05
    net.save(tmp_path / "words.safetensors")
    again = cr.load(tmp_path / "words.safetensors")
    np.testing.assert_array_equal(again.predict(WORDS), net.predict(WORDS))


@pytest.mark.parametrize("wrong", [5, -1, 1.5, np.nan])
def test_an_invalid_index_is_named_with_its_position(wrong: float) -> None:
    words = WORDS.astype(float)
    words[2, 1] = wrong
    with pytest.raises(DataError, match=rf"{wrong} at \[2, 1\] is not a valid index; with "
                       r"vocabulary_size=5 indices go from 0 to 4"):  # fmt: skip
        nn.Embedding(5, 2)(words)


@pytest.mark.parametrize("wrong", [5, -1])
def test_a_network_refuses_them_before_it_begins(wrong: int) -> None:
    net = cr.Network([nn.Embedding(5, 2), nn.Flatten(), nn.Dense(1)])
    net.compile("mse")
    words = WORDS.copy()
    words[2, 1] = wrong
    message = rf"layer 'embedding' \(Embedding\): {wrong} at"
    with pytest.raises(DataError, match=message):
        net.fit(words, np.ones((6, 1)), verbose=0)
    with pytest.raises(DataError, match=message):
        net.predict(words)


@pytest.mark.parametrize("wrong", [5, -1])
def test_native_code_looks_up_nothing_beyond_the_rows(wrong: int) -> None:
    words = WORDS.copy()
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
def test_foreign_arguments_are_refused_with_ours(name: str, ours: str) -> None:
    with pytest.raises(ArgumentError, match=f"here it is `{ours}`"):
        nn.Embedding(**{name: 5})


def test_input_dim_of_other_layers_is_still_inferred() -> None:
    with pytest.raises(ArgumentError, match="sizes are inferred"):
        nn.Dense(3, input_dim=5)


def test_positions_are_told_apart_and_shorter_series_take_the_first() -> None:
    layer = nn.PositionEmbedding()
    x = np.zeros((2, 5, 3))
    y = layer(x)
    np.testing.assert_array_equal(y, np.broadcast_to(layer.weight.value, x.shape))
    np.testing.assert_array_equal(layer(x[:, :2]), y[:, :2])
    with pytest.raises(ShapeError, match="its input has 6 steps, but it was built for at most 5"):
        layer(np.zeros((2, 6, 3)))
    with pytest.raises(ShapeError, match=r"it needs \(batch, steps, units\)"):
        nn.PositionEmbedding()(np.zeros((2, 6)))
