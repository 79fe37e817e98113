"""Metrics agree with scikit-learn, for class indices, one-hot rows and column outputs alike."""

import numpy as np
import pytest
import sklearn.metrics as reference

import chainrule as cr
from chainrule.errors import ArgumentError, ChainruleWarning, ShapeError
from chainrule.train import metrics
from chainrule.train.metrics import METRICS, Metric, resolve_metric

pytestmark = pytest.mark.usefixtures("numpy_backend")

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 4, 200)
LOGITS = RANDOM.normal(size=(200, 4)) + 1.5 * np.eye(4)[LABELS]
PROBABILITIES = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
ANSWERS = RANDOM.integers(0, 2, 200)
# Rounded, so that many scores are equal.
SCORES = np.round(np.clip(RANDOM.normal(0.4, 0.3, 200) + 0.3 * ANSWERS, 0, 1), 1)


def value(name, y_true, y_pred, threshold=None):
    return resolve_metric(name, threshold).compute(y_true, y_pred)


def test_accuracy_agrees_with_scikit_learn():
    expected = reference.accuracy_score(LABELS, LOGITS.argmax(axis=1))
    assert value("accuracy", LABELS, LOGITS) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("name", ["accuracy", "top_2", "precision", "recall", "f1", "auc"])
def test_class_indices_and_one_hot_rows_are_equivalent(name):
    assert value(name, LABELS, LOGITS) == value(name, np.eye(4)[LABELS], LOGITS)


@pytest.mark.parametrize("name", ["accuracy", "top_2", "precision", "recall", "f1", "auc"])
def test_softmax_leaves_classification_metrics_unchanged(name):
    assert value(name, LABELS, LOGITS) == pytest.approx(value(name, LABELS, PROBABILITIES))


@pytest.mark.parametrize("name", ["accuracy", "precision", "recall", "f1", "auc"])
def test_one_and_two_dimensional_binary_targets_are_equivalent(name):
    expected = value(name, ANSWERS, SCORES)
    assert value(name, ANSWERS, SCORES[:, None]) == expected
    assert value(name, ANSWERS[:, None], SCORES[:, None]) == expected


@pytest.mark.parametrize("name", ["accuracy", "precision", "recall", "f1"])
def test_threshold_0_for_logits_equals_threshold_one_half_for_probabilities(name):
    logits = SCORES - 0.5
    assert value(name, ANSWERS, logits, threshold=0.0) == value(name, ANSWERS, SCORES)
    assert value(name, 2 * ANSWERS - 1, logits, threshold=0.0) == value(name, ANSWERS, SCORES)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_top_k_agrees_with_scikit_learn(k):
    expected = reference.top_k_accuracy_score(LABELS, PROBABILITIES, k=k)
    assert value(f"top_{k}", LABELS, LOGITS) == pytest.approx(expected, rel=1e-15)


def test_top_1_equals_accuracy_for_ties():
    ties = RANDOM.integers(0, 3, (200, 4)).astype(float)
    np.testing.assert_array_equal(metrics.top_k(LABELS, ties, 1), metrics.accuracy(LABELS, ties))


def test_a_nan_output_counts_as_wrong():
    assert metrics.top_k(np.array([0]), np.array([[np.nan, 1.0, 2.0]]), k=2).item() == 0


@pytest.mark.parametrize("name", ["precision", "recall", "f1"])
def test_multiclass_metrics_agree_with_scikit_learns_macro_average(name):
    function = getattr(reference, f"{name}_score")
    for outputs in (LOGITS, np.where(np.arange(4) == 3, -9.0, LOGITS)):  # class 3 never predicted
        expected = function(LABELS, outputs.argmax(axis=1), average="macro", zero_division=0)
        assert value(name, LABELS, outputs) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("name", ["precision", "recall", "f1"])
def test_binary_metrics_agree_with_scikit_learn(name):
    expected = getattr(reference, f"{name}_score")(ANSWERS, SCORES > 0.5)
    assert value(name, ANSWERS, SCORES) == pytest.approx(expected, rel=1e-14)
    both = np.stack([1 - SCORES, SCORES], axis=1)
    both[SCORES == 0.5] = [1, 0]  # a tie goes to the first class
    assert value(name, ANSWERS, both) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("name", ["precision", "recall", "f1"])
def test_multilabel_metrics_are_averaged_over_the_columns(name):
    truth, outputs = RANDOM.integers(0, 2, (50, 3)), RANDOM.uniform(size=(50, 3))
    expected = getattr(reference, f"{name}_score")(truth, outputs > 0.5, average="macro")
    assert value(name, truth, outputs, threshold=0.5) == pytest.approx(expected, rel=1e-14)


def test_auc_agrees_with_scikit_learn_for_ties():
    expected = reference.roc_auc_score(ANSWERS, SCORES)
    assert value("auc", ANSWERS, SCORES) == pytest.approx(expected, rel=1e-14)


def test_multiclass_auc_agrees_with_scikit_learn():
    expected = reference.roc_auc_score(LABELS, PROBABILITIES, multi_class="ovr")
    assert value("auc", LABELS, LOGITS) == pytest.approx(expected, rel=1e-12)


def test_auc_of_reversed_scores_is_the_complement():
    assert value("auc", ANSWERS, -SCORES) == pytest.approx(1 - value("auc", ANSWERS, SCORES))


@pytest.mark.parametrize("bad", [np.zeros(200, int), np.ones(200, int)])
def test_auc_of_a_single_class_is_nan_with_a_warning(bad):
    with pytest.warns(ChainruleWarning, match="all samples are of one class"):
        assert np.isnan(value("auc", bad, SCORES))


@pytest.mark.parametrize(
    ("name", "function"),
    [("mse", "mean_squared_error"), ("mae", "mean_absolute_error"), ("r2", "r2_score")],
)
@pytest.mark.parametrize("shape", [(30,), (30, 1), (30, 3)])
def test_regression_metrics_agree_with_scikit_learn(name, function, shape):
    truth, outputs = RANDOM.normal(size=(2, *shape))
    expected = getattr(reference, function)(truth, outputs)
    assert value(name, truth, outputs) == pytest.approx(expected, rel=1e-12)


def test_r2_of_a_constant_target_is_one_only_if_exact():
    assert value("r2", np.ones(3), np.ones(3)) == 1
    assert value("r2", np.ones(3), np.array([1.0, 1.0, 1.1])) == 0


@pytest.mark.parametrize("name", ["mse", "mae", "r2"])
def test_regression_metrics_do_not_broadcast(name):
    with pytest.raises(ShapeError, match=rf"{name}: y_true has shape \(3,\) and y_pred \(3, 1\)"):
        value(name, np.zeros(3), np.zeros((3, 1)))


@pytest.mark.parametrize("name", ["accuracy", "top_k", "precision", "auc"])
def test_targets_without_classes_are_refused(name):
    with pytest.raises(ShapeError, match="targets must be class indices"):
        value(name, np.zeros((3, 2), int), np.zeros((3, 4)))


MEANS = [record for record in METRICS.values() if record.is_mean]


@pytest.mark.parametrize("record", MEANS, ids=lambda record: record.name)
def test_metrics_of_samples_give_the_same_values_compiled(record):
    y = LABELS if record.name in ("accuracy", "top_k") else LOGITS + 1
    expected = record.function(y, LOGITS)
    assert expected.shape == (200,)
    np.testing.assert_allclose(cr.jit(record.function)(y, LOGITS), expected, rtol=1e-15)


@pytest.mark.parametrize("record", MEANS, ids=lambda record: record.name)
def test_metrics_of_samples_average_over_batches(record):
    y = LABELS if record.name in ("accuracy", "top_k") else LOGITS + 1
    parts = [record.compute(y[i : i + 50], LOGITS[i : i + 50]) for i in range(0, 200, 50)]
    assert np.mean(parts) == pytest.approx(record.compute(y, LOGITS))


def test_any_function_of_a_scalar_or_one_value_a_sample_is_a_metric():
    def worst(y_true, y_pred):
        return np.max(np.abs(y_true - y_pred))

    record = resolve_metric(worst)
    assert (record.name, record.compute(np.zeros(3), np.arange(3.0))) == ("worst", 2.0)
    assert resolve_metric(lambda y, p: p - y).compute(np.zeros(3), np.arange(3.0)) == 1.0


def test_a_metric_function_with_another_shape_is_refused():
    with pytest.raises(ArgumentError, match=r"metric pair: it gave .* for 3 samples"):
        Metric("pair", lambda y, p: np.zeros(2)).compute(np.zeros(3), np.zeros(3))


def test_a_metric_said_to_be_a_mean_over_samples_must_give_one_value_a_sample():
    def rmse(y, p):
        return np.sqrt(np.mean((y - p) ** 2))

    X = np.random.default_rng(0).normal(size=(1500, 2)) * np.linspace(0, 9, 1500)[:, None]
    net = cr.Network([cr.nn.Dense(1)], seed=0, dtype="float64")
    net.compile("mse", metrics=[Metric("rmse", rmse, is_mean=True)])
    with pytest.raises(ArgumentError, match=r"metric rmse: .* leave is_mean out"):
        net.evaluate(X, X[:, :1])
    net.compile("mse", metrics=[Metric("rmse", rmse)])
    expected = rmse(X[:, :1], net.predict(X))
    assert net.evaluate(X, X[:, :1])["rmse"] == pytest.approx(expected, rel=1e-12)


def test_exported_functions_resolve_to_their_metrics():
    assert resolve_metric(metrics.mse) is METRICS["mse"]
    assert resolve_metric(METRICS["auc"]) is METRICS["auc"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("acc", "here it is 'accuracy'"),
        ("Accuracy", "did you mean 'accuracy'?"),
        ("roc_auc", "here it is 'auc'"),
        ("acuracy", "did you mean 'accuracy'?"),
        ("nothing like it", "there are accuracy, top_k"),
        ("top_0", "did you mean 'top_k'?"),
        (3, "there is no metric 3"),
    ],
)
def test_an_unknown_metric_is_refused_with_a_suggestion(name, words):
    with pytest.raises(ArgumentError) as caught:
        resolve_metric(name)
    assert words in str(caught.value)
