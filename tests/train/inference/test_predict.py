"""Laws of predict, predict_proba, predict_class and evaluate."""

import warnings

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.errors import ArgumentError, DataError, DTypeError, ShapeError
from chainrule.train.network import Network
from tests.train.classifier import LABELS, X, classifier

pytestmark = pytest.mark.filterwarnings("ignore::chainrule.errors.ChainruleWarning")


@pytest.mark.parametrize("size", [1, 7, 30, None])
def test_predictions_equal_the_layers_output_for_any_batch_size(size):
    net = Network([nn.Dense(4, activation="relu"), nn.Dense(2)], dtype="float64")
    np.testing.assert_allclose(net.predict(X, batch_size=size), net(X), atol=1e-12)


def test_a_prediction_does_not_alias_the_inputs():
    net = Network([nn.Flatten()], dtype="float64")
    prediction = net.predict(X)
    prediction[:] = 0
    assert X.all()


def test_a_final_softmax_is_fused_and_noted_once(capsys):
    logits, fused = classifier(), classifier("softmax", epochs=1)
    assert "softmax" in fused.history.notes[0]
    again = fused.fit(X, LABELS, epochs=29, batch_size=None, verbose=2)
    assert again.notes == []
    assert "softmax" not in capsys.readouterr().out
    for name, array in logits.params.items():
        assert np.array_equal(array, fused.params[name])
    np.testing.assert_allclose(logits.predict_proba(X), fused.predict(X), rtol=2e-6)
    assert np.array_equal(logits.predict_class(X), fused.predict_class(X))
    assert logits.evaluate(X, LABELS) == fused.evaluate(X, LABELS)


def test_a_fused_softmax_is_exact_for_large_scores():
    net = Network([nn.Activation("softmax")], dtype="float64")
    net.compile("cross_entropy")
    assert net.evaluate([[1000.0, 0.0]], [1])["loss"] == 1000.0


def test_probabilities_sum_to_one():
    np.testing.assert_allclose(classifier().predict_proba(X).sum(axis=1), 1, rtol=1e-6)


def test_the_accuracy_is_the_fraction_of_classes_predicted():
    net = classifier()
    assert net.evaluate(X, LABELS)["accuracy"] == np.mean(net.predict_class(X) == LABELS)


def test_class_names_and_one_hot_rows_are_equivalent_to_class_indices():
    names = np.array(["ant", "bee", "cat"])[LABELS]
    by_number = classifier()
    by_name, by_list = classifier(labels=names), classifier(labels=names.tolist())
    by_object, by_row = (
        classifier(labels=names.astype(object)),
        classifier(labels=np.eye(3)[LABELS]),
    )
    for net in (by_name, by_list, by_object):
        assert net.classes == ["ant", "bee", "cat"]
        assert np.array_equal(net.params["dense.weight"], by_number.params["dense.weight"])
        assert (
            net.predict_class(X).tolist()
            == np.array(net.classes)[by_number.predict_class(X)].tolist()
        )
        assert net.evaluate(X, names) == by_number.evaluate(X, LABELS)
    np.testing.assert_allclose(
        by_row.params["dense.weight"], by_number.params["dense.weight"], atol=1e-5
    )
    with pytest.raises(DataError, match="evaluate: y has 1 name of no known class, first 'dog'"):
        by_name.evaluate(X[:1], ["dog"])
    with pytest.raises(DataError, match="trained on numbers"):
        by_number.evaluate(X, names)


def test_class_names_need_as_many_outputs_and_a_classification_loss():
    names = np.array(["ant", "bee", "cat"])[LABELS]
    with pytest.raises(DataError, match="3 classes"):
        classifier(labels=names, units=4)
    with pytest.raises(DataError, match="text"):
        classifier(labels=names, loss="mse")


@pytest.mark.parametrize("activation", [None, "sigmoid"])
@pytest.mark.parametrize("labels", [LABELS > 0, np.where(LABELS > 0, "yes", "no")])
def test_binary_targets_may_be_one_or_two_dimensional(activation, labels):
    row = classifier(activation, labels, "binary_cross_entropy", units=1)
    column = classifier(activation, (LABELS > 0)[:, None], "binary_cross_entropy", units=1)
    assert np.array_equal(row.params["dense.weight"], column.params["dense.weight"])
    classes = row.predict_class(X)
    assert classes.shape == (30,)
    assert np.mean(classes == labels) == row.evaluate(X, labels)["accuracy"] > 0.9
    assert ((row.predict_proba(X) > 0) & (row.predict_proba(X) < 1)).all()


def test_one_dimensional_targets_fit_a_single_output_in_regression():
    losses = []
    for y in (X[:, 0], X[:, :1]):
        net = Network([nn.Dense(1)], seed=0)
        net.compile("mse", "sgd")
        losses.append(net.fit(X, y, verbose=0)["loss"])
    assert losses[0] == losses[1]


def test_probabilities_of_a_network_that_is_no_classifier_are_refused():
    net = classifier(labels=1.0 * (X[:, :1] > 0), loss="mse", units=1)
    for method in (net.predict_class, net.predict_proba):
        with pytest.raises(ArgumentError, match="no probabilities"):
            method(X)


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (np.full((2, 3), np.nan), DataError),
        (np.ones((2, 4)), ShapeError),
        (np.ones(2), ShapeError),
        (np.ones((0, 3)), DataError),
        (3.0, DataError),
        ([["a", "b", "c"]], DTypeError),
        (np.ones((2, 3)) * 1j, DTypeError),
        (None, DataError),
    ],
)  # fmt: skip
def test_unsuitable_inputs_are_refused_by_every_method(bad, error):
    net = classifier(epochs=1)
    for method in (net, net.predict, net.predict_proba, net.predict_class):
        with pytest.raises(error):
            method(bad)
    with pytest.raises(error):
        net.evaluate(bad, LABELS[:2])


def test_metrics_of_all_samples_are_not_averaged_over_batches():
    net = Network([nn.Dense(3)])
    net.compile("cross_entropy", optim.SGD(1e-30), metrics=["f1", "accuracy", "auc"])
    history = net.fit(X, LABELS, batch_size=7, verbose=0)
    results = net.evaluate(X, LABELS)
    assert list(results.keys()) == ["loss", "f1", "accuracy", "auc"]
    for name, value in results.items():
        assert history[name][0] == pytest.approx(value, rel=1e-6)


def test_evaluate_applies_sample_weights():
    net = Network([nn.Dense(1)], dtype="float64")
    net.compile("mse")
    net(X)
    weight = np.arange(30.0)
    errors = (net.predict(X)[:, 0] - 1) ** 2
    loss = net.evaluate(X, np.ones((30, 1)), sample_weight=weight)["loss"]
    assert loss == pytest.approx(np.sum(weight * errors) / 30, rel=1e-12)


def own_softmax(x):
    powers = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return powers / np.sum(powers, axis=-1, keepdims=True)


@pytest.mark.parametrize("activation", [own_softmax, "sigmoid", "relu", "tanh", "softplus"])
def test_an_output_activation_that_the_loss_does_not_take_warns(activation):
    with pytest.warns(cr.ChainruleWarning, match="takes logits") as caught:
        classifier(activation, epochs=1)
    assert caught[0].filename == classifier.__code__.co_filename  # where fit was called


@pytest.mark.parametrize("loss", ["cross_entropy", "kl_divergence"])
def test_a_softmax_of_a_softmax_warns(loss):
    layers = [nn.Dense(3, activation="softmax"), nn.Activation("softmax", name="again")]
    net = Network(layers)
    net.compile(loss, "sgd")
    with pytest.warns(cr.ChainruleWarning, match="'dense' and 'again' apply a softmax twice"):
        net.fit(X, np.eye(3)[LABELS], verbose=0)


def test_the_output_activation_that_a_loss_takes_does_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for activation in (None, "softmax", "leaky_relu"):
            classifier(activation, epochs=1)
