"""Grouped rows: every row is tested, and a failure names the row."""

from typing import Any

import pytest

from tests.contracts.grouped_rows import Row, every_row

ROWS = [Row(group, f"{group}-{x}", {"x": x}) for group in ("a", "b") for x in (0, 1, 2)]


def test_a_test_runs_with_all_rows_of_its_group_and_names_the_one_that_fails() -> None:
    seen: list[Any] = []

    @every_row(ROWS)
    def check(x: int, limit: int) -> None:
        seen.append(x)
        assert x < limit, f"{x} is too large"

    check(group="a", limit=3)  # type: ignore[call-arg]
    assert seen == [0, 1, 2]
    with pytest.raises(AssertionError, match="1 is too large") as caught:
        check(group="b", limit=1)  # type: ignore[call-arg]
    assert caught.value.__notes__ == ["with the row b-1"]
