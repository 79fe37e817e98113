"""Expressions of index notation: what a graph computes, entry by entry.

::

    expression ::= Number | Symbol[index, ...] | Place(index)
                 | Addition(expression, ...) | Product(expression, ...)
                 | Power(expression, expression) | Function(expression, ...)
                 | Relation(expression, expression) | Cases(condition, expression, expression)
                 | Reduction(axes, expression)                      Σ, max or min over axes
                 | Application(expression over axes, ...)[index, ...]    any other primitive

All operations but the last two are of numbers: broadcasting is an index that an operand lacks, and
a matrix product is ``Σ_j A[i, j] · B[j, k]``. Build expressions by the functions of `algebra`,
which keep them in normal form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from chainrule.graph.node import Node
from chainrule.graph.primitive import Primitive
from chainrule.insight.notation.index import Axis, Index
from chainrule.insight.notation.remembered import remembered

__all__ = [
    "Addition",
    "Application",
    "Cases",
    "Expression",
    "Function",
    "Name",
    "Number",
    "Place",
    "Power",
    "Product",
    "Reduction",
    "Relation",
    "Symbol",
    "free_axes",
    "names_in",
    "operands",
    "rebuilt",
    "substitute",
    "walk",
]


@dataclass(frozen=True)
class Name:
    """The name of a value: a letter or a word, with a superscript (a layer) and a subscript."""

    base: str
    superscript: str = ""
    subscript: str = ""

    def __str__(self) -> str:
        upper = f"^{self.superscript}" if self.superscript else ""
        return self.base + (f"_{self.subscript}" if self.subscript else "") + upper


@dataclass(frozen=True)
class Number:
    """A constant: a fraction where it is one of small integers, else a float."""

    value: Fraction | float


@dataclass(frozen=True)
class Symbol:
    """An entry of a named array; outside the array it is 0 if `is_padded`.

    The first indices of a sequence, as many as `first` has, are steps: ``h_t``. Along these axes
    the array begins with the steps -`first`.
    """

    name: Name
    indices: tuple[Index, ...] = ()
    is_padded: bool = False
    first: tuple[int, ...] = ()


@dataclass(frozen=True)
class Place:
    """The value of an index as a number: the entry of ``np.arange``."""

    index: Index


@dataclass(frozen=True)
class Addition:
    """The sum of two terms or more."""

    terms: tuple[Expression, ...]


@dataclass(frozen=True)
class Product:
    """The product of two factors or more; a number comes first."""

    factors: tuple[Expression, ...]


@dataclass(frozen=True)
class Power:
    """A base to the power of an exponent; a quotient has the exponent -1."""

    base: Expression
    exponent: Expression


@dataclass(frozen=True)
class Function:
    """An elementwise function; `template` is the formula of its primitive."""

    name: str
    template: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Relation:
    """A comparison, 1 where it holds and 0 elsewhere: the bracket of Iverson (1962)."""

    sign: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Cases:
    """``if_true`` where the condition holds, else ``if_false``."""

    condition: Expression
    if_true: Expression
    if_false: Expression


@dataclass(frozen=True)
class Reduction:
    """The sum, maximum or minimum of an expression over axes: `kind` is Σ, max or min.

    Of the kind argmax it is the place of the first maximum, in row-major order of the axes.
    """

    kind: str
    axes: tuple[Axis, ...]
    body: Expression


@dataclass(frozen=True)
class Application:
    """An entry of the result of a primitive that is not a formula of entries.

    Each argument is an expression over its own axes, which are those of the array; `result` is the
    number of the result, of a primitive with several.
    """

    node: Node
    arguments: tuple[tuple[Expression, tuple[Axis, ...]], ...]
    indices: tuple[Index, ...]
    result: int | None = None

    @property
    def primitive(self) -> Primitive:
        """The primitive."""
        assert self.node.primitive is not None
        return self.node.primitive


Expression = (
    Number
    | Symbol
    | Place
    | Addition
    | Product
    | Power
    | Function
    | Relation
    | Cases
    | Reduction
    | Application
)


def operands(expression: Expression) -> tuple[Expression, ...]:
    """Return the expressions that an expression is made of."""
    match expression:
        case Addition(terms):
            return terms
        case Product(factors):
            return factors
        case Power(base, exponent):
            return base, exponent
        case Function(_, _, arguments):
            return arguments
        case Relation(_, left, right):
            return left, right
        case Cases(condition, if_true, if_false):
            return condition, if_true, if_false
        case Reduction(_, _, body):
            return (body,)
        case Application(_, arguments):
            return tuple(each for each, _ in arguments)
        case Number() | Symbol() | Place():
            return ()


def rebuilt(expression: Expression, new: tuple[Expression, ...]) -> Expression:
    """Return an expression with other operands, as they are: `algebra.normalized` simplifies."""
    match expression:
        case Addition():
            return Addition(new)
        case Product():
            return Product(new)
        case Power():
            return Power(new[0], new[1])
        case Function():
            return replace(expression, arguments=new)
        case Relation():
            return replace(expression, left=new[0], right=new[1])
        case Cases():
            return Cases(new[0], new[1], new[2])
        case Reduction():
            return replace(expression, body=new[0])
        case Application(_, arguments):
            axes = (each for _, each in arguments)
            return replace(expression, arguments=tuple(zip(new, axes, strict=True)))
        case Number() | Symbol() | Place():
            return expression


def walk(expression: Expression) -> Iterator[Expression]:
    """Yield an expression and all that it is made of."""
    yield expression
    for each in operands(expression):
        yield from walk(each)


@remembered
def names_in(expression: Expression) -> frozenset[Name]:
    """Return the names of all symbols in an expression."""
    if isinstance(expression, Symbol):
        return frozenset((expression.name,))
    return frozenset[Name]().union(*map(names_in, operands(expression)))


@remembered
def free_axes(expression: Expression) -> tuple[Axis, ...]:
    """Return the axes that the value depends on, in the order of their first appearance."""
    found: dict[Axis, None] = {}
    match expression:
        case Symbol(_, indices):
            return _axes_of(indices)
        case Place(index):
            return index.axes
        case Application(_, arguments, indices):
            found |= dict.fromkeys(_axes_of(indices))
            for each, own in arguments:
                found |= dict.fromkeys(axis for axis in free_axes(each) if axis not in own)
        case Reduction(_, axes, body):
            return tuple(each for each in free_axes(body) if each not in axes)
        case _:
            for each in operands(expression):
                found |= dict.fromkeys(free_axes(each))
    return tuple(found)


def _axes_of(indices: tuple[Index, ...]) -> tuple[Axis, ...]:
    return tuple(dict.fromkeys(axis for each in indices for axis in each.axes))


def substitute(expression: Expression, values: Mapping[Axis, Index]) -> Expression:
    """Return the expression at other indices: each axis in `values` replaced by an index."""
    if not values:
        return expression
    match expression:
        case Symbol(_, indices):
            return replace(expression, indices=tuple(each.substitute(values) for each in indices))
        case Place(index):
            return Place(index.substitute(values))
        case Application(_, arguments):
            indices = tuple(each.substitute(values) for each in expression.indices)
            inside = tuple((substitute(each, values), own) for each, own in arguments)
            return replace(expression, indices=indices, arguments=inside)
        case _:
            new = tuple(substitute(each, values) for each in operands(expression))
            return rebuilt(expression, new)
