"""The notice that a function cannot be traced."""

import math
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from chainrule.errors import ChainruleWarning
from chainrule.science import integrate, optimize

X = [1.0]


def line(f: Callable[[Any], Any]) -> Any:
    def model_of_the_notice(x: Any, a: Any) -> Any:
        return f([a]) * x

    return optimize.curve_fit(model_of_the_notice, [1.0, 2], [1.0, 2], X)


CALLS: dict[str, Callable[[Any], Any]] = {
    "minimize": lambda f: optimize.minimize(f, X),
    "constraint": lambda f: optimize.minimize(
        lambda x: x[0] ** 2, X, constraints={"type": "ineq", "fun": f}
    ),
    "fmin_slsqp": lambda f: optimize.fmin_slsqp(lambda x: x[0] ** 2, X, ieqcons=[f], disp=0),
    "least_squares": lambda f: optimize.least_squares(f, X),
    "leastsq": lambda f: optimize.leastsq(f, X),
    "curve_fit": line,
    "root": lambda f: optimize.root(f, X),
    "odeint": lambda f: integrate.odeint(lambda y, t: f(y) - y, X, [0.0, 1]),
    "solve_ivp": lambda f: integrate.solve_ivp(lambda t, y: f(y) - y, (0, 1), X, method="BDF"),
}


@pytest.mark.parametrize("name", CALLS)
def test_an_error_of_the_function_itself_comes_before_the_notice(name: str) -> None:
    def undefined(x: Any) -> Any:
        if x[0] > -1e9:
            raise ValueError("undefined here")
        return x[0]

    def untraceable(x: Any) -> Any:
        return math.sin(float(x[0])) - 0.5

    untraceable.__name__ = f"untraceable_{name}"  # of each name it is said once
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="undefined here"):
            CALLS[name](undefined)
    with pytest.warns(ChainruleWarning, match="cannot be traced"):
        CALLS[name](untraceable)
