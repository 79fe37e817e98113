"""Every example runs and prints the output of its docstring."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("[0-9]*.py"))
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def documented_output(path: Path) -> str:
    """Return the indented block after ``prints::`` in the docstring."""
    documentation = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    _, _, block = documentation.partition("prints::\n")
    lines = [line[4:] for line in block.strip("\n").split("\n")]
    return "\n".join(line.rstrip() for line in lines)


def run(path: Path, folder: Path) -> str:
    environment = {**os.environ, "PYTHONWARNINGS": "error", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, str(path)],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return "\n".join(line.rstrip() for line in done.stdout.rstrip("\n").split("\n"))


def test_examples_have_fewer_than_100_lines() -> None:
    assert len(EXAMPLES) >= 5
    for path in EXAMPLES:
        assert len(path.read_text(encoding="utf-8").splitlines()) < 100, path.name


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
