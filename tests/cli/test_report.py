"""What ``chainrule train`` prints: aligned, without blanks at ends, no wider than terminals."""

import numpy as np
import pytest

from chainrule.cli import report
from chainrule.cli.words import align, compared, decimals_of, percent
from chainrule.errors import counted

pytestmark = pytest.mark.usefixtures("numpy_backend")

CLASSES = np.array(["dog", "cat", "a name that is longer than most of them"])
COUNTS = np.array([[1200, 3, 0], [0, 40, 2], [0, 0, 0]])


@pytest.mark.parametrize("columns", [60, 80])
def test_a_confusion_matrix_fits_the_terminal_or_its_errors_are_listed(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    report.print_confusion(CLASSES, COUNTS)
    output = capsys.readouterr().out
    lines = output.split("\n")
    assert all(line == line.rstrip() and len(line) <= columns for line in lines)
    many = np.arange(20)
    report.print_confusion(many, 1000 * np.eye(20, k=1, dtype=int) + np.eye(20, dtype=int))
    assert "0 taken for 1   1,000" in capsys.readouterr().out


def test_classes_have_precision_and_recall(capsys: pytest.CaptureFixture[str]) -> None:
    report.print_shares(CLASSES, COUNTS)
    rows = [line.split("  ") for line in capsys.readouterr().out.strip("\n").split("\n")]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    assert cells[1] == ["dog", "100.0 %", "99.8 %", "1,203"]
    assert cells[2] == ["cat", "93.0 %", "95.2 %", "42"]
    assert cells[3][1:] == ["0.0 %", "–", "0"]


def test_errors_are_told_beside_each_baseline(capsys: pytest.CaptureFixture[str]) -> None:
    truth = np.array([1000.0, 3000.0])
    rows = [("network", truth + 100), ("a line", truth + 50), ("the mean", truth + 1000)]
    report.print_rows(rows, truth)
    report.print_comparison(rows, truth)
    output = capsys.readouterr().out
    assert "network     100    100\n" in output
    assert "the mean  1,000  1,000\n" in output
    assert "200.0 % of the mean error of a line: not beaten" in output
    assert "10.0 % of the mean error of the mean: beaten" in output


def test_numbers_are_written_as_people_write_them() -> None:
    assert (percent(0.1 + 0.2), percent(0.99995, 2)) == ("30.0 %", "100.00 %")
    assert (counted(1, "day"), counted(1797, "row")) == ("1 day", "1,797 rows")
    assert [decimals_of([each]) for each in (0.00001, 0.012, 1.5, 99.0, 1e7, 0.0)] == [
        8,
        5,
        3,
        2,
        0,
        1,
    ]
    assert [compared(*pair) for pair in ((2, 1), (1, 1), (1, 2))] == [
        "beaten",
        "equalled",
        "not beaten",
    ]
    assert align([["a", "1"], ["bcd", "10"]]) == ["a     1", "bcd  10"]
