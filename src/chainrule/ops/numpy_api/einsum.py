"""Einstein's summation: ``np.einsum`` with all its spellings, as a chain of contractions."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, ShapeError
from chainrule.ops.numpy_api.products import LETTERS, multiply_summed
from chainrule.ops.numpy_api.shape_manipulation import transpose
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.gather_scatter import gather
from chainrule.ops.primitives.promotion import as_array, result_types

__all__ = ["einsum"]


def einsum(*operands: Any, optimize: Any = True, dtype: Any = None) -> Any:
    """Sum products over named axes, as `numpy.einsum`."""
    subscripts, given = _as_text(operands)
    arrays = [as_array(x) for x in given]
    kind = result_types(*given) if dtype is None else np.dtype(dtype)
    arrays = [x if x.dtype == kind else cast(x, kind) for x in arrays]
    names, result = _parse(subscripts, [x.ndim for x in arrays])
    terms = [_diagonal(x, letters, subscripts) for x, letters in zip(arrays, names, strict=True)]
    for places in _order(terms, result):
        chosen = [terms.pop(i) for i in sorted(places, reverse=True)][::-1]
        elsewhere = result + "".join(letters for _, letters in terms)
        terms.append(_combine(chosen, elsewhere))
    x, letters = _sum_alone(*terms[0], result)
    return transpose(x, [letters.index(c) for c in result])


def _as_text(operands: tuple[Any, ...]) -> tuple[str, list[Any]]:
    """Write the form with lists of integers as text too."""
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
            f"einsum: {subscripts!r} names {len(terms)} operands, but {len(ndims)} were given"
        )
    used = {c for c in subscripts if c.isalpha()}
    free = "".join(c for c in LETTERS if c not in used)
    widest = max(_hidden(t, n, subscripts) for t, n in zip(terms, ndims, strict=True))
    dots = free[:widest]
    expanded = [
        term.replace("...", dots[widest - _hidden(term, ndim, subscripts) :])
        for term, ndim in zip(terms, ndims, strict=True)
    ]
    if not arrow:
        plain = left.replace("...", "").replace(",", "")
        right = "..." + "".join(c for c in sorted(set(plain)) if plain.count(c) == 1)
    result = right.replace("...", dots)
    _check_result(subscripts, expanded, result)
    return expanded, result


def _hidden(term: str, ndim: int, subscripts: str) -> int:
    """Count the axes that the dots of a term stand for."""
    hidden = ndim - len(term.replace("...", ""))
    if hidden < 0 or (hidden and "..." not in term):
        raise ShapeError(
            f"einsum: {term!r} in {subscripts!r} names {len(term.replace('...', ''))} axes, but "
            f"its operand has {ndim}; name each axis, or put ... for the others"
        )
    return hidden


def _check_result(subscripts: str, terms: list[str], result: str) -> None:
    letters = "".join(terms)
    wrong = [c for c in letters + result if c not in LETTERS]
    lost = [c for c in result if c not in letters]
    if wrong or lost or len(set(result)) != len(result):
        raise ArgumentError(
            f"einsum: {subscripts!r} is not understood; axes are named by letters, and each name "
            "of the result must stand in an operand, and once in the result"
        )


def _diagonal(x: Any, letters: str, subscripts: str) -> tuple[Any, str]:
    """Take the diagonal over axes of one name, so that each name stands once."""
    for letter in dict.fromkeys(letters):
        places = [i for i, c in enumerate(letters) if c == letter]
        if len(places) == 1:
            continue
        lengths = {x.shape[i] for i in places}
        if len(lengths) > 1:
            raise ShapeError(
                f"einsum: {subscripts!r} takes a diagonal over axes {letter!r}, but their lengths "
                f"{sorted(lengths)} differ in shape {x.shape}"
            )
        rest = [i for i in range(x.ndim) if i not in places]
        positions: Any = np.arange(lengths.pop())
        x = gather(transpose(x, places + rest), *[positions] * len(places))
        letters = letter + "".join(letters[i] for i in rest)
    return x, letters


def _order(terms: list[tuple[Any, str]], result: str) -> list[tuple[int, ...]]:
    """Find a cheap order of pairwise products: positions to take out, the product goes last."""
    if len(terms) < 3:
        return [tuple(range(len(terms)))] if len(terms) == 2 else []
    spec = ",".join(letters for _, letters in terms) + "->" + result
    stand_ins = [np.broadcast_to(0.0, x.shape) for x, _ in terms]
    path, _ = np.einsum_path(spec, *stand_ins, optimize="greedy")
    return [tuple(sorted(places)) for places in path[1:]]


def _combine(chosen: list[tuple[Any, str]], elsewhere: str) -> tuple[Any, str]:
    """Multiply terms one after the other, summing over names that no one needs any more."""
    (x, letters), *others = chosen
    for i, (y, more) in enumerate(others):
        needed = elsewhere + "".join(later for _, later in others[i + 1 :])
        both = letters + "".join(c for c in more if c not in letters)
        kept = "".join(c for c in both if c in needed)
        x, letters = multiply_summed(x, letters, y, more, kept), kept
    return x, letters


def _sum_alone(x: Any, letters: str, result: str) -> tuple[Any, str]:
    alone = tuple(i for i, c in enumerate(letters) if c not in result)
    if not alone:
        return x, letters
    return np.sum(x, axis=alone, dtype=x.dtype), "".join(c for c in letters if c in result)
