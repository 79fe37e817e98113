"""Sparse matrices of SciPy, and sparse columns of pandas, as inputs: read a batch at a time."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import chainrule as cr
from chainrule import data, nn
from chainrule.errors import ArgumentError, DataError, DTypeError, ShapeError

pytestmark = pytest.mark.usefixtures("numpy_backend")

GENERATOR = np.random.default_rng(4)
DENSE = np.where(GENERATOR.random((60, 12)) < 0.2, GENERATOR.random((60, 12)), 0)
y = (DENSE[:, :6].sum(axis=1) > DENSE[:, 6:].sum(axis=1)).astype(int)
SPARSE = sparse.csr_array(DENSE)
FRAME = pd.DataFrame.sparse.from_spmatrix(SPARSE, columns=list("abcdefghijkl"))


def network(*layers):
    net = cr.Network([*layers, nn.Dense(5, activation="relu"), nn.Dense(2)], seed=0)
    net.compile("cross_entropy", "sgd", learning_rate=0.1, metrics=["accuracy"])
    return net


def twice(matrix):
    """Each entry as two that are stored, which are added."""
    coo = matrix.tocoo()
    data, row, column = (np.tile(each, 2) for each in (coo.data / 2, coo.row, coo.col))
    doubled = sparse.csr_array((len(matrix.indptr) - 1, matrix.shape[1]))
    order = np.argsort(row, kind="stable")
    doubled.data, doubled.indices = data[order], column[order]
    doubled.indptr = 2 * matrix.indptr
    return doubled


FORMS = [
    *(sparse.csr_matrix(DENSE).asformat(name) for name in ("csr", "csc", "coo", "lil", "dok")),
    *(SPARSE.asformat(name) for name in ("csr", "csc", "coo", "bsr")), twice(SPARSE), FRAME,
]  # fmt: skip


@pytest.mark.parametrize("X", FORMS, ids=lambda each: type(each).__name__)
def test_a_sparse_matrix_is_trained_and_predicted_as_its_array(X):
    dense, net = network(), network()
    settings = {"epochs": 2, "batch_size": 16, "validation_split": 0.25, "verbose": 0}
    settings |= {"class_weight": "balanced", "sample_weight": np.linspace(1, 2, 60)}
    expected = dense.fit(DENSE, y, **settings)
    history = net.fit(X, y, **settings)
    np.testing.assert_allclose(history["val_loss"], expected["val_loss"], rtol=1e-5)
    for name, each in net.params.items():
        np.testing.assert_allclose(each, dense.params[name], atol=1e-6)
    np.testing.assert_allclose(net.predict(X), net.predict(DENSE), atol=1e-6)
    np.testing.assert_array_equal(net.predict_class(X), net.predict_class(DENSE))
    expected = list(net.evaluate(DENSE, y).values())
    assert list(net.evaluate(X, y).values()) == pytest.approx(expected, rel=1e-6)


def test_rows_are_split_and_held_out_without_their_zeros():
    (X_train, y_train), (X_test, y_test) = data.split(SPARSE.tocoo(), y, seed=1)
    expected, _ = data.split(DENSE, y, seed=1)
    assert sparse.issparse(X_train)
    np.testing.assert_array_equal(X_train.toarray(), expected[0])
    np.testing.assert_array_equal(y_train, expected[1])
    history = network().fit(X_train, y_train, validation_data=(X_test, y_test), verbose=0)
    assert np.isfinite(history["val_accuracy"]).all()


def test_first_layers_that_see_the_data_and_look_up_take_sparse_rows():
    net = network(nn.Normalization())
    net.fit(SPARSE, y, verbose=0)
    np.testing.assert_allclose(net.params["normalization.mean"], DENSE.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(net.params["normalization.stddev"], DENSE.std(axis=0), atol=1e-6)
    indices = np.floor(5 * DENSE).astype(int)
    net = network(nn.Embedding(5, 3), nn.Flatten())
    net.fit(sparse.csc_array(indices), y, verbose=0)
    np.testing.assert_array_equal(net.predict(sparse.csr_array(indices)), net.predict(indices))
    with pytest.raises(DataError, match=r"9 at \[2, 0\] is not a valid index"):
        net.predict(sparse.csr_array(9 * np.eye(3, 12, k=-2)))


def test_a_boltzmann_machine_takes_sparse_rows():
    one, other = (cr.RBM(4, batch_size=16, seed=0) for _ in range(2))
    one.fit(SPARSE > 0, epochs=2, verbose=0)
    other.fit(DENSE > 0, epochs=2, verbose=0)
    np.testing.assert_allclose(one.transform(SPARSE), other.transform(DENSE), atol=1e-5)


@pytest.mark.filterwarnings("ignore::chainrule.errors.ChainruleWarning")
def test_a_batch_at_a_time_is_in_memory():
    shape = 3000, 20_000
    X = sparse.random_array(shape, density=0.001, format="csr", dtype=np.float32, rng=GENERATOR)
    net, labels = network(), np.arange(shape[0]) % 2
    tracemalloc.start()
    try:
        net.fit(X, labels, batch_size=100, validation_split=0.1, verbose=0)
        net.predict(X, batch_size=100)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < shape[0] * shape[1]  # a byte for each entry; the array would take four


def test_a_batch_too_large_for_an_array_is_refused_with_a_smaller_one(monkeypatch):
    monkeypatch.setattr("chainrule.data.sparse_rows._LARGEST", 30 * 12 * 8)
    net = network()
    for call in (
        lambda: net.fit(SPARSE, y, batch_size=None, verbose=0),
        lambda: net.predict(SPARSE, batch_size=None),
    ):
        with pytest.raises(DataError, match=r"60 rows .* takes 0.0 GiB .* smaller batch_size"):
            call()
    net.fit(SPARSE, y, batch_size=30, verbose=0)


BAD = [
    (lambda: network()(SPARSE), DataError, r"use net.predict\(X\), which reads it batch by"),
    (lambda: nn.Dense(2)(SPARSE), ArgumentError, r"a sparse csr_array; pass x.toarray\(\)"),
    (lambda: network().fit(SPARSE * np.nan, y), DataError, r"NaN or infinite, first nan at X\["),
    (lambda: network().fit(SPARSE, sparse.csr_array(y[:, None])), DataError, r"pass y.toarray\(\)"),
    (lambda: network().fit(SPARSE, y[:9]), DataError, "X has 60 samples but y has 9"),
    (lambda: network().fit(SPARSE[:0], y[:0]), DataError, r"X is empty, its shape is \(0, 12\)"),
    (lambda: network().fit(SPARSE.astype(complex), y), DTypeError, "must hold real numbers"),
    (lambda: network(nn.Conv1D(2, 3)).fit(SPARSE, y), ShapeError, "needs .batch, steps"),
    (lambda: cr.RBM(3).fit(5 * SPARSE, verbose=0), DataError, "a visible unit is 0 or 1"),
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD)
def test_what_cannot_be_computed_from_sparse_rows_is_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
