"""Columns of dates as features."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.data import Category, Date, Table
from chainrule.errors import ArgumentError, ChainruleWarning, DataError

DAYS = np.arange("2023-11-01", "2024-03-01", dtype="datetime64[D]")


def test_dates_of_every_type_have_the_same_features() -> None:
    pandas = pytest.importorskip("pandas")
    expected = Table().fit_transform({"day": DAYS}, "float64")
    table = Table().fit({"day": DAYS})
    index = pandas.DatetimeIndex(DAYS)
    others: list[Any] = [
        DAYS.astype("M8[ns]"), DAYS.tolist(), [*map(str, DAYS)], [*index], index.tz_localize("UTC"),
        index.to_period("D"), index.strftime("%d.%m.%Y"), index.strftime("%Y%m%d").astype(int),
    ]  # fmt: skip
    for cells in others:
        again = Table().fit({"day": cells})
        np.testing.assert_allclose(again.transform({"day": cells}, "float64"), expected)
        if not isinstance(cells[0], str | np.integer) or "-" in str(cells[0]):
            np.testing.assert_allclose(table.transform({"day": cells[:3]}), expected[:3], rtol=1e-6)


def test_december_is_beside_january_and_a_weekday_has_its_feature() -> None:
    table = Table().fit({"day": DAYS})
    names = list(table.feature_names)
    assert names[:3] == ["day: days", "day: month (sine)", "day: month (cosine)"]
    assert names[-7:] == [f"day: {day}" for day in
                          ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
                           "Sunday")]  # fmt: skip
    rows = table.transform({"day": ["2023-12-20", "2024-01-20", "2024-06-20"]})
    months = rows[:, 1:3]
    assert np.linalg.norm(months[0] - months[1]) < 0.6 < np.linalg.norm(months[0] - months[2])
    saturday = table.transform({"day": dt.date(2024, 2, 3)})
    assert saturday[0, names.index("day: Saturday")] == 1
    assert saturday[0, -7:].sum() == 1


def test_what_does_not_vary_is_left_out_and_times_have_hours() -> None:
    hours = np.arange("2024-01-05", "2024-01-06", dtype="datetime64[h]")
    assert Table().fit({"t": hours}).feature_names == ("t: days", "t: hour (sine)",
                                                       "t: hour (cosine)")  # fmt: skip
    months = np.arange("2020-01", "2022-01", dtype="datetime64[M]")
    assert len(Table().fit({"t": months}).feature_names) == 3
    chosen = Table(Date("t", parts=["weekday"])).fit({"t": DAYS})
    assert chosen.feature_names[0] == "t: Monday"


def test_missing_dates_are_indicated_and_invalid_ones_refused() -> None:
    days = ["3.1.2024", None, "4.2.2024", "?"]
    with pytest.warns(ChainruleWarning, match="'\\?' among the dates of column 'day' is taken as"):
        table = Table().fit({"day": days})
    rows = table.transform({"day": days})
    assert rows[:, -1].tolist() == [0, 1, 0, 1]
    assert not rows[[1, 3], :-1].any()
    for cell in ("2024-01-05", "31.2.2024", "soon", 5):
        with pytest.raises(DataError, match=r"row 0 .* which is no date written as %d\.%m\.%Y"):
            table.transform({"day": cell})


def test_an_ambiguous_column_is_told_unless_its_format_is_declared() -> None:
    days = {"day": ["01/02/2024", "03/02/2024", "02/01/2024"]}
    with pytest.warns(ChainruleWarning, match=r"could be %d/%m/%Y; declare data\.Date\('day', fo"):
        american = Table().fit(days)
    assert american.fitted == Table(Date("day", "%m/%d/%Y")).fit(days).fitted
    assert american.fitted != Table(Date("day", format="%d/%m/%Y")).fit(days).fitted
    assert len(Table(Category("day")).fit(days).feature_names) == 3


def test_formats_survive_saving_and_a_row_alone_is_the_same(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    path = tmp_path / "days.csv"
    lines = [f"{day:%d.%m.%Y};{row % 7}.000,50 €" for row, day in enumerate(DAYS.tolist())]
    path.write_text("day;n\n" + "\n".join(lines).replace(";0.000", ";0") + "\n", encoding="utf-8")
    net = cr.Network([Table(), nn.Dense(1)], seed=0)
    net.compile(loss="mse")
    net.fit(path, np.arange(len(DAYS)) / 100, epochs=1, verbose=0)
    net.save(tmp_path / "net.safetensors")
    loaded = cr.load(tmp_path / "net.safetensors")
    assert loaded.table is not None
    assert net.table is not None
    assert loaded.table.fitted == net.table.fitted
    among = net.predict(path)
    for row in (0, 40, 119):
        alone = tmp_path / "alone.csv"
        amount = f"{row % 7 * 1000 + 0.5:.1f}".replace(".", ",")
        alone.write_text(f"n;day\n{amount};{DAYS[row].tolist():%d.%m.%Y}\n")
        record = {"day": DAYS[row].tolist(), "n": row % 7 * 1000 + 0.5}
        sources: list[Any] = [alone, record, [record], pandas.DataFrame([record]).iloc[0]]
        for source in sources:
            np.testing.assert_allclose(loaded.predict(source)[0], among[row], rtol=1e-5)


def test_durations_and_times_of_day_are_hours() -> None:
    durations = np.array([30, 60, 90], "timedelta64[m]")
    column: Any
    for column in (durations, durations.tolist(), ["00:30", "01:00", "01:30"],
                   [dt.time(0, 30), dt.time(1), dt.time(1, 30)]):  # fmt: skip
        table = Table().fit({"t": column})
        rows = table.transform({"t": column}, "float64")[:, 0]
        assert rows == pytest.approx([-(1.5**0.5), 0, 1.5**0.5])
        assert table.transform({"t": [np.timedelta64(1, "h")]}).item() == pytest.approx(0)


def test_invalid_declarations_are_refused() -> None:
    for attempt in (lambda: Date("t", "%d"), lambda: Date("t", parts=[]),
                    lambda: Date("t", parts=["year"]), lambda: Date(5)):  # type: ignore[arg-type]  # fmt: skip
        with pytest.raises(ArgumentError):
            attempt()
