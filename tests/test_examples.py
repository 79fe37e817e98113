"""Every example runs and prints what its docstring says it prints."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("[0-9]*.py"))
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def promised_output(path: Path) -> str:
    """Read the indented block behind ``prints::`` in the docstring."""
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


def test_there_are_examples_and_each_fits_on_two_screens() -> None:
    assert len(EXAMPLES) >= 5
    for path in EXAMPLES:
        assert len(path.read_text(encoding="utf-8").splitlines()) < 100, path.name


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_prints_what_it_promises(path: Path, tmp_path: Path) -> None:
    """Words are the same; numbers agree as closely as another machine's arithmetic allows."""
    if "CHAINRULE_DATA" in path.read_text(encoding="utf-8") and not os.environ.get(
        "CHAINRULE_DATA"
    ):
        pytest.skip("needs real data: set CHAINRULE_DATA")
    promised, printed = promised_output(path), run(path, tmp_path)
    assert NUMBER.sub("#", re.sub(" +", " ", printed)) == NUMBER.sub(
        "#", re.sub(" +", " ", promised)
    )
    for expected, found in zip(NUMBER.findall(promised), NUMBER.findall(printed), strict=True):
        digits = len(expected.partition(".")[2].partition("e")[0])
        assert float(found) == pytest.approx(float(expected), rel=0.02, abs=2 * 10.0**-digits), (
            f"{path.name} printed {found} where its docstring says {expected}"
        )
