"""Texts of the sources that are no docstrings: messages, mostly."""

import ast
import functools
from pathlib import Path

import chainrule as cr

SOURCE = Path(cr.__file__).parent


@functools.cache
def texts_of_sources() -> dict[str, list[str]]:
    """Give the texts of each file; values shown in them are ``VALUE``."""
    paths = {str(path.relative_to(SOURCE)): path for path in sorted(SOURCE.rglob("*.py"))}
    return {name: _texts(ast.parse(path.read_text("utf-8"))) for name, path in paths.items()}


def _texts(tree: ast.Module) -> list[str]:
    """Walk the syntax once: a node comes after the one it is a part of."""
    found: list[str] = []
    others: set[ast.expr] = set()  # docstrings, and parts of the texts in which values are shown
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            others.update(node.values)
            parts = [
                str(part.value) if isinstance(part, ast.Constant) else "VALUE"
                for part in node.values
            ]
            found.append("".join(parts))
        elif isinstance(node, ast.Expr):
            others.add(node.value)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in others:
            found.append(node.value)
    return found
