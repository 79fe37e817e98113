"""``if`` and ``while`` on values that are not known: the line to write instead is run."""

import re
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import TraceError

STATEMENTS = (
    "if x > 0:\n        return np.sin(x)\n    return -x",
    "if 0 < x and not x > 3:\n        return np.sin(x)\n    else:\n        return -x",
    "y = x\n    if x > 0:\n        y = np.sin(x)\n    else:\n        y *= 2\n    return y",
    "y = x\n    if x < 0 or x > 9:\n        y = np.sin(x)\n    return y",
    "return np.sin(x) if x > 0 else 2 * x",
    "while np.abs(x) > 1:\n        x = x / 2\n    return x",
    "while 1 < x < 99:\n        x -= 3\n    return x",
)


def function(folder: Path, name: str, body: str) -> Any:
    file = folder / f"{name}.py"
    file.write_text(f"import numpy as np\nimport chainrule as cr\ndef f(x):\n    {body}\n")
    return runpy.run_path(str(file))["f"]


def test_the_line_of_the_message_computes_the_same(tmp_path: Path) -> None:
    for number, statement in enumerate(STATEMENTS):
        f = function(tmp_path, f"plain_{number}", statement)
        with pytest.raises(TraceError, match=r"instead of `") as raised:
            cr.jit(f)(2.0)
        line = re.findall(r"write `(.*?)`", str(raised.value))[0]
        before = "y = x\n    " if statement.startswith("y = x") else ""
        is_result = line.startswith(("return", "cr.cond"))
        line = line if is_result else f"{line}\n    return {line[0]}"
        line = line if not line.startswith("cr.cond") else f"return {line}"
        g = cr.jit(function(tmp_path, f"remedy_{number}", before + line))
        for x in (2.0, -2.0, 5.0):
            assert g(x) == pytest.approx(f(x), rel=1e-14), line


def test_longer_statements_are_answered_by_the_values_that_they_change(tmp_path: Path) -> None:
    f = function(tmp_path, "longer", "while x > 1:\n        x, i = x / 2, 1\n    return x")
    with pytest.raises(TraceError, match=r"x, i = cr.while_loop\(condition, body, \(x, i\)\)"):
        cr.jit(f)(2.0)
    with pytest.raises(TraceError, match=r"instead of if, cr.while_loop"):
        cr.vmap(lambda x: [i for i in range(3) if x > i])(np.ones(3))
