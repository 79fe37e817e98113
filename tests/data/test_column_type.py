"""Columns of files as people have them: read as numbers, or told why not, and nothing merged."""

import copy
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from chainrule.data import Category, Number, Table, read_csv, split
from chainrule.data.file_columns import FileColumns
from chainrule.errors import ChainruleWarning, FormatError

Cell = Callable[[int], str]


def sometimes(other: str, cell: Cell, every: int = 20) -> Cell:
    """Return cells of which some are other ones."""
    return lambda i: other if i % every == 7 else cell(i)


def read(
    folder: Path, cell: Cell, rows: int = 60, delimiter: str = ",", **options: str
) -> np.ndarray:
    return table_of(folder, cell, rows, delimiter, **options)["v"]


def table_of(
    folder: Path, cell: Cell, rows: int = 60, delimiter: str = ",", **options: str
) -> FileColumns:
    path = folder / "table.csv"
    lines = (f'"{cell(row)}"{delimiter}{row % 5}' for row in range(rows))
    path.write_text(f"v{delimiter}n\n" + "\n".join(lines) + "\n", encoding="utf-8")
    columns = read_csv(path, **options)  # type: ignore[arg-type]
    assert isinstance(columns, FileColumns)
    return columns


WRITTEN: dict[str, tuple[str, Cell]] = {
    "decimal commas": (";", lambda i: f"{i * 1.25:.2f}".replace(".", ",")),
    "thousands": (",", lambda i: f"{i * 937:,}"),
    "thousands and blanks": (",", lambda i: f" {i * 937:,} "),
    "thousands by points": (";", lambda i: f"{i * 937:,}".replace(",", ".") + ",5"),
    "thousands by blanks": (",", lambda i: f"{i * 937:,}".replace(",", "\u202f")),
    "thousands by apostrophes": (",", lambda i: f"{i * 937:,}".replace(",", "'")),
    "dollars": (",", lambda i: f"${i * 7}.50"),
    "euros": (";", lambda i: f"{i * 7},50 €"),
    "crowns": (",", lambda i: f"{i * 7} kr"),
    "per cent": (",", lambda i: f"{i * 1.5}%"),
    "kilograms": (",", lambda i: f"{i * 1.5} kg"),
    "minus of typesetters": (",", lambda i: f"\u2212{i * 1.5}"),
    "brackets": (",", lambda i: f"({i * 1.5})"),
    "times of day": (",", lambda i: f"{i % 24:02d}:{i:02d}"),
    "durations": (",", lambda i: f"01:{i:02d}:30"),
}


def test_numbers_as_people_write_them_are_numbers(tmp_path: Path) -> None:
    for name, (delimiter, cell) in WRITTEN.items():
        column = read(tmp_path, cell, delimiter=delimiter)
        assert column.dtype.kind in "if", name
        assert len({*column.tolist()}) == 60, name


def test_other_signs_of_missing_values_are_missing_among_numbers_and_told(tmp_path: Path) -> None:
    told = r"taken as missing; if that is right, pass missing="
    numbers: tuple[Cell, ...] = (lambda i: str(i * 1.5), lambda i: str(i % 10))
    for sign in ("?", "-", "--", ".", "None", "#DIV/0!", "missing", "n.a.", " ? "):
        for number in numbers:
            with pytest.warns(ChainruleWarning, match=told):
                column = read(tmp_path, sometimes(sign, number))
            assert column.dtype.kind == "f", sign
            assert np.flatnonzero(np.isnan(column)).tolist() == [7, 27, 47], sign
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            texts = read(tmp_path, sometimes(sign, lambda i: "abc"[i % 3]))
            assert set(texts.tolist()) == {"a", "b", "c", sign.strip()}
            read(tmp_path, sometimes(sign, str), missing=sign.strip())
    for sign in ("", "NA", "N/A", "NaN", "NULL", "<NA>", "#N/A"):
        column = read(tmp_path, sometimes(sign, str))
        assert np.flatnonzero(np.isnan(column)).tolist() == [7, 27, 47], sign


def test_an_odd_cell_among_numbers_is_named(tmp_path: Path) -> None:
    with pytest.warns(ChainruleWarning, match=r"'v' holds numbers, but '1o' in row 9 .*missing="):
        assert read(tmp_path, lambda i: "1o" if i == 9 else str(i)).dtype == object
    with pytest.warns(ChainruleWarning, match="'v' holds numbers in € and in \\$, and so all are"):
        read(tmp_path, lambda i: f"{'$€'[i % 2]}{i}")
    with pytest.warns(ChainruleWarning, match=r"'1,0\d\d' is read as 10.., and could be 1\.0"):
        assert read(tmp_path, lambda i: f"1,0{10 + i}").tolist()[0] == 1010
    assert read(tmp_path, lambda i: f"1,0{10 + i}", decimal=",").tolist()[0] == 1.01


def test_integers_and_codes_stay_what_they_are(tmp_path: Path) -> None:
    for base in (2**53, 2**60, 2**63, 12345678901234567890, 10**25):
        column = read(tmp_path, lambda i, base=base: str(base + i))  # type: ignore[misc]
        assert len({*column.tolist()}) == 60
    gap = read(tmp_path, lambda i: "" if i == 3 else str(2**60 + i))
    assert gap.tolist()[:5] == [2**60, 2**60 + 1, 2**60 + 2, None, 2**60 + 4]
    codes = read(tmp_path, lambda i: f"{i:03d}")
    assert codes.tolist()[:3] == ["000", "001", "002"]
    assert read(tmp_path, lambda i: f"{i}e{1000 + i}")[3] == "3e1003"
    with pytest.raises(FormatError, match="has 1e999 in row 7"):
        read(tmp_path, lambda i: "1e999" if i == 7 else f"{i}.5")


def test_blanks_around_cells_are_no_part_of_them(tmp_path: Path) -> None:
    for blank in (" ", "\t", "\u00a0", "  "):
        texts = read(tmp_path, sometimes("Ulm" + blank, lambda i: ("Ulm", "Bonn")[i % 2], 9))
        assert {*texts.tolist()} == {"Ulm", "Bonn"}
        assert read(tmp_path, sometimes("True" + blank, lambda i: str(i % 2 == 1))).dtype == bool
        assert read(tmp_path, sometimes("NA" + blank, str)).dtype == float


def test_a_formatted_column_means_the_same_in_every_way_of_reading(tmp_path: Path) -> None:
    path, alone = tmp_path / "table.csv", tmp_path / "alone.csv"
    for name, (delimiter, cell) in WRITTEN.items():
        columns = table_of(tmp_path, cell, delimiter=delimiter)
        among = Table().fit(path).transform(path)
        assert Table().fit(columns).fitted == Table().fit(path).fitted, name
        (train, _), _ = split(columns, np.arange(60), test_size=0.2)
        table = Table().fit(train)
        assert pickle.loads(pickle.dumps(train)).formats == copy.copy(train).formats
        for row in (1, 33):
            alone.write_text(f'n;v\n{row % 5};"{cell(row)}"\n', encoding="utf-8")
            written = {"v": cell(row), "n": row % 5}
            expected = Table().fit(columns).transform(alone)
            np.testing.assert_allclose(expected[0], among[row], rtol=1e-5, atol=1e-6, err_msg=name)
            np.testing.assert_allclose(
                table.transform(alone), table.transform([written]), rtol=1e-5
            )
        categories = Table(Category("v")).fit(columns)
        assert categories.transform(path).sum() == 60, name
        assert categories.transform(columns).sum() == 60, name


def test_a_declared_decimal_mark_is_heeded_and_not_asked_for_again(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text('v\n"1,250"\n"2,750"\n')
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        commas = Table(Number("v", decimal=",", scaled=False)).fit(path)
        points = Table(Number("v", decimal=".", scaled=False)).fit(path)
    assert commas.transform(path)[:, 0].tolist() == [1.25, 2.75]
    assert points.transform(path)[:, 0].tolist() == [1250, 2750]
