"""What is below the rows of a table: sums of its columns, and remarks on its source."""

from __future__ import annotations

import re
from collections.abc import Callable

from chainrule.data.csv_file.header import is_number_like
from chainrule.data.csv_file.record import Record

__all__ = ["MOST", "count_footer"]

MOST = 5
"""Records at the end that are looked at."""
_SUM = re.compile(
    r"(?:grand |sub|overall )?totals?|sum|average|averages|mean|gesamt|gesamtergebnis|summe|somme|"
    r"moyenne|suma|totale|totaal|итого|总计|合计|小计|总和|平均值?|均值|總計|合計|小計|總和|합계|평균",
    re.IGNORECASE,
)
_REMARK = re.compile(
    r"(?:sources?|notes?|remarks?|quelle|anmerkung|fuente|nota|copyright|generated|exported|last "
    r"updated|end of (?:file|data|report)|\d+ rows|备?注|说明|(?:数据|资料|資料)?[来來]源|"
    r"出典|출처)\b.*|[*\u00a9].*",
    re.IGNORECASE | re.DOTALL,
)


def count_footer(rows: list[Record], occurs: Callable[[str], bool]) -> int:
    """Return how many records at the end are no rows of the table.

    They begin with a word for a sum that occurs in no row above, or are a remark in the first cell
    alone. Empty ones between them belong to them.

    Parameters
    ----------
    rows : list of Record
        The last records, of which one is a row at least.
    occurs : callable
        Whether a text is in the first column of the rows above.
    """
    count = 0
    for number, (_, row) in enumerate(reversed(rows[1:][-MOST:]), start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        first = cells[0]
        has_numbers = any(map(is_number_like, cells[1:]))
        is_sum = _SUM.fullmatch(first.rstrip(" :：")) is not None and has_numbers
        is_alone = not any(cells[1:]) or len(row) != len(rows[0][1])
        is_remark = is_alone and _REMARK.fullmatch(first) is not None
        others = (each[0].strip() for _, each in rows[: len(rows) - number] if each)
        if not (is_sum or is_remark) or first in others or occurs(first):
            break
        count = number
    return count
