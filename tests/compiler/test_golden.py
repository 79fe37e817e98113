"""Golden files: the graphs and loops of well-known training programs."""

from typing import Any

import pytest

from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.compiler.loop_ir.printer import format_program
from tests.compiler.programs.known_programs import mnist, moons, table, wave, xor
from tests.golden_file import check_golden


@pytest.mark.parametrize("make", [xor, moons, table, mnist, wave])
def test_graph_and_loops_equal_the_golden_files(make: Any) -> None:
    program = make()
    check_golden(f"{make.__name__}.loops", format_program(program.loops))
    check_golden(f"{make.__name__}.graph", str(simplify(program._graph)))
