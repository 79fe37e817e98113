"""Tables of samples of which a test takes those of one subject together.

A test for each row would take longer to collect, set up and report than to run.
"""

import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import pytest

__all__ = ["Row", "every_row"]


class Row(NamedTuple):
    """A row of a table: what it is a sample of, its name, and the arguments of the tests."""

    group: str
    name: str
    arguments: Mapping[str, Any]


def every_row(rows: Collection[Row]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run a test with each row, those of a group in one test; a failure names the row."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def with_group(group: str, **fixtures: Any) -> None:
            for row in groups[group]:
                try:
                    test(**row.arguments, **fixtures)
                except Exception as error:
                    error.add_note(f"with the row {row.name}")
                    raise

        taken = {name for row in rows for name in row.arguments}
        signature = inspect.signature(test)
        others = [each for each in signature.parameters.values() if each.name not in taken]
        first = inspect.Parameter("group", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        del with_group.__wrapped__
        with_group.__signature__ = inspect.Signature([first, *others])  # type: ignore[attr-defined]
        return pytest.mark.parametrize("group", groups)(with_group)

    return decorate
