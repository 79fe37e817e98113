"""A network used by several threads gives the bits of a single one, or refuses clearly."""

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError, ShapeError
from chainrule.train.network import model_of
from tests.prepared_python import run_program

THREADS = 8
X = np.random.default_rng(0).normal(size=(80, 4)).astype("float32")
SERIES = np.random.default_rng(1).normal(size=(80, 3, 4)).astype("float32")
Y = X[:, :1] ** 2


class ByHand(nn.Layer):
    """A layer of the tutorials: forward saves what its backward reads, in every kind of place."""

    def __init__(self, units: int) -> None:
        self.units = units
        self.cache: dict[str, Any] = {}
        self.seen: list[Any] = []

    def build(self, input_shape: Any) -> None:
        self.weight = self.parameter("weight", (input_shape[-1], self.units))
        self.calls = self.parameter("calls", (), "zeros", trainable=False)

    def forward(self, x: Any) -> Any:
        self.shape = x.shape
        self.x = np.reshape(x, self.shape)
        self.cache["z"] = self.x @ self.weight
        self.seen.append(self.cache["z"])
        self.calls.value = self.calls.value + 1
        self.y = np.tanh(self.seen[-1])
        return self.y

    def backward(self, dy: Any) -> Any:
        delta = dy * (1 - self.y * np.tanh(self.cache["z"]))
        self.weight.grad = self.x.T @ delta
        return np.reshape(delta @ self.weight.T, self.shape)


class Around(nn.Layer):
    """A layer of layers that writes into one of them."""

    def __init__(self) -> None:
        self.inner = ByHand(4)
        self.blocks = [nn.Dense(4), nn.Dropout(0.5), nn.BatchNorm()]

    def forward(self, x: Any) -> Any:
        self.inner.shift = x[0, 0] * 0
        for block in self.blocks:
            x = block(x)
        return self.inner(x) + self.inner.shift


def dense() -> list[nn.Layer]:
    return [nn.Dense(6, activation="relu"), nn.BatchNorm(), nn.Dropout(0.2), nn.Dense(1)]


def by_hand() -> list[nn.Layer]:
    return [ByHand(5), nn.Residual([ByHand(5), ByHand(5)]), Around(), nn.Dense(1)]


def recurrent() -> list[nn.Layer]:
    return [nn.Bidirectional(nn.LSTM(3, return_sequences=True)), nn.RNN(3), nn.Dense(1)]


LAYERS = [dense, by_hand, recurrent]


def network(make: Callable[[], list[nn.Layer]], **settings: Any) -> cr.Network:
    net = cr.Network(make(), seed=3, **settings)
    net.compile("mse", optimizer="adam", metrics="mae")
    return net


def inputs_of(make: Callable[[], list[nn.Layer]]) -> Any:
    return SERIES if make is recurrent else X


@pytest.fixture(autouse=True)
def frequent_switches() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def in_threads(work: Callable[[int], Any], count: int = THREADS) -> list[Any]:
    """Call work(0), work(1), ... at the same moment, one a thread; return results or errors."""
    barrier = threading.Barrier(count, timeout=600)

    def call(number: int) -> Any:
        barrier.wait()
        try:
            return work(number)
        except Exception as error:  # noqa: BLE001 - the test reads it
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(call, range(count)))


def assert_same(found: list[Any], expected: list[Any]) -> None:
    for one, other in zip(found, expected, strict=True):
        if isinstance(one, Exception):
            raise one
        np.testing.assert_array_equal(one, other)


def assert_clean(net: cr.Network) -> None:
    """Assert that no node is left in a parameter or an attribute of a layer."""
    assert all(type(value) is np.ndarray for value in net.params.values())
    for layer in model_of(net).stack._all_layers:
        assert "<traced" not in repr(vars(layer)), vars(layer)


@pytest.mark.parametrize(
    ("make", "backend"), [*((make, "numpy") for make in LAYERS), (dense, "llvm")]
)
def test_predictions_of_any_size_also_of_an_unbuilt_network(
    make: Any, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAINRULE_BACKEND", backend)
    data, alone = inputs_of(make), network(make)
    expected = [alone.predict(data[: 60 + k]) for k in range(THREADS)]
    for _ in range(3 if backend == "numpy" else 1):
        net = network(make)
        assert_same(in_threads(lambda k: net.predict(data[: 60 + k])), expected)  # noqa: B023
        assert_clean(net)


def test_eager_calls_share_nothing_while_they_run() -> None:
    net, alone = network(by_hand), network(by_hand)
    expected = [alone(X[: 60 + k]) for k in range(THREADS)]
    assert_same(in_threads(lambda k: net(X[: 60 + k])), expected)
    assert isinstance(vars(net.layers[0])["cache"]["z"], np.ndarray)
    assert_clean(net)


def test_a_prediction_of_one_size_is_compiled_once() -> None:
    net = network(dense)
    net(X)
    assert_same(in_threads(lambda k: net.predict(X)), [net.predict(X)] * THREADS)
    purposes = [key[0] for key in model_of(net).programs._programs]
    assert purposes.count("predict program") == 1


@pytest.mark.parametrize("make", LAYERS)
def test_of_two_calls_of_fit_one_is_refused(make: Any, monkeypatch: Any) -> None:
    if make is not dense:
        monkeypatch.setenv("CHAINRULE_BACKEND", "numpy")
    data, alone, net = inputs_of(make), network(make), network(make)
    found = in_threads(lambda k: net.fit(data, Y, verbose=0), 3)
    histories = [each for each in found if not isinstance(each, Exception)]
    refusals = [each for each in found if isinstance(each, Exception)]
    assert histories
    assert all("fit: another thread is training this network" in str(each) for each in refusals)
    for _ in histories:
        alone.fit(data, Y, verbose=0)
    assert_same(list(net.params.values()), list(alone.params.values()))
    assert_clean(net)


def test_a_callback_may_wait_for_a_thread_that_calls_fit() -> None:
    net, alone, messages = network(dense), network(dense), []

    def call(net: Any, epoch: int, logs: Any) -> None:
        with ThreadPoolExecutor(1) as pool:
            messages.append(str(pool.submit(net.fit, X, Y, verbose=0).exception(60)))

    net.fit(X, Y, epochs=2, verbose=0, callbacks=call)
    assert ["fit: another thread is training" in each for each in messages] == [True, True]
    alone.fit(X, Y, epochs=2, verbose=0)
    assert_same(list(net.params.values()), list(alone.params.values()))


def test_fit_beside_predict_gives_outputs_of_finished_epochs() -> None:
    epochs, alone = 12, network(by_hand)
    known = {alone.predict(X).tobytes()}

    def note(net: Any, epoch: int, logs: Any) -> None:
        known.add(net.predict(X).tobytes())

    alone.fit(X, Y, epochs=epochs, verbose=0, callbacks=note)
    net = network(by_hand)
    net.predict(X[:1])
    done = threading.Event()

    def work(number: int) -> Any:
        if number == 0:
            try:
                return net.fit(X, Y, epochs=epochs, verbose=0, callbacks=lambda *args: False)
            finally:
                done.set()
        outputs = {net.predict(X).tobytes()}
        while not done.is_set():
            outputs.add(net.predict(X).tobytes())
        return outputs

    history, *outputs = in_threads(work, 3)
    assert history.epochs == epochs
    assert set().union(*outputs) <= known
    assert_same(list(net.params.values()), list(alone.params.values()))


def test_compile_add_and_parameter_writes_are_refused_while_another_thread_trains() -> None:
    net, alone = network(dense), network(dense)
    started, go_on = threading.Event(), threading.Event()

    def wait(net: Any, epoch: int, logs: Any) -> bool:
        started.set()
        return not go_on.wait(600)

    alone.fit(X, Y, epochs=2, verbose=0)
    with ThreadPoolExecutor(1) as pool:
        fit = pool.submit(net.fit, X, Y, epochs=2, verbose=0, callbacks=wait)
        started.wait(600)
        with pytest.raises(ArgumentError, match="compile: another thread is training"):
            net.compile("mse")
        with pytest.raises(ArgumentError, match="add: another thread is training"):
            net.add(nn.Dense(1))
        with pytest.raises(ArgumentError, match="params: another thread is training"):
            net.params["dense.bias"] = np.zeros(6)
        assert net.predict(X).shape == (80, 1)
        go_on.set()
        assert fit.result().epochs == 2
    assert_same(list(net.params.values()), list(alone.params.values()))


def test_fit_and_compile_are_refused_in_a_callback_of_fit() -> None:
    net, alone, messages = network(dense), network(dense), []

    def call(net: Any, epoch: int, logs: Any) -> None:
        for refused in (lambda: net.fit(X, Y), lambda: net.compile("mse")):
            with pytest.raises(ArgumentError) as error:
                refused()
            messages.append(str(error.value))

    net.fit(X, Y, epochs=2, verbose=0, callbacks=call)
    assert all("while fit is training the same network" in each for each in messages)
    alone.fit(X, Y, epochs=2, verbose=0)
    assert_same(list(net.params.values()), list(alone.params.values()))


def test_compile_save_and_parameter_writes_beside_predict(tmp_path: Any) -> None:
    net = network(dense)
    net(X)
    values = {name: np.array(value) for name, value in net.params.items()}
    others = {name: value + 1 for name, value in values.items()}
    outputs = set()
    for each in (others, values):
        net.params.update(each)
        outputs.add(net.predict(X).tobytes())

    def work(number: int) -> Any:
        for turn in range(20):
            if number == 0:
                net.compile(("mse", "mae")[turn % 2])
            elif number == 1:
                net.save(tmp_path / "net.safetensors")
            elif number == 2:
                net.params["dense_1.weight"] = others["dense_1.weight"]
                net.params["dense_1.weight"] = values["dense_1.weight"]
            else:
                net.predict(X[: 70 + turn % 4])
                assert net.evaluate(X, Y)["loss"] >= 0
        return 0

    assert_same(in_threads(work, 5), [0] * 5)
    assert net.predict(X).tobytes() in outputs
    loaded = cr.load(tmp_path / "net.safetensors")
    assert set(loaded.params) == set(values)


def test_a_loss_may_read_what_a_layer_saved() -> None:
    code = ByHand(3)

    def loss(y: Any, p: Any) -> Any:
        return np.mean((y - p) ** 2, axis=1) + 0.1 * np.sum(code.cache["z"] ** 2, axis=1)

    net = cr.Network([code, nn.Dense(1)], seed=0)
    net.compile(loss, optimizer="sgd", learning_rate=0.1)
    before = net.predict(X).copy()
    history = net.fit(X, Y, epochs=3, batch_size=None, verbose=0)
    assert history["loss"][0] > history["loss"][2]
    assert np.any(net.predict(X) != before)
    assert_clean(net)


def test_layers_used_without_a_network_are_built_once() -> None:
    for make in (lambda: ByHand(3), lambda: nn.Dense(3), Around, lambda: nn.LSTM(3)):
        data = SERIES if isinstance(make(), nn.LSTM) else X
        shared, alone = make(), make()
        expected = alone(data).shape
        assert_same(in_threads(lambda k: shared(data).shape), [expected] * THREADS)  # noqa: B023
        assert list(shared.parameters()) == list(alone.parameters())


def test_a_trace_is_invisible_to_other_threads_while_it_runs() -> None:
    reached, seen = threading.Event(), threading.Event()

    class Slow(ByHand):
        def forward(self, x: Any) -> Any:
            y = super().forward(x)
            if len(x) == 61:
                reached.set()
                assert seen.wait(600)
            return y

    net = cr.Network([Slow(3), nn.Dense(1)], seed=0)
    expected = net.predict(X)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(net.predict, X[:61])
        assert reached.wait(600)
        assert_clean(net)
        assert_same([net.predict(X), net.predict(X[:5])], [expected, expected[:5]])
        seen.set()
        assert_same([running.result()], [expected[:61]])


def test_derivatives_of_one_network_in_threads() -> None:
    net = network(dense)
    net(X)

    def energy(x: Any) -> Any:
        return np.sum(net(x) ** 2)

    expected = [cr.grad(energy)(X[: 20 + k]) for k in range(THREADS)]
    for function in (cr.grad(energy), cr.jit(cr.grad(energy))):
        found = in_threads(lambda k: function(X[: 20 + k]))  # noqa: B023
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_a_server_answers_while_it_trains() -> None:
    net, alone = network(dense), network(dense)
    for _ in range(3):
        alone.fit(X, Y, verbose=0)

    turns = threading.Lock()

    def train() -> Any:
        with turns:
            return net.fit(X, Y, verbose=0)

    async def serve() -> list[Any]:
        def request(number: int) -> Any:
            if number % 10 == 5:
                return asyncio.to_thread(train)
            return asyncio.to_thread(net.predict, X[: 1 + number % 4])

        return await asyncio.wait_for(asyncio.gather(*map(request, range(30))), 60)

    answers = asyncio.run(serve())
    assert [len(x) for x in answers if isinstance(x, np.ndarray)] == [
        1 + number % 4 for number in range(30) if number % 10 != 5
    ]
    assert_same(list(net.params.values()), list(alone.params.values()))


def test_all_that_a_network_does_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINRULE_BACKEND", "numpy")
    alone = network(by_hand)
    expected = [alone.predict(X[: 20 + k]) for k in range(THREADS)]
    for _ in range(3):
        net = network(by_hand)
        uses: dict[int, Callable[[], Any]] = {
            0: lambda: net(X[:20]),  # noqa: B023
            1: lambda: net.layers[0](X[:30]),  # noqa: B023
            2: lambda: cr.grad(lambda x: np.sum(net(x)))(X[:10]),  # noqa: B023
            3: lambda: cr.jit(lambda x: np.sum(net(x)))(X[:10]),  # noqa: B023
            4: lambda: net.evaluate(X, Y),  # noqa: B023
        }

        def work(number: int) -> Any:
            uses.get(number, lambda: None)()  # noqa: B023
            return net.predict(X[: 20 + number])  # noqa: B023

        assert_same(in_threads(work), expected)
        assert_clean(net)


def test_a_machine_answers_while_it_trains() -> None:
    bits = (X > 0).astype("float32")
    alone, machine = cr.RBM(5, seed=1), cr.RBM(5, seed=1)
    for each in (alone, machine):
        each.transform(bits)
    alone.fit(bits, epochs=4, verbose=0)

    def work(number: int) -> Any:
        if number < 1:
            return machine.fit(bits, epochs=4, verbose=0).epochs
        return machine.transform(bits[:70]).shape

    assert_same(in_threads(work), [4] + [(70, 5)] * 7)
    assert_same(list(machine.params.values()), list(alone.params.values()))


def test_scenarios_of_eight_threads() -> None:
    """In a process of its own: a crash or a hang ends it alone."""
    script = Path(__file__).with_name("thread_scenarios.py")
    run = run_program([str(script), "1", "7"])
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_copy_of_the_parameters_is_assigned_again() -> None:
    net = network(dense)
    net(X)
    before, expected = net.params.copy(), net.predict(X)
    net.fit(X, Y, verbose=0)
    net.params.update(before)
    assert_same([net.predict(X)], [expected])


def test_a_callback_may_assign_another_array_to_a_parameter() -> None:
    def halve(net: Any, epoch: int, logs: Any) -> None:
        layer = net.layers[0]
        layer.weight.value = layer.weight.value / 2
        seen.append(net.params["dense.weight"].copy())

    def grow(net: Any, epoch: int, logs: Any) -> None:
        net.layers[0].weight.value = np.zeros((5, 6), "float32")

    net, alone, seen = network(dense), network(dense), []
    net.fit(X, Y, epochs=3, verbose=0, callbacks=halve)
    for _ in range(3):
        alone.fit(X, Y, verbose=0)
        alone.params["dense.weight"][...] /= 2
    assert_same(list(net.params.values()), list(alone.params.values()))
    assert_same([net.params["dense.weight"]], seen[-1:])
    with pytest.raises(ShapeError, match="they must be equal"):
        net.fit(X, Y, verbose=0, callbacks=grow)
