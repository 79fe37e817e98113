"""Delimiters, headers, and what is in front of a table, behind its rows or between them."""

import io
import warnings
from pathlib import Path

import numpy as np
import pytest

from chainrule.data import Table, read_csv
from chainrule.data.csv_file import read_table
from chainrule.errors import ArgumentError, ChainruleWarning, FormatError

ROWS = ["5,1.5,yes", "7,2.5,no", "3,0.5,yes"]
NAMES = ["a", "b", "y"]
FULL_WIDTH = str.maketrans(",57.", "\uff1b\uff15\uff17\uff0e")


def columns_of(*lines: str, **options: object) -> dict[str, list[object]]:
    file = io.StringIO("\n".join(lines) + "\n")
    return {name: cells.tolist() for name, cells in read_csv(file, **options).items()}  # type: ignore[arg-type]


EXPECTED = columns_of("a,b,y", *ROWS, delimiter=",")
SAME = {
    "tabs": [line.replace(",", "\t") for line in ["a,b,y", *ROWS]],
    "semicolons": [line.replace(",", ";") for line in ["a,b,y", *ROWS]],
    "bars": [line.replace(",", "|") for line in ["a,b,y", *ROWS]],
    "two colons": [line.replace(",", "::") for line in ["a,b,y", *ROWS]],
    "blanks": [line.replace(",", "  ") for line in [" a,b,y", *ROWS]],
    "blanks and tabs": [line.replace(",", " \t") for line in ["a,b,y", *ROWS]],
    "sep=; of Excel": ["sep=;", *(line.replace(",", ";") for line in ["a,b,y", *ROWS])],
    "sep in quotes": ['"sep=;"', *(line.replace(",", ";") for line in ["a,b,y", *ROWS])],
    "full-width commas": [line.replace(",", "\uff0c") for line in ["a,b,y", *ROWS]],
    "full-width forms": [line.translate(FULL_WIDTH) for line in ["a,b,y", *ROWS]],
    "comments": ["# logger 5, version 2", "#", "a,b,y", *ROWS],
    "comments of MATLAB": ["% made in May", "a,b,y", *ROWS],
    "names in a comment": ["# a,b,y", *ROWS],
    "empty lines": ["", "", "a,b,y", "", *ROWS, "", ""],
    "lines of blanks": ["  ", "a,b,y", ROWS[0], "   ", *ROWS[1:], " "],
    "delimiters at the end of rows": ["a,b,y", *(f"{row}," for row in ROWS)],
    "delimiters at the end": [f"{line}," for line in ["a,b,y", *ROWS]],
    "delimiters in front": [f",{line}" for line in ["a,b,y", *ROWS]],
    "a table of Markdown": [
        "|a|b|y|",
        "|---|:--|--:|",
        *(f"|{row.replace(',', '|')}|" for row in ROWS),
    ],
    "aligned columns": [" a    b  y", *(row.replace(",", "   ") for row in ROWS)],
    "a tab and blanks": ["a b\ty", *(row.replace(",", " ", 1).replace(",", "\t") for row in ROWS)],
    "names of savetxt, in commas": ["# logger 5", "# a,b,y", "# in mm", *ROWS],
    "names after a sign": ["#a,b,y", *ROWS],
    "names of savetxt": ["# a b y", *(row.replace(",", " ") for row in ROWS)],
    "empty rows of a spreadsheet": ["a;b;y", *(row.replace(",", ";") for row in ROWS), ";;", ";;"],
    "quotes after backslashes": ['a,b,"y"', *(row.replace("no", '"no"') for row in ROWS)],
    "row names of R": ['"a","b","y"', *(f'"{i}",{row}' for i, row in enumerate(ROWS, 1))],
    "row names of text": ["a,b,y", *(f"Mazda {row[0]},{row}" for row in ROWS)],
    "row names and tabs": [
        "a\tb\ty",
        *(f"r{i},{row}".replace(",", "\t") for i, row in enumerate(ROWS)),
    ],
}  # fmt: skip


@pytest.mark.parametrize("layout", SAME)
def test_one_table_in_any_layout_is_one_table(layout: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert columns_of(*SAME[layout]) == EXPECTED
        text = "\r\n".join(SAME[layout])
        assert {key: cells.tolist() for key, cells in read_csv(io.StringIO(text)).items()} == (
            EXPECTED
        )


def test_titles_in_front_of_a_header_are_left_out_and_told() -> None:
    titles = (["Report of May", ""], ["Report, May", "by us"], ["Report of May,,"])
    for title in titles:
        with pytest.warns(ChainruleWarning, match=r"first .*line.*\(Report.*left out"):
            assert columns_of(*title, "a,b,y", *ROWS) == EXPECTED, title


def test_names_in_a_comment_are_preferred_to_numbers_in_equal_steps() -> None:
    assert columns_of("# a,b", "1.0,2.0", "2.0,4.0") == {"a": [1, 2], "b": [2, 4]}
    assert columns_of("# a", "1", "2", "3") == {"a": [1, 2, 3]}


SECOND = ("[mm],[-],", "length,mass,What?", "(mm),(kg),")


def test_units_and_second_headers_are_left_out_and_told() -> None:
    rows = [f"{i},{i / 2},{'no' if i % 3 else 'yes'}" for i in range(40)]
    expected = columns_of("a,b,y", *rows)
    for second in SECOND:
        with pytest.warns(ChainruleWarning, match=r"below the header .* left out.*skip_rows=1"):
            assert columns_of("a,b,y", second, *rows) == expected, second
    lines = [
        "# a title",
        "a,b,y",
        "How long?,What else?,Why?",
        '{"id": 1},{"id": 2},{"id": 3}',
        *rows,
    ]
    with pytest.warns(ChainruleWarning, match=r"left out with the one below.*skip_rows=2"):
        assert columns_of(*lines) == expected
    file = io.StringIO("\n".join(["X1,X2,Y", "a,b,y", *rows]))
    assert list(read_table(file, expected=["y"])[0]) == ["a", "b", "y"]
    for first in ("x,1,no", "5,tbd,no"):  # a row with a typing error is a row
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert columns_of("a,b,y", first, *rows)["y"][0] == "no"


def test_a_title_in_front_of_rows_without_a_header_is_left_out() -> None:
    rows = [f"{i}, {i % 3}, {'<=50K' if i % 2 else '>50K'}." for i in range(12)]
    with pytest.warns(ChainruleWarning, match="1x3 Cross validator"):
        columns = columns_of("|1x3 Cross validator", *rows, names=NAMES)
    assert columns["a"] == list(range(12))


FOOTERS = (
    ["Total,15,"],
    ["Grand total:,15,9"],
    ["", "Source: the office, 2024"],
    [",,", "* estimated,,", ",,"],
    ["Summe,4.5,2", "Quelle: Amt,,"],
    ["平均：,5,1.5", "数据来源：国家统计局"],
)


def test_sums_and_remarks_below_the_rows_are_left_out_and_told(tmp_path: Path) -> None:
    for footer in FOOTERS:
        with pytest.warns(ChainruleWarning, match=r"the last .*line.* left out .* skip_footer=0"):
            assert columns_of("a,b,y", *ROWS, *footer) == EXPECTED, footer
        assert columns_of("a,b,y", *ROWS, "x,1,2", "Total,1,1", skip_footer=2) == EXPECTED
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kept = columns_of("a,b,y", "Total,1,no", "x,1.5,no", "Total,2.5,yes")
        assert kept["a"] == ["Total", "x", "Total"], "a word that occurs above is one of the table"
        assert columns_of("a,b", "Meantime,1", "Mean Joe,2")["a"] == ["Meantime", "Mean Joe"]
        assert columns_of("a,b", "x,1", "Total,2", skip_footer=0)["a"] == ["x", "Total"]
    path = tmp_path / "long.csv"
    path.write_text("a,b\n" + "\n".join(f"{i},{i % 7}" for i in range(2048)) + "\nTotal,7\n")
    with pytest.warns(ChainruleWarning, match=r"the last line \(Total, 7\)"):
        assert len(read_csv(path)["a"]) == 2048


def test_a_delimiter_in_quotes_or_in_a_text_is_none() -> None:
    assert list(columns_of('"t (min; mean; max; sd)",b', "1,2", "3,4")) == [
        "t (min; mean; max; sd)",
        "b",
    ]
    assert columns_of("full name", "Ann Lee", "Bob Ray") == {"full name": ["Ann Lee", "Bob Ray"]}
    assert columns_of("text", "hello", "well, yes", delimiter=";")["text"] == [
        "hello",
        "well, yes",
    ]
    chinese = ["很好，喜欢", "不错，还行", "好，也贵，不买"]
    assert columns_of("评论", *chinese)["评论"] == chinese
    assert columns_of("评论,分", *(f"{each},1" for each in chinese))["评论"] == chinese
    assert columns_of("x;y", "1,5;2,5", "2,5;3,5")["x"] in (["1,5", "2,5"], [1.5, 2.5])
    assert list(columns_of("when,v", "2020-01-01 10:00,1", "2020-01-01 11:00,2")) == ["when", "v"]


HEADERLESS = {
    "iris": ["5.1,3.5,1.4,0.2,setosa", "4.9,3.0,1.4,0.2,setosa", "6.3,3.3,6.0,2.5,virginica"],
    "a number twice": ["0,0,no", "1,1,no", "2,2,yes"],
    "numbers alone": ["1.5,2", "2.5,3"],
    "a missing value": ["6,148,NA", "1,85,66", "8,183,64"],
    "dates": ["2020-01-01,5.5", "2020-01-02,5.7"],
    "decimal commas": ["1,5;2,5;ja", "2,5;3,5;nein"],
    "words that occur again": ["p,x,s", "e,x,s", "e,b,y", "p,b,y", "p,x,y"],
}


@pytest.mark.parametrize("name", HEADERLESS)
def test_a_missing_header_is_told_and_the_first_line_is_a_row(name: str) -> None:
    lines = HEADERLESS[name]
    with pytest.warns(ChainruleWarning, match=r"there is no header: the first line .* header="):
        columns = columns_of(*lines)
    width = len(columns)
    assert list(columns) == [f"column_{i}" for i in range(1, width + 1)]
    assert {len(cells) for cells in columns.values()} == {len(lines)}
    names = [f"name {i}" for i in range(width)]
    assert str([*columns_of(*lines, names=names).values()]) == str([*columns.values()])
    assert str(columns_of(*lines, header=False)) == str(columns)  # NaN differs from itself
    if name != "a number twice":
        assert len(next(iter(columns_of(*lines, header=True).values()))) == len(lines) - 1


NAMED = (
    ["0,1", "5.5,6.5"],
    [",0,1", "0,5.5,6.5", "1,7.5,8.5"],
    ["country,2010,2011,2012", "Germany,1.5,2.5,2", "France,2.5,1.5,3"],
    ["id,2010,2020", "1,5,6"],
    ["400.0,402.0,404.0", "0.1,0.5,0.7"],
    ["p,q", "e,x", "e,y", "f,x"],
    ["#,score", "1,5", "2,7"],
    ["n/a,b", "x,1", "y,2"],
    ["name,town"],
)


def test_numbers_that_name_columns_are_a_header() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for header, *rows in NAMED:
            rows = rows or ["Ann,Ulm"]
            expected = [name or f"column_{i}" for i, name in enumerate(header.split(","), start=1)]
            assert list(columns_of(header, *rows)) == expected


def test_names_replace_those_of_the_file() -> None:
    for names in (["x", "z", "w"], ["a", "b", "y"]):
        columns = columns_of("a,b,y", *ROWS, names=names)
        assert columns == dict(zip(names, EXPECTED.values(), strict=True))
    with pytest.raises(ArgumentError, match="names has 2 names, and the file 3 columns"):
        columns_of("a,b,y", *ROWS, names=["x", "z"])
    # A row that has one cell more than the header, and no name in front, is named by all cells.
    lines = ["a,y", "2,5,1", "4,5,0", "2,7,0"]
    with pytest.raises(
        FormatError, match=r"each row has 3 cells, and the header 2 names; name all"
    ):
        columns_of(*lines)
    assert columns_of(*lines, names=["u", "a", "y"])["u"] == [2, 4, 2]


def test_quotes_are_read_as_they_are_written() -> None:
    escaped = columns_of("a,b", '"say \\"hi\\", twice",1', '"x",2')
    assert escaped["a"] == ['say "hi", twice', "x"]
    with pytest.warns(ChainruleWarning, match="quotes do not enclose cells, but belong to them"):
        assert columns_of("a\tb", '5" pipe\t1', '"open\t2')["a"] == ['5" pipe', '"open']
    with pytest.raises(FormatError, match=r"line 3, or 2, cannot be parsed .*; check its quotes"):
        columns_of("a,b", '"open,1', "x,2")


def test_what_may_be_misread_is_told_or_refused() -> None:
    with pytest.warns(ChainruleWarning, match="'ham' of it occurs again in its column; pass head"):
        columns_of("ham\tgo on", "spam\tfree entry", "ham\twell, fine")
    lines = ["a,b,", *(f"{i},{i % 3}," for i in range(2000)), "5,6,7"]
    with pytest.raises(FormatError, match=r"a column without a name has '7' in row 2000 .*names="):
        columns_of(*lines)
    tables = ['"Source","Indicators",', "", '"Updated","2020-01-01",', "", "country,1960,1961,1962"]
    with pytest.warns(ChainruleWarning, match=r"the first .*\(Source Indicators\).*left out"):
        columns = columns_of(*tables, "Aruba,54211,55438,1", "Chad,300,400,2", "Ghana,7,8,3")
    assert columns["country"] == ["Aruba", "Chad", "Ghana"]
    assert columns["1961"] == [55438, 400, 8]


def test_comments_and_lines_to_skip_can_be_named() -> None:
    lines = ["! made by hand", "a,b,y", ROWS[0], "! a remark, in the middle", *ROWS[1:]]
    assert columns_of(*lines, comment="!") == EXPECTED
    assert columns_of("made, by", "hand", "a,b,y", *ROWS, skip_rows=2) == EXPECTED
    with pytest.raises(FormatError, match=r"line 4 has 1 cell, the header names 3 columns"):
        columns_of("a,b,y", *ROWS[:2], "a remark", *ROWS[2:])


def test_a_file_is_read_alike_by_tables_as_by_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("stadt;größe\nKöln;5\nUlm;7\n".encode("cp1252"))
    with pytest.warns(ChainruleWarning, match="cp1252"):
        columns = read_csv(path)
    with pytest.warns(ChainruleWarning, match="cp1252"):
        table = Table().fit(path)
    with pytest.warns(ChainruleWarning, match="cp1252"):
        np.testing.assert_array_equal(table.transform(path), table.transform(columns))
    # Rows of numbers under numbers: the names that are asked for tell the header.
    numbers = {"0": [1.0, 5.0, 9.0], "7": [2.0, 4.0, 3.0]}
    path.write_text("0,7\n1,2\n")
    assert Table().fit(numbers).transform(path).shape == (1, 2)
