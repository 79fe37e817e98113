"""Reports as text, Markdown, JSON and charts, and their command line."""

import dataclasses
import json

import pytest

from benchmarks import chart, machine, report, run
from benchmarks.benchmark import Quantity
from benchmarks.measure import Outcome, Row
from benchmarks.workloads import BENCHMARKS

MACHINE = {
    "processor": "Abacus",
    "cores": 2,
    "python": "3.11",
    "date": "2026-01-01",
    "versions": {"numpy": "2.4", "torch": None},
}


@pytest.fixture
def table():
    outcome = Outcome((2e-6, 4e-6, 3e-6), 0.25, "XOR")
    rows = [
        Row("numpy", outcome, to_chainrule=3.0, to_best_rival=1.0, to_floor=6.0),
        Row("torch", None, note="not installed: torch"),
    ]
    return report.Table("W1", "a title", "XOR", Quantity("µs a step", 1e6), 5e-7, rows)


def test_a_row_has_one_cell_for_each_heading(table):
    for row in table.rows:
        assert len(table.cells(row)) == len(table.headings)


def test_markdown_lists_absent_rivals_with_the_reason(table):
    text = report.markdown([table], MACHINE)
    assert "| PyTorch eager | – |" in text
    assert "not installed: torch |" in text


def test_markdown_shows_medians_ratios_floor_and_machine(table):
    text = report.markdown([table], MACHINE)
    assert "**W1: a title (XOR; floor 0.500 µs a step)**" in text
    assert "| NumPy by hand | 3.00 | 1.00 | 3.00 | 1.00 | 6.00 | 0.25 |  |" in text
    assert "Abacus, cores: 2, Python 3.11, numpy 2.4; 2026-01-01." in text


def test_every_line_of_a_markdown_table_has_the_same_number_of_bars(table):
    lines = [line for line in report.markdown([table], MACHINE).splitlines() if line[:1] == "|"]
    assert {line.count("|") for line in lines} == {len(table.headings) + 1}


def test_json_contains_every_repetition_and_absent_contestants(table, tmp_path):
    path = tmp_path / "new" / "bench.json"
    report.write_json(path, [table], MACHINE)
    document = json.loads(path.read_text(encoding="utf-8"))
    numpy, torch = document["benchmarks"][0]["rows"]
    assert numpy["outcome"]["values"] == [2e-6, 4e-6, 3e-6]
    assert torch["outcome"] is None
    assert document["machine"]["versions"] == {"numpy": "2.4", "torch": None}


def test_the_terminal_shows_each_contestant(table, capsys):
    report.show(table)
    shown = capsys.readouterr().out
    assert "NumPy by hand" in shown
    assert "W1: a title" in shown


def test_the_chart_is_an_image_with_a_bar_for_each_present_contestant(table, tmp_path):
    pytest.importorskip("matplotlib")
    path = tmp_path / "bench.svg"
    assert chart.draw(path, [table])
    assert "<svg" in path.read_text(encoding="utf-8")


def test_rivals_are_selected_by_name_and_chainrule_always():
    assert run.names("numpy, jax") == ["numpy", "jax", "chainrule", "chainrule-jit"]


@pytest.mark.parametrize(
    ("name", "count"), [("W1", 1), ("W8", 2), ("W9", 8), ("W9-W1", 2), ("memory", 10), ("W", 0)]
)
def test_a_name_selects_all_benchmarks_with_that_prefix(name, count):
    assert len(run.chosen(name)) == count


def test_all_benchmarks_run_by_default():
    together = [benchmark for benchmark in BENCHMARKS.values() if not benchmark.on_request]
    assert run.parse([]).benchmarks == together


def test_the_heading_omits_a_missing_floor_and_dataset():
    bare = report.Table("size", "a title", "", Quantity("MB", 1e-6), None, [])
    assert bare.heading == "size: a title"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["W99"], "no benchmark 'W99'"),
        (["--rivals", "abacus"], "no contestant 'abacus'"),
        (["--repeats", "0"], "must be at least 1"),
        (["--repeats", "many"], "invalid positive value"),
        (["--json", f"{__file__}/bench.json"], "is a file, not a folder"),
    ],
)
def test_a_usage_error_exits_with_status_2_and_names_it(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        run.parse(arguments)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_more_threads_than_cores_are_refused():
    with pytest.raises(ValueError, match="--threads must be 1 to"):
        machine.limit_threads(10_000)


def test_the_command_line_writes_json_and_markdown_and_prints_the_path(tmp_path, capsys):
    path = tmp_path / "bench.json"
    assert run.main(["W1", "--repeats", "1", "--rivals", "numpy", "--json", str(path)]) == 0
    document = json.loads(path.read_text(encoding="utf-8"))
    names = [row["contestant"] for row in document["benchmarks"][0]["rows"]]
    assert names == ["numpy", "chainrule", "chainrule-jit"]
    assert document["benchmarks"][0]["title"] == BENCHMARKS["W1"].title
    assert path.with_suffix(".md").exists()
    assert str(path) in capsys.readouterr().out


def test_the_summary_compares_with_the_best_rival(table):
    slower, faster = (Outcome((value,), 0.25, "XOR") for value in (4e-6, 1.5e-6))
    rows = [*table.rows, Row("jax", slower), Row("chainrule", faster)]
    both = dataclasses.replace(table, rows=rows)
    assert report.summary([table, both]).splitlines()[2:] == [
        "| W1: a title | 1.50 µs a step | NumPy by hand 3.00 | 2.00 |"
    ]


def test_the_summary_is_plotted(table, tmp_path):
    pytest.importorskip("matplotlib")
    rows = [*table.rows, Row("chainrule", Outcome((1.5e-6,), 0.25, "XOR"))]
    assert chart.draw_summary(tmp_path / "speed.svg", [dataclasses.replace(table, rows=rows)])
    assert "<svg" in (tmp_path / "speed.svg").read_text(encoding="utf-8")


def test_the_slope_of_a_growth_is_that_of_the_logarithms(table):
    tables = [
        dataclasses.replace(
            table,
            name=f"growth-depth-{size}",
            rows=[Row("numpy", Outcome((3e-6 * size**1.5,), 0.25, "XOR")), Row("torch", None)],
        )
        for size in (10, 100, 1000)
    ]
    (slope,) = report.slopes([table, *tables])
    assert (slope.axis, slope.contestant, slope.first, slope.last) == ("depth", "numpy", 10, 1000)
    assert slope.value == pytest.approx(1.5)
    assert "| depth, 10 to 1000 | 1.50 |" in report.markdown(tables, MACHINE)
    assert report.growth_markdown([table]) == ""
