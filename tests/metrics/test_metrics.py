"""Metrics as functions equal those of scikit-learn, on labels and on outputs of every form."""

import re
from functools import partial

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as reference

import chainrule as cr
from chainrule import metrics, nn
from chainrule.errors import ArgumentError, ChainruleError, MissingAttributeError

NAMES = np.array(["cat", "dog", "emu", "fox", "gnu"])
PAIRS = (
    (metrics.precision, reference.precision_score),
    (metrics.recall, reference.recall_score),
    (metrics.f1, reference.f1_score),
)
FORMS = (
    lambda y: y,
    lambda y: y.astype(float),
    lambda y: y.astype(np.uint8),
    lambda y: NAMES[y],
    lambda y: NAMES[y].tolist(),
    lambda y: pd.Series(NAMES[y]),
    lambda y: np.char.encode(NAMES[y]),
)


def draw(seed):
    random = np.random.default_rng(seed)
    classes, count = int(random.integers(2, 6)), int(random.integers(1, 30))
    y, p = random.integers(0, classes, (2, count))
    return classes, y, p, random.dirichlet(np.ones(classes), count)


@pytest.mark.parametrize("form", FORMS)
def test_scores_of_labels_equal_scikit_learns(form):
    for seed in range(12):
        _, y, p, _ = draw(seed)
        true, predicted = form(y), form(p)
        is_text = isinstance(np.asarray(true)[0], str | bytes)
        both = np.union1d(y, p)
        labels = [0, 1] if not is_text and both.max() <= 1 else both  # positions of what is seen
        assert metrics.accuracy(true, predicted) == reference.accuracy_score(y, p)
        for ours, theirs in PAIRS:
            for average in ("micro", "weighted", None):
                expected = theirs(y, p, average=average, zero_division=0, labels=labels)
                np.testing.assert_allclose(ours(true, predicted, average=average), expected)
            macro = theirs(y, p, average="macro", zero_division=0)
            np.testing.assert_allclose(ours(true, predicted, average="macro"), macro)
            if len(labels) == 2:
                expected = theirs(y == labels[1], p == labels[1], zero_division=0)
                assert ours(true, predicted) == pytest.approx(expected)
        matrix = reference.confusion_matrix(y, p, labels=labels)
        np.testing.assert_array_equal(metrics.confusion_matrix(true, predicted), matrix)


@pytest.mark.parametrize("seed", range(12))
def test_scores_of_outputs_equal_scikit_learns(seed):
    classes, y, _, outputs = draw(seed + 100)
    y, outputs = np.tile(y, classes), np.tile(outputs, (classes, 1))
    y[:classes] = np.arange(classes)
    for true in (y, NAMES[y], np.eye(classes)[y]):
        assert metrics.accuracy(true, outputs) == np.mean(y == outputs.argmax(axis=1))
        scores = outputs[:, 1] if classes == 2 else outputs
        for k in range(1, classes):
            expected = reference.top_k_accuracy_score(y, scores, k=k, labels=range(classes))
            assert metrics.top_k(true, outputs, k) == pytest.approx(expected)
        expected = reference.roc_auc_score(y, scores, multi_class="ovr")
        assert metrics.auc(true, outputs) == pytest.approx(expected)
    if classes == 2:
        p = (outputs[:, 1] > 0.5).astype(int)
        for one in (outputs[:, 1], outputs[:, 1:]):
            assert metrics.f1(y, one) == pytest.approx(reference.f1_score(y, p, zero_division=0))
            assert metrics.f1(NAMES[y], one) == metrics.f1(y, p)
            assert metrics.f1(y, np.log(one / (1 - one)), threshold=0.0) == metrics.f1(y, p)
            assert metrics.auc(y, np.log(one)) == pytest.approx(reference.roc_auc_score(y, one))


def test_errors_of_amounts_equal_scikit_learns():
    y, p = np.random.default_rng(0).normal(size=(2, 20, 3))
    assert metrics.mse(y, p) == pytest.approx(reference.mean_squared_error(y, p))
    assert metrics.mae(y, p) == pytest.approx(reference.mean_absolute_error(y, p))
    assert metrics.r2(y, p) == pytest.approx(reference.r2_score(y, p))
    assert metrics.r2(y[:, 0], p[:, :1]) == pytest.approx(reference.r2_score(y[:, 0], p[:, 0]))
    assert (metrics.r2([2, 2], [2, 2]), metrics.r2([2, 2], [2, 3])) == (1, 0)


def test_a_report_is_a_mapping_and_prints_the_table_of_scikit_learn():
    _, y, p, _ = draw(3)
    report = metrics.classification_report(NAMES[y], NAMES[p])
    expected = reference.classification_report(
        NAMES[y], NAMES[p], output_dict=True, zero_division=0
    )
    assert list(report) == list(expected)
    for name, row in expected.items():
        values = list(row.values()) if isinstance(row, dict) else [row]
        found = list(report[name].values()) if isinstance(row, dict) else [report[name]]
        assert found == pytest.approx(values)
    numbers = [float(each) for each in str(report).split() if each[0].isdigit()]
    first = expected[next(iter(expected))]
    assert numbers[:4] == [round(each, 2) for each in first.values()]
    assert str(report).splitlines()[0].split() == ["precision", "recall", "f1", "support"]
    assert (
        metrics.classification_report([0, 1, 1], [0, 1, 0], names=["no", "yes"])["yes"]["recall"]
        == 0.5
    )
    assert metrics.classification_report([0, 1], [0, 1])["1"]["support"] == 1
    with pytest.raises(KeyError, match="it has cat"):
        report["cow"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: metrics.f1([0, 1, 1], [0.2, 0.7]), r"y_true has shape \(3,\) and y_pred \(2,\)"),
        (
            lambda: metrics.accuracy([0.2, 0.7], [0, 1]),
            r"the order is \(y_true, y_pred\): exchange",
        ),
        (lambda: metrics.recall([[0.2, 0.8], [0.9, 0.1]], [0, 1]), "exchange them"),
        (lambda: metrics.accuracy([0.2, 0.7], [0.1, 0.9]), "is no class; amounts have mse or r2"),
        (lambda: metrics.accuracy([0, 1], ["a", "b"]), "labels of one kind"),
        (lambda: metrics.precision([0, 1], [-1.5, 2.5]), "for logits give threshold=0"),
        (lambda: metrics.f1(["a", "b", "c"], [0.1, 0.2, 0.3]), "give an output for each class"),
        (lambda: metrics.accuracy(["a", "b"], np.ones((2, 3))), "labels=net.classes"),
        (lambda: metrics.accuracy([0, np.nan], [0, 1]), "holds 1 NaN"),
        (lambda: metrics.accuracy(np.array([0, "a"], object), [0, 1]), "labels of one type"),
        (
            lambda: metrics.accuracy([0, 5], [[0.2, 0.8], [1, 0]], labels=[0, 1]),
            "none of the classes",
        ),
        (lambda: metrics.accuracy([0, 1], [0, 1], labels=[0, 0]), "give each class once"),
        (lambda: metrics.f1([0, 1], [0, 1], pos_label=1), "here it is `positive`"),
        (lambda: metrics.f1([0, 1], [0, 1], zero_division=1), "counts as 0"),
        (lambda: metrics.f1([0, 1], [0, 1], positive=5), "positive is 5"),
        (lambda: metrics.f1([0, 1], [0, 1], average="samples"), "average is 'samples'"),
        (lambda: metrics.accuracy(np.ones((2, 2)), np.ones((2, 2))), "a single 1"),
        (lambda: metrics.accuracy([], []), "one at least"),
        (lambda: metrics.mse([1, 2], ["a", "b"]), "text"),
        (lambda: metrics.mse([1, 2, 3], [[1, 2, 3]]), "must be equal"),
        (lambda: metrics.top_k([0, 1], [0, 1]), "an output for each class"),
        (lambda: metrics.classification_report([0, 1], [0, 1], names=["a"]), "1 names for the 2"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_a_remedy(call, words):
    with pytest.raises(ChainruleError, match=words):
        call()


def test_names_of_scikit_learn_are_answered():
    with pytest.raises(MissingAttributeError, match=r"here it is metrics\.f1"):
        getattr(metrics, "f1_score")  # noqa: B009
    with pytest.raises(ImportError, match=r"here it is metrics\.auc"):
        exec("from chainrule.metrics import roc_auc_score")


def test_compile_takes_the_functions_as_metrics_of_their_names():
    random = np.random.default_rng(0)
    X, y = random.normal(size=(60, 4)), random.integers(0, 5, 60)
    given = (
        ["accuracy", "f1", "auc", "top_3"],
        [metrics.accuracy, metrics.f1, metrics.auc, partial(metrics.top_k, k=3)],
    )
    results = []
    for each in given:
        net = cr.Network([nn.Dense(5)], seed=0)
        net.compile("cross_entropy", "adam", metrics=each)
        net.fit(X, y, epochs=2, verbose=0)
        results.append(list(net.evaluate(X, y).values()))
    assert results[0] == results[1]
    outputs = net.predict(X)
    by_hand = [metrics.accuracy, metrics.f1, metrics.auc, partial(metrics.top_k, k=3)]
    assert [score(y, outputs) for score in by_hand] == pytest.approx(results[0][1:])
    with pytest.raises(ArgumentError):
        net.compile("cross_entropy", metrics=[partial(metrics.f1, nothing=3)])
    assert re.fullmatch(r"0\.\d+", str(results[0][1]))
