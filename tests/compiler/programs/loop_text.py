"""Loops as text, for tests of single passes: what a pass is given and what it returns."""

import numpy as np

from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.compiler.loop_ir.loops import Contraction, Loop, Nest, Program, Statement
from chainrule.compiler.loop_ir.printer import format_program
from chainrule.compiler.loop_passes.fusion import fuse
from chainrule.compiler.loop_passes.layout_assignment import assign_layout
from chainrule.compiler.loop_passes.register_promotion import promote_to_registers
from chainrule.compiler.lowering.lower import lower
from chainrule.graph.trace import trace


def matrix(*shape):
    return np.ones(shape, np.float32)


class Loops:
    """The items that a function is lowered to; each method runs the passes up to one."""

    def __init__(self, function, *arguments):
        self.inputs, self.outputs, self.items = lower(simplify(trace(function)(*arguments)))
        self.layout = assign_layout(self.items)

    def lowered(self):
        return tuple(map(_alone, self.items))

    def fused(self):
        return fuse(self.items, self.layout)

    def promoted(self):
        return promote_to_registers(self.fused(), self.layout)

    def text(self, steps):
        """Print steps without the declarations of buffers, from the left margin."""
        program = Program("", tuple(self.inputs), tuple(self.outputs), tuple(steps))
        lines = format_program(program).splitlines()
        first = next(n for n, line in enumerate(lines) if line.startswith(("  for", "  loop")))
        return "\n".join(line[2:] for line in lines[first:])


def _alone(item):
    """A nest of one statement or contraction, as before fusion."""
    if isinstance(item, Loop):
        return Loop(item.axis, item.is_reversed, tuple(map(_alone, item.steps)))
    if isinstance(item, Contraction):
        return Nest(item.axes, None, (), item)
    return Nest((), None, (item,)) if isinstance(item, Statement) else item


def text_of(listing):
    """Strip the indentation of an expected text."""
    lines = listing.strip("\n").splitlines()
    margin = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join(line[margin:] for line in lines).rstrip()
