"""Iterables of batches: the laws of arrays hold for them, and mistakes are named by batch."""

from __future__ import annotations

import collections
import itertools
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import data, nn, optim
from chainrule.errors import ArgumentError, ChainruleError, DataError

RNG = np.random.default_rng(0)
ALL_X = RNG.normal(size=(45, 4)).astype(np.float32)
ALL_Y = RNG.integers(0, 3, 45)
X, Y = ALL_X[:40], ALL_Y[:40]
NAMES = np.array(["ant", "bee", "cat"])


def make(loss: str = "cross_entropy", metrics: Any = ("accuracy",), seed: int = 3) -> cr.Network:
    layers = [nn.Dense(6, activation="relu"), nn.BatchNorm(), nn.Dropout(0.2), nn.Dense(3)]
    net = cr.Network(layers, seed=seed)
    rate = optim.cosine(0.02, steps=40)
    net.compile(loss=loss, optimizer="adam", learning_rate=rate, metrics=metrics)
    return net


def pairs(size: int = 10, X: Any = X, y: Any = Y) -> list[tuple[Any, Any]]:
    return [(X[i : i + size], y[i : i + size]) for i in range(0, len(X), size)]


def ragged() -> list[tuple[Any, Any]]:
    """Return batches of which the last has fewer samples."""
    return pairs(10, ALL_X, ALL_Y)


def pairs_of(size: int) -> Any:
    return pairs(size)


def generate() -> Iterator[tuple[Any, Any]]:
    yield from ragged()


class Sequence:
    """As `keras.utils.PyDataset` is: a length and indices."""

    def __init__(self, batches: list[Any]) -> None:
        self.batches, self.ended = batches, 0

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int) -> Any:
        return self.batches[index % len(self)]  # never raises IndexError

    def on_epoch_end(self) -> None:
        self.ended += 1


class Tensor:
    """As a tensor of another library, read by DLPack alone."""

    def __init__(self, array: Any) -> None:
        self.array, self.shape = np.array(array), np.shape(array)

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()


class Loader:
    """As a DataLoader: lists of tensors, a new iterator for each pass."""

    def __iter__(self) -> Iterator[Any]:
        return iter([[Tensor(X), Tensor(y)] for X, y in ragged()])


def bits(net: cr.Network) -> list[bytes]:
    return [each.tobytes() for each in net.params.values()]


SOURCES: dict[str, Callable[[], Any]] = {
    "pipeline": lambda: data.Pipeline((ALL_X, ALL_Y)).batch(10),
    "function": lambda: generate,
    "list": ragged,
    "sequence": lambda: Sequence(ragged()),
    "loader": Loader,
}


def test_batches_of_any_iterable_train_as_rows_of_arrays_in_that_order() -> None:
    of_arrays = make()
    expected = of_arrays.fit(ALL_X, ALL_Y, epochs=2, batch_size=10, shuffle=False, verbose=0)
    for name, source in SOURCES.items():
        net = make()
        history = net.fit(source(), epochs=2, verbose=0)
        assert bits(net) == bits(of_arrays), name
        assert history["loss"] == expected["loss"], name
        assert history["accuracy"] == expected["accuracy"], name
        assert net.evaluate(source())["loss"] == pytest.approx(net.evaluate(ALL_X, ALL_Y)["loss"])
        np.testing.assert_allclose(net.predict(source()), net.predict(ALL_X), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(net.predict_class(generate()), net.predict_class(ALL_X))
    rows: Any = collections.deque(ALL_X.tolist())  # rows of one array, as those of a list
    np.testing.assert_allclose(net.predict(rows), net.predict(ALL_X), rtol=1e-6)


def test_twice_one_epoch_equals_two_epochs_and_epoch_k_is_pass_k() -> None:
    pipe = data.Pipeline((X, Y)).shuffle(seed=1).batch(8)
    twice, once, by_hand = make(), make(), make()
    once.fit(pipe, epochs=2, verbose=0)
    for number in range(2):
        twice.fit(pipe, verbose=0)
        by_hand.fit(list(pipe.epoch(number)), verbose=0)
    assert bits(once) == bits(twice) == bits(by_hand)


def test_steps_per_epoch_go_on_where_the_last_epoch_ended() -> None:
    expected, of_iterator, of_sequence = make(), make(), make()
    rest = pairs()
    expected.fit([*rest[:3]], verbose=0)
    expected.fit([rest[3], *rest[:2]], verbose=0)
    of_iterator.fit(itertools.cycle(rest), epochs=2, steps_per_epoch=3, verbose=0)
    sequence = Sequence(rest)
    for _ in range(2):
        of_sequence.fit(sequence, steps_per_epoch=3, verbose=0)
    assert bits(expected) == bits(of_iterator) == bits(of_sequence)
    assert sequence.ended == 1


def test_an_iterator_that_ends_early_ends_the_training_with_a_warning() -> None:
    net = make()
    with pytest.warns(UserWarning, match=r"ended after 1 batch of the 3 of steps_per_epoch, in"):
        history = net.fit(iter(pairs()), epochs=5, steps_per_epoch=3, verbose=0)
    assert history.epochs == 2
    with pytest.warns(UserWarning, match="has ended with the last epoch"):
        assert net.fit(iter(pairs()), epochs=5, steps_per_epoch=4, verbose=0).epochs == 1


def test_metrics_of_batches_of_unequal_sizes_are_means_over_samples() -> None:
    sizes = np.split(np.arange(40), [3, 20, 21, 33])
    batches = [(X[rows], Y[rows], 1.0 + Y[rows]) for rows in sizes]
    net = make(metrics=["accuracy", "auc"])
    history = net.fit(pairs(), epochs=1, validation_data=batches, verbose=0)
    together = net.evaluate(X, Y, 1.0 + Y)
    for name in ("loss", "accuracy", "auc"):
        assert history[f"val_{name}"][-1] == pytest.approx(together[name], rel=1e-5)


@pytest.mark.parametrize("every", ["1 step", "3 steps"])
def test_a_run_goes_on_from_a_checkpoint_within_an_epoch(tmp_path: Path, every: str) -> None:
    pipe = data.Pipeline((X, Y)).shuffle(seed=1).batch(8)
    unbroken, killed = make(), make()
    expected = unbroken.fit(pipe, epochs=3, verbose=0)

    def broken() -> Iterator[Any]:
        for number, batch in enumerate(pipe.epoch(epoch[0])):
            if (epoch[0], number) == (1, 4):
                raise OSError("the disk is gone")
            yield batch
        epoch[0] += 1

    epoch = [0]
    checkpoint = cr.Checkpoint(tmp_path / "run", every=every)
    with pytest.raises(OSError, match="the disk is gone") as caught:
        killed.fit(broken, epochs=3, verbose=0, checkpoint=checkpoint)
    assert "batch 4 of epoch 1" in caught.value.__notes__[0]

    def mended() -> Iterator[Any]:
        yield from pipe.epoch(epoch[0])
        epoch[0] += 1

    mended.__name__ = "broken"
    goes_on = make()
    history = goes_on.fit(mended, epochs=3, verbose=0, checkpoint=checkpoint)
    assert bits(goes_on) == bits(unbroken)
    assert history["loss"] == expected["loss"]


def test_resuming_with_other_batches_is_refused(tmp_path: Path) -> None:
    checkpoint = cr.Checkpoint(tmp_path / "run", every="1 step")
    order = np.random.default_rng()

    def shuffled() -> Iterator[Any]:
        rows = order.permutation(40)
        for first in range(0, 40, 10):
            if stops and first == 30:
                raise KeyboardInterrupt
            yield X[rows[first : first + 10]], Y[rows[first : first + 10]]

    stops = [True]
    with pytest.raises(KeyboardInterrupt):
        make().fit(shuffled, verbose=0, checkpoint=checkpoint)
    stops.clear()
    with pytest.raises(DataError, match="batch 2 of epoch 0 is another than in the run"):
        make().fit(shuffled, verbose=0, checkpoint=checkpoint)


def test_with_callbacks_of_steps_nothing_is_read_ahead() -> None:
    read: list[int] = []
    seen: list[int] = []

    def counting() -> Iterator[Any]:
        for number, batch in enumerate(pairs()):
            read.append(number)
            yield batch

    class Observer(cr.Callback):
        def on_step_end(self, net: Any, step: int, logs: Any) -> None:
            seen.append(len(read) - step)

    make().fit(counting, callbacks=[Observer()], verbose=0)
    assert seen == [1, 1, 1, 1]


def test_a_stream_is_not_held_in_memory() -> None:
    width, count = 2**13, 48

    def large() -> Iterator[Any]:
        for _ in range(count):
            yield np.full((16, width), np.arange(width) % 2, np.float32), np.zeros(16, np.int64)

    net = cr.Network([nn.Dense(2)])
    net.compile(loss="cross_entropy", metrics=["accuracy"])
    net.fit(large, verbose=0)
    tracemalloc.start()
    net.fit(large, verbose=0)
    net.predict(lambda: (batch for batch, _ in large()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < count * 16 * width * 4 / 4


def test_a_batch_whose_loss_is_not_finite_is_named() -> None:
    net = cr.Network([nn.Dense(1)])
    net.compile(loss=lambda y, p: np.sqrt(y - p * p), optimizer="sgd", learning_rate=0.01)
    inputs = np.eye(4, 2, dtype=np.float32)
    good = inputs, np.full((4, 1), 9.0)
    bad = inputs, np.array([[9.0], [9.0], [-5.0], [9.0]])
    with pytest.raises(DataError, match=r"step 2 of epoch 0.*square root.*X\[2\]"):
        net.fit([good, good, bad, good], verbose=0)


MISTAKES: dict[str, tuple[Callable[[cr.Network], Any], str]] = {
    "samples instead of batches": (
        lambda net: net.fit(data.Pipeline((X, Y))), r"yields single samples.*batch\(32\)",
    ),
    "targets beside batches": (
        lambda net: net.fit(data.Pipeline((X, Y)).batch(8), Y), "y is given beside Pipeline",
    ),
    "a size of batches that have one": (
        lambda net: net.fit(pairs(), batch_size=32), "batch_size is given beside a list",
    ),
    "an order of batches that have one": (
        lambda net: net.fit(pairs(), shuffle=True), "shuffle is given beside a list",
    ),
    "a generator for several epochs": (
        lambda net: net.fit(generate(), epochs=2), "can be read only once",
    ),
    "a generator read before": (
        lambda net: [net.fit(source, verbose=0) for source in [generate()] * 2],
        "yields no batches, or has been read before",
    ),
    "inputs alone": (lambda net: net.fit(data.Pipeline(X).batch(8)), "yields X alone"),
    "a pair of arrays": (lambda net: net.fit((X, Y)), r"net.fit\(X, y\)"),
    "arrays without targets": (lambda net: net.fit(X), "y is None"),
    "names of classes": (
        lambda net: net.fit(pairs(3, y=NAMES[Y])), "the first batch must have all of them",
    ),
    "frequencies of classes": (
        lambda net: net.fit(pairs(), class_weight="balanced"), "give a mapping",
    ),
    "a gap in a later batch": (
        lambda net: net.fit([*pairs(), (X * np.nan, Y)]), r"batch 4 of epoch 0: X has .* NaN",
    ),
    "a label out of range in a later batch": (
        lambda net: net.fit([*pairs(), (X, Y + 1)]), r"batch 4 of epoch 0: y has .* larger than 2",
    ),
    "other features in a later batch": (
        lambda net: net.fit([*pairs(), (X[:, :3], Y)]), r"batch 4 of epoch 0: X has shape",
    ),
    "a Sequence of Keras, as a class": (lambda net: net.fit(Sequence), "pass an instance"),
    "a function of arguments": (lambda net: net.fit(pairs_of), "functools.partial"),
    "targets beside batches to evaluate": (
        lambda net: net.evaluate(data.Pipeline((X, Y)).batch(8), Y), "y is given beside Pipeline",
    ),
    "steps of arrays": (lambda net: net.fit(X, Y, steps_per_epoch=3), "no iterable of batches"),
    "batches for a method of all samples": (
        lambda net: [net.compile("cross_entropy", "lbfgs"), net.fit(pairs())], "pass arrays",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_with_its_remedy(mistake: str) -> None:
    call, message = MISTAKES[mistake]
    net = make()
    with pytest.raises(ChainruleError, match=message):
        call(net)


def test_layers_that_adapt_do_so_before_and_weights_of_classes_are_a_mapping() -> None:
    norm = nn.Normalization()
    net = cr.Network([norm, nn.Dense(3)], seed=0)
    net.compile(loss="cross_entropy")
    with pytest.raises(ArgumentError, match=r"call its adapt\(X\) before"):
        net.fit(pairs(), verbose=0)
    norm.adapt(X)
    weights = {0: 1.0, 1: 2.0, 2: 0.5}
    net.fit(pairs(), class_weight=weights, verbose=0)
    other = cr.Network([nn.Normalization(), nn.Dense(3)], seed=0)
    other.compile(loss="cross_entropy")
    other.fit(X, Y, batch_size=10, shuffle=False, class_weight=weights, verbose=0)
    assert bits(net) == bits(other)


def test_batches_may_be_tables_and_series_of_several_lengths() -> None:
    columns = {"size": X[:, 0], "kind": NAMES[Y]}
    batches = [({name: each[i : i + 20] for name, each in columns.items()}, Y[i : i + 20])
               for i in (0, 20)]  # fmt: skip
    of_columns = cr.Network([data.Table().fit(columns), nn.Dense(3)], seed=0)
    of_columns.compile(loss="cross_entropy")
    of_columns.fit(batches, epochs=2, verbose=0)
    np.testing.assert_allclose(of_columns.predict(batches), of_columns.predict(columns), rtol=1e-5)
    series = cr.Network([nn.RNN(2, return_sequences=True), nn.Dense(1)], seed=0)
    series.compile(loss="mse")
    several = [(X[:6, :steps, None], X[:6, :steps, None]) for steps in (2, 4, 3)]
    before = series.fit(several, epochs=2, verbose=0)["loss"]
    assert before[1] < before[0]
    with pytest.raises(ChainruleError, match=r"batch 1: the outputs have shape \(6, 4, 1\)"):
        series.predict(several)
