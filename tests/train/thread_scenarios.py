"""One network in eight threads, eleven scenarios; each result must be that of some whole state.

Run as ``python thread_scenarios.py ROUNDS SEED``; prints one line a fault, and exits with 1.
"""

import asyncio
import copy
import functools
import os
import pickle
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import nn
from chainrule.errors import ChainruleError

THREADS, EPOCHS, ROWS = 8, 6, 72
X = np.random.default_rng(0).normal(size=(ROWS, 4)).astype("float32")
Y = np.digitize(X[:, 0] + X[:, 1] ** 2, [-0.5, 1.0])
BITS = (X > 0).astype("float32")
COLUMNS = {"a": X[:, 0], "b": X[:, 1], "town": np.array(["Ulm", "Bonn", "Kiel"])[Y]}


class ByHand(nn.Layer):
    """A layer with state, and a backward written by hand that reads what forward saved."""

    def build(self, input_shape: Any) -> None:
        self.weight = self.parameter("weight", (input_shape[-1], 5))
        self.calls = self.parameter("calls", (), "zeros", trainable=False)

    def forward(self, x: Any) -> Any:
        self.x = x
        self.calls.value = self.calls.value + 1
        self.y = np.tanh(x @ self.weight)
        return self.y

    def backward(self, dy: Any) -> Any:
        delta = dy * (1 - self.y**2)
        self.weight.grad = self.x.T @ delta
        return delta @ self.weight.T


def dense() -> cr.Network:
    layers = [nn.Dense(6, activation="relu"), nn.BatchNorm(), nn.Dropout(0.2), nn.Dense(3)]
    net = cr.Network(layers, seed=3)
    net.compile("cross_entropy", optimizer="adam", learning_rate=0.05, metrics="accuracy")
    return net


def by_hand() -> cr.Network:
    net = cr.Network([ByHand(), nn.Dense(3, activation="softmax")], seed=4)
    net.compile("cross_entropy", optimizer=cr.optim.SGD(0.1, momentum=0.9), metrics="accuracy")
    return net


def of_table() -> cr.Network:
    table = cr.data.Table([cr.data.Number("a"), cr.data.Number("b"), cr.data.Category("town")])
    net = cr.Network([table, nn.Dense(5, activation="tanh"), nn.Dense(3)], seed=5)
    net.compile("cross_entropy", optimizer="rmsprop", metrics="accuracy")
    net.fit(COLUMNS, Y, verbose=0)  # a table predicts nothing before it has seen data
    return net


def inputs(make: Any) -> Any:
    return COLUMNS if make is of_table else X


def rows(data: Any, count: int) -> Any:
    if isinstance(data, dict):
        return {name: column[:count] for name, column in data.items()}
    return data[:count]


class Oracle:
    """What a network gives after each epoch, trained by one thread alone."""

    def __init__(self, make: Callable[[], cr.Network], size: int | None) -> None:
        self.make, self.size, self.data = make, size, inputs(make)
        self.outputs: dict[str, set[bytes]] = {name: set() for name in self.queries}
        self.params: list[dict[str, bytes]] = []
        net = make()
        net.predict(rows(self.data, 2))
        self._note(net)
        net.fit(self.data, Y, epochs=EPOCHS + 2, batch_size=size, verbose=0, callbacks=self._note)

    @property
    def queries(self) -> dict[str, Callable[[Any], Any]]:
        data = self.data
        return {
            "predict": lambda net: net.predict(data),
            "predict 31": lambda net: net.predict(rows(data, 31)),
            "predict in batches": lambda net: net.predict(data, batch_size=7),
            "predict_proba": lambda net: net.predict_proba(data),
            "predict_class": lambda net: net.predict_class(rows(data, 50)),
            "call": lambda net: net(rows(data, 9)),
            "evaluate": lambda net: np.array(list(net.evaluate(data, Y).values())),
        }

    def _note(self, net: Any, *unused: Any) -> None:
        for name, query in self.queries.items():
            self.outputs[name].add(np.asarray(query(net)).tobytes())
        self.params.append(_bytes(net.params))

    def check(self, net: cr.Network, name: str) -> None:
        found = np.asarray(self.queries[name](net)).tobytes()
        assert found in self.outputs[name], f"{name} is that of no finished epoch"

    def epoch_of(self, params: Any) -> int:
        found = _bytes(params)
        assert found in self.params, "parameters are those of no finished epoch"
        return self.params.index(found)

    def fit(self, net: cr.Network, epochs: int, **options: Any) -> Any:
        return net.fit(self.data, Y, epochs=epochs, batch_size=self.size, verbose=0, **options)


def _bytes(params: Any) -> dict[str, bytes]:
    # A layer counts calls of the network too, which other threads make.
    return {k: np.asarray(each).tobytes() for k, each in params.items() if "calls" not in k}


def in_threads(work: Callable[[int], Any], count: int = THREADS) -> list[Any]:
    """Call work(0), work(1), ... at the same moment, one a thread; raise the first error."""
    barrier = threading.Barrier(count, timeout=600)

    def call(number: int) -> Any:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return [each.result(600) for each in [pool.submit(call, k) for k in range(count)]]


def beside_fit(
    oracle: Oracle, work: Callable[[cr.Network, int], None], observed: bool, built: bool = True
) -> cr.Network:
    """Train in one thread while the others call work(net, number) until it has ended."""
    net, done = oracle.make(), threading.Event()
    if built:
        net.predict(rows(oracle.data, 2))
    callbacks = [lambda *unused: None] if observed else None

    def run(number: int) -> None:
        if number:
            while not done.is_set():
                work(net, number)
            work(net, number)
            return
        try:
            for _ in range(EPOCHS // 2):
                oracle.fit(net, 2, callbacks=callbacks)
        finally:
            done.set()

    in_threads(run)
    assert oracle.epoch_of(net.params) == EPOCHS, "fit gives other parameters than alone"
    return net


def refused(call: Callable[[], Any]) -> bool:
    """Whether a call is refused because another thread is training."""
    try:
        call()
    except ChainruleError as error:
        if "another thread is training" not in str(error):
            raise
        return True
    return False


def predict_beside_fit(oracle: Oracle, observed: bool) -> None:
    names = list(oracle.queries)
    beside_fit(oracle, lambda net, k: oracle.check(net, names[k % len(names)]), observed)


def first_predictions_beside_first_fit(oracle: Oracle, observed: bool) -> None:
    names = list(oracle.queries)
    if oracle.make is not of_table:
        beside_fit(oracle, lambda net, k: oracle.check(net, names[k % len(names)]), observed, False)


def save_beside_fit(oracle: Oracle, observed: bool) -> None:
    if oracle.make is by_hand:
        return  # layers of one's own are loaded by their class; see the copies
    with tempfile.TemporaryDirectory() as folder:

        def work(net: cr.Network, number: int) -> None:
            path = Path(folder, f"{number % 5}.safetensors")
            net.save(path)
            loaded = cr.load(path)
            oracle.epoch_of(loaded.params)
            oracle.check(loaded, "predict")

        beside_fit(oracle, work, observed)


def copies_beside_fit(oracle: Oracle, observed: bool) -> None:
    """A copy continues like the network: parameters, slots and counters are of one moment."""

    def work(net: cr.Network, number: int) -> None:
        other = copy.deepcopy(net) if number % 2 else pickle.loads(pickle.dumps(net))
        epoch = oracle.epoch_of(other.params)
        oracle.check(other, "predict")
        if epoch < EPOCHS + 2 and number < 4:
            oracle.fit(other, 1)
            found = oracle.epoch_of(other.params)
            assert found == epoch + 1, f"a copy of epoch {epoch} continues as epoch {found}"
        if other.history is not None:
            assert len({len(each) for each in other.history.values()}) <= 1, "ragged history"

    beside_fit(oracle, work, observed)


def snapshots_beside_fit(oracle: Oracle, observed: bool) -> None:
    def work(net: cr.Network, number: int) -> None:
        oracle.epoch_of(net.params.copy())
        assert "dense" in repr(net)
        assert sum(each.size for each in net.params.values()) > 0

    beside_fit(oracle, work, observed)


def changes_beside_fit(oracle: Oracle, observed: bool) -> None:
    """Changes are refused; where they come between two calls of fit, they change nothing here."""

    def work(net: cr.Network, number: int) -> None:
        name = next(iter(net.params))
        if number % 4 == 0:
            assert refused(lambda: net.add(nn.Dense(1))) or True
        elif number % 4 == 1:
            net.predict(rows(oracle.data, 20 + number))
        elif number % 4 == 2:
            before = net.params.copy()[name]
            refused(lambda: net.params.__setitem__(name, before))
        else:
            refused(lambda: oracle.fit(net, 1))

    started, done, net = threading.Event(), threading.Event(), oracle.make()
    net.predict(rows(oracle.data, 2))

    def wait(*unused: Any) -> bool:
        started.set()
        return False

    def run(number: int) -> None:
        if number:
            started.wait(600)
            while not done.is_set():
                if not started.is_set():
                    break
                work(net, number)
            return
        try:
            oracle.fit(net, EPOCHS, callbacks=[wait, lambda net, epoch, logs: hold(epoch)])
        finally:
            done.set()

    def hold(epoch: int) -> None:
        if epoch == EPOCHS - 1:  # nothing may come after the last step
            started.clear()
            done.wait(0.05)

    in_threads(run)
    assert oracle.epoch_of(net.params) == EPOCHS


def fits_at_once(oracle: Oracle, observed: bool) -> None:
    net = oracle.make()
    net.predict(rows(oracle.data, 2))
    trained = in_threads(lambda k: not refused(lambda: oracle.fit(net, 1)))
    assert any(trained)
    assert oracle.epoch_of(net.params) == sum(trained), "fits at once train otherwise than in turn"


def failures_leave_the_next_fit(oracle: Oracle, observed: bool) -> None:
    net = oracle.make()
    net.predict(rows(oracle.data, 2))

    def fail(net: Any, epoch: int, logs: Any) -> None:
        raise (KeyboardInterrupt if epoch % 2 else LookupError)

    def run(number: int) -> int:
        if number % 4 == 3:
            oracle.check(net, "predict")
            return 0
        try:
            return 0 if refused(lambda: oracle.fit(net, 3, callbacks=fail)) else 3
        except (KeyboardInterrupt, LookupError):
            return 1

    trained = sum(in_threads(run))
    assert oracle.epoch_of(net.params) == trained
    if trained < EPOCHS:
        oracle.fit(net, 1)
        assert oracle.epoch_of(net.params) == trained + 1


def forks_beside_fit(oracle: Oracle, observed: bool) -> None:
    if not hasattr(os, "fork"):
        return

    def work(net: cr.Network, number: int) -> None:
        if number > 2:
            oracle.check(net, "predict")
            return
        child = os.fork()
        if not child:
            code = 1
            try:
                epoch = oracle.epoch_of(net.params)
                oracle.check(net, "predict in batches")
                oracle.fit(net, 1)
                code = 0 if oracle.epoch_of(net.params) == epoch + 1 else 2
            except BaseException:  # noqa: BLE001 - shown
                traceback.print_exc()
            finally:
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code == 0, f"a forked child ends with {code}"

    beside_fit(oracle, work, observed)


def a_server(oracle: Oracle, observed: bool) -> None:
    net, turns = oracle.make(), threading.Lock()
    net.predict(rows(oracle.data, 2))
    names = list(oracle.queries)

    def train() -> None:
        with turns:
            oracle.fit(net, 1)

    async def serve() -> None:
        requests = [
            asyncio.to_thread(train)
            if k % 8 == 0
            else asyncio.to_thread(oracle.check, net, names[k % len(names)])
            for k in range(8 * EPOCHS)
        ]
        await asyncio.wait_for(asyncio.gather(*requests), 120)

    asyncio.run(serve())
    assert oracle.epoch_of(net.params) == EPOCHS


def machines(oracle: Oracle, observed: bool) -> None:
    known, done = set(), threading.Event()
    alone, machine = cr.RBM(5, seed=1, momentum=0.5), cr.RBM(5, seed=1, momentum=0.5)

    def note(machine: Any, *unused: Any) -> None:
        known.add(machine.transform(BITS).tobytes())

    for each in (alone, machine):
        each.fit(BITS, verbose=0)  # the first fit initialises the biases
    note(alone)
    alone.fit(BITS, epochs=EPOCHS + 1, verbose=0, callbacks=note)
    with tempfile.TemporaryDirectory() as folder:

        def run(number: int) -> None:
            if not number:
                try:
                    machine.fit(BITS, epochs=EPOCHS, verbose=0, callbacks=lambda *unused: None)
                finally:
                    done.set()
                return
            while not done.is_set():
                assert machine.transform(BITS).tobytes() in known, "features of no epoch"
                path = Path(folder, f"{number}.safetensors")
                if number % 2:
                    machine.save(path)
                    assert cr.load(path).transform(BITS).tobytes() in known

        in_threads(run)


SCENARIOS: list[Callable[[Oracle, bool], None]] = [
    predict_beside_fit,
    first_predictions_beside_first_fit,
    save_beside_fit,
    copies_beside_fit,
    snapshots_beside_fit,
    changes_beside_fit,
    fits_at_once,
    failures_leave_the_next_fit,
    forks_beside_fit,
    a_server,
    machines,
]


def main(rounds: int, seed: int) -> int:
    sys.setswitchinterval(1e-6)
    random = np.random.default_rng(seed)
    makes, faults = [dense, by_hand, of_table], 0
    oracle = functools.cache(Oracle)
    for turn in range(rounds):
        for scenario in SCENARIOS:
            make = makes[random.integers(3)]
            # In the first round each network has one size, so that few programs are compiled.
            size = (16, 24, None)[random.integers(3) if turn else makes.index(make)]
            observed = bool(random.integers(2))
            try:
                scenario(oracle(make, size), observed)
            except Exception as error:  # noqa: BLE001 - reported
                faults += 1
                name = f"{scenario.__name__} {make.__name__} {size} {observed} round {turn}"
                print(f"{name}: {type(error).__name__}: {error}", flush=True)
                if "-v" in sys.argv:
                    traceback.print_exc()
    print(f"{rounds * len(SCENARIOS)} runs, {faults} faults")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
