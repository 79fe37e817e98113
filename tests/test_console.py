"""Consoles: columns of wide letters, and encodings that lack letters."""

import io
import subprocess
import sys
import unicodedata

import pytest

import chainrule as cr
from chainrule import nn
from chainrule.cli.words import align
from chainrule.console import encodable, left_aligned, right_aligned, width_of
from chainrule.train.progress.columns import EpochLine, RunningLine


def test_columns_of_tables_agree_whatever_the_letters() -> None:
    net = cr.Network([nn.Dense(3, name="隐藏层"), nn.Dense(2, name="输出（二类）")])
    summary = net.summary
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        summary()
    rows = [line for line in out.getvalue().splitlines() if "Dense" in line]
    report = repr(cr.metrics.classification_report(["是", "否", "是"], ["是", "否", "否"]))
    tables = [
        [line[: line.index("Dense")] for line in rows],
        [line[: line.index(".")] for line in report.splitlines() if line[-3:] == "  1"],
        [line[: line.index("|")] for line in align([["类别", "|"], ["a", "|"]])],
    ]
    for table in tables:
        assert len({width_of(each) for each in table}) == 1, table


def test_lines_of_progress_fit_with_wide_letters() -> None:
    logs = {"loss": 0.5, "类别_loss": 0.25, "val_类别_loss": 0.125}
    for columns in range(30, 60):
        assert width_of(EpochLine("epoch 3/9", logs, 12e3).text(columns)) <= columns
        parts = RunningLine("epoch 3/9", 0.3, logs, 12e3, 75).parts(columns)
        assert width_of("".join(parts)) <= columns


def test_widths_are_those_of_the_unicode_standard() -> None:
    for text, width in {"ab": 2, "层": 2, "ａ": 2, "한": 2, "é": 1, "e\u0301": 1, "×": 1}.items():
        assert width_of(unicodedata.normalize("NFC", text) if width > 1 else text) == width, text
        assert width_of(left_aligned(text, 5)) == width_of(right_aligned(text, 5)) == 5


def test_what_an_encoding_lacks_is_written_in_ascii() -> None:
    assert encodable("¥3", io.TextIOWrapper(io.BytesIO(), "gbk")) == "￥3"
    text = "层 → × Σ ᵀ ² − … ─"
    for encoding, expected in {
        "utf-8": text,
        "gbk": "层 → × Σ ^T ^2 - … ─",
        "cp1252": "? -> × sum ^T ² - … -",
        "ascii": "? -> x sum ^T ^2 - ... -",
    }.items():
        assert encodable(text, io.TextIOWrapper(io.BytesIO(), encoding)) == expected, encoding


PROGRAM = """
import chainrule as cr, numpy as np
net = cr.Network([cr.nn.Dense(3, name="layer"), cr.nn.Dense(1)], seed=0)
net.compile(loss="mse", optimizer="sgd", metrics=["mae"])
X, y = np.eye(8, 2), np.eye(8, 1)
history = net.fit(X, y, epochs=2)
net.fit(X, y, epochs=1, verbose=2)
net.summary()
print(net, history, net.evaluate(X, y), cr.trace(lambda x: x * x - 1)(0.5))
"""


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_printing_needs_no_unicode(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        capture_output=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode(encoding)
    assert " (batch, 3)" in done.stdout.decode(encoding)
