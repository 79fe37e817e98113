"""What to write instead of Python's ``if`` and ``while`` on a value that is not known.

The statement is found in the source by the position of the instruction that asks for the value::

    if x > 0: y = f(x)             y = cr.cond(x > 0, lambda: f(x), lambda: g(x))
    else: y = g(x)         ->
    while x > 1: x = f(x)          x = cr.while_loop(lambda x: x > 1, lambda x: f(x), x)
"""

from __future__ import annotations

import ast
import copy
import functools
import linecache
from collections.abc import Sequence
from itertools import islice
from typing import Any

from chainrule.graph.source_location import Origin

__all__ = ["control_flow_remedy"]

_Statement = ast.If | ast.IfExp | ast.While


def control_flow_remedy(origin: Origin | None) -> str | None:
    """Return the line to write instead of the statement whose test an instruction computes."""
    found = None if origin is None else _statement(*origin[:2])
    if found is None:
        return None
    statement, following = found
    text = _while(statement) if isinstance(statement, ast.While) else _if(statement, following)
    kind = "while" if isinstance(statement, ast.While) else "if"
    more = (
        "; its max_steps= is required for gradients"
        if kind == "while"
        else "; np.where(condition, a, b) chooses for each element of an array"
    )
    return f"instead of `{kind} {_text(statement.test)}` write `{text}`{more}"


def _statement(code: Any, offset: int) -> tuple[_Statement, ast.stmt | None] | None:
    """The innermost statement whose test is at an instruction, and the one that follows it."""
    line, _, column, _ = next(islice(code.co_positions(), offset // 2, None))
    source = "".join(linecache.getlines(code.co_filename))
    try:
        program = ast.parse(source)
    except SyntaxError:
        return None
    if line is None or column is None:
        return None
    found: list[tuple[_Statement, ast.stmt | None]] = []
    for parent in ast.walk(program):
        if isinstance(parent, ast.IfExp) and _holds(parent.test, line, column):
            found.append((parent, None))
        for block in (getattr(parent, name, None) for name in ("body", "orelse", "finalbody")):
            statements: list[ast.stmt] = block if isinstance(block, list) else []
            for each, after in zip(statements, [*statements[1:], None], strict=False):
                if isinstance(each, ast.If | ast.While) and _holds(each.test, line, column):
                    found.append((each, after))
    return found[-1] if found else None


def _holds(node: ast.expr, line: int, column: int) -> bool:
    """Whether a position is within an expression."""
    end = node.end_lineno or node.lineno, node.end_col_offset or 0
    return (node.lineno, node.col_offset) <= (line, column) < end


def _if(statement: ast.If | ast.IfExp, following: ast.stmt | None) -> str:
    test = _traceable(statement.test)
    if isinstance(statement, ast.IfExp):
        return _cond("", test, statement.body, statement.orelse)
    other = statement.orelse or ([following] if following is not None else [])
    first, second = _only(statement.body), _only(other)
    if isinstance(first, ast.Return) and isinstance(second, ast.Return):
        return _cond("return ", test, first.value, second.value)
    name, value = _assigned(first)
    if name is not None and not statement.orelse:
        return _cond(f"{name} = ", test, value, ast.Name(name))
    if name is not None and _assigned(second)[0] == name:
        return _cond(f"{name} = ", test, value, _assigned(second)[1])
    return f"cr.cond({test}, if_true, if_false, *args)"


def _cond(target: str, test: str, a: ast.expr | None, b: ast.expr | None) -> str:
    branches = ", ".join(f"lambda: {'None' if each is None else _text(each)}" for each in (a, b))
    return f"{target}cr.cond({test}, {branches})"


def _while(statement: ast.While) -> str:
    test = _traceable(statement.test)
    name, value = _assigned(_only(statement.body))
    if name is not None and value is not None:
        functions = f"lambda {name}: {test}, lambda {name}: {_text(value)}"
        return f"{name} = cr.while_loop({functions}, {name})"
    names = ", ".join(dict.fromkeys(_stored(statement.body)))
    carry = f"({names})" if "," in names else names or "init"
    return f"{names or 'carry'} = cr.while_loop(condition, body, {carry})"


class _Logical(ast.NodeTransformer):
    """Writes ``and``, ``or``, ``not`` and chains of comparisons as functions of NumPy."""

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        name = "logical_and" if isinstance(node.op, ast.And) else "logical_or"
        return functools.reduce(lambda a, b: _call(name, a, b), node.values)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        return _call("logical_not", node.operand) if isinstance(node.op, ast.Not) else node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        operands = [node.left, *node.comparators]
        pairs: list[ast.expr] = [
            ast.Compare(a, [operation], [b])
            for a, operation, b in zip(operands, node.ops, node.comparators, strict=False)
        ]
        return functools.reduce(lambda a, b: _call("logical_and", a, b), pairs)


def _call(name: str, *args: ast.expr) -> ast.expr:
    return ast.Call(ast.Attribute(ast.Name("np"), name), list(args), [])


def _traceable(test: ast.expr) -> str:
    return _text(_Logical().visit(copy.deepcopy(test)))


def _only(statements: Sequence[ast.stmt]) -> ast.stmt | None:
    return statements[0] if len(statements) == 1 else None


def _assigned(statement: ast.stmt | None) -> tuple[str | None, ast.expr | None]:
    """The name and the value of an assignment to one variable."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, value = statement.targets[0], statement.value
        return (target.id, value) if isinstance(target, ast.Name) else (None, None)
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        name = statement.target.id
        return name, ast.BinOp(ast.Name(name), statement.op, statement.value)
    return None, None


def _stored(statements: Sequence[ast.stmt]) -> list[str]:
    """The variables that statements assign to."""
    nodes = [node for each in statements for node in ast.walk(each)]
    return [
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]


def _text(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= _LONGEST else "..."


_LONGEST = 80
"""Characters of an expression that a message shows."""
