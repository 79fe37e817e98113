"""Messages name only what exists: every ``cr.x`` and ``chainrule.x`` in a text of the sources."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import chainrule as cr

SOURCES = Path(cr.__file__).parent
NAME = re.compile(r"\b(?:cr|chainrule)((?:\.[A-Za-z_]\w*)+)")


def _texts(tree: ast.AST) -> Iterator[str]:
    """Give the texts of a module but for docstrings, which may name what a reader imports."""
    docstrings = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    for each in ast.walk(tree):
        is_text = isinstance(each, ast.Constant) and isinstance(each.value, str)
        # A symbol of compiled code, such as "chainrule.run", has no blank.
        if is_text and " " in each.value and id(each) not in docstrings:
            yield each.value


def _exists(path: str) -> bool:
    value: Any = cr
    for name in path.strip(".").split("."):
        if not hasattr(value, name):
            try:
                value = importlib.import_module(f"{value.__name__}.{name}")
            except (AttributeError, ImportError):
                return False
        else:
            value = getattr(value, name)
    return True


def test_messages_name_only_what_exists() -> None:
    missing = {
        f"{file.relative_to(SOURCES)}: {match[0]}"
        for file in SOURCES.rglob("*.py")
        for text in _texts(ast.parse(file.read_text("utf-8")))
        for match in NAME.finditer(text)
        if not _exists(match[1])
    }
    assert missing == set()
