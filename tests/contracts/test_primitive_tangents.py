"""The forward rule of every primitive: consistent with its reverse rule, and of second order."""

from typing import Any

import numpy as np

import chainrule as cr
from chainrule.autodiff.passes.forward import FORWARD_RULES
from tests.contracts.primitive_samples import DIFFERENTIABLE, EVERY, restricted
from tests.contracts.test_primitive_derivatives import agrees, inner_product, random_like


def test_what_has_a_reverse_rule_has_a_forward_rule() -> None:
    lacking = [name for name, each in EVERY.items() if each.vjp and not each.jvp]
    assert lacking == [*FORWARD_RULES]


def test_forward_and_reverse_rules_are_transposes_of_each_other() -> None:
    """⟨ȳ, J ẋ⟩ = ⟨Jᵀ ȳ, ẋ⟩, where some of the inputs are held fixed, too."""
    for case in DIFFERENTIABLE:
        primitive, sample = case.values
        function, arrays = restricted(primitive, sample)
        directions = random_like(arrays, 1)
        value, pullback = cr.vjp(function, *arrays)
        (cotangent,) = random_like([value], 2)
        pulled = pullback(cotangent)
        for fixed in range(len(arrays) if len(arrays) > 1 else 0, -1, -1):
            tangents: list[Any] = [d if i + 1 != fixed else None for i, d in enumerate(directions)]
            result, tangent = cr.jvp(function, arrays, tangents)
            np.testing.assert_array_equal(result, value)
            pairs = [(p, d) for p, d in zip(pulled, tangents, strict=True) if d is not None]
            expected = inner_product(*zip(*pairs, strict=True))
            assert agrees(inner_product([cotangent], [tangent]), expected, 1e-11), case.id


def test_second_derivatives_agree_in_every_order_of_modes() -> None:
    for case in {each.values[0]: each for each in DIFFERENTIABLE}.values():
        primitive, sample = case.values
        function, arrays = restricted(primitive, sample)
        first, second = random_like(arrays, 5), random_like(arrays, 6)
        (weight,) = random_like([function(*arrays)], 7)

        def scalar(*reals: Any) -> Any:
            return np.sum(function(*reals) * weight)  # noqa: B023

        def along(*reals: Any) -> Any:
            return cr.jvp(scalar, reals, first)[1]  # noqa: B023

        gradient = cr.grad(scalar, argnums=range(len(arrays)))
        forward_over_reverse = inner_product(cr.jvp(gradient, arrays, second)[1], first)
        forward_over_forward = float(cr.jvp(along, arrays, second)[1])
        pulled = cr.grad(along, argnums=range(len(arrays)))(*arrays)
        reverse_over_forward = inner_product(pulled, second)
        assert agrees(forward_over_reverse, forward_over_forward, 1e-11), case.id
        assert agrees(forward_over_reverse, reverse_over_forward, 1e-11), case.id
