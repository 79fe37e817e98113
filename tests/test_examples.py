"""Every example runs and prints the output of its docstring."""

import ast
import os
import re
from pathlib import Path

import pytest

import chainrule as cr
from tests.prepared_python import run_program

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("[0-9]*.py"))
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def documented_output(path: Path) -> str:
    """Return the indented block after ``prints::`` in the docstring."""
    documentation = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    _, _, block = documentation.partition("prints::\n")
    lines = [line[4:] for line in block.strip("\n").split("\n")]
    return "\n".join(line.rstrip() for line in lines)


def run(path: Path, folder: Path) -> str:
    done = run_program([str(path)], folder, {**os.environ, "PYTHONIOENCODING": "utf-8"})
    assert done.returncode == 0, done.stderr
    return "\n".join(line.rstrip() for line in done.stdout.rstrip("\n").split("\n"))


def test_examples_have_fewer_than_100_lines() -> None:
    assert len(EXAMPLES) >= 5
    for path in EXAMPLES:
        assert len(path.read_text(encoding="utf-8").splitlines()) < 100, path.name


def test_examples_import_what_they_use() -> None:
    """They run in processes that have imported more than `chainrule`."""
    for path in EXAMPLES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "cr":
                assert node.attr in cr.__all__, f"{path.name}: cr.{node.attr}"


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_prints_its_documented_output(path: Path, tmp_path: Path) -> None:
    """Words are equal; numbers agree up to the arithmetic of another machine."""
    if "CHAINRULE_DATA" in path.read_text(encoding="utf-8") and not os.environ.get(
        "CHAINRULE_DATA"
    ):
        pytest.skip("needs real data: set CHAINRULE_DATA")
    documented, printed = documented_output(path), run(path, tmp_path)
    assert NUMBER.sub("#", re.sub(" +", " ", printed)) == NUMBER.sub(
        "#", re.sub(" +", " ", documented)
    )
    for expected, found in zip(NUMBER.findall(documented), NUMBER.findall(printed), strict=True):
        digits = len(expected.partition(".")[2].partition("e")[0])
        assert float(found) == pytest.approx(float(expected), rel=0.02, abs=2 * 10.0**-digits), (
            f"{path.name} printed {found} where its docstring says {expected}"
        )
