"""Numbers as people write them, of one cell and of a column."""

import math
from itertools import product
from typing import Any

import pytest

from chainrule.data.formats.number_format import NumberFormat, decimals_of, parse_written
from chainrule.data.formats.number_inference import infer_numbers, sure_decimal

SPELLINGS: dict[tuple[str, str], Any] = {
    ("1,234.5", "."): 1234.5,
    ("1.234,5", ","): 1234.5,
    ("1.234.567", ","): 1234567,
    ("1 234,5", ","): 1234.5,
    ("1\u202f234", "."): 1234,
    ("1'234.50", "."): 1234.5,
    ("1’234", "."): 1234,
    ("12,34,567", "."): 1234567,
    ("−1.5", "."): -1.5,
    ("(1.5)", "."): -1.5,
    ("12-", "."): -12,
    ("$ -5", "."): -5,
    ("-$1,234.50", "."): -1234.5,
    ("3,50 €", ","): 3.5,
    ("USD 5", "."): 5,
    ("7 %", "."): 7,
    ("180cm", "."): 180,
    ("12:30", "."): 12.5,
    ("1:30 pm", "."): 13.5,
    ("00:00:36", "."): 0.01,
    ("3 days 05:00:00", "."): 77.0,
    ("-1 days +23:00:00", "."): -1.0,
    ("1 day, 0:00:36", "."): 24.01,
    ("PT2H30M", "."): 2.5,
    ("-P1DT36S", "."): -24.01,
    ("2h 30m", "."): 2.5,
    ("1.5D+03", "."): 1500.0,
    (".5", "."): 0.5,
    ("－１，２３４．５％", "."): -1234.5,
    ("￥３", "."): 3,
    ("25 ℃", "."): 25,
    ("3000元", "."): 3000,
    ("1.5小时", "."): 1.5,
    ("下午3:30", "."): 15.5,
    ("오전 12:15", "."): 0.25,
    ("9时30分", "."): 9.5,
    ("2小时30分钟", "."): 2.5,
    ("12345678901234567890", "."): 12345678901234567890,
}
NONE = ("1,2,3", "1.2.3", "12,3456", "0,1234,567", "--5", "(5", "-(5)", "t1", "1_000", "1 2", "0x1",
        "$5€", "5 apples", "", "25:99", "13:00 pm", "12,34",
        "7D12", "P", "PT", "2 days 5:30 pm", "下午13:00", "3班", "第3")  # fmt: skip


def test_a_cell_is_the_number_that_it_spells() -> None:
    for (text, decimal), number in SPELLINGS.items():
        parsed = parse_written(f" {text} ", decimal)
        assert parsed is not None, text
        assert parsed.value == pytest.approx(number, rel=1e-15), text
        assert type(parsed.value) is type(number), text
    for text in NONE:
        assert parse_written(text, ".") is None, text


def test_both_marks_fit_only_what_is_ambiguous() -> None:
    marks = {"1,234": ".,", "0,234": ",", "1234,567": ",", "1,23": ",", "1.5": ".", "12": ".,"}
    assert {text: "".join(decimals_of(text)) for text in marks} == marks


def test_a_column_decides_what_a_cell_leaves_open() -> None:
    columns: tuple[tuple[list[str], str, str, bool, bool], ...] = (
        # cells, delimiter, decimal mark, thousands, told
        (["1,234", "5,5"], ",", ",", False, False),
        (["1,234", "5.5"], ",", ".", True, False),
        (["1,234", "12"], ";", ".", True, False),
        (["1,234", "9,876"], ",", ".", True, True),
        (["1,234", "9,876"], ";", ",", False, True),
        (["1.234", "9.876"], ",", ".", False, False),
        (["1.234", "9.876"], ";", ".", False, True),
        (["$1,234", "$9,876"], ";", ".", True, False),
        (["1.234 €", "9.876 €"], ",", ",", True, False),
        (["1.234,5", "?"], ",", ",", True, False),
    )
    for cells, delimiter, decimal, grouped, told in columns:
        found = infer_numbers(cells, delimiter=delimiter)
        assert found.format is not None, cells
        assert (found.format.decimal, found.format.grouped) == (decimal, grouped), cells
        assert bool(found.doubt) == told, cells
    for decimal, seen in product((".", ",", None), (".", ",")):
        found = infer_numbers(["1,234", "9,876"], decimal, seen)
        assert found.format is not None
        assert found.format.decimal == (decimal or seen)
        assert not found.doubt
    assert [sure_decimal(cells) for cells in (["1,5"], ["1.5"], ["1,234"])] == [",", ".", None]


def test_what_is_no_column_of_numbers_is_said_to_be_so() -> None:
    numbers = [str(number) for number in range(20)]
    assert infer_numbers([*numbers, "l0"]).odd == ("l0",)
    assert infer_numbers(["$5", "€7"]).mixed == "numbers in € and in $"
    assert infer_numbers(["5 %", "0.3"]).mixed == "numbers in % and without a unit"
    assert infer_numbers(["1.234,5", "1,234.5"]).format is None
    assert infer_numbers(["Ulm", "Bonn"]).format is None


def test_new_cells_are_read_by_the_format_of_the_column() -> None:
    euros = NumberFormat(",", "€", grouped=True)
    cells = {"1.234": 1234, "1.234,5 €": 1234.5, "7": 7, "$7": None, "1,234.5": None}
    assert {text: euros.parse(text) for text in cells} == cells
    plain = NumberFormat()
    assert plain.parse("1,234") is None, "it may be 1234 or 1.234"
    assert plain.parse("1,234.5") == 1234.5
    assert euros.parse("5" * 9000 + " €") == math.inf, "beyond float64, which callers refuse"
    digits = "5" * 9000
    spellings = (f"{digits} days 01:00:00", f"P{digits}D", f"PT{digits}H", f"{digits} h 5 min")
    assert [plain.parse(text) for text in spellings] == [None] * 4
    assert all(math.isnan(plain.parse(text) or 0) for text in ("?", "-", "None", "#DIV/0!", "nan"))
