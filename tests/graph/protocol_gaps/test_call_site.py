"""What is told of a call from the caller's frame."""

import math
import sys
from collections.abc import Callable
from math import exp as power
from typing import Any

import numpy as np
import pytest
from scipy import special

import chainrule as cr
from chainrule.errors import TraceError, UnsupportedError
from chainrule.graph.protocol_gaps.call_site import called_function, called_name


class Asked:
    """Keeps what a call for its float looks like from inside."""

    names: tuple[str, ...] = ()
    function: Any = None

    def __float__(self) -> float:
        caller = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
        Asked.names, Asked.function = called_name(caller), called_function(caller)
        return 1.0


class Holder:
    """Holds a function of C, as modules do."""

    def __init__(self) -> None:
        self.cosine = math.cos


def in_a_closure(x: Any) -> Any:
    root = math.sqrt
    return [root(each) for each in [x]]


held = Holder()

CALLS: list[tuple[Callable[[Any], Any], tuple[str, ...], Any]] = [
    (lambda x: math.exp(x), ("math", ".exp"), math.exp),
    (lambda x: 1 + 2 * math.log(x, 2.0), ("math", ".log"), math.log),
    (lambda x: power(x), ("power",), math.exp),
    (lambda x: held.cosine(x), ("held", ".cosine"), math.cos),
    (lambda x: max(math.tan(2.0), math.sin(x)), ("math", ".sin"), math.sin),
    (lambda x: math.sin(float(x)), ("float",), None),
    (lambda x: float(x), ("float",), None),
    (lambda x: [held][0].cosine(x), (".cosine",), None),
    (in_a_closure, ("root",), math.sqrt),
    (lambda x: (math
                .exp(x)), ("math", ".exp"), math.exp),
]  # fmt: skip


@pytest.mark.parametrize(("call", "names", "function"), CALLS)
def test_a_call_is_told_by_the_names_in_front_of_it(
    call: Callable[[Any], Any], names: tuple[str, ...], function: Any
) -> None:
    for _ in range(20):  # the interpreter rewrites what runs often
        Asked.names, Asked.function = (), None
        call(Asked())
        assert Asked.function is function
        assert Asked.names == names


@pytest.mark.parametrize(
    ("function", "mend"),
    [
        (lambda x: math.exp(x), "math.exp .* use np.exp"),
        (lambda x: x * power(x), "math.exp .* use np.exp"),
        (lambda x: math.pow(x, 2), "math.pow .* use np.power"),
        (lambda x: math.fabs(x), "math.fabs .* use np.abs"),
        (lambda x: math.dist([x], [0.0]), "math.dist .* use np.linalg.norm"),
        (lambda x: math.erf(x), "math.erf .* use chainrule.ops.erf"),
        (lambda x: math.gamma(x), "math.gamma .* cr.custom_vjp"),
        (lambda x: math.cbrt(x), r"math.cbrt .* use np.sign\(x\)"),
    ],
)
def test_functions_of_plain_numbers_would_cut_a_derivative_and_are_refused(
    function: Callable[[Any], Any], mend: str
) -> None:
    with pytest.raises(TraceError, match=mend):
        cr.grad(function)(0.5)
    with pytest.raises(TraceError, match=mend):
        cr.jit(function)(0.5)


def test_asking_for_a_number_to_look_at_it_is_no_mistake(capsys: Any) -> None:
    def f(x: Any) -> Any:
        print(x, f"{x:.1f}", float(x), round(float(x), 1))
        steps = int(x) + math.floor(x) + math.ceil(x)
        return x * steps if math.isfinite(x) and not math.isnan(x) else x

    assert cr.grad(f)(2.0) == 6.0
    assert capsys.readouterr().out.split() == ["2.0"] * 4


def test_functions_of_other_libraries_are_called_by_their_name() -> None:
    with pytest.raises(UnsupportedError, match=r"^scipy\.special\.erf cannot .*ops\.erf"):
        cr.grad(lambda x: special.erf(x))(0.5)
    mine = np.frompyfunc(lambda a: a, 1, 1)
    with pytest.raises(UnsupportedError, match=r"^the ufunc .* cannot be traced"):
        cr.grad(lambda x: mine(x))(0.5)
