"""The image benchmarks: the loss against a reference, convolutions against SciPy."""

import numpy as np
import pytest
from scipy.signal import correlate

from benchmarks.images.contestants import implementation
from benchmarks.images.task import Layer, Task, evaluate
from benchmarks.workload import Dataset
from benchmarks.workloads import BENCHMARKS, w6_images
from benchmarks.workloads.convolutions import LAYERS

SMALL = Task(side=10, channels=2, filters=(4, 3), classes=3, batch_size=8)


def synthetic():
    draw = np.random.default_rng(0)
    x = draw.standard_normal((16, 10, 10, 2)).astype(np.float32)
    return Dataset("synthetic", x, draw.integers(3, size=16))


def test_evaluate_computes_the_loss_of_the_network():
    dataset, parameters = synthetic(), SMALL.initial_parameters()
    trained = implementation("chainrule").network(SMALL, dataset, parameters, "chainrule")
    expected = trained.network.evaluate(dataset.x, dataset.y)["loss"]
    assert evaluate(trained.parameters(), dataset.x, dataset.y) == pytest.approx(expected, rel=1e-5)


def test_training_lowers_the_loss():
    dataset, parameters = synthetic(), SMALL.initial_parameters()
    trained = implementation("chainrule").network(SMALL, dataset, parameters, "chainrule")
    before = evaluate(parameters, dataset.x, dataset.y)
    trained.train(20)
    assert evaluate(trained.parameters(), dataset.x, dataset.y) < before


def test_the_operation_count_of_a_step_is_that_of_the_target():
    """0.93 GFLOP, of which 0.905 are contractions."""
    assert w6_images.TASK.flops_per_step == pytest.approx(0.905e9, rel=0.01)


@pytest.mark.parametrize("stride", [1, 2])
def test_a_convolution_gives_scipys_correlation_and_its_gradients(stride):
    layer = Layer(samples=2, side=7, channels=3, filters=4, stride=stride)
    x, kernel, cotangent = layer.arrays()
    y, of_x, of_kernel = implementation("chainrule-jit").gradients(
        layer, (x, kernel, cotangent), "chainrule-jit"
    )()
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    expected = [
        correlate(padded[0], kernel[..., i], "valid")[::stride, ::stride, 0] for i in (0, 3)
    ]
    np.testing.assert_allclose(y[0][..., [0, 3]], np.stack(expected, -1), rtol=1e-4, atol=1e-4)
    # <cotangent, y> is linear in each argument: contracted with its gradient, each returns it.
    total = float(np.sum(cotangent * y))
    assert float(np.sum(x * of_x)) == pytest.approx(total, rel=1e-3)
    assert float(np.sum(kernel * of_kernel)) == pytest.approx(total, rel=1e-3)


@pytest.mark.parametrize("name", LAYERS)
def test_every_convolution_layer_is_a_benchmark(name):
    assert BENCHMARKS[f"conv-{name}"].flops == LAYERS[name].flops
