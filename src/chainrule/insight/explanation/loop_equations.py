"""The equations of the steps of a loop, and of its carries before the first step."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.graph.node import Node
from chainrule.graph.value_names import resolved
from chainrule.insight.explanation.equation import Equation
from chainrule.insight.explanation.proofs import Proofs
from chainrule.insight.explanation.recurrence import Recurrence
from chainrule.insight.notation import layout, rules
from chainrule.insight.notation.expression import Function, Name
from chainrule.insight.notation.from_graph import express, express_array
from chainrule.insight.notation.identities import definitions
from chainrule.insight.notation.identities.rule import Rule
from chainrule.insight.notation.index import Index
from chainrule.insight.notation.names import axes_of
from chainrule.insight.notation.text import to_text

__all__ = ["definitions_of_steps", "loop_equations"]


def loop_equations(loop: Recurrence, known: Sequence[Rule], proofs: Proofs) -> list[Equation]:
    """Return the equations of a loop, proved."""
    first = [_start(loop, name, known, proofs) for name in loop.carries]
    rows = sorted(loop.rows.items(), key=lambda row: row[1].serial)
    return first + [_step(loop, name, node, known, proofs) for name, node in rows]


def definitions_of_steps(loop: Recurrence) -> list[Rule]:
    """Return the rules that write a gate ``i = σ(z)`` for σ(z) wherever that occurs."""
    found: list[Rule] = []
    for name, node in loop.rows.items():
        axes = axes_of(node)
        raw = express(node, tuple(map(Index.of, axes)), loop.names, is_root=True)
        expression, _ = rules.simplify(raw)
        if name not in loop.carries and isinstance(expression, Function):
            every, first = (*loop.steps, *axes), (0,) * len(loop.steps)
            odds = definitions.odds_of_sigmoid(name, every, expression, first)
            found.append(definitions.definition(name, every, expression, first))
            found += [] if odds is None else [odds]
    return found


def _start(loop: Recurrence, name: Name, known: Sequence[Rule], proofs: Proofs) -> Equation:
    """Return the equation of a carry before the first step: ``h_{-1} = 0``."""
    params = loop.scan.params
    node = resolved(loop.scan.inputs[params["shared"] + loop.carries[name]])
    axes, places, raw = express_array(node, loop.around)
    expression, used = rules.simplify(raw, known)
    equation = Equation(
        name, (*loop.outer, *axes), expression, simplifications=tuple(used),
        places=(*map(Index.of, loop.outer), loop.start, *places),
    )  # fmt: skip
    return proofs.checked(equation, raw, loop.first_value(proofs.value(name)))


def _step(
    loop: Recurrence, name: Name, node: Node, known: Sequence[Rule], proofs: Proofs
) -> Equation:
    """Return the equation of a value of a step, or of the carry that a step computes."""
    axes, places, raw = express_array(node, loop.names, is_root=True)
    own = [each for each in known if each.defines != name]
    expression, used = rules.simplify(raw, own)
    if name in loop.totals:
        written = to_text(layout.name_of(name)).strip()
        used.append(f"{written} is 0 beyond the {'last' if loop.is_reverse else 'first'} step")
    step = loop.after if name in loop.carries else Index.of(loop.step)
    equation = Equation(
        name, (*loop.steps, *axes), expression, simplifications=tuple(used),
        places=(*map(Index.of, loop.outer), step, *places),
    )  # fmt: skip
    return proofs.checked(equation, raw, loop.row(name, proofs.value(name)))
