"""Golden files: texts that must stay as they are, or be renewed on purpose with ``make golden``."""

import difflib
import os
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "golden"


def check_golden(name: str, text: str) -> None:
    """Compare a text with the file of that name; show the lines that differ."""
    path, text = FOLDER / name, f"{text}\n"
    if os.environ.get("CHAINRULE_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    expected = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = (each.splitlines() for each in (expected, text))
    difference = list(difflib.unified_diff(*lines, f"golden/{name}", "now", lineterm="", n=2))
    if difference:
        message = "\n".join(difference)
        pytest.fail(f"{message}\nIf that is meant, run `make golden` and commit.", pytrace=False)
