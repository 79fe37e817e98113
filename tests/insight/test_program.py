"""``net.program()``: layers, passes, FLOPs, bytes and times of the compiled nests."""

import re

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError
from chainrule.insight.program import report_on_program
from chainrule.insight.training_program import training_program


def trained(*layers, inputs=20, outputs=3, loss="mse", **options):
    net = cr.Network(layers, seed=0)
    net.compile(loss=loss, **{"optimizer": "sgd", **options})
    draw = np.random.default_rng(0)
    X = draw.normal(size=(96, inputs)).astype("f")
    y = draw.normal(size=(96, outputs)).astype("f")
    net.fit(X, y, batch_size=32, verbose=0)
    return net


@pytest.fixture(scope="module")
def large():
    return trained(nn.Dense(200, activation="tanh"), nn.Dense(3, name="last"), inputs=300)


def test_without_a_compiled_program_the_error_names_the_call_that_is_missing():
    net = cr.Network([nn.Dense(2)])
    with pytest.raises(ArgumentError, match=r"program: .* call net\.compile"):
        net.program()
    net.compile(loss="mse")
    with pytest.raises(ArgumentError, match=r"program: nothing is compiled .* call net\.fit first"):
        net.program()
    net.predict(np.ones((2, 3)))
    with pytest.raises(ArgumentError, match=r"program: nothing is compiled"):
        net.program()


def test_with_the_numpy_backend_there_is_no_program(monkeypatch):
    monkeypatch.setenv("CHAINRULE_BACKEND", "numpy")
    net = trained(nn.Dense(3))
    with pytest.raises(ArgumentError, match="NumPy runs the steps of this network"):
        net.program()


def test_matrix_products_account_for_nearly_all_flops_of_a_dense_network(large):
    report = large.program()
    products = [each for each in report.nests if "product" in each.does or "dot" in each.does]
    # Forward and weight gradient of both layers, input gradient of the last one.
    expected = 2 * 32 * (2 * 300 * 200 + 3 * 200 * 3)
    assert expected <= sum(each.flops for each in products) <= report.flops
    # tanh and its derivative, bias, rate and loss.
    assert report.flops - expected < 32 * 200 * 30 + 2 * 300 * 200 + 5000
    assert report.flops == sum(each.flops for each in report.nests)


def test_every_layer_parameter_and_pass_is_listed(large):
    report = large.program()
    names = {name for each in report.nests for name in each.layers}
    parameters = {"dense.weight", "dense.bias", "last.weight", "last.bias"}
    assert names >= {"dense", "last", "loss"} | parameters
    assert names <= {"dense", "last", "loss", "batch", "optimizer"} | parameters
    assert {name for each in report.nests for name in each.passes} == {
        "forward", "backward", "update",
    }  # fmt: skip
    first = next(each for each in report.nests if "dense" in each.layers)
    assert first.passes == ("forward",)
    updated = {n for each in report.nests if "update" in each.passes for n in each.layers}
    assert updated >= parameters


def test_bytes_are_at_least_those_of_the_parameters_and_at_most_all_memory(large):
    report = large.program()
    size = 4 * (300 * 200 + 200 + 200 * 3 + 3)
    assert report.bytes_moved >= 2 * size
    for each in report.nests:
        assert each.bytes_read + each.bytes_written <= 4 * size + 8 * report.arena_bytes
    assert not report.once  # the state is updated in place


def test_optimiser_state_is_listed_under_its_parameter():
    net = trained(nn.Dense(40), nn.BatchNorm(), nn.Dense(3), optimizer="adam", inputs=100)
    updates = {n for each in net.program().nests if "update" in each.passes for n in each.layers}
    assert {"dense.weight", "dense.bias", "batch_norm.mean"} <= updates
    assert not [name for name in updates if "slots" in name or "non_trainable" in name]


def test_the_report_prints_as_a_table(large):
    report = large.program()
    text = str(report)
    assert text == repr(report)
    head, compiled, headings, *_ = text.splitlines()
    assert head.startswith("batch of 32 samples, up to")
    assert re.match(
        r"compiled in [\d.]+ (ms|s) \(machine code (from the cache|generated)\)", compiled
    )
    assert headings.split() == ["nest", "layer", "pass", "operation", "FLOPs", "read", "written"]
    assert "32×200×300 product" in text
    assert max(map(len, text.splitlines())) < 150


def test_nests_of_an_inner_loop_belong_to_its_layer():
    net = cr.Network([nn.LSTM(8), nn.Dense(1)])
    net.compile(loss="mse")
    draw = np.random.default_rng(0)
    X = draw.normal(size=(64, 6, 2)).astype("f")
    net.fit(X, X[:, 0, :1], batch_size=16, verbose=0)
    repeated = [each for each in net.program().nests if "times" in each.does]
    assert repeated
    assert {name for each in repeated for name in each.layers} == {"lstm"}


@pytest.mark.slow
def test_measured_times_sum_to_the_step_and_leave_the_parameters_unchanged(large):
    before = {name: large.params[name].copy() for name in large.params}
    report = large.program(measure=True)
    assert all(np.array_equal(large.params[name], each) for name, each in before.items())
    assert report.step_seconds > 0
    total = sum(each.seconds for each in report.nests) + report.waiting_seconds
    assert total == pytest.approx(report.step_seconds, rel=1e-6)
    assert all(each.limit_seconds > 0 for each in report.nests)
    assert report.limit.flops > 1e8
    assert report.limit.bytes > 1e8
    assert str(report).splitlines()[2].split()[-5:] == ["time", "of", "step", "of", "roofline"]


def test_calls_of_routines_are_rows_with_their_layer_and_operations():
    pytest.importorskip("scipy.linalg.cython_lapack")

    class Whitening(nn.Layer):
        def forward(self, x):
            covariance = x.T @ x / len(x) + np.eye(4, dtype="f")
            values, vectors = np.linalg.eigh(covariance)
            return x @ vectors / np.sqrt(values)

    report = trained(Whitening(), nn.Dense(3), inputs=4).program()
    (call,) = [each for each in report.nests if "dsyevd" in each.does]
    assert (call.flops, call.passes) == (9 * 4**3, ("forward",))
    assert any("whitening" in name.lower() for name in call.layers)
    assert "dsyevd" in str(report)
    assert report.flops == sum(each.flops for each in report.nests)


def test_nests_of_a_program_from_the_cache_are_those_counted_when_it_was_compiled(monkeypatch):
    monkeypatch.delenv("CHAINRULE_DEBUG")  # which lowers each program
    layers = {"inputs": 11, "outputs": 7}
    counted = trained(nn.Dense(13, name="one"), nn.Dense(7), **layers).program()
    again = trained(nn.Dense(13, name="one"), nn.Dense(7), **layers)
    assert again.program().nests == counted.nests
    assert again.program().is_from_cache
    assert "lowered" not in vars(training_program(again).program._compiler)
    renamed = trained(nn.Dense(13, name="two"), nn.Dense(7), **layers).program()
    assert renamed.is_from_cache
    assert {x for each in renamed.nests for x in each.layers} >= {"two", "two.weight"}


def test_a_brief_measurement_has_limits_for_each_nest_and_the_time_of_a_step(large):
    report = report_on_program(training_program(large), "step")
    assert report.limit.flops > 1e8
    assert all(each.limit_seconds > 0 and each.seconds is None for each in report.nests)
    assert 0.2 * sum(each.limit_seconds for each in report.nests) < report.step_seconds
