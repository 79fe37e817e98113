"""Workloads: reference gradients, operation counts and common initial parameters."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.rivals import CONTESTANTS
from benchmarks.rivals.numpy_by_hand import build
from benchmarks.workloads import WORKLOADS, growth, vocabulary

WITHOUT_FILES = [name for name in WORKLOADS if name != "W4"]
CHEAP = [name for name in WITHOUT_FILES if name != "W5"]


def batch_of(workload, samples=5):
    """Draw a batch of a workload's widths, and nonzero biases."""
    generator = np.random.default_rng(1)
    parameters = [
        array + 0.1 * generator.standard_normal(array.shape)
        for array in workload.initial_parameters()
    ]
    x = generator.standard_normal((samples, workload.sizes[0]))
    if workload.loss == "mse":
        return parameters, x, generator.standard_normal((samples, workload.sizes[-1]))
    return parameters, x, generator.integers(workload.sizes[-1], size=samples)


@pytest.mark.parametrize("name", WORKLOADS)
def test_the_gradient_by_hand_agrees_with_central_differences(name):
    workload = WORKLOADS[name]
    parameters, x, y = batch_of(workload)
    gradients = workload.gradients(parameters, x, y)
    generator = np.random.default_rng(2)
    for index, gradient in enumerate(gradients):
        assert gradient.shape == parameters[index].shape
        direction = generator.standard_normal(gradient.shape)
        moved = [list(parameters), list(parameters)]
        moved[0][index] = parameters[index] + 1e-6 * direction
        moved[1][index] = parameters[index] - 1e-6 * direction
        ahead, behind = (workload.objective(shifted, x, y) for shifted in moved)
        difference = (ahead - behind) / 2e-6
        assert np.sum(gradient * direction) == pytest.approx(difference, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", WORKLOADS)
def test_initial_parameters_are_reproducible_float32(name):
    first, again = (WORKLOADS[name].initial_parameters() for _ in range(2))
    assert [array.shape for array in first[::2]] == list(
        zip(WORKLOADS[name].sizes, WORKLOADS[name].sizes[1:], strict=False)
    )
    for left, right in zip(first, again, strict=True):
        assert left.dtype == np.float32
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_contestant_of_a_workload_is_known(name):
    assert set(WORKLOADS[name].contestants) <= set(CONTESTANTS)
    assert "chainrule" in WORKLOADS[name].contestants


@pytest.mark.parametrize("name", WITHOUT_FILES)
def test_datasets_have_the_declared_shape(name):
    workload = WORKLOADS[name]
    dataset = workload.load()
    assert dataset.x.shape == (workload.samples, workload.sizes[0])
    assert dataset.x.dtype == np.float32
    assert len(dataset.y) == workload.samples


@pytest.mark.parametrize("name", CHEAP)
def test_numpy_training_lowers_the_loss_and_is_reproducible(name):
    workload = WORKLOADS[name]
    dataset = workload.load()
    contestant = build(workload, dataset)
    losses = []
    for _ in range(2):
        contestant.restart(workload.initial_parameters())
        before = workload.evaluate(contestant.parameters(), dataset)
        contestant.train(20)
        losses.append(workload.evaluate(contestant.parameters(), dataset))
        assert losses[-1] < before
    assert losses[0] == losses[1]


def test_a_step_of_the_mnist_network_counts_20_million_operations():
    # 60,000 rows make 938 steps, the last of them partial: a little under 64 rows each.
    assert WORKLOADS["W4"].steps_per_epoch == 938
    assert WORKLOADS["W4"].flops_per_step == pytest.approx(20.47e6, rel=1e-3)


def test_a_step_of_moons_counts_its_transcendental_functions():
    products = 2 * (2 * 2 * 3 + 3 * 3 * 2) * 200
    assert WORKLOADS["W2"].flops_per_step == products + 20 * (600 + 400)


def test_a_step_of_the_wide_network_counts_2_billion_operations():
    assert WORKLOADS["W5"].flops_per_step == pytest.approx(2.45e9, rel=1e-3)


def test_numpys_adam_takes_the_first_step_of_its_paper():
    # The first bias-corrected moments are gradient and square: each weight moves by the rate.
    workload = replace(WORKLOADS["W3"], optimizer="adam", learning_rate=0.01, batch_size=3200)
    dataset = workload.load()
    contestant = build(workload, dataset)
    contestant.restart(workload.initial_parameters())
    contestant.train(1)
    before = workload.initial_parameters()
    gradients = workload.gradients(before, dataset.x, dataset.y)
    for old, new, gradient in zip(before, contestant.parameters(), gradients, strict=True):
        expected = -0.01 * gradient / (np.abs(gradient) + 1e-8)
        np.testing.assert_allclose(new - old, expected, rtol=1e-3, atol=1e-6)


def test_the_gradient_of_any_depth_is_that_of_three_layers():
    workload = WORKLOADS["W5"]
    arguments = batch_of(workload)
    pairs = zip(growth.gradients(*arguments), workload.gradients(*arguments), strict=True)
    for general, own in pairs:
        np.testing.assert_allclose(general, own, rtol=1e-9, atol=1e-12)


def test_an_embedding_is_trained_as_by_hand(tmp_path, monkeypatch):
    monkeypatch.setattr(vocabulary, "STEPS", 2)
    task = vocabulary.Task(5000)
    (x, y), (table, weight, bias) = task.data(), task.initial_parameters()
    for step in range(2):
        rows, labels = (each[64 * step : 64 * step + 64] for each in (x, y))
        signal = table[rows].reshape(64, -1)
        scores = signal @ weight + bias
        delta = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        delta[np.arange(64), labels] -= 1
        update = vocabulary.RATE / 64 * (delta @ weight.T).reshape(64, 16, 32)
        weight = weight - vocabulary.RATE / 64 * signal.T @ delta
        bias = bias - vocabulary.RATE / 64 * delta.sum(axis=0)
        np.subtract.at(table, rows, update)
    figure = vocabulary.start(task, "chainrule", tmp_path).repeat()
    assert figure.check == pytest.approx(task.loss((table, weight, bias)), rel=1e-5)
    assert figure.value > 0
