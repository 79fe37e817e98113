"""Invalid data are refused before the first update, with a message that names the fault."""

import warnings

import numpy as np
import pytest
from scipy import sparse

from chainrule.errors import ArgumentError, ChainruleError, DataError, ShapeError
from chainrule.nn.losses.loss import LOSSES
from chainrule.train.checks import check_samples, check_settings
from chainrule.train.checks.finite import check_finite
from tests.train.classification_data import COLUMN, LABELS, X

pytestmark = pytest.mark.usefixtures("numpy_backend")


def changed(array, index, value, dtype=float):
    copy = np.array(array, dtype)
    copy[index] = value
    return copy


class Table:
    """Like a DataFrame: named columns, and an array."""

    def __init__(self, values, columns):
        self._values, self.columns = np.asarray(values), columns

    def __array__(self, dtype=None, copy=None):
        return self._values


BAD_INPUTS = [
    (None, "X is None"),
    (3.0, "X is a single float"),
    ("text", "X is a single str, 'text'"),
    ([], "X is empty, its shape is (0,)"),
    (np.empty((0, 2)), "X is empty, its shape is (0, 2)"),
    (np.empty((6, 0)), "X is empty, its shape is (6, 0)"),
    ([[1, 2], [3]], "X is ragged: row 0 has 2 values but row 1 has 1"),
    ([[1, 2], [3, 4], 5], "X is ragged: row 0 has 2 values but row 2 has 1"),
    (np.array([[1, 2], [3]], object), "X is ragged: row 0 has 2 values but row 1 has 1"),
    (X + 1j, "X has dtype complex128, but must hold real numbers; pass its .real and .imag"),
    (X.astype(str), "X has dtype <U32, but must hold real numbers; encode categories"),
    (X.astype("S8"), "X has dtype |S8"),
    ([["a", 1.0]] * 6, "X has dtype <U"),
    (changed(X, (3, 1), "red", object), "are not numbers, 1 of them, first 'red' at X[3, 1]"),
    (changed(X, (3, 1), None, object), "first None at X[3, 1]; fill in what is missing"),
    (X.astype(object), "X has dtype object, but must hold real numbers; convert it"),
    (Table(changed(X, (2, 0), "x", object), ["age", "size"]), "at X[2, 0] (column 'age')"),
    (Table(changed(X, (2, 1), np.nan), ["age", "size"]), "first nan at X[2, 1] (column 'size')"),
    (np.array(["2026-01-01"] * 6, "M8[D]"), "turn dates into numbers"),
    (np.zeros((6, 2), "m8[s]"), "turn durations into numbers"),
    (np.zeros(6, [("a", float)]), "give the fields of a structured array as columns"),
    (sparse.coo_array(np.ones(4)), "X is a sparse coo_array; pass X.toarray()"),
    ({"a": [1]}, "X is a dict"),
    ({1, 2}, "X is a set"),
    (iter([1, 2]), "X is a list_iterator"),
    ((row for row in X), "X is a generator"),
    (np.ma.masked_less(X, -0.9), "X has masked values, 1 of them"),
    (changed(X, (4, 1), np.nan), "X has 1 value that is NaN or infinite, first nan at X[4, 1]"),
    (changed(X, (0, 0), np.inf), "X has 1 value that is NaN or infinite, first inf at X[0, 0]"),
    (changed(X, (5, 0), -np.inf), "first -inf at X[5, 0]"),
    (changed(X, slice(2, 4), np.nan), "X has 4 values that are NaN or infinite, first nan at X[2"),
    (changed(X, (1, 1), 1e39), "X has values up to 1e+39, which float32 cannot hold"),
    (changed(X, (1, 1), -1e300), "which float32 cannot hold"),
    (X[:5], "X has 5 samples but y has 6 (shapes (5, 2) and (6,))"),
    (X.T, "if the columns are the samples, pass X.T"),
    ((X, X), "X is a tuple of 2 arrays of shapes (6, 2), (6, 2); a network takes one: join them"),
    ([X, X[:, :1]], "begin with a layer of your own whose forward takes them apart"),
    (X[:, :1], "X has shape (6, 1), but the network was built for (batch, 2)"),
    (np.zeros((6, 3)), "give the same features as in training"),
    (np.zeros(6), "X has shape (6,), but the network was built for (batch, 2)"),
    (np.zeros((6, 2, 1)), "pass X.reshape(len(X), -1)"),
]


BAD_LABELS = [
    (None, "y is None"),
    ([0, 1], "X has 6 samples but y has 2"),
    ([0, 1, [2], 0, 1, 2], "y is ragged"),
    (LABELS + 0j, "y has dtype complex128"),
    (changed(LABELS, 2, None, object), "first None at y[2]"),
    (changed(LABELS, 1, np.nan), "y has 1 value that is NaN or infinite, first nan at y[1]"),
    (changed(LABELS, 1, 0.5), "y has 1 label that is not an integer, first 0.5 at y[1]"),
    (changed(LABELS, [0, 3], -1), "y has 2 labels that are negative, first -1.0 at y[0]"),
    (np.array([-1, 1] * 3), "map -1 to 0, for example with (y + 1) // 2"),
    (LABELS + 1, "first 3 at y[2]; labels are counted from 0"),
    (LABELS + 1, "here 0 to 2 for 3 outputs, and these go from 1 to 3: subtract 1"),
    (changed(LABELS, 4, 7, int), "first 7 at y[4]"),
    (changed(LABELS, 4, 7, int), "here 0 to 2 for 3 outputs; give the last layer 8 units"),
    (LABELS[:, None], "y has shape (6, 1) and the network's output (6, 3)"),
    (np.eye(4)[LABELS], "y has shape (6, 4) and the network's output (6, 3)"),
    (np.eye(3)[LABELS] * 2, "y has 6 values outside [0, 1], first 2.0 at y[0, 0]"),
]  # fmt: skip


BAD_QUANTITIES = [
    ("mse", COLUMN[None], "y has 1"),
    ("mae", np.zeros((6, 2)), "give the last layer as many units as there are targets"),
    ("sse", np.zeros((6, 1, 1)), "y has shape (6, 1, 1)"),
    ("huber", changed(COLUMN, (2, 0), np.inf), "first inf at y[2, 0]"),
    ("mse", changed(COLUMN, (2, 0), 1e40), "y has values up to 1e+40, which float32 cannot hold"),
    ("hinge", 2 * COLUMN, "hinge takes 0 and 1, or -1 and 1"),
    ("poisson", -COLUMN, "y has 3 values that are negative, first -1.0 at y[1, 0]"),
    ("kl_divergence", -COLUMN, "kl_divergence takes probabilities"),
    ("binary_cross_entropy", 2 * COLUMN - 1, "map -1 to 0"),
    ("binary_cross_entropy", COLUMN + 1, "binary_cross_entropy takes 0 and 1: subtract 1"),
    ("binary_cross_entropy", 255 * COLUMN, "divide by the largest value"),
    ("binary_cross_entropy", COLUMN - 0.1, "y has 3 values outside [0, 1], first -0.1 at y[0, 0]"),
    ("cross_entropy", COLUMN, 'use loss="binary_cross_entropy", or one output a class'),
]


BAD_WEIGHTS = [
    (np.ones(5), "sample_weight has shape (5,); it must have one number for each of the 6"),
    (np.ones((6, 1, 1)), "sample_weight has shape (6, 1, 1)"),
    (changed(np.ones(6), 2, -1), "sample_weight is negative 1 times, first -1.0 at"),
    (changed(np.ones(6), 3, np.nan), "sample_weight has 1 value that is NaN or infinite"),
    (np.zeros(6), "sample_weight is 0 for all 6 samples"),
    (["1"] * 6, "sample_weight has dtype <U1"),
    ("balanced", "sample_weight is a single str"),
]


BAD_SETTINGS = [
    ({"batch_size": 0}, "batch_size is 0"),
    ({"batch_size": -4}, "batch_size is -4"),
    ({"batch_size": 2.5}, "batch_size is 2.5"),
    ({"batch_size": "32"}, "batch_size is '32'"),
    ({"batch_size": True}, "batch_size is True"),
    ({"epochs": -1}, "epochs is -1"),
    ({"epochs": 1.5}, "epochs is 1.5"),
    ({"validation_split": 1.0}, "validation_split is 1.0; it must be a number in [0, 1)"),
    ({"validation_split": -0.1}, "validation_split is -0.1"),
    ({"validation_split": float("nan")}, "validation_split is nan"),
    ({"validation_split": None}, "validation_split is None"),
]


def check(X, y, weight=None, *, loss="cross_entropy", outputs=3):
    return check_samples(
        "fit", X, y, weight, loss=LOSSES[loss], input_shape=(None, 2),
        output_shape=(None, outputs), dtype="float32",
    )  # fmt: skip


def assert_refused(words, *arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ChainruleError) as caught:
            check(*arguments, **options)
    message = str(caught.value)
    assert message.startswith("fit: ")
    assert words in message
    assert "\n" not in message


@pytest.mark.parametrize(("bad", "words"), BAD_INPUTS, ids=[words for _, words in BAD_INPUTS])
def test_invalid_inputs_are_refused(bad, words):
    assert_refused(words, bad, LABELS)


@pytest.mark.parametrize(("bad", "words"), BAD_LABELS, ids=[words for _, words in BAD_LABELS])
def test_invalid_labels_are_refused(bad, words):
    assert_refused(words, X, bad)


@pytest.mark.parametrize(("loss", "bad", "words"), BAD_QUANTITIES)
def test_targets_invalid_for_the_loss_are_refused(loss, bad, words):
    assert_refused(words, X, bad, loss=loss, outputs=1)


def test_one_target_for_a_series_of_outputs_suggests_return_sequences():
    with pytest.raises(ShapeError, match="return_sequences=False"):
        check_samples(
            "fit", np.zeros((6, 8, 2)), np.zeros((6, 1)), None, loss=LOSSES["mse"],
            input_shape=(None, 8, 2), output_shape=(None, 8, 1), dtype="float32",
        )  # fmt: skip


@pytest.mark.parametrize(("bad", "words"), BAD_WEIGHTS, ids=[words for _, words in BAD_WEIGHTS])
def test_invalid_sample_weights_are_refused(bad, words):
    assert_refused(words, X, LABELS, bad)


@pytest.mark.parametrize(("settings", "words"), BAD_SETTINGS)
def test_settings_out_of_range_are_refused(settings, words):
    with pytest.raises(ArgumentError) as caught:
        check_settings("fit", **settings)
    assert words in str(caught.value)


def test_the_tables_cover_at_least_eighty_inputs():
    tables = (BAD_INPUTS, BAD_LABELS, BAD_QUANTITIES, BAD_WEIGHTS, BAD_SETTINGS)
    assert sum(map(len, tables)) >= 80


def test_a_single_sample_is_refused_with_a_suggestion():
    with pytest.raises(ShapeError, match=r"this is a single sample: pass X\[None\]"):
        check_samples("predict", np.zeros(2), needs_targets=False, input_shape=(None, 2))


@pytest.mark.parametrize(
    "good",
    [X.tolist(), tuple(map(tuple, X)), X.astype(np.float16), X > 0, np.ones((6, 2), np.uint8),
     X[::-1], np.asfortranarray(X), X.astype(">f8"), Table(X, ["a", "b"])],
)  # fmt: skip
def test_every_array_like_of_real_numbers_is_accepted(good):
    assert check(good, LABELS).X.shape == (6, 2)


@pytest.mark.parametrize(
    "good", [LABELS.tolist(), LABELS.astype(float), np.eye(3)[LABELS], np.array(list("abcabc"))]
)
def test_class_indices_one_hot_rows_and_names_are_accepted(good):
    assert check(X, good).y.shape[0] == 6


def test_one_dimensional_binary_targets_are_accepted():
    assert check(X, COLUMN[:, 0], loss="binary_cross_entropy", outputs=1).y.shape == (6,)


def test_arrays_are_neither_copied_nor_written_to():
    locked = X.copy()
    locked.flags.writeable = False
    assert check(locked, LABELS).X is locked


def test_the_first_nonfinite_value_is_found_in_any_block_of_a_large_array():
    large = np.zeros((3_000_000, 1), np.float32)
    large[2_500_000] = np.nan
    large[2_900_000] = np.inf
    with pytest.raises(DataError, match=r"2 values .* first nan at X\[2500000, 0\]"):
        check_finite(large, "fit", "X")


def test_the_range_of_a_memory_map_is_computed(tmp_path):
    mapped = np.memmap(tmp_path / "x", np.float32, "w+", shape=(1000, 7))
    mapped[3, 4] = -2
    extent = check_samples("predict", mapped, needs_targets=False).extent
    assert (extent.low, extent.high) == (-2.0, 0.0)


def test_values_whose_sum_overflows_are_still_finite():
    huge = np.full((10, 2), 3e38, np.float32)
    assert check_finite(huge, "fit", "X", "float32").high == np.float32(3e38)
