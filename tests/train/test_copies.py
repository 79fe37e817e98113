"""Copies and pickles: an independent, equal object that goes on as the original, or a refusal."""

import copy
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule import data, nn, optim, pickling
from chainrule.errors import FormatError, UnsupportedError
from tests.contracts.layer_samples import SAMPLES, LayerSample, inputs
from tests.train.copied_objects import BITS, NETWORKS, ROWS, Scale, X, Y, machine, network, seen

ROOT = Path(__file__).parents[2]
WAYS = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{f"pickle {n}": lambda o, n=n: pickle.loads(pickle.dumps(o, n)) for n in (0, 5)},
}


CUSTOM_SAMPLE = LayerSample(lambda: Scale(5.0), (2, 4), (2, 3))


def as_seen(net, inputs):
    return net.predict(inputs).tobytes(), {k: v.tobytes() for k, v in net.params.items()}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_copy_predicts_and_goes_on_training_as_the_original(name):
    make, inputs, targets = NETWORKS[name]
    for way, copied in WAYS.items():
        net = make()
        other = copied(net)
        before = as_seen(net, inputs)
        assert as_seen(other, inputs) == before, way
        history = other.fit(inputs, targets, epochs=2, verbose=0)
        assert as_seen(net, inputs) == before, way
        assert history["loss"] == net.fit(inputs, targets, epochs=2, verbose=0)["loss"], way
        assert as_seen(net, inputs) == as_seen(other, inputs), way


def test_a_copy_of_a_network_without_sizes_is_built_by_itself():
    for copied in WAYS.values():
        net = cr.Network([nn.Dense(3), Scale()], seed=1)
        other = copied(net)
        other.predict(X[:, :2])
        assert (
            net.predict(X).tobytes()
            == cr.Network([nn.Dense(3), Scale()], seed=1).predict(X).tobytes()
        )


def test_a_copy_of_a_machine_goes_on_training_as_the_original():
    for copied in WAYS.values():
        one = machine()
        other = copied(one)
        before = one.free_energy(BITS)
        other.fit(BITS, verbose=0)
        assert np.array_equal(one.free_energy(BITS), before)
        one.fit(BITS, verbose=0)
        assert np.array_equal(one.free_energy(BITS), other.free_energy(BITS))


def test_a_copy_made_in_a_callback_is_of_that_step():
    net, copies = network([nn.Dense(3), nn.Dropout(0.2), nn.Dense(1)]), []
    net.fit(
        X,
        Y,
        epochs=3,
        verbose=0,
        callbacks=lambda net, epoch, logs: copies.append(copy.deepcopy(net)),
    )
    again = network([nn.Dense(3), nn.Dropout(0.2), nn.Dense(1)])
    again.fit(X, Y, epochs=1, verbose=0)
    assert as_seen(again, X) == as_seen(copies[0], X)
    assert as_seen(net, X) == as_seen(copies[2], X)
    copies[2].fit(X, Y, verbose=0)


def test_a_copy_made_beside_fit_is_of_one_moment():
    net = network([nn.Dense(1, initializer="zeros")], "mse", optim.SGD(1e-3))
    ends = {0.0}
    alone = network([nn.Dense(1, initializer="zeros")], "mse", optim.SGD(1e-3))
    for _ in range(60):
        alone.fit(X, Y, verbose=0)
        ends.add(float(np.sum(alone.predict(X))))
    net.predict(X)
    thread = threading.Thread(target=lambda: net.fit(X, Y, epochs=60, verbose=0))
    thread.start()
    copies = [copy.deepcopy(net), pickle.loads(pickle.dumps(net))]
    while thread.is_alive() and len(copies) < 40:
        copies.append(copy.deepcopy(net))
    thread.join()
    assert {float(np.sum(each.predict(X))) for each in copies} <= ends


def test_a_copy_of_a_layer_shares_no_parameter():
    for sample in [*SAMPLES, CUSTOM_SAMPLE]:
        x = inputs(sample)
        for is_built in (False, True):
            for way, copied in WAYS.items():
                layer = sample.make()
                if is_built:
                    layer(x)
                other = copied(layer)
                assert other.config() == layer.config()
                y = layer(x)
                assert np.array_equal(y, other(x)), (layer, way)
                for each in other.parameters().values():
                    each.value[...] = 7.0
                assert np.array_equal(y, layer(x)), (layer, way)


RECORDS = [
    lambda: optim.Adam(optim.cosine(0.1, epochs=3)),
    lambda: optim.SGD(optim.reduce_on_plateau(0.1)),
    lambda: nn.LOSSES["huber"], lambda: data.Number("age"), lambda: data.Category("town"),
    lambda: partial(nn.INITIALIZERS["normal"], stddev=0.1).keywords,
    lambda: optim.warmup(0.1, steps=3),
]  # fmt: skip


def test_copies_of_records_are_equal():
    for make in RECORDS:
        for way, copied in WAYS.items():
            assert copied(make()) == make(), way


def test_copies_of_tables_histories_callbacks_and_parameters_are_independent():
    net = network([nn.Dense(1)])
    stopping = cr.EarlyStopping("loss", patience=3)
    net.fit(X, Y, epochs=2, verbose=0, callbacks=stopping)
    for way, copied in WAYS.items():
        table = data.Table().fit(ROWS)
        assert np.array_equal(copied(table).transform(ROWS), table.transform(ROWS)), way
        history = copied(net.history)
        assert dict(history) == dict(net.history), way
        history.append({"loss": 1.0})
        assert net.history.epochs == 2
        assert (copied(stopping).best, copied(stopping).patience) == (stopping.best, 3), way
        before = net.params["dense.weight"].copy()
        params = copied(net.params)
        assert {name: each.tolist() for name, each in params.items()} == {
            name: each.tolist() for name, each in net.params.items()
        }
        params["dense.weight"] = np.zeros((4, 1))
        assert np.array_equal(net.params["dense.weight"], before), way
        net.params.update(params)
        assert not net.params["dense.weight"].any()
        net.params["dense.weight"] = before


def test_a_pickle_holds_no_compiled_program():
    net = network([nn.Dense(3), nn.Dense(1)])
    net.fit(X, Y, verbose=0)
    for _ in range(3):
        net.predict(X)
        net.predict(X[:3])
    content = pickle.dumps(net)
    assert len(content) < 20_000
    for word in (b"ProgramCache", b"Node", b"llvm", b"RLock"):
        assert word not in content, word


@pytest.mark.parametrize("make", [
    lambda: network([nn.Dense(1)]), lambda: nn.Dense(3), lambda: optim.SGD(0.1), machine,
    lambda: data.Table().fit(ROWS), cr.EarlyStopping,
])  # fmt: skip
def test_a_pickle_of_another_version_is_refused(make, monkeypatch):
    content = pickle.dumps(make())
    monkeypatch.setattr(pickling, "_version", lambda: "9.9.9")
    with pytest.raises(FormatError, match=r"pickled by chainrule .* net\.save\(path\)"):
        pickle.loads(content)


def test_what_python_cannot_pickle_is_named():
    for layer in (nn.Dense(3, activation=lambda x: x), nn.Activation(lambda x: x)):
        net = cr.Network([layer])
        net.predict(X)
        with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
            pickle.dumps(net)
        assert np.array_equal(copy.deepcopy(net).predict(X), net.predict(X))
    pipe = data.Pipeline([1, 2, 3]).shuffle(seed=0)
    with pytest.raises(UnsupportedError, match=r"Pipeline.*cannot be pickled"):
        pickle.dumps(pipe)
    assert list(copy.deepcopy(pipe)) == list(copy.copy(pipe)) == list(pipe)


def test_networks_work_in_other_processes():
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}
    run = subprocess.run(
        [sys.executable, "-m", "tests.train.test_copies"], env=environment, timeout=600,
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]


def _work_in_other_processes() -> None:
    net = NETWORKS["of one's own"][0]()
    expected = seen(net)
    for method in ("spawn", "fork"):
        context = multiprocessing.get_context(method)
        with context.Pool(1) as pool:
            assert np.array_equal(pool.map(net.predict, [X[:2]])[0], net.predict(X[:2]))
            assert pool.map(seen, [net]) == [expected]
        with ProcessPoolExecutor(1, mp_context=context) as executor:
            assert executor.submit(seen, net).result(600) == expected
    from joblib import Parallel, delayed

    assert Parallel(n_jobs=2)(delayed(seen)(each) for each in [net] * 2) == [expected] * 2


if __name__ == "__main__":
    _work_in_other_processes()
