"""Einstein summation: ``np.einsum`` in all its forms, as a sequence of pairwise contractions."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, ShapeError, counted
from chainrule.graph.node import Node
from chainrule.ops.numpy_api.products import LETTERS, einsum_pair, sum_free_axes
from chainrule.ops.numpy_api.shape_manipulation import transpose
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.gather_scatter import gather
from chainrule.ops.primitives.promotion import as_array, common_dtype

__all__ = ["einsum", "einsum_path"]


def einsum(*operands: Any, optimize: Any = True, dtype: Any = None) -> Any:
    """Sum products over named axes, as `numpy.einsum`."""
    subscripts, values = _as_text(operands)
    arrays = [as_array(x) for x in values]
    dtype = common_dtype(*values) if dtype is None else np.dtype(dtype)
    arrays = [x if x.dtype == dtype else cast(x, dtype) for x in arrays]
    names, result = _parse(subscripts, [x.ndim for x in arrays])
    terms = [_diagonal(x, letters, subscripts) for x, letters in zip(arrays, names, strict=True)]
    for indices in _contraction_path(terms, result):
        chosen = [terms.pop(i) for i in sorted(indices, reverse=True)][::-1]
        remaining = result + "".join(letters for _, letters in terms)
        terms.append(_contract_terms(chosen, remaining))
    x, letters = sum_free_axes(*terms[0], result)
    return transpose(x, [letters.index(c) for c in result])


def einsum_path(*operands: Any, optimize: Any = "greedy", einsum_call: bool = False) -> Any:
    """Return the order of contractions that `numpy.einsum_path` finds, which depends on shapes."""
    shapes = [
        np.broadcast_to(0.0, x.shape) if isinstance(x, Node | np.ndarray) else x for x in operands
    ]
    return np.einsum_path(*shapes, optimize=optimize, einsum_call=einsum_call)  # pyright: ignore[reportCallIssue, reportUnknownVariableType, reportArgumentType]


def _as_text(operands: tuple[Any, ...]) -> tuple[str, list[Any]]:
    """Convert the form with lists of integers to subscripts in letters."""
    if operands and isinstance(operands[0], str):
        return operands[0].replace(" ", ""), list(operands[1:])
    pairs = len(operands) // 2
    arrays, lists = list(operands[: 2 * pairs : 2]), list(operands[1 : 2 * pairs : 2])
    text = ",".join(_as_letters(each) for each in lists)
    if len(operands) % 2:
        text += "->" + _as_letters(operands[-1])
    return text, arrays


def _as_letters(names: Any) -> str:
    return "".join("..." if name is Ellipsis else LETTERS[name] for name in names)


def _parse(subscripts: str, ndims: list[int]) -> tuple[list[str], str]:
    """Return one letter for each axis of each operand, and those of the result."""
    left, arrow, right = subscripts.partition("->")
    terms = left.split(",")
    if len(terms) != len(ndims):
        raise ArgumentError(
            f"einsum: {subscripts!r} names {counted(len(terms), 'operand')}, but {len(ndims)} "
            "were given"
        )
    used = {c for c in subscripts if c.isalpha()}
    free = "".join(c for c in LETTERS if c not in used)
    widest = max(_ellipsis_ndim(t, n, subscripts) for t, n in zip(terms, ndims, strict=True))
    dots = free[:widest]
    expanded = [
        term.replace("...", dots[widest - _ellipsis_ndim(term, ndim, subscripts) :])
        for term, ndim in zip(terms, ndims, strict=True)
    ]
    if not arrow:
        explicit = left.replace("...", "").replace(",", "")
        right = "..." + "".join(c for c in sorted(set(explicit)) if explicit.count(c) == 1)
    result = right.replace("...", dots)
    _check_result(subscripts, expanded, result)
    return expanded, result


def _ellipsis_ndim(term: str, ndim: int, subscripts: str) -> int:
    """Count the axes that the ellipsis of a term covers."""
    covered = ndim - len(term.replace("...", ""))
    if covered < 0 or (covered and "..." not in term):
        raise ShapeError(
            f"einsum: {term!r} in {subscripts!r} names "
            f"{counted(len(term.replace('...', '')), 'axis')}, but its operand has {ndim}; name "
            "each axis, or put ... for the others"
        )
    return covered


def _check_result(subscripts: str, terms: list[str], result: str) -> None:
    letters = "".join(terms)
    invalid = [c for c in letters + result if c not in LETTERS]
    unbound = [c for c in result if c not in letters]
    if invalid or unbound or len(set(result)) != len(result):
        raise ArgumentError(
            f"einsum: {subscripts!r} is not valid; axes are named by letters, and each letter of "
            "the result must occur in an operand, and once in the result"
        )


def _diagonal(x: Any, letters: str, subscripts: str) -> tuple[Any, str]:
    """Take the diagonal over axes of one letter, so that each letter occurs once."""
    for letter in dict.fromkeys(letters):
        axes = [i for i, c in enumerate(letters) if c == letter]
        if len(axes) == 1:
            continue
        lengths = {x.shape[i] for i in axes}
        if len(lengths) > 1:
            raise ShapeError(
                f"einsum: {subscripts!r} takes a diagonal over axes {letter!r}, but their lengths "
                f"{sorted(lengths)} differ in shape {x.shape}"
            )
        rest = [i for i in range(x.ndim) if i not in axes]
        indices: Any = np.arange(lengths.pop())
        x = gather(transpose(x, axes + rest), *[indices] * len(axes))
        letters = letter + "".join(letters[i] for i in rest)
    return x, letters


def _contraction_path(terms: list[tuple[Any, str]], result: str) -> list[tuple[int, ...]]:
    """Find a cheap contraction path: indices of terms to remove; their product is appended."""
    if len(terms) < 3:
        return [tuple(range(len(terms)))] if len(terms) == 2 else []
    spec = ",".join(letters for _, letters in terms) + "->" + result
    placeholders = [np.broadcast_to(0.0, x.shape) for x, _ in terms]
    path, _ = np.einsum_path(spec, *placeholders, optimize="greedy")
    return [tuple(sorted(indices)) for indices in path[1:]]


def _contract_terms(chosen: list[tuple[Any, str]], remaining: str) -> tuple[Any, str]:
    """Multiply terms from left to right; sum over letters absent from all `remaining` terms."""
    (x, letters), *others = chosen
    for i, (y, more) in enumerate(others):
        needed = remaining + "".join(later for _, later in others[i + 1 :])
        both = letters + "".join(c for c in more if c not in letters)
        result = "".join(c for c in both if c in needed)
        x, letters = einsum_pair(x, letters, y, more, result), result
    return x, letters
