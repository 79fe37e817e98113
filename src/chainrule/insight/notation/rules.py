"""Simplification of expressions by identities that have a name, as a teacher would state them.

`simplify` applies them until none changes the expression, and tells which were used. The rules for
what holds of the data alone (rows of the targets that sum to 1) are given by the caller.
"""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.insight.notation import algebra
from chainrule.insight.notation.canonical import key
from chainrule.insight.notation.expression import Expression, operands
from chainrule.insight.notation.identities.cases import compared, known_condition
from chainrule.insight.notation.identities.conditions import (
    decided,
    finite,
    first_maximum,
    index_in_range,
    known_order,
    only_term,
    present,
    rectifier,
    saturation,
    tie,
)
from chainrule.insight.notation.identities.exponentials import (
    exp_of_log,
    hyperbolic,
    log_of_exp,
    log_softmax,
    logistic,
    logistic_odds,
    logistic_symmetry,
    product_of_exps,
    shift_of_exponents,
    tangent,
)
from chainrule.insight.notation.identities.guards import (
    domain_of_log,
    power_at_zero,
    repeated_condition,
    root_at_zero,
    rounding,
)
from chainrule.insight.notation.identities.rule import Rule
from chainrule.insight.notation.identities.sums import (
    common_denominator,
    common_factor,
    expansion,
    grouped,
    joined_sum,
    sign,
    sum_of_sums,
)

__all__ = ["simplify", "without_guards"]


def simplify(expression: Expression, rules: Sequence[Rule] = ()) -> tuple[Expression, list[str]]:
    """Simplify by the rules given and the general ones; return also the names of those used."""
    return _applied(expression, (*rules, *_RULES))


def without_guards(expression: Expression) -> Expression:
    """Leave out what keeps functions finite in floats, as the steps of a course do."""
    return _applied(expression, _GUARDS)[0]


def _applied(expression: Expression, rules: Sequence[Rule]) -> tuple[Expression, list[str]]:
    """Apply rules until none changes the expression."""
    used: dict[str, None] = {}
    simple = _Simple()
    for _ in range(_MOST_PASSES):
        changed = _pass(expression, rules, used, simple)
        if changed is expression or key(changed) == key(expression):
            break
        expression = changed
    return expression, [name for name in used if name]


_MOST_PASSES = 20

_Simple = dict[int, Expression]
"""Expressions that no rule changes any more, by their identity."""


def _pass(
    expression: Expression, rules: Sequence[Rule], used: dict[str, None], simple: _Simple
) -> Expression:
    """Apply the rules once to each part, operands first."""
    if id(expression) in simple:
        return expression
    given, parts = expression, operands(expression)
    new = tuple(_pass(each, rules, used, simple) for each in parts)
    if any(each is not part for each, part in zip(new, parts, strict=True)):
        expression = algebra.normalized(expression, new)
    for rule in rules:
        found = rule.apply(expression)
        if found is not None and key(found) != key(expression):
            used[rule.name] = None
            expression = found
    if expression is given:
        simple[id(expression)] = expression
    return expression


_RULES = (
    Rule("corrections of rounding are left out", rounding),
    Rule("the values are finite", finite),
    Rule("some entry counts", present),
    Rule("|z| < 500", saturation),
    Rule("", compared),
    Rule("", decided),
    Rule("", repeated_condition),
    Rule("u ≠ 0", root_at_zero),
    Rule("u ≠ 0", power_at_zero),
    Rule("u > 0", domain_of_log),
    Rule("", hyperbolic),
    Rule("", tangent),
    Rule("where two values are equal, one of them counts as the larger", tie),
    Rule("", known_condition),
    Rule("no index is negative", index_in_range),
    Rule("", known_order),
    Rule("", only_term),
    Rule("the first of equal maxima counts", first_maximum),
    Rule("exp(ln v) = v", exp_of_log),
    Rule("", log_of_exp),
    Rule("", product_of_exps),
    Rule("", common_factor),
    Rule("", joined_sum),
    Rule("", common_denominator),
    Rule("", grouped),
    Rule("", sum_of_sums),
    Rule("the maximum, subtracted for numerical range, cancels", shift_of_exponents),
    Rule("zᵢ − ln Σⱼ exp(zⱼ) = ln softmax(z)ᵢ", log_softmax),
    Rule("exp(z) / (1 + exp(z)) = σ(z)", logistic),
    Rule("σ(−z) = 1 − σ(z)", logistic_symmetry),
    Rule("exp(z) / (1 + exp(z)) = σ(z)", logistic_odds),
    Rule("", rectifier),
    Rule("", expansion),
    Rule("", sign),
)

_GUARDS = (
    Rule("", rounding),
    Rule("", finite),
    Rule("", present),
    Rule("", saturation),
    Rule("", decided),
    Rule("", hyperbolic),
)
"""Those that are of floats alone, and the functions that the library computes with guards."""
