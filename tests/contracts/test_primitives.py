"""What holds for every primitive there is: whoever adds one finds it tried here at once."""

import importlib
import itertools
import pkgutil
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from scipy import special

import chainrule as cr
from chainrule import ops
from chainrule.errors import ChainruleError
from chainrule.graph.array_type import type_of
from chainrule.graph.evaluate import evaluate
from chainrule.graph.node import variable
from chainrule.graph.primitive import Primitive, Sample

MOST = 60


def _found() -> Iterator[tuple[str, Primitive]]:
    for module in pkgutil.iter_modules(ops.__path__):
        for value in vars(importlib.import_module(f"{ops.__name__}.{module.name}")).values():
            if isinstance(value, Primitive):
                yield value.name, value


EVERY = dict(sorted(_found()))
# Those of several results, and the one that takes them apart, are tried in tests/autodiff.
PRIMITIVES = {name: each for name, each in EVERY.items() if name not in ("element", "handwritten")}
SAMPLES = [
    pytest.param(primitive, sample, id=f"{name}-{number}")
    for name, primitive in PRIMITIVES.items()
    for number, sample in enumerate(primitive.samples())
]
INVALID = [
    pytest.param(primitive, sample, id=f"{name}-{number}")
    for name, primitive in PRIMITIVES.items()
    for number, sample in enumerate(primitive.invalid())
]


def in_kind(sample: Sample, dtype: str) -> list[Any]:
    """Give the inputs, real ones in another precision."""
    arrays = [np.asarray(x) for x in sample.inputs]
    return [x.astype(dtype) if x.dtype.kind == "f" else x for x in arrays]


def is_smooth(sample: Sample, primitive: Primitive) -> bool:
    """Whether there is something to differentiate, in full precision."""
    result = np.asarray(primitive(*sample.inputs, **sample.params))
    reals = [np.asarray(x).dtype.kind == "f" for x in sample.inputs]
    return primitive.vjp is not None and any(reals) and result.dtype == np.float64


DIFFERENTIABLE = [each for each in SAMPLES if is_smooth(each.values[1], each.values[0])]
every_sample = pytest.mark.parametrize(("primitive", "sample"), SAMPLES)
every_derivative = pytest.mark.parametrize(("primitive", "sample"), DIFFERENTIABLE)


# ------------------------------------------------------------------------------ what it is


def test_the_vocabulary_is_small() -> None:
    assert 40 < len(EVERY) <= MOST


@pytest.mark.parametrize("primitive", PRIMITIVES.values(), ids=PRIMITIVES.keys())
def test_a_primitive_has_samples_and_an_independent_definition(primitive: Primitive) -> None:
    assert primitive.samples()
    assert primitive.reference is not None
    assert primitive.reference is not primitive.evaluate


@every_sample
def test_its_formula_can_be_written(primitive: Primitive, sample: Sample) -> None:
    names = ["a", "b", "c", "d", "e"][: len(sample.inputs)]
    assert "{" not in primitive.formula.format(*names, **sample.params).replace("{}", "")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@every_sample
def test_its_type_is_told_before_its_value(
    primitive: Primitive, sample: Sample, dtype: str
) -> None:
    inputs = in_kind(sample, dtype)
    inferred = primitive.infer(*map(type_of, inputs), **sample.params)
    value = np.asarray(primitive.evaluate(*inputs, **sample.params))
    assert (inferred.dtype, inferred.shape) == (value.dtype, value.shape)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@every_sample
def test_its_value_is_that_of_its_definition(
    primitive: Primitive, sample: Sample, dtype: str
) -> None:
    inputs = in_kind(sample, dtype)
    assert primitive.reference is not None
    expected = (
        primitive.reference(*inputs, **sample.params)
        if all(x.size for x in inputs)
        else np.zeros(np.shape(primitive(*inputs, **sample.params)))
    )
    tolerance = 1e-14 if dtype == "float64" else 2e-6
    value = np.asarray(primitive.evaluate(*inputs, **sample.params))
    np.testing.assert_allclose(value, expected, rtol=tolerance, atol=tolerance)


@every_sample
def test_traced_and_untraced_values_are_the_same_bits(primitive: Primitive, sample: Sample) -> None:
    direct = np.asarray(primitive(*sample.inputs, **sample.params))
    graph = cr.trace(lambda *inputs: primitive(*inputs, **sample.params))(*sample.inputs)
    (traced,) = evaluate(graph, sample.inputs)
    assert np.asarray(traced).tobytes() == direct.tobytes()


@pytest.mark.parametrize(("primitive", "sample"), INVALID)
def test_inputs_that_misfit_are_refused(primitive: Primitive, sample: Sample) -> None:
    with pytest.raises(ChainruleError) as caught:
        primitive(*sample.inputs, **sample.params)
    assert re.match(r"[a-z_]+( \S+)?: ", str(caught.value))


@pytest.mark.parametrize(
    "primitive", [p for p in PRIMITIVES.values() if p.ufunc is not None], ids=lambda p: p.name
)
def test_an_elementwise_operation_refuses_shapes_that_do_not_broadcast(
    primitive: Primitive,
) -> None:
    count = len(primitive.samples()[0].inputs)
    with pytest.raises(ChainruleError):
        primitive(np.ones(2) * 1j, *[np.ones(2)] * (count - 1))
    if count > 1:
        with pytest.raises(ChainruleError, match="axis 1"):
            primitive(*[np.ones(2)] * (count - 1), np.ones(3))


# ------------------------------------------------------------------------------ derivatives

Arrays = list[Any]


def restricted(primitive: Primitive, sample: Sample) -> tuple[Callable[..., Any], Arrays]:
    """Give the primitive as a function of its real inputs, and these."""
    arrays = [np.asarray(x) for x in sample.inputs]
    places = [i for i, x in enumerate(arrays) if x.dtype.kind == "f"]

    def function(*reals: Any) -> Any:
        inputs: list[Any] = list(arrays)
        for place, value in zip(places, reals, strict=True):
            inputs[place] = value
        return primitive(*inputs, **sample.params)

    return function, [arrays[i] for i in places]


def random_like(arrays: Sequence[Any], seed: int) -> Arrays:
    generator = np.random.default_rng(seed)
    return [generator.uniform(-1, 1, np.shape(x)) for x in arrays]


def moved(arrays: Arrays, directions: Arrays, step: float) -> Arrays:
    return [x + step * d for x, d in zip(arrays, directions, strict=True)]


def paired(left: Sequence[Any], right: Sequence[Any]) -> float:
    return float(sum(np.sum(a * b) for a, b in zip(left, right, strict=True)))


def central(function: Callable[[float], float], step: float) -> float:
    return (function(step) - function(-step)) / (2 * step)


def richardson(function: Callable[[float], float], step: float = 2.0**-10) -> float:
    """Central differences with the error of second order taken out."""
    return (4 * central(function, step / 2) - central(function, step)) / 3


def agrees(found: float, expected: float, tolerance: float) -> bool:
    return abs(found - expected) <= tolerance * max(1.0, abs(expected))


@every_derivative
def test_its_derivative_agrees_with_differences(primitive: Primitive, sample: Sample) -> None:
    function, arrays = restricted(primitive, sample)
    directions = random_like(arrays, 1)
    value, pullback = cr.vjp(function, *arrays)
    (cotangent,) = random_like([value], 2)
    found = paired(pullback(cotangent), directions)
    along = lambda t: paired([cotangent], [function(*moved(arrays, directions, t))])  # noqa: E731
    assert agrees(found, richardson(along), 1e-6)


# Analytic functions of real inputs, written for complex ones: f(x + ih) = f(x) + ih f'(x).
ANALYTIC: dict[str, Callable[..., Any]] = {
    "arctan2": lambda a, b: np.arctan(a / b),
    "cos": np.cos,
    "divide": np.divide,
    "erf": special.erf,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "logaddexp": lambda a, b: np.log(np.exp(a) + np.exp(b)),
    "power": np.power,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "sin": np.sin,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
}


@every_derivative
def test_its_derivative_agrees_with_an_exact_method(primitive: Primitive, sample: Sample) -> None:
    """Complex step where the function is analytic; elsewhere differences of piecewise quadratics.

    All other primitives are sums, products or choices of their inputs, for which central
    differences have no error but rounding.
    """
    function, arrays = restricted(primitive, sample)
    directions = random_like(arrays, 3)
    value, pullback = cr.vjp(function, *arrays)
    (cotangent,) = random_like([value], 4)
    found = paired(pullback(cotangent), directions)
    if primitive.name in ANALYTIC:
        step = 1e-30
        shifted = [x + 1j * step * d for x, d in zip(arrays, directions, strict=True)]
        change = ANALYTIC[primitive.name](*shifted).imag / step
        expected = paired([cotangent], [change])
    else:
        expected = central(
            lambda t: paired([cotangent], [function(*moved(arrays, directions, t))]), 2.0**-10
        )
    assert agrees(found, expected, 1e-10)


@every_derivative
def test_its_second_derivative_agrees_with_differences(
    primitive: Primitive, sample: Sample
) -> None:
    function, arrays = restricted(primitive, sample)
    directions, others = random_like(arrays, 5), random_like(arrays, 6)
    (cotangent,) = random_like([function(*arrays)], 7)

    def slope(*reals: Any) -> Any:
        """Derivative along one direction, which is differentiated again."""
        _, pullback = cr.vjp(function, *reals)
        parts = [np.sum(g * d) for g, d in zip(pullback(cotangent), directions, strict=True)]
        return sum(parts[1:], parts[0])

    found = paired(cr.grad(slope, argnums=range(len(arrays)))(*arrays), others)
    assert agrees(found, richardson(lambda t: float(slope(*moved(arrays, others, t)))), 1e-6)


def test_a_change_of_precision_hands_cotangents_back_in_the_precision_of_its_input() -> None:
    x = np.array([0.1, 0.2])
    value, pullback = cr.vjp(lambda x: x.astype(np.float32), x)
    (gradient,) = pullback(np.array([1.5, -2.5], np.float32))
    assert (value.dtype, gradient.dtype) == (np.float32, np.float64)
    np.testing.assert_array_equal(gradient, [1.5, -2.5])


def test_derivatives_at_corners_are_shared_evenly() -> None:
    one, ties = np.array(1.0), np.array([2.0, 5.0, 5.0, 1.0, 5.0])
    np.testing.assert_array_equal(cr.grad(np.maximum, argnums=(0, 1))(one, one), [0.5, 0.5])
    np.testing.assert_array_equal(cr.grad(np.minimum, argnums=(0, 1))(one, one), [0.5, 0.5])
    np.testing.assert_allclose(cr.grad(np.max)(ties), [0, 1 / 3, 1 / 3, 0, 1 / 3])
    assert cr.grad(np.abs)(0.0) == 0
    assert cr.grad(lambda x: x**0)(0.0) == 0
    np.testing.assert_array_equal(cr.grad(lambda x, p: x**p, argnums=(0, 1))(0.0, 2.0), [0, 0])
    inf = np.array(np.inf)
    assert cr.grad(cr.grad(lambda a: np.logaddexp(a, 1.0)))(1.0) == 0.25
    np.testing.assert_array_equal(cr.grad(np.logaddexp, argnums=(0, 1))(-inf, -inf), [0.5, 0.5])


# ------------------------------------------------------------------------------ odd numbers

TINY = np.finfo(float).smallest_subnormal
ODD = [np.nan, np.inf, -np.inf, 0.0, -0.0, TINY, -TINY, 1.0, -2.5, 1e308, -700.0]


def _sigmoid(x: Any) -> Any:
    return special.expit(x)


def _same(a: Any, b: Any, ulps: int = 0) -> None:
    a, b = np.asarray(a), np.asarray(b)
    assert a.dtype == b.dtype
    (np.testing.assert_array_equal if not ulps else _close)(a, b)
    numbers = ~np.isnan(a)
    np.testing.assert_array_equal(np.signbit(a)[numbers], np.signbit(b)[numbers])


def _close(a: Any, b: Any) -> None:
    np.testing.assert_allclose(a, b, rtol=1e-15, atol=0)


NAMED_AS_IN_NUMPY = [p for p in PRIMITIVES.values() if isinstance(p.ufunc, np.ufunc)]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("primitive", NAMED_AS_IN_NUMPY, ids=lambda p: p.name)
def test_odd_numbers_come_out_as_in_numpy(primitive: Primitive, dtype: str) -> None:
    count = len(primitive.samples()[0].inputs)
    with np.errstate(all="ignore"):
        odd = np.array(ODD).astype(dtype)
        columns = [
            np.array(each, dtype)
            for each in zip(*itertools.product(odd, repeat=count), strict=True)
        ]
        expected = getattr(np, primitive.name)(*columns)
        nodes = [variable(type_of(x), x) for x in columns]
        got = primitive(*nodes).value
    _same(got.astype(float), expected.astype(float))
    assert got.dtype == expected.dtype


def test_odd_numbers_come_out_of_sigmoid_and_erf_as_in_mathematics() -> None:
    x = np.array(ODD)
    _same(PRIMITIVES["sigmoid"](x), special.expit(x), ulps=1)
    _same(PRIMITIVES["erf"](x), special.erf(x), ulps=1)


MOVES = {"broadcast_to", "concatenate", "gather", "identity", "place", "reshape", "select",
         "stop_gradient", "strided_slice", "transpose", "windows"}  # fmt: skip


@pytest.mark.parametrize(
    ("primitive", "sample"), [each for each in SAMPLES if each.values[0].name in MOVES]
)
def test_what_only_moves_numbers_keeps_odd_ones(primitive: Primitive, sample: Sample) -> None:
    function, arrays = restricted(primitive, sample)
    positions = [
        np.arange(1.0, x.size + 1).reshape(x.shape) + 100 * i for i, x in enumerate(arrays)
    ]
    source = np.asarray(function(*positions)).astype(int)
    odd = [np.resize(ODD, x.shape) for x in arrays]
    got = np.asarray(function(*odd))
    table = {0: 0.0}
    for where, what in zip(positions, odd, strict=True):
        table |= dict(zip(where.ravel().astype(int).tolist(), what.ravel().tolist(), strict=True))
    expected = np.array([table[i] for i in source.ravel().tolist()], float).reshape(source.shape)
    _same(got, expected)


def test_nan_is_largest_smallest_and_last() -> None:
    x = np.array([1.0, np.nan, -np.inf, 3.0])
    node = variable(type_of(x), x)
    for name in ("max", "min", "argmax", "argmin", "argsort", "cumsum", "sum"):
        _same(getattr(np, name)(node).value, getattr(np, name)(x))


# ------------------------------------------------------------------------------ odd layouts


def _strided(x: Any) -> Any:
    wide = np.repeat(x, 2, axis=-1) if x.ndim else np.repeat(x, 2)
    return wide[..., ::2].reshape(x.shape) if x.ndim == 0 else wide[..., ::2]


def _reversed(x: Any) -> Any:
    return np.ascontiguousarray(x[..., ::-1])[..., ::-1] if x.ndim else x


def _read_only(x: Any) -> Any:
    x = x.copy()
    x.flags.writeable = False
    return x


LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "strided": _strided,
    "reversed": _reversed,
    "by columns": lambda x: np.array(x, order="F"),
    "big-endian": lambda x: x.astype(x.dtype.newbyteorder(">")),
    "read-only": _read_only,
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
@every_sample
def test_the_layout_of_the_inputs_makes_no_difference(
    primitive: Primitive, sample: Sample, layout: Callable[[Any], Any]
) -> None:
    inputs = [np.asarray(x) for x in sample.inputs]
    awkward = [layout(x) for x in inputs]
    expected = np.asarray(primitive(*inputs, **sample.params))
    direct = np.asarray(primitive(*awkward, **sample.params))
    traced = np.asarray(cr.jit(lambda *each: primitive(*each, **sample.params))(*awkward))
    for got in (direct, traced):
        assert got.dtype == expected.dtype
        np.testing.assert_allclose(got, expected, rtol=1e-15, atol=1e-15)
    for x, y in zip(awkward, inputs, strict=True):
        np.testing.assert_array_equal(x, y)
