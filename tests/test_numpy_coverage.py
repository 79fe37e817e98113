"""The page ``docs/numpy.md``: which of NumPy's functions are traced, and what replaces the others.

It is generated here from the dispatch table. ``make golden`` renews it.
"""

import difflib
import os
import textwrap
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.graph.array_interface import OPERATIONS
from chainrule.graph.node import Node, constant
from chainrule.graph.remedies import REMEDIES, remedy_for
from chainrule.ops.late_operations import REFUSED_OF_SCIPY
from chainrule.ops.numpy_api.known_values import OF_KNOWN_VALUES, OF_TYPES

PAGE = Path(__file__).parents[1] / "docs" / "numpy.md"

# Functions without numbers among their arguments: sizes, dtypes, files, texts and settings.
INDEPENDENT = """\
bartlett base_repr binary_repr blackman broadcast_shapes datetime_data diag_indices empty eye
format_float_positional format_float_scientific frombuffer fromfile fromfunction frompyfunc
fromregex fromstring genfromtxt get_include get_printoptions getbufsize geterr geterrcall hamming
hanning identity indices info isdtype isscalar issubdtype iterable load loadtxt mask_indices
mintypecode ones printoptions promote_types set_printoptions setbufsize seterr seterrcall
show_config show_runtime test tri tril_indices triu_indices typename zeros fft.fftfreq
fft.rfftfreq
"""

# Refused for now, or without a meaning for numbers: they have no derivative to be traced.
WITHOUT_DERIVATIVE = {
    "np.busday_count", "np.busday_offset", "np.datetime_as_string", "np.is_busday", "np.isnat",
    "np.asmatrix", "np.bmat", "np.from_dlpack", "np.fromiter", "np.isfortran",
    "np.may_share_memory", "np.nested_iters", "np.shares_memory", "np.sort_complex",
}  # fmt: skip

# Values without a derivative that are the same under cr.jit: counts, comparisons, indices.
OF_VALUES = "bincount unique unique_all unique_counts unique_inverse unique_values union1d "
OF_VALUES += "intersect1d setdiff1d setxor1d trim_zeros nonzero flatnonzero argwhere extract"

HEADER = """\
# NumPy, function by function

*Generated from the dispatch table by `make golden`; a test compares it.*

Plain NumPy is the language: these functions take traced values, under `cr.grad` and `cr.jit`, with
NumPy's arguments, values and dtypes. Complex numbers stay out: pass real and imaginary parts as two
arrays, and a Fourier transform as matrices of cosines and sines. Linear algebra has derivatives
of every order ([transformations](transformations.md)).
"""

OF_VALUES_TEXT = """\
Their shape depends on the numbers, or they have no derivative. They work under `cr.grad`; under
`cr.jit` the error names what to write instead.
"""

SCIPY_TEXT = """\
Given traced arguments, these have SciPy's values and exact derivatives. SciPy is not imported.
"""


def public_functions() -> Iterator[tuple[str, Any]]:
    """Give every function of the namespaces with its name."""
    for prefix, module in (("np", np), ("np.linalg", np.linalg), ("np.fft", np.fft)):
        for name in sorted(dir(module)):
            if name.startswith("_") or name in ("row_stack", "in1d", "trapz", "test"):
                continue
            value = getattr(module, name)
            is_function = callable(value) and not isinstance(value, type | types.ModuleType)
            if is_function:
                yield f"{prefix}.{name}", value


def full_name(function: Any) -> str:
    """The name by which errors call a function."""
    return f"{getattr(function, '__module__', 'np')}.{function.__name__}".replace("numpy", "np", 1)


def classify() -> dict[str, list[str]]:
    """Sort the functions into the lists of the page."""
    lists: dict[str, list[str]] = {"traced": [], "values": [], "independent": [], "refused": []}
    for name, function in public_functions():
        bare = name.removeprefix("np.")
        if bare in OF_TYPES or (bare in INDEPENDENT.split() and function not in OPERATIONS):
            lists["independent"].append(name)
        elif bare in OF_KNOWN_VALUES or bare in OF_VALUES.split():
            lists["values"].append(name)
        elif function in OPERATIONS:
            lists["traced"].append(name)
        else:
            lists["refused"].append(name)
    return lists


def attributes() -> tuple[list[str], list[str]]:
    """The attributes and methods of arrays that traced values have, and those they have not."""
    node: Any = constant(np.ones((2, 2)))
    names = [name for name in dir(np.ndarray) if not name.startswith("_")]
    present = [name for name in names if hasattr(node, name)]
    return present, [name for name in names if name not in present]


def page() -> str:
    """The text of the page."""
    lists = classify()
    present, absent = attributes()

    def wrapped(names: list[str]) -> str:
        words = ", ".join(f"`{name}`" for name in names)
        return textwrap.fill(words, 110, break_long_words=False, break_on_hyphens=False)

    def table(rows: list[tuple[str, str]]) -> str:
        by_text: dict[str, list[str]] = {}
        for name, text in rows:
            by_text.setdefault(text, []).append(f"`{name}`")
        return "\n".join(f"| {', '.join(names)} | {text} |" for text, names in by_text.items())

    functions = dict(public_functions())
    refused = [(name, remedy_for(full_name(functions[name]))) for name in lists["refused"]]
    scipy = sorted(key for key in OPERATIONS if isinstance(key, str) and key.startswith("scipy."))
    return "\n".join(
        [
            HEADER,
            f"## Traced ({len(lists['traced'])})\n",
            wrapped(lists["traced"]),
            f"\n## Of known values ({len(lists['values'])})\n",
            OF_VALUES_TEXT,
            wrapped(lists["values"]),
            f"\n## Independent of the numbers ({len(lists['independent'])})\n",
            "Sizes, dtypes, texts, files and settings: the result is the same traced or not.\n",
            wrapped(lists["independent"]),
            f"\n## Refused ({len(lists['refused'])})\n",
            "| function | write instead |\n| --- | --- |",
            table(refused),
            "\n## Attributes and methods of arrays\n",
            wrapped([f"x.{name}" for name in present]),
            "\n| refused | write instead |\n| --- | --- |",
            table([(f"x.{name}", remedy_for(f".{name}")) for name in absent]),
            "\n## SciPy\n",
            SCIPY_TEXT,
            wrapped(
                [
                    name
                    for name in scipy
                    if "._" not in name
                    and "_compiled" not in name
                    and name.rpartition(".")[2] not in REFUSED_OF_SCIPY.split()
                ]
            ),
            "",
        ]
    )


def test_the_page_is_what_the_dispatch_table_says() -> None:
    text = page()
    if os.environ.get("CHAINRULE_UPDATE_GOLDEN"):
        PAGE.write_text(text, encoding="utf-8")
    written = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    if written != text:
        lines = difflib.unified_diff(written.splitlines(), text.splitlines(), lineterm="", n=0)
        message = "\n".join([*lines, "If that is meant, run `make golden` and commit."])
        pytest.fail(message, pytrace=False)


def test_what_is_refused_has_a_remedy_of_its_own() -> None:
    functions = dict(public_functions())
    names = [full_name(functions[name]) for name in classify()["refused"]]
    names += [f".{name}" for name in attributes()[1]]
    assert [name for name in names if name not in REMEDIES] == []


def test_nearly_all_functions_with_a_derivative_are_traced() -> None:
    """Linear algebra, which comes later, and complex numbers are not counted."""
    lists = classify()
    left = [
        name
        for name in lists["refused"]
        if not name.startswith(("np.linalg.", "np.fft.")) and name not in WITHOUT_DERIVATIVE
    ]
    assert len(left) < 0.05 * len(lists["traced"])
    assert isinstance(constant(1.0), Node)
