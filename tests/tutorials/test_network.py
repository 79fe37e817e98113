"""network.py: its IDX parser, its backprop, and training on handwritten digits."""

import gzip
import random
import struct

import numpy as np
import pytest

import chainrule as cr
from chainrule import data, datasets
from tests.tutorials import network as tutorial
from tests.tutorials.agreement import assert_close, assert_runs_unchanged, with_values
from tests.tutorials.network import Network, cross_entropy, cross_entropy_der, softmax


def columns(images, labels):
    """The pairs that train.py makes: a column of pixels, and a column of ten classes."""
    pixels = images.reshape(len(images), -1, 1) / images.max()
    return [(x, tutorial.vectorized_result(y)) for x, y in zip(pixels, labels, strict=True)]


@pytest.fixture
def network():
    np.random.seed(0)
    return Network([6, 5, 10])


SAMPLE = np.random.default_rng(0).uniform(size=(6, 1)), tutorial.vectorized_result(3)


def test_the_parser_of_the_tutorial_reads_what_read_idx_reads(tmp_path):
    images, labels = datasets.digits()
    images = images[:7].astype(np.uint8).reshape(7, 8, 8)
    for name, array in {"images": images, "labels": labels[:7].astype(np.uint8)}.items():
        header = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(
            f">{array.ndim}I", *array.shape
        )
        path = tmp_path / name
        path.write_bytes(header + array.tobytes())
        np.testing.assert_array_equal(tutorial.read_idx(path), array)
        np.testing.assert_array_equal(data.read_idx(path), array)


def test_functions_of_the_network_run_unchanged():
    z = np.array([[0.3], [-1.2], [2.0]])
    y = np.array([[0.0], [1.0], [0.0]])
    assert_runs_unchanged(tutorial.sigmoid, z, order=2)
    assert_runs_unchanged(tutorial.sigmoid_der, z)
    assert_runs_unchanged(softmax, z, order=2)
    assert_runs_unchanged(lambda z: cross_entropy(y, softmax(z)), z, order=2)
    assert_runs_unchanged(lambda a: cross_entropy_der(y, a), z)
    assert_close(tutorial.sigmoid_der(z), cr.grad(lambda z: np.sum(tutorial.sigmoid(z)))(z))
    derived = cr.grad(lambda z: cross_entropy(y, softmax(z)))(z)
    assert_close(cross_entropy_der(y, softmax(z)), derived)


def test_feedforward_and_backprop_run_unchanged(network):
    x, y = SAMPLE

    def forward(weights, biases):
        return with_values(network, weights=weights, biases=biases).feedforward(x)

    def backward(weights, biases):
        return with_values(network, weights=weights, biases=biases).backprop(x, y)

    for function in (forward, backward):
        assert_runs_unchanged(function, network.weights, network.biases)


def test_an_update_by_a_mini_batch_runs_unchanged(network):
    def updated(weights, biases, eta):
        traced = with_values(network, weights=weights, biases=biases)
        traced.update_mini_batch([SAMPLE, SAMPLE], eta)
        return traced.weights, traced.biases

    assert_runs_unchanged(updated, network.weights, network.biases, 0.5)


def test_backprop_is_the_derived_gradient(network):
    x, y = SAMPLE

    def loss(biases, weights):
        return cross_entropy(y, with_values(network, weights=weights, biases=biases).feedforward(x))

    assert_close(network.backprop(x, y), cr.grad(loss, (0, 1))(network.biases, network.weights))


def test_the_number_of_right_answers_is_counted_under_jit_too(network):
    pairs = [(SAMPLE[0], 3), (-SAMPLE[0], 3), (2 * SAMPLE[0], 7)]
    classes = [int(np.argmax(network.feedforward(x))) for x, _ in pairs]
    compiled = cr.jit(network.feedforward)
    assert [int(np.argmax(compiled(x))) for x, _ in pairs] == classes
    assert network.evaluate(pairs) == sum(
        found == right for found, (_, right) in zip(classes, pairs, strict=True)
    )


OUTLINE = Network([1, 1])


def mean_loss(parameters, images, classes):
    """The mean loss of a mini-batch, one sample after the other as the tutorial goes through it."""
    biases, weights = parameters
    network = with_values(OUTLINE, weights=weights, biases=biases)
    total = 0
    for x, y in zip(images, classes, strict=True):
        total += cross_entropy(y, network.feedforward(x))
    return total / len(images)


def compare_training(images, labels, hidden, epochs):
    """Train by hand and by derived gradients; return the share of right answers."""
    pairs = columns(images, labels)
    np.random.seed(1)
    by_hand = Network([images[0].size, hidden, 10])
    parameters = by_hand.biases, by_hand.weights
    gradient = cr.jit(cr.grad(mean_loss))
    for k in list(range(0, len(pairs), 10)) * epochs:
        batch = pairs[k : k + 10]
        by_hand.update_mini_batch(batch, 0.5)
        derivatives = gradient(parameters, *(np.stack(each) for each in zip(*batch, strict=True)))
        parameters = tuple(
            [p - 0.5 * g for p, g in zip(*pair, strict=True)]
            for pair in zip(parameters, derivatives, strict=True)
        )
    assert_close((by_hand.biases, by_hand.weights), parameters, rtol=1e-6)
    tests = [(x, int(np.argmax(y))) for x, y in pairs]
    return by_hand.evaluate(tests) / len(tests)


def test_training_by_hand_is_training_by_derived_gradients_on_embedded_digits():
    images, labels = datasets.digits()
    assert compare_training(images[:300], labels[:300], 16, 20) > 0.95


def test_stochastic_gradient_descent_of_the_tutorial_learns():
    images, labels = datasets.digits()
    pairs = columns(images[:300], labels[:300])
    random.seed(0), np.random.seed(0)
    network = Network([64, 16, 10])
    network.SGD(list(pairs), 20, 10, 0.5)
    assert network.evaluate([(x, int(np.argmax(y))) for x, y in pairs]) > 285


def test_training_by_hand_is_training_by_derived_gradients_on_mnist(data_folder, tmp_path):
    parts = []
    for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"):
        path = tmp_path / name
        path.write_bytes(gzip.decompress((data_folder / "mnist" / f"{name}.gz").read_bytes()))
        parts.append(tutorial.read_idx(path))
    images, labels = parts
    assert images.shape == (60000, 28, 28)
    assert compare_training(images[:200], labels[:200], 100, 3) > 0.8
