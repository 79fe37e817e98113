"""The callee of the calling frame, read from its bytecode."""

import math
import pickle
import statistics
import struct
import sys
from array import array
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from math import exp as power
from typing import Any

import numpy as np
import pytest
from scipy import special
from scipy.optimize import brentq

import chainrule as cr
from chainrule.errors import TraceError, UnsupportedError
from chainrule.graph.protocol_gaps.call_site import called_function, called_name


class Recorder:
    """Records the callee seen from inside ``__float__``."""

    names: tuple[str, ...] = ()
    function: Any = None

    def __float__(self) -> float:
        caller = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
        Recorder.names, Recorder.function = called_name(caller), called_function(caller)
        return 1.0


class Holder:
    """Has a built-in function as attribute, as modules have."""

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
def test_the_callee_is_found_by_the_names_loaded_for_the_call(
    call: Callable[[Any], Any], names: tuple[str, ...], function: Any
) -> None:
    for _ in range(20):  # the interpreter rewrites what runs often
        Recorder.names, Recorder.function = (), None
        call(Recorder())
        assert Recorder.function is function
        assert Recorder.names == names


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: math.exp(x), "math.exp .* use np.exp"),
        (lambda x: x * power(x), "math.exp .* use np.exp"),
        (lambda x: math.pow(x, 2), "math.pow .* use np.power"),
        (lambda x: math.fabs(x), "math.fabs .* use np.abs"),
        (lambda x: math.dist([x], [0.0]), "math.dist .* use `np.linalg.norm"),
        (lambda x: math.erf(x), "math.erf .* use `chainrule.ops.erf"),
        (lambda x: math.gamma(x), "math.gamma .*scipy.special.gamma"),
        (lambda x: math.cbrt(x), r"math.cbrt .* use np.cbrt"),
    ],
)
def test_math_functions_of_traced_values_are_refused_with_their_numpy_name(
    function: Callable[[Any], Any], message: str
) -> None:
    with pytest.raises(TraceError, match=message):
        cr.grad(function)(0.5)
    with pytest.raises(TraceError, match=message):
        cr.jit(function)(0.5)


def test_printing_and_functions_without_a_derivative_take_known_values(capsys: Any) -> None:
    def f(x: Any) -> Any:
        print(x, f"{x:.1f}", float(cr.stop_gradient(x)))
        steps = math.floor(x) + math.ceil(x) + int(np.argmax([x, 1.0]))
        return x * steps if math.isfinite(x) and not math.isnan(x) else x

    assert cr.grad(f)(2.0) == 4.0
    assert capsys.readouterr().out.split() == ["2.0"] * 3


@pytest.mark.parametrize(
    "function",
    [
        lambda x: float(x) ** 2,
        lambda x: int(x) * x,
        lambda x: complex(x, 0.0).real,
        lambda x: np.float64(x) ** 2,
        lambda x: np.fromiter((v for v in [x, x]), float).sum(),
        lambda x: sum(array("d", [x, x])),
        lambda x: x * float(f"{float(x)}"),
        lambda x: [math.tanh][0](x),
        lambda x: sum(map(math.exp, [x, x])),
        lambda x: statistics.mean([x, x]),
        lambda x: statistics.variance([x, 1.0]),
        lambda x: float(Decimal(x)),
        lambda x: struct.unpack("d", struct.pack("d", x))[0],
        lambda x: float(str([x])[1:-1]),
        lambda x: memoryview(x)[0],
        lambda x: timedelta(seconds=x).total_seconds(),
        lambda x: pickle.loads(pickle.dumps(x)),
    ],
)  # fmt: skip
def test_conversions_that_lose_the_derivative_are_refused(function: Callable[[Any], Any]) -> None:
    for call in (cr.grad(function), cr.jit(function)):
        with pytest.raises(TraceError, match="plain"):
            call(2.0)


def test_a_refused_conversion_is_named_where_code_in_c_replaces_its_error() -> None:
    def root(x: Any) -> Any:
        return brentq(lambda t: t - x, -5.0, 5.0) * x

    with pytest.raises(TraceError, match="plain number"):
        cr.grad(root)(0.5)


def test_the_type_is_shown_where_the_value_is_not_known(capsys: Any) -> None:
    assert cr.jit(lambda x: print(f"{x:.3f}", f"{x:>8}", x) or x)(2.0) == 2.0
    assert capsys.readouterr().out == "<traced f64[]> <traced f64[]> <traced f64[]>\n"


def test_text_is_formatted_with_the_value_by_the_operator_too(capsys: Any) -> None:
    def shown(x: Any) -> Any:
        line = "in place %.1f"
        line %= x
        print("loss %f at %d" % (x, x), "%(a)5.2f" % {"a": x}, line, str(b"%f" % x))  # noqa: UP031
        return x**2 + 7.5 % x

    assert cr.grad(shown)(2.0) == 4 - 3
    assert capsys.readouterr().out == "loss 2.000000 at 2  2.00 in place 2.0 b'2.000000'\n"
    with pytest.raises(TraceError, match="asked for"):
        cr.jit(shown)(2.0)


def test_ufuncs_of_other_libraries_are_refused_by_their_qualified_name() -> None:
    with pytest.raises(UnsupportedError, match=r"^scipy\.special\.hyp0f1 cannot be traced"):
        cr.grad(lambda x: special.hyp0f1(1, x))(0.5)
    mine = np.frompyfunc(lambda a: a, 1, 1)
    with pytest.raises(UnsupportedError, match=r"^the ufunc .* cannot be traced"):
        cr.grad(lambda x: mine(x))(0.5)
