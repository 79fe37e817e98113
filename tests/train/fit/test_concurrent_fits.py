"""Calls of fit of several networks at once: each has a share of the threads, and none waits."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.compiler.runtime import launcher, thread_pool
from chainrule.compiler.runtime.thread_count import share_of_threads, sharing_threads
from chainrule.train.network import model_of

X = np.random.default_rng(0).normal(size=(2048, 64)).astype("float32")
Y = (X[:, 0] > 0).astype(int)
SECONDS = 600


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = cr.get_num_threads()
    cr.set_num_threads(2)
    yield
    cr.set_num_threads(before)


def network(rate: float) -> cr.Network:
    net = cr.Network([nn.Dense(64, activation="relu"), nn.Dense(2)], seed=0)
    net.compile("cross_entropy", "sgd", learning_rate=rate)
    return net


def fit(net: cr.Network, callbacks: Any = None) -> list[float]:
    return net.fit(X, Y, epochs=3, batch_size=512, callbacks=callbacks, verbose=0)["loss"]


def test_two_fits_are_in_native_code_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = (0.1, 0.01)
    expected = [fit(network(rate)) for rate in rates]
    begun, inside = threading.Barrier(2, timeout=SECONDS), threading.Barrier(2, timeout=SECONDS)
    met: set[int] = set()
    run_alone = launcher.run_alone

    def run(program: int, block: int) -> None:
        if threading.get_ident() not in met:  # each waits for the other, within its first call
            met.add(threading.get_ident())
            inside.wait()
        run_alone(program, block)

    monkeypatch.setattr(launcher, "run_alone", run)
    begin = cr.LambdaCallback(on_fit_start=lambda net: begun.wait())

    def train(rate: float) -> list[float]:
        net = network(rate)
        losses = fit(net, begin)
        runner: Any = model_of(net).programs.latest("steps")
        assert runner[1].is_multithreaded
        return losses

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(train, rates)) == expected
    assert len(met) == 2


def test_calls_of_fit_share_the_threads_of_programs() -> None:
    barrier, shares = threading.Barrier(2, timeout=SECONDS), [share_of_threads()]

    def share(_: int) -> int:
        with sharing_threads(), sharing_threads():
            barrier.wait()
            found = share_of_threads()
            barrier.wait()
        return found

    with ThreadPoolExecutor(2) as pool:
        shares += pool.map(share, range(2))
    assert [*shares, share_of_threads()] == [2, 1, 1, 2]


def test_a_program_runs_alone_while_the_workers_are_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network(0.1)
    expected = fit(network(0.1))
    runs: list[int] = []
    run_alone = launcher.run_alone
    monkeypatch.setattr(launcher, "run_alone", lambda *given: runs.append(1) or run_alone(*given))
    pool: Any = vars(thread_pool)["_pool"]()
    with pool.busy:
        assert fit(net) == expected
    assert runs
