"""Benchmark with one core oversubscribed: the competing process, and the slowdown."""

import os
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.workloads import crowded, w3_small

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="processes may choose their core on Linux alone"
)


def test_a_core_is_occupied_within_the_context_only():
    with crowded.occupied_core() as process:
        assert process.poll() is None
        assert os.sched_getaffinity(process.pid) == {max(os.sched_getaffinity(0))}
    assert process.poll() is not None


def test_a_core_is_released_after_an_error():
    with pytest.raises(ZeroDivisionError), crowded.occupied_core() as process:
        raise ZeroDivisionError
    assert process.poll() is not None


def test_the_figure_is_oversubscribed_time_over_time_alone(monkeypatch):
    seconds = iter([2.0, 3.0])
    monkeypatch.setattr(crowded, "seconds_per_call", lambda contestant, epochs: next(seconds))
    workload, dataset = w3_small.WORKLOAD, w3_small.load()
    idle = SimpleNamespace(
        restart=lambda parameters: None,
        train=lambda epochs: None,
        parameters=workload.initial_parameters,
    )
    figure = crowded.repetition(workload, dataset, idle)
    assert figure.value == pytest.approx(1.5)
    assert figure.check == pytest.approx(workload.evaluate(workload.initial_parameters(), dataset))
    assert np.isfinite(figure.check)
