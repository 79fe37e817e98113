"""Dates as texts: the format of a column, strictly and whatever the language of the system."""

import datetime as dt

import pytest

from chainrule.data.formats.date_format import checked_date_format, parse_date
from chainrule.data.formats.date_inference import infer_dates
from chainrule.errors import ArgumentError

DATES = [dt.datetime(2023, 1, 3, 14, 5, 6) + dt.timedelta(days=17 * i) for i in range(40)]  # noqa: DTZ001
FORMATS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%y",
    "%d %b %Y", "%d. %B %Y", "%d-%b-%y", "%B %d, %Y", "%a, %d %b %Y", "%b %Y", "%Y-%m",
    "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %I:%M %p", "%m/%d/%y %H:%M:%S",
    "%Y%m%dT%H%M%S",
)  # fmt: skip


def test_a_format_is_recognised_and_read_back() -> None:
    for each in FORMATS:
        texts = [date.strftime(each) for date in DATES]
        found = infer_dates(texts)
        assert found.format.replace("%B", "%b") == each.replace("%B", "%b"), each
        assert not found.other, each
        for text, date in zip(texts, DATES, strict=True):
            assert parse_date(text, found.format) == dt.datetime.strptime(text, each), text  # noqa: DTZ007
            assert parse_date(text, each) == parse_date(text, found.format), date


def test_zones_fractions_and_months_of_other_languages_are_read() -> None:
    noon = dt.datetime(2024, 5, 1, 12)  # noqa: DTZ001
    for text in ("2024-05-01T12:00:00Z", "2024-05-01T12:00:00+02:00", "2024-05-01 12:00:00.000"):
        assert parse_date(text, infer_dates([text]).format) == noon, text
    for text in ("2024Q2", "Q2 2024"):  # as pandas writes a Period
        assert parse_date(text, infer_dates([text]).format) == dt.datetime(2024, 4, 1)  # noqa: DTZ001
    for text in ("1. Mai 2024", "1 mai 2024", "1 mayo 2024"):
        found = infer_dates([text])
        assert parse_date(text, found.format) == dt.datetime(2024, 5, 1), text  # noqa: DTZ001


def test_dates_and_times_of_chinese_japanese_and_korean_are_read() -> None:
    written = (
        "2024年5月12日,2024年5月12号,2024年05月12日星期日,２０２４年５月１２日,２０２４／５／１２"
    )
    for text in (*written.split(","), "2024년 5월 12일", "2024년5월12일"):
        day = dt.datetime(2024, 5, 12)  # noqa: DTZ001
        assert parse_date(text, infer_dates([text]).format) == day, text
    times = "15:30,15时30分, 15時30分00秒, 下午 3:30:00, 星期日 下午3:30, 午後3時30分, 오후 3:30"
    for time in times.split(","):
        text = f"2024年5月12日{time}"
        at = dt.datetime(2024, 5, 12, 15, 30)  # noqa: DTZ001
        assert parse_date(text, infer_dates([text]).format) == at, text
    midnight = parse_date("2024年5月12日上午12:00", "%Y年%m月%d日%p%I:%M")
    assert midnight == dt.datetime(2024, 5, 12)  # noqa: DTZ001
    for text in ("2024年13月1日", "第5年3月2日", "北京2024"):
        assert not infer_dates([text]).format, text


def test_what_is_no_date_is_none() -> None:
    for cells in (["5", "6"], ["1.5"], ["2024"], ["12:30"], ["192.168.1.1"], ["555-1234"],
                  ["2024-13-01"], ["31.02.2024"], ["Ulm"], ["Room 12"], ["1-2"], [""]):  # fmt: skip
        assert not infer_dates(cells).format, cells
    found = infer_dates([*(f"2024-01-{day:02d}" for day in range(1, 20)), "2024-02-31"])
    assert (found.format, found.odd) == ("", ("2024-02-31",))
    mixed = infer_dates(["2024-01-05", "6.1.2024", "2024-01-07", "8.1.2024", "9.1.2024"])
    assert sorted(mixed.mixed) == ["%Y-%m-%d", "%d.%m.%Y"]


def test_day_and_month_are_told_apart_by_the_column_or_the_doubt_is_told() -> None:
    columns = (
        (["13/01/2024", "01/02/2024"], "", "%d/%m/%Y", ""),
        (["05/01/2024", "06/01/2024", "01/02/2024"], "", "%d/%m/%Y", "%m/%d/%Y"),  # they ascend
        ([*(f"{day:02d}/01/2024" for day in range(5, 13)), "01/02/2024"], "", "%d/%m/%Y", ""),
        ([f"01/{1 + i % 12:02d}/{2024 + i // 12}" for i in range(20)], "", "%d/%m/%Y", ""),
        ([f"01/{month:02d}/2024" for month in range(1, 13)], "", "%m/%d/%Y", "%d/%m/%Y"),
        (["01/02/2024", "03/02/2024", "02/01/2024"], ",", "%m/%d/%Y", "%d/%m/%Y"),
        (["01/02/2024", "03/02/2024", "02/01/2024"], ";", "%d/%m/%Y", "%m/%d/%Y"),
        (["01.02.2024", "03.02.2024", "02.01.2024"], ",", "%d.%m.%Y", ""),
    )
    for cells, delimiter, chosen, other in columns:
        found = infer_dates(cells, delimiter)
        assert (found.format, found.other) == (chosen, other), cells


@pytest.mark.parametrize("written", ["", "%d.%m.", "%Y-%Q", 5, "day", "%Y" + "%a" * 30])
def test_a_format_without_a_year_or_with_unknown_directives_is_refused(written: object) -> None:
    with pytest.raises(ArgumentError, match="it must have a year and further directives"):
        checked_date_format("Date('day')", written)
