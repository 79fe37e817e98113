"""Cells of which a trained network knows nothing: missing ones, and new categories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from chainrule import data
from chainrule.data.category_codes import category_codes
from chainrule.data.features import FittedCategory, FittedNumber
from chainrule.errors import counted

__all__ = ["Gaps"]


@dataclass
class Gaps:
    """How many cells of each column were missing, or new, where the training part had none."""

    missing: dict[str, int] = field(default_factory=dict[str, int])
    new: dict[str, tuple[int, str]] = field(default_factory=dict[str, tuple[int, str]])

    def count(self, table: data.Table | None, cells: Mapping[str, list[str]]) -> None:
        """Add the cells of a chunk."""
        for each in table.fitted if table is not None else ():
            column = cells[each.name]
            empty = column.count("")
            if isinstance(each, FittedNumber) and not each.has_gaps and empty:
                self.missing[each.name] = self.missing.get(each.name, 0) + empty
            if isinstance(each, FittedCategory):
                self._count_new(each, column)

    def _count_new(self, encoder: FittedCategory, column: list[str]) -> None:
        distinct = sorted({*column} - {*encoder.values})
        if not distinct:
            return
        codes = category_codes(distinct, encoder.values)
        unknown = [text for text, code in zip(distinct, codes.tolist(), strict=True) if code < 0]
        total = int(np.sum([column.count(text) for text in unknown], dtype=int))
        if total:
            before, first = self.new.get(encoder.name, (0, unknown[0]))
            self.new[encoder.name] = before + total, first

    def texts(self) -> Iterator[str]:
        """Yield what is said of them."""
        for name, count in self.missing.items():
            yield (
                f"column {name!r} has {counted(count, 'missing cell')}, and had none in training: "
                "taken for the usual number"
            )
        for name, (count, first) in self.new.items():
            shown = repr(first[:40]) if first else "a missing one"
            yield (
                f"column {name!r} has {counted(count, 'cell')} of categories that were not in the "
                f"training part, such as {shown}: taken for none of the known ones"
            )
