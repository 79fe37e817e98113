"""What is measured of series: the evaluate is right, and everybody trains the same network."""

import pytest

from benchmarks.series.contestants import implementation
from benchmarks.series.task import Task, evaluate
from benchmarks.workloads import BENCHMARKS
from benchmarks.workloads.w7_series import TASKS

SMALL = {
    kind: Task(kind, units=6, steps=5, features=2, batch_size=8, batches=3)  # type: ignore[arg-type]
    for kind in ("LSTM", "GRU")
}
each_layer = pytest.mark.parametrize("kind", SMALL)


@each_layer
def test_the_reference_loss_is_that_of_the_network(kind):
    task, dataset = SMALL[kind], SMALL[kind].dataset()
    trained = implementation("chainrule").network(
        task, dataset, task.initial_parameters(), "chainrule"
    )
    expected = trained.network.evaluate(dataset.x, dataset.y)["loss"]
    reference = evaluate(task, trained.parameters(), dataset.x, dataset.y)
    assert reference == pytest.approx(expected, rel=1e-5)


@each_layer
def test_training_lowers_the_reference_loss(kind):
    task, dataset = SMALL[kind], SMALL[kind].dataset()
    parameters = task.initial_parameters()
    trained = implementation("chainrule").network(task, dataset, parameters, "chainrule")
    before = evaluate(task, parameters, dataset.x, dataset.y)
    trained.train(50)
    assert evaluate(task, trained.parameters(), dataset.x, dataset.y) < before


@each_layer
def test_pytorch_starts_from_the_same_network(kind):
    pytest.importorskip("torch")
    task, dataset, parameters = SMALL[kind], SMALL[kind].dataset(), SMALL[kind].initial_parameters()
    theirs = implementation("torch").network(task, dataset, parameters, "torch")
    reference = evaluate(task, theirs.parameters(), dataset.x, dataset.y)
    assert reference == pytest.approx(evaluate(task, parameters, dataset.x, dataset.y), rel=1e-6)
    loss = float(theirs.uncompiled(theirs.x, theirs.y).detach())
    assert loss == pytest.approx(reference, rel=1e-5)


def test_the_operation_count_of_a_step_is_that_of_the_target():
    """0.2 GFLOP."""
    assert TASKS["W7"].flops_per_step == pytest.approx(0.2e9, rel=0.1)


def test_the_data_have_the_shapes_of_the_task():
    for name, task in TASKS.items():
        dataset = task.dataset()
        count = task.batch_size * task.batches
        assert dataset.x.shape == (count, task.steps, task.features), name
        assert dataset.y.shape == (count, 1)
        assert BENCHMARKS[name].flops == task.flops_per_step
