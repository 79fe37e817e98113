"""Sweeps on other processes, interrupted ones, and those of a killed process."""

import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim

X, y = cr.datasets.moons(40, noise=0.1, seed=0)


def build(units: int, seed: int) -> Any:
    net = cr.Network([nn.Dense(units, activation="tanh"), nn.Dropout(0.2), nn.Dense(2)], seed=seed)
    net.compile("cross_entropy", optim.Adam(0.05))
    return net


def sweep(**arguments: Any) -> Any:
    given: dict[str, Any] = {"epochs": 4, "batch_size": 16, "verbose": 0, "seeds": 3}
    return cr.sweep(build, {"units": [2, 3]}, X, y, **given | arguments)


@contextmanager
def dask() -> Generator[None]:
    from distributed import Client, LocalCluster

    settings: dict[str, Any] = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    cluster: Any = LocalCluster(**settings, processes=True)
    with cluster, Client(cluster), joblib.parallel_config("dask"):
        yield


@contextmanager
def ray() -> Generator[None]:
    import ray
    from ray.util.joblib import register_ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        register_ray()
        with joblib.parallel_config("ray", n_jobs=2):
            yield
    finally:
        ray.shutdown()


@pytest.mark.slow
@pytest.mark.parametrize("engine", [dask, ray])
def test_networks_of_other_processes_have_the_bits_of_local_ones(engine: Any) -> None:
    local = sweep()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of these libraries: ports, resources, deprecations
        with engine():
            remote = sweep(backend="joblib")
    for name in ("units", "seed", "loss", "val_loss", "epochs", "status"):
        assert remote[name] == local[name]
    for row in range(len(local["seed"])):
        for name, value in local.network(row).params.items():
            assert np.array_equal(remote.network(row).params[name], value), name


def test_without_joblib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "joblib", None)
    with pytest.raises(ImportError, match=r"pip install 'chainrule\[joblib\]'"):
        sweep(backend="joblib")


SCRIPT = """
import os, signal, sys, threading
signal.signal(signal.SIGINT, signal.default_int_handler)
import chainrule as cr
from chainrule import nn
X, y = cr.datasets.moons(40, noise=0.1, seed=0)
def build(units, seed):
    net = cr.Network([nn.Dense(units), nn.Dense(2)], seed=seed)
    net.compile("cross_entropy", "sgd")
    return net
calls = []
def note(net, epoch, logs):
    calls.append(net)
    if len(set(map(id, calls))) == 3 and epoch == 1:
        os.kill(os.getpid(), getattr(signal, sys.argv[1]))
result = cr.sweep(build, {"units": [2, 3]}, X, y, seeds=4, epochs=3, threads=1, verbose=0,
                  callbacks=note, checkpoint=sys.argv[2] if len(sys.argv) > 2 else None)
print(result.is_interrupted, len(result["seed"]), len(set(map(id, calls))))
print(result["loss"])
"""


def run(*arguments: str) -> Any:
    command = [sys.executable, "-c", SCRIPT, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_an_interrupt_leaves_what_is_finished() -> None:
    done = run("SIGINT")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("True 2 3\n")


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_killed_sweep_goes_on_and_repeats_nothing(tmp_path: Path) -> None:
    folder = str(tmp_path)
    killed = run("SIGKILL", folder)
    assert killed.returncode == -signal.SIGKILL
    lines = (tmp_path / "finished.jsonl").read_text().splitlines()
    assert len(lines) == 2
    again, unbroken = run("SIGWINCH", folder), run("SIGWINCH")
    assert again.stdout.startswith("False 8 6\n"), again.stderr
    assert again.stdout.splitlines()[1] == unbroken.stdout.splitlines()[1]
