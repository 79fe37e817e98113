"""The signature of a call tells calls apart, and is found without flattening trees."""

from typing import Any, NamedTuple

import numpy as np
import pytest

from chainrule import jit, tree
from chainrule.compiler.call_signature import call_signature, has_numbers, is_native

A = np.arange(4.0)


class Pair(NamedTuple):
    w: Any
    b: Any


def signature(*args: Any, **keywords: Any) -> Any:
    return call_signature(args, keywords, [])


CALLS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((A, A), {}),
    (((A, A),), {}),
    (([A, A],), {}),
    ((Pair(A, A),), {}),
    (({"w": A, "b": A},), {}),
    (({"b": A, "w": A},), {}),
    ((), {"w": A, "b": A}),
    ((A,), {"w": A}),
    ((A, {"w": A}), {}),
    (((A,), {"w": A}), {}),
    (([A], A), {}),
    (([A, [A]],), {}),
    ((A, None), {}),
    ((A, "keywords", ("w",), A), {}),
    ((A, 1), {}),
    ((A, 1.0), {}),
    ((A, True), {}),
    ((A, np.float32(1)), {}),
    ((A[:2], A), {}),
    ((A.astype("f"), A), {}),
]


def test_calls_that_differ_in_nesting_or_types_have_other_signatures() -> None:
    signatures = [signature(*args, **keywords) for args, keywords in CALLS]
    assert len(set(signatures)) == len(CALLS)


@pytest.mark.parametrize(("args", "keywords"), CALLS)
def test_leaves_are_those_of_tree(args: Any, keywords: Any) -> None:
    leaves: list[Any] = []
    found = call_signature(args, keywords, leaves)
    expected = [x for x in tree.flatten((args, keywords))[0] if not isinstance(x, str)]
    assert list(map(id, leaves)) == list(map(id, expected))
    assert is_native(found)
    assert has_numbers(found) == any(not isinstance(x, np.ndarray) for x in expected)


def test_other_types_and_byte_orders_are_not_native() -> None:
    assert not is_native(signature([A, {"w": A.astype(">f8")}]))
    assert not is_native(signature({"w": object()}))


def test_jit_returns_of_each_nesting_what_the_function_returns() -> None:
    fast = jit(lambda *args, **keywords: (args, keywords))
    for _ in range(3):
        for args, keywords in CALLS[:13]:
            result = fast(*args, **keywords)
            assert tree.flatten(result)[1] == tree.flatten((args, keywords))[1]
            for x, y in zip(*(tree.flatten(t)[0] for t in (result, (args, keywords))), strict=True):
                assert np.array_equal(x, y)


def test_strings_and_none_are_part_of_the_signature() -> None:
    fast = jit(lambda p, how: p["w"] * 2 if how == "double" else p["w"])
    for how in ("double", "same", "double", "same"):
        assert np.array_equal(fast({"w": A, "b": None}, how), A * (1 + (how == "double")))
    assert np.array_equal(fast({"w": A, "b": A}, "double"), A * 2)
