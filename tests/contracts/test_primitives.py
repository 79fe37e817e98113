"""Laws of every primitive: type, value, special values, memory layouts."""

import itertools
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import special

import chainrule as cr
from chainrule.errors import ChainruleError
from chainrule.graph.array_type import type_of
from chainrule.graph.evaluate import evaluate
from chainrule.graph.node import variable
from chainrule.graph.primitive import Primitive, Sample
from tests.contracts.primitive_samples import (
    EVERY,
    INVALID,
    LINEAR_ALGEBRA,
    PRIMITIVES,
    SAMPLES,
    applied,
    every_sample,
    in_kind,
    restricted,
)

MAX_PRIMITIVES = 96


# ------------------------------------------------------------------------------ what it is


def test_the_number_of_primitives_is_bounded() -> None:
    assert 40 < len(EVERY) <= MAX_PRIMITIVES


@pytest.mark.parametrize("primitive", PRIMITIVES.values(), ids=PRIMITIVES.keys())
def test_a_primitive_has_samples_and_an_independent_reference(primitive: Primitive) -> None:
    assert primitive.samples()
    assert primitive.reference is not None
    assert primitive.reference is not primitive.evaluate


@every_sample
def test_its_formula_can_be_formatted(primitive: Primitive, sample: Sample) -> None:
    names = ["a", "b", "c", "d", "e"][: len(sample.inputs)]
    assert "{" not in primitive.formula.format(*names, **sample.params).replace("{}", "")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@every_sample
def test_the_inferred_type_is_that_of_the_value(
    primitive: Primitive, sample: Sample, dtype: str
) -> None:
    inputs = in_kind(sample, dtype)
    inferred = primitive.infer(*map(type_of, inputs), **sample.params)
    value = np.asarray(primitive.evaluate(*inputs, **sample.params))
    assert (inferred.dtype, inferred.shape) == (value.dtype, value.shape)


def error_of_singular_vectors(a: Any) -> float:
    """Return ε ‖A‖ / gap, by which the rounding of a kernel of BLAS may turn them (Wedin 1972)."""
    values = np.linalg.svd(a, compute_uv=False)
    gap = float(np.abs(np.diff(values, axis=-1)).min(initial=np.inf))
    return float(np.finfo(a.dtype).eps * values.max(initial=0.0) / gap)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@every_sample
def test_its_value_equals_its_reference(primitive: Primitive, sample: Sample, dtype: str) -> None:
    inputs = in_kind(sample, dtype)
    assert primitive.reference is not None
    value = np.asarray(primitive.evaluate(*inputs, **sample.params))
    is_empty = not all(x.size for x in inputs) and primitive.name not in LINEAR_ALGEBRA
    expected = np.zeros(value.shape) if is_empty else primitive.reference(*inputs, **sample.params)
    tolerance = 1e-14 if dtype == "float64" else 2e-6
    if primitive.name == "svd":
        tolerance = max(tolerance, error_of_singular_vectors(inputs[0]))
    np.testing.assert_allclose(value, expected, rtol=tolerance, atol=tolerance)


@every_sample
def test_traced_and_eager_values_are_bit_identical(primitive: Primitive, sample: Sample) -> None:
    direct = np.asarray(primitive(*sample.inputs, **sample.params))
    graph = cr.trace(lambda *inputs: primitive(*inputs, **sample.params))(*sample.inputs)
    (traced,) = evaluate(graph, sample.inputs)
    assert np.asarray(traced).tobytes() == direct.tobytes()


@pytest.mark.parametrize(("primitive", "sample"), INVALID)
def test_inputs_of_the_wrong_shape_are_refused(primitive: Primitive, sample: Sample) -> None:
    with pytest.raises(ChainruleError) as caught:
        primitive(*sample.inputs, **sample.params)
    assert re.match(r"[a-z_]+( \S+)?: ", str(caught.value))


@pytest.mark.parametrize(
    "primitive", [p for p in PRIMITIVES.values() if p.ufunc is not None], ids=lambda p: p.name
)
def test_an_elementwise_operation_refuses_shapes_that_do_not_broadcast(
    primitive: Primitive,
) -> None:
    inputs = primitive.samples()[0].inputs
    count, dtype = len(inputs), inputs[0].dtype
    with pytest.raises(ChainruleError):
        primitive(np.ones(2) * 1j, *[np.ones(2)] * (count - 1))
    if count > 1:
        with pytest.raises(ChainruleError, match="axis 1"):
            primitive(*[np.ones(2, dtype)] * (count - 1), np.ones(3, dtype))


# -------------------------------------------------------------------------- special values


TINY = np.finfo(float).smallest_subnormal
SPECIAL_VALUES = [np.nan, np.inf, -np.inf, 0.0, -0.0, TINY, -TINY, 1.0, -2.5, 1e308, -700.0]


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


OF_REALS = [
    p
    for p in PRIMITIVES.values()
    if isinstance(p.ufunc, np.ufunc) and any("d" in types for types in p.ufunc.types)
]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("primitive", OF_REALS, ids=lambda p: p.name)
def test_special_values_give_the_results_of_numpy(primitive: Primitive, dtype: str) -> None:
    count = len(primitive.samples()[0].inputs)
    with np.errstate(all="ignore"):
        odd = np.array(SPECIAL_VALUES).astype(dtype)
        columns = [
            np.array(each, dtype)
            for each in zip(*itertools.product(odd, repeat=count), strict=True)
        ]
        expected = getattr(np, primitive.name)(*columns)
        nodes = [variable(type_of(x), x) for x in columns]
        got = primitive(*nodes).value
    _same(got.astype(float), expected.astype(float))
    assert got.dtype == expected.dtype


def test_special_values_give_the_limits_of_sigmoid_and_erf() -> None:
    x = np.array(SPECIAL_VALUES)
    _same(PRIMITIVES["sigmoid"](x), special.expit(x), ulps=1)
    _same(PRIMITIVES["erf"](x), special.erf(x), ulps=1)


MOVES = {"broadcast_to", "concatenate", "gather", "identity", "pad_into", "reshape", "select",
         "stop_gradient", "strided_slice", "transpose", "unfold"}  # fmt: skip


@pytest.mark.parametrize(
    ("primitive", "sample"), [each for each in SAMPLES if each.values[0].name in MOVES]
)
def test_data_movement_preserves_special_values(primitive: Primitive, sample: Sample) -> None:
    function, arrays = restricted(primitive, sample)
    positions = [
        np.arange(1.0, x.size + 1).reshape(x.shape) + 100 * i for i, x in enumerate(arrays)
    ]
    source = np.asarray(function(*positions)).astype(int)
    odd = [np.resize(SPECIAL_VALUES, x.shape) for x in arrays]
    got = np.asarray(function(*odd))
    table = {0: 0.0}
    for where, what in zip(positions, odd, strict=True):
        table |= dict(zip(where.ravel().astype(int).tolist(), what.ravel().tolist(), strict=True))
    expected = np.array([table[i] for i in source.ravel().tolist()], float).reshape(source.shape)
    _same(got, expected)


def test_reductions_and_sorts_treat_nan_as_numpy_does() -> None:
    x = np.array([1.0, np.nan, -np.inf, 3.0])
    node = variable(type_of(x), x)
    for name in ("max", "min", "argmax", "argmin", "argsort", "cumsum", "sum"):
        _same(getattr(np, name)(node).value, getattr(np, name)(x))


# -------------------------------------------------------------------------- memory layouts


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


@every_sample
def test_results_do_not_depend_on_the_memory_layout(primitive: Primitive, sample: Sample) -> None:
    inputs = [np.asarray(x) for x in sample.inputs]
    expected = np.asarray(primitive(*inputs, **sample.params))
    compiled = cr.jit(lambda *each: applied(primitive, *each, **sample.params))
    for name, layout in LAYOUTS.items():
        awkward = [layout(x) for x in inputs]
        for got in (primitive(*awkward, **sample.params), compiled(*awkward)):
            got = np.asarray(got)
            assert got.dtype == expected.dtype, name
            np.testing.assert_allclose(got, expected, rtol=1e-15, atol=1e-15, err_msg=name)
        for x, y in zip(awkward, inputs, strict=True):
            np.testing.assert_array_equal(x, y)
