"""A callback after a step costs what it reads, and reads and writes the parameters of that step."""

import copy
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import DataError
from chainrule.train.fit import publication
from chainrule.train.fit.train_state import TrainState
from chainrule.train.network import model_of

X = np.random.default_rng(0).normal(size=(24, 5)).astype("float32")
Y = X[:, :1] ** 2


@pytest.fixture(autouse=True)
def interpreted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINRULE_BACKEND", "numpy")


def network() -> Any:
    net = cr.Network([nn.Dense(6, activation="tanh"), nn.BatchNorm(), nn.Dense(1)], seed=4)
    net.compile("mse", "adam", learning_rate=0.05)
    net(X)
    return net


def loaded(net: Any, folder: Path) -> Any:
    net.save(folder / "net.safetensors")
    net = cr.load(folder / "net.safetensors")
    return net.predict(X)


def from_a_thread(net: Any) -> Any:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(net.params.copy).result(600)["dense.weight"]


def trained_on(net: Any) -> Any:
    """The slots of the optimiser are those of the step, too."""
    net.fit(X, Y, epochs=1, batch_size=None, verbose=0)
    return net.predict(X)


def after_a_bias(net: Any) -> Any:
    """All is of one step, also where one parameter has been read before the others."""
    bias = net.params["dense.bias"].copy()
    assert np.array_equal(bias, net.params.copy()["dense.bias"])
    return net.predict(X)


held: dict[int, Any] = {}
other: dict[int, Any] = {}

READS = {
    "predict": lambda net, folder: net.predict(X),
    "an item": lambda net, folder: net.params["dense_1.weight"],
    "a layer": lambda net, folder: net.layers[0].weight.T,
    "running statistics": lambda net, folder: net.params["batch_norm.mean"],
    "a call": lambda net, folder: net(X),
    "evaluate": lambda net, folder: net.evaluate(X, Y)["loss"],
    "a file": loaded,
    "a state": lambda net, folder: net.state().tensors["dense.weight"],
    "a copy": lambda net, folder: copy.deepcopy(net).predict(X),
    "a copied layer": lambda net, folder: copy.deepcopy(net.layers[0]).weight,
    "a pickle": lambda net, folder: pickle.loads(pickle.dumps(net)).predict(X),
    "a copy trained on": lambda net, folder: trained_on(copy.deepcopy(net)),
    "a bias, then all": lambda net, folder: after_a_bias(net),
    "a view held since before": lambda net, folder: held[id(net)],
    "a network that shares layers": lambda net, folder: other[id(net)].predict(X),
    "a compiled function": lambda net, folder: cr.jit(lambda x: net(x))(X),
    "gradients": lambda net, folder: net.gradients(X, Y)["dense.weight"],
    "another thread, that waits": lambda net, folder: (
        net.params["dense.bias"],
        from_a_thread(net),
    )[1],
}


def test_what_is_read_after_a_step_is_what_is_read_after_an_epoch_of_one_step(
    tmp_path: Path,
) -> None:
    found: list[list[Any]] = []
    for hook in ("on_epoch_end", "on_step_end"):
        net, seen = network(), []
        held[id(net)] = net.params["dense.weight"]
        other[id(net)] = net[:2]
        other[id(net)].predict(X)

        def look(net: Any, number: int, logs: Any, seen: list[Any] = seen) -> None:
            read = list(READS.values())[number]
            seen.append(np.array(read(net, tmp_path)))

        callback = cr.LambdaCallback(**{hook: look})
        net.fit(X, Y, epochs=len(READS), batch_size=None, callbacks=callback, verbose=0)
        found.append([*seen, *net.params.copy().values()])
    for name, one, two in zip([*READS, *net.params], *found, strict=True):
        np.testing.assert_array_equal(one, two, name)


def write_item(net: Any) -> None:
    net.params["dense.weight"] = net.params["dense.weight"] * 0.5


def write_in_place(net: Any) -> None:
    net.params["dense.weight"][1:] *= 0.5


def write_to_a_layer(net: Any) -> None:
    net.layers[0].weight.value = net.layers[0].weight.value * 0.5


def write_held(net: Any) -> None:
    held[id(net)][:] *= 0.5


def write_after_predicting(net: Any) -> None:
    weight = net.params["dense.weight"]
    net.predict(X)
    weight *= 0.5


def update(net: Any) -> None:
    net.params.update({name: value * 0.9 for name, value in net.params.items()})


def set_the_rate(net: Any) -> None:
    net.optimizer = cr.optim.Adam(0.9 * net.optimizer.learning_rate)


def freeze(net: Any) -> None:
    net.layers[0].trainable = not net.layers[0].trainable


WRITES = [
    write_item, write_in_place, freeze, write_to_a_layer, write_held, freeze,
    write_after_predicting, update, set_the_rate,
]  # fmt: skip


def test_what_is_written_after_a_step_takes_effect_in_the_next() -> None:
    found: list[list[Any]] = []
    for hook in ("on_epoch_end", "on_step_end"):
        net = network()
        held[id(net)] = net.params["dense.weight"]

        def change(net: Any, number: int, logs: Any) -> None:
            WRITES[number](net)

        callback = cr.LambdaCallback(**{hook: change})
        history = net.fit(X, Y, epochs=len(WRITES), batch_size=None, callbacks=callback, verbose=0)
        found.append([history["loss"], *net.params.copy().values()])
    for one, two in zip(*found, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("write", [write_item, write_in_place, write_held])
def test_what_is_written_in_any_way_changes_what_follows(write: Any) -> None:
    net, alone = network(), network()
    held[id(net)] = net.params["dense.weight"]
    callback = cr.LambdaCallback(on_step_end=lambda net, step, logs: write(net))
    changed = net.fit(X, Y, epochs=2, batch_size=None, callbacks=callback, verbose=0)
    unchanged = alone.fit(X, Y, epochs=2, batch_size=None, verbose=0)
    assert changed["loss"][0] == unchanged["loss"][0]
    assert changed["loss"][1] != unchanged["loss"][1]


@pytest.mark.parametrize("hook", ["on_epoch_end", "on_step_end"])
def test_zeros_of_either_sign_are_taken_as_they_are_written(hook: str) -> None:
    net = network()
    net.params["dense.bias"] = np.zeros(6)

    def write(net: Any, number: int, logs: Any) -> None:
        net.params["dense.bias"][:] = -0.0

    net.layers[0].trainable = False
    net.fit(X, Y, epochs=2, callbacks=cr.LambdaCallback(**{hook: write}), verbose=0)
    assert np.signbit(net.params["dense.bias"]).all()


def counts(monkeypatch: pytest.MonkeyPatch, look: Any, **arguments: Any) -> Any:
    """Return the shapes of the arrays copied in 6 compiled steps, and how often slots are."""
    monkeypatch.setenv("CHAINRULE_BACKEND", "llvm")
    copies: list[Any] = []
    slots: list[int] = []
    published_slots = TrainState.published_slots
    net = network()
    net.fit(X, Y, epochs=1, batch_size=4, verbose=0)

    class Counting:
        def __getattr__(self, name: str) -> Any:
            return getattr(np, name)

        def copyto(self, destination: Any, source: Any) -> None:
            copies.append(destination.shape)
            np.copyto(destination, source)

    with monkeypatch.context() as patch:
        patch.setattr(publication, "np", Counting())
        patch.setattr(
            TrainState, "published_slots", lambda self: slots.append(1) or published_slots(self)
        )
        patch.setattr(publication.Publication, "publish_at_intervals", lambda self: None)
        callback = cr.LambdaCallback(on_step_end=look)
        net.fit(X, Y, epochs=1, batch_size=4, callbacks=callback, verbose=0, **arguments)
    return copies, len(slots)


def test_a_callback_that_reads_the_loss_copies_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert counts(monkeypatch, lambda net, step, logs: logs["loss"]) == ([], 1)  # at the end of fit


def test_a_callback_that_reads_one_parameter_copies_that_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copies, slots = counts(monkeypatch, lambda net, step, logs: net.params["dense_1.bias"][0])
    assert copies == [(1,)] * 12  # what is new, and what was published before, a step
    assert slots == 1


def test_other_threads_read_what_is_of_one_moment() -> None:
    """Also while a callback has read single parameters."""
    known, alone, net = set(), network(), network()

    def note(net: Any, step: int, logs: Any) -> None:
        known.add(b"".join(each.tobytes() for each in net.params.copy().values()))

    known.add(b"".join(each.tobytes() for each in net.params.copy().values()))
    note(alone, 0, {})
    callback = cr.LambdaCallback(on_step_end=note)
    alone.fit(X, Y, epochs=3, batch_size=4, callbacks=callback, verbose=0)
    done, found, sizes = threading.Event(), set(), set()

    def read() -> None:
        while not done.is_set():
            found.add(b"".join(each.tobytes() for each in net.params.copy().values()))
            threading.Event().wait(0.0002)

    def look(net: Any, step: int, logs: Any) -> None:
        bias = net.params["dense_1.bias"]
        before = bias.copy()
        threading.Event().wait(0.001)
        assert np.array_equal(before, bias)
        sizes.add(len(found))

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        try:
            callback = cr.LambdaCallback(on_step_end=look)
            net.fit(X, Y, epochs=3, batch_size=4, callbacks=callback, verbose=0)
        finally:
            done.set()
        for each in readers:
            each.result(600)
    assert found <= known
    assert len(sizes) > 1
    for one, two in zip(net.params.values(), alone.params.values(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_an_exception_after_a_step_leaves_its_parameters() -> None:
    def fail(net: Any, step: int, logs: Any) -> None:
        assert net.params["dense.bias"].any()
        if step == 3:
            raise ZeroDivisionError

    net, alone = network(), network()
    with pytest.raises(ZeroDivisionError):
        net.fit(
            X, Y, epochs=2, batch_size=4, callbacks=cr.LambdaCallback(on_step_end=fail), verbose=0
        )
    kept: dict[int, Any] = {}

    def keep(net: Any, step: int, logs: Any) -> None:
        kept[step] = net.params.copy()

    alone.fit(
        X, Y, epochs=1, batch_size=4, callbacks=cr.LambdaCallback(on_step_end=keep), verbose=0
    )
    for name, value in net.params.items():
        np.testing.assert_array_equal(value, kept[3][name])
    assert model_of(net).counter.steps == 4
    assert net.predict(X).shape == (24, 1)


def test_nan_that_a_callback_writes_after_a_step_is_its_own() -> None:
    def spoil(net: Any, step: int, logs: Any) -> None:
        net.params["dense_1.bias"][:] = np.nan

    with pytest.raises(DataError, match=r"callback LambdaCallback has written NaN .*dense_1.bias"):
        network().fit(X, Y, callbacks=cr.LambdaCallback(on_step_end=spoil), verbose=0)
