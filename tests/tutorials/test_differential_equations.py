"""lorenz, and Airy's func with its gradient, for SciPy's odeint."""

import numpy as np
import pytest
from scipy.integrate import odeint
from scipy.special import airy

import chainrule as cr
from tests.tutorials.agreement import assert_close, assert_runs_unchanged
from tests.tutorials.differential_equations import (
    euler,
    func,
    gradient,
    lorenz,
    lorenz_filled,
    lorenz_tuple,
    rotate,
)

POINT = np.array([1.0, -2.0, 3.0])
CONSTANTS = 10.0, 28.0, 3.0


def jacobian(function, y, *args):
    """The derived Jacobian, one row for each component, as odeint's Dfun returns it."""
    rows = range(len(function(y, *args)))
    return np.array([cr.grad(lambda y, i=i: function(y, *args)[i])(y) for i in rows])


@pytest.mark.parametrize("function", [lorenz, lorenz_tuple, lorenz_filled])
def test_lorenz_runs_unchanged_however_it_is_written(function):
    assert_runs_unchanged(function, POINT, 0.0, *CONSTANTS, order=2)
    (x, y, z), (p, r, b) = POINT, CONSTANTS
    by_hand = np.array([[-p, p, 0], [r - z, -1, -x], [y, x, -b]])
    assert_close(jacobian(function, POINT, 0.0, p, r, b), by_hand)


def test_odeint_follows_lorenz_with_the_derived_jacobian():
    t = np.linspace(0, 2, 50)
    plain = odeint(lorenz, (0.0, 1.0, 0.0), t, args=CONSTANTS, rtol=1e-10, atol=1e-10)
    derived = odeint(
        lorenz,
        (0.0, 1.0, 0.0),
        t,
        args=CONSTANTS,
        Dfun=lambda *args: jacobian(lorenz, *args),
        rtol=1e-10,
        atol=1e-10,
    )
    assert_close(derived, plain, rtol=1e-6, atol=1e-6)


def test_the_hand_written_gradient_of_airys_func_is_the_derived_one():
    assert_runs_unchanged(func, np.array([0.4, -0.3]), 1.5)
    assert_close(jacobian(func, np.array([0.4, -0.3]), 1.5), np.array(gradient(None, 1.5)))


def test_odeint_with_airys_gradient_gives_airys_function():
    t = np.linspace(0, 4, 40)
    value, slope, *_ = airy(0.0)
    track = odeint(func, [slope, value], t, Dfun=lambda y, t: jacobian(func, y, t), rtol=1e-10)
    assert_close(track[:, 1], airy(t)[0], rtol=1e-5, atol=1e-6)


def test_a_matrix_of_traced_values_rotates():
    assert_runs_unchanged(rotate, np.array([2.0, 1.0]), 0.7, order=2)


def test_a_loop_of_steps_is_differentiated_with_respect_to_the_start():
    t = np.linspace(0, 0.1, 6)
    assert_runs_unchanged(lambda w, *args: euler(lorenz, w, t, *args), POINT, *CONSTANTS)
