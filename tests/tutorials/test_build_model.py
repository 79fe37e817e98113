"""build_model on the moons: its backward is the derived one, and it bends logistic regression."""

import numpy as np
import pytest

import chainrule as cr
from tests.tutorials import build_model as tutorial
from tests.tutorials.agreement import assert_close, assert_runs_unchanged
from tests.tutorials.build_model import X, backward, build_model, calculate_loss, num_examples, y

MODEL = build_model(3, num_passes=5)


def test_the_loss_runs_unchanged():
    assert_runs_unchanged(calculate_loss, MODEL, order=2)


def test_the_backward_runs_unchanged():
    """Its derivative is the second one of the loss."""
    assert_runs_unchanged(backward, MODEL)


def test_the_hand_written_backward_is_the_derived_gradient():
    derived = cr.grad(calculate_loss)(MODEL)
    for name, by_hand in zip(MODEL, backward(MODEL), strict=True):
        # The bias of the hidden layer has shape (1, 3), its gradient by hand (3,).
        assert_close(by_hand.reshape(derived[name].shape), num_examples * derived[name])


def test_predictions_run_unchanged_under_jit():
    classes = tutorial.predict(MODEL, X)
    np.testing.assert_array_equal(cr.jit(tutorial.predict)(MODEL, X), classes)


def test_the_loss_is_printed_while_it_is_differentiated(capsys):
    def shown(model):
        loss = calculate_loss(model)
        print("Loss after iteration %i: %f" % (0, loss))
        return loss

    assert_close(cr.grad(shown)(MODEL), cr.grad(calculate_loss)(MODEL))
    assert f"{calculate_loss(MODEL):f}" in capsys.readouterr().out


def test_three_hidden_units_bend_the_line_of_logistic_regression():
    w, b = np.zeros(2), 0.0
    assert_runs_unchanged(tutorial.logistic_loss, w, b)
    step = cr.jit(cr.grad(tutorial.logistic_loss, (0, 1)))
    for _ in range(200):
        gradient = step(w, b)
        assert_close(gradient, tutorial.logistic_gradient(w, b))
        w, b = w - gradient[0], b - gradient[1]
    straight = np.mean((X.dot(w) + b > 0) == y)
    bent = np.mean(tutorial.predict(build_model(3, num_passes=1500), X) == y)
    assert straight < 0.9
    assert bent > 0.95


def test_compiled_passes_build_the_same_model():
    gradient = cr.jit(cr.grad(calculate_loss))
    model = build_model(3, num_passes=0)
    for _ in range(100):
        derivatives = gradient(model)
        model = {
            name: value - tutorial.epsilon * num_examples * derivatives[name]
            for name, value in model.items()
        }
    assert_close(model, build_model(3, num_passes=100))


@pytest.mark.parametrize("how", [cr.grad, cr.jit])
def test_the_model_is_left_as_it_was(how):
    before = {name: value.copy() for name, value in MODEL.items()}
    how(lambda model: np.sum(backward(model)[0]))(MODEL)
    assert_close(MODEL, before, rtol=0, atol=0)
