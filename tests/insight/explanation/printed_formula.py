"""Formulas read from their print: an equation in text, evaluated with SymPy or NumPy.

It shares nothing with the code that prints. Juxtaposed matrices are multiplied, ⊙ multiplies entry
by entry, Σₙ adds up the rows, Σ with any other letter along the last axis; with indices on the
left, each letter runs over the axis where it stands alone, and entries beside an array are 0.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import sympy

UPPER = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱʲᵏˡˣ", "0123456789+−()nijklx", strict=True))
LOWER = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+−()aehijklmnoprstuvx", strict=True))

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "exp": sympy.exp, "ln": sympy.log, "sin": sympy.sin, "cos": sympy.cos, "tanh": sympy.tanh,
    "erf": sympy.erf, "max": sympy.Max, "min": sympy.Min, "sign": sympy.sign,
    "arcsin": sympy.asin, "arccos": sympy.acos, "arctan": sympy.atan, "arctan2": sympy.atan2,
    "tan": sympy.tan,
    "sinh": sympy.sinh, "cosh": sympy.cosh, "σ": lambda z: 1 / (1 + sympy.exp(-z)),
    "and": lambda a, b: a * b, "or": sympy.Max, "not": lambda a: 1 - a,
}  # fmt: skip
RELATIONS: Mapping[str, Callable[..., Any]] = {
    "<": sympy.Lt, "≤": sympy.Le, ">": sympy.Gt, "≥": sympy.Ge, "=": sympy.Eq, "≠": sympy.Ne,
}  # fmt: skip


def read_equation(text: str, values: Mapping[str, Any], shape: Sequence[int] = ()) -> Any:
    """Return the value of the right-hand side of an equation; `shape` is printed beside it."""
    left, right = text.split(" = ", 1)
    match = re.search(f"[{''.join(LOWER)}]+$", left)
    if match is None or not any(Reader(right, values).ranges()):
        return Reader(right, values).value()
    letters = [LOWER[each] for each in match[0]]
    entries = np.empty([each for each in shape if each != 1], object)
    for place in np.ndindex(*entries.shape):
        entries[place] = Reader(right, values, dict(zip(letters, place, strict=True))).value()
    return entries.reshape(shape)


class Reader:
    """A recursive-descent parser of a right-hand side; `at` gives the values of index letters."""

    def __init__(
        self, text: str, values: Mapping[str, Any], at: dict[str, int] | None = None
    ) -> None:
        self.text, self.place = text, 0
        self.values, self.at = values, at
        self.within_bars = 0

    def value(self) -> Any:
        found = self.sum()
        assert self.place == len(self.text), f"cannot read {self.text[self.place :]!r}"
        return found

    # Characters.

    def ahead(self, *texts: str) -> str:
        """Return the text that comes next, if it is one of these."""
        return next((x for x in texts if self.text.startswith(x, self.place)), "")

    def take(self, *texts: str) -> str:
        found = self.ahead(*texts)
        self.place += len(found)
        return found

    def expect(self, text: str) -> None:
        assert self.take(text), f"{text!r} is missing before {self.text[self.place :]!r}"

    def run(self, pattern: str) -> str:
        match = re.compile(pattern).match(self.text, self.place)
        self.place += 0 if match is None else match.end() - match.start()
        return "" if match is None else match[0]

    # Operations, those that bind least first.

    def sum(self) -> Any:
        self.take(" ")
        total = -self.product() if self.take("−", " − ") else self.product()
        while sign := self.take(" + ", " − "):
            term = self.product()
            total = total + term if sign == " + " else total - term
        return total

    def product(self) -> Any:
        result = self.factor()
        while True:
            if self.take(" ⊙ ") or self.ahead("π"):
                result = result * self.factor()
            elif self.take("/"):
                result = result / self.factor()
            elif self.ahead(" ") and not self.ahead(*BETWEEN):
                self.take(" ")
                result = juxtaposed(result, self.factor())
            else:
                return result

    def factor(self) -> Any:
        if self.take("Σ"):
            return self.big_sum()
        if self.take("√"):
            return elementwise(sympy.sqrt, self.factor())
        base = self.atom()
        while True:
            if self.take("ᵀ"):
                base = np.transpose(base)
            elif upper := self.run(f"[{''.join(UPPER)}]+"):
                base = base ** self.inner("".join(UPPER[each] for each in upper))
            elif self.take("^{"):
                exponent = self.sum()
                self.expect("}")
                base = elementwise(lambda a, b: a**b, base, exponent)
            elif self.take("^"):
                base = base ** self.inner(self.run("[0-9]+|."))
            else:
                return base

    def inner(self, text: str) -> Any:
        spaced = re.sub(r"(?<=.)([+−])", r" \1 ", text)
        return Reader(spaced, self.values, self.at).value()

    def big_sum(self) -> Any:
        letters = "".join(LOWER[x] for x in self.run(f"[{''.join(LOWER)}]+"))
        self.take(" ")
        if self.at is None:
            body = self.product()
            for letter in reversed(letters):
                body = np.sum(body, axis=0 if letter == "n" else -1)
            return body
        start, total = self.place, sympy.Integer(0)
        ranges, outer = dict(self.ranges()), self.at
        for place in np.ndindex(*(ranges[letter] for letter in letters)):
            self.place = start
            self.at = {**outer, **dict(zip(letters, place, strict=True))}
            total = total + self.product()
        self.at = outer
        return total

    def atom(self) -> Any:
        if number := self.run(r"\d+(\.\d+)?(e[+-]?\d+)?"):
            return sympy.Float(number, 17) if {".", "e"} & {*number} else sympy.Integer(number)
        if self.take("("):
            inside = self.sum()
            self.expect(")")
            return inside
        if not self.within_bars and self.take("|"):
            self.within_bars += 1
            inside = self.sum()
            self.within_bars -= 1
            self.expect("|")
            return elementwise(sympy.Abs, inside)
        if self.take("["):
            holds = self.relation()
            self.expect("]")
            return elementwise(lambda c: sympy.Piecewise((1, c), (0, True)), holds)
        return self.choice() if self.take("{") else self.name()

    def relation(self) -> Any:
        left = self.sum()
        sign = self.take(*SIGNS).strip()
        if not sign:
            return elementwise(lambda x: sympy.Ne(x, 0), left)
        return elementwise(RELATIONS[sign], left, self.sum())

    def choice(self) -> Any:
        cases: list[tuple[Any, Any]] = []
        while True:
            value = self.sum()
            if self.take(" otherwise", "otherwise"):
                cases.append((value, True))
                break
            self.expect(" if ")
            cases.append((value, self.relation()))
            if not self.take("; "):
                break
        self.expect("}")
        flat = [part for case in cases for part in case]
        return elementwise(lambda *x: sympy.Piecewise(*zip(x[::2], x[1::2], strict=True)), *flat)

    def name(self) -> Any:
        if self.take("π"):
            return sympy.pi
        known = sorted((x for x in self.values if self.ahead(x)), key=len)
        if known:
            self.place += len(known[-1])
            value = self.values[known[-1]]
            return value if self.at is None or not np.ndim(value) else self.entry(value)
        function = self.run(r"[^\W\d_]\w*")
        assert function, f"cannot read {self.text[self.place :]!r}"
        self.expect("(")
        arguments = [self.sum()]
        while self.take(", "):
            arguments.append(self.sum())
        self.expect(")")
        if function == "softmax":
            powers = elementwise(sympy.exp, arguments[0])
            return powers / np.sum(powers, axis=-1, keepdims=True)
        return elementwise(FUNCTIONS[function], *arguments)

    # Indices.

    def entry(self, array: Any) -> Any:
        place = [int(self.index(each)) for each in self.index_list()]
        array = np.squeeze(array)
        inside = all(0 <= i < n for i, n in zip(place, array.shape, strict=True))
        return array[tuple(place)] if inside else sympy.Integer(0)

    def index_list(self) -> list[str]:
        if self.take("_{"):
            inside = self.run("[^}]+")
            self.expect("}")
            return inside.split(", ")
        return [LOWER[each] for each in self.run(f"[{''.join(LOWER)}]+")]

    def index(self, text: str) -> Any:
        assert self.at is not None
        return eval(re.sub(r"(\d)([a-z])", r"\1*\2", text.replace("−", "-")), {}, dict(self.at))

    def ranges(self) -> Iterator[tuple[str, int]]:
        """Yield each letter that is an index alone, with the length of that axis."""
        for name in sorted(self.values, key=len):
            array = np.squeeze(self.values[name])
            pattern = rf"{re.escape(name)}(_\{{([^}}]+)\}}|[{''.join(LOWER)}]+)"
            for match in re.finditer(pattern, self.text):
                indices = match[2].split(", ") if match[2] else [LOWER[x] for x in match[1]]
                if len(indices) == np.ndim(array):
                    yield from zip(indices, array.shape, strict=True)


SIGNS = tuple(f" {sign} " for sign in RELATIONS)
BETWEEN = " + ", " − ", " if ", " otherwise", *SIGNS


def juxtaposed(left: Any, right: Any) -> Any:
    """Return a product of matrices, or of a number and anything."""
    return left @ right if np.ndim(left) and np.ndim(right) else left * right


def elementwise(function: Callable[..., Any], *arguments: Any) -> Any:
    """Apply a function to each entry."""
    if not any(map(np.ndim, arguments)):
        return function(*arguments)
    return np.vectorize(function, otypes=[object])(*arguments)


def symbols(name: str, shape: tuple[int, ...]) -> Any:
    """Return an array of real symbols."""
    found = np.empty(shape, object)
    for place in np.ndindex(*shape):
        found[place] = sympy.Symbol(f"{name}_{'_'.join(map(str, place))}", real=True)
    return found
