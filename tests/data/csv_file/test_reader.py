"""CSV files: each column has the narrowest dtype, each malformed row is named."""

import csv
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data import read_csv
from chainrule.errors import ArgumentError, FormatError

CELLS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).map(
    lambda text: ("t" + text).strip()
)


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "table.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_column_has_the_narrowest_dtype_that_holds_its_cells(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "flag,count,size,hole,name,mixed\n"
        "True,1,1.5,,Ann,1\n"
        "false,-20,1e3,2,,x\n"
        "TRUE,3,inf,NA,Bob,3\n",
    )
    columns = read_csv(path)
    kinds = {name: column.dtype.kind for name, column in columns.items()}
    assert kinds == {
        "flag": "b", "count": "i", "size": "f", "hole": "f", "name": "O", "mixed": "O"
    }  # fmt: skip
    np.testing.assert_array_equal(columns["flag"], [True, False, True])
    np.testing.assert_array_equal(columns["count"], [1, -20, 3])
    np.testing.assert_array_equal(columns["size"], [1.5, 1000, np.inf])
    np.testing.assert_array_equal(columns["hole"], [np.nan, 2, np.nan])
    assert columns["name"].tolist() == ["Ann", "", "Bob"]
    assert columns["mixed"].tolist() == ["1", "x", "3"]


def test_columns_equal_those_of_pandas(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    random = np.random.default_rng(0)
    values = random.normal(size=(50, 3)) * 10.0 ** random.integers(-300, 300, size=(50, 3))
    frame = pandas.DataFrame(values, columns=list("abc"))
    frame.loc[3, "b"] = np.nan
    path = tmp_path / "table.csv"
    frame.to_csv(path, index=False)
    columns = read_csv(path)
    for name in frame:
        np.testing.assert_array_equal(columns[name], frame[name].to_numpy())


@given(st.lists(CELLS, min_size=1))
def test_cells_quoted_by_the_csv_module_are_read_back(cells: list[str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([["name"], *([cell] for cell in cells)])
        assert read_csv(path)["name"].tolist() == cells


def test_delimiters_encodings_and_byte_order_marks_are_read(tmp_path: Path) -> None:
    marked = written(tmp_path, b"\xef\xbb\xbfa;b\r\n1; x\r\n\r\n2;y\r\n")
    columns = read_csv(marked, delimiter=";")
    assert {name: column.tolist() for name, column in columns.items()} == {
        "a": [1, 2],
        "b": ["x", "y"],
    }
    assert list(read_csv(written(tmp_path, ",a\n0,5\n"))) == ["column_1", "a"]
    western = written(tmp_path, "name\nJosé\n".encode("cp1252"))
    assert read_csv(western, encoding="cp1252")["name"].tolist() == ["José"]
    unknown = written(tmp_path, "a\n?\n3\n")
    np.testing.assert_array_equal(read_csv(unknown, missing=["?"])["a"], [np.nan, 3])


@pytest.mark.parametrize("cell", ["1_000", "0x10", "1.2.3", "--1", "9" * 30 + "x"])
def test_identifiers_that_python_parses_as_numbers_stay_text(tmp_path: Path, cell: str) -> None:
    path = written(tmp_path, f'a\n"{cell}"\n1\n')
    assert read_csv(path)["a"].tolist() == [cell, "1"]


def test_integers_beyond_64_bits_become_floats_if_none_are_merged(tmp_path: Path) -> None:
    np.testing.assert_array_equal(
        read_csv(written(tmp_path, f"a\n{2**70}\n1\n"))["a"], [2.0**70, 1]
    )


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("", r"table\.csv: the file is empty; its first line must name the columns"),
        ("a,b\n", "there is no row after the header"),
        ("a,b,a\n1,2,3\n", "two columns are named 'a'"),
        ("a,b\n1,2\n1,2,3\n", "line 3 has 3 cells, the header names 2 columns"),
        ("a,b\n1\n", "line 2 has 1 cell"),
        ('a\n"x\n', r"line 2 cannot be parsed \(unexpected end of data\); check its quotes"),
        ('a\n"x"y\n', "line 2 cannot be parsed"),
        (b"a\n1\n\0\n", "no text: character 4 is NUL"),
        (b"caf\xc3\xa9,th\xc3", "the file ends within a character"),
        ("é\n".encode() * 20 + b"\xff\n", "1 invalid bytes, first in line 21; correct them"),
        ("a\n" + "x" * 200_000 + "\n", r"line 2 cannot be parsed \(field larger than field limit"),
    ],
)
def test_a_malformed_file_is_refused_by_line(
    tmp_path: Path, content: str | bytes, match: str
) -> None:
    with pytest.raises(FormatError, match=match):
        read_csv(written(tmp_path, content))


def test_invalid_arguments_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "a\n1\n")
    for delimiter in ("", ", ", '"', "\n"):
        with pytest.raises(ArgumentError, match="it must be one character"):
            read_csv(path, delimiter=delimiter)
    with pytest.raises(ArgumentError, match="encoding is 'klingon'"):
        read_csv(path, encoding="klingon")
    with pytest.raises(FileNotFoundError):
        read_csv(tmp_path / "none.csv")


def test_reading_is_linear_in_the_number_of_columns(tmp_path: Path) -> None:
    def seconds(width: int) -> float:
        header = ",".join(f"column {index}" for index in range(width))
        path = written(tmp_path, f"{header}\n{','.join(map(str, range(width)))}\n")
        times: list[float] = []
        for _ in range(3):
            start = time.perf_counter()
            read_csv(path)
            times.append(time.perf_counter() - start)
        return min(times)

    # 16 times the columns take 16 times as long; 256 times, where each pair of names is compared.
    assert seconds(16_000) < 80 * seconds(1_000)
