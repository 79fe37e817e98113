"""Progress output of ``fit``, and its history."""

import io
import re
import sys
import time
import types

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError
from chainrule.train.early_stopping import EarlyStopping
from chainrule.train.fit import trainer
from chainrule.train.history import History
from chainrule.train.network import Network
from chainrule.train.progress import choose_display, display, notebook
from chainrule.train.progress.run_state import Curves

X = np.random.default_rng(0).normal(size=(20, 3))
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def fit(epochs=3, metrics="mae", **options):
    net = Network([nn.Dense(1)], seed=0)
    net.compile("mse", metrics=metrics)
    return net.fit(X, X[:, :1], epochs=epochs, batch_size=4, **options)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def as_terminal(monkeypatch, columns=80, term="xterm"):
    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("COLUMNS", str(columns))
    return stream


def epochs_of(lines):
    return [int(match[1]) for each in lines if (match := re.match(r"epoch +(\d+)/\d+  loss", each))]


def test_verbose_0_prints_nothing(capsys):
    fit(verbose=0)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("verbose", ["auto", 1, 2])
def test_without_a_terminal_each_epoch_is_a_plain_line(capsys, verbose):
    fit(verbose=verbose, validation_split=0.5)
    output = capsys.readouterr().out
    line = r"epoch \d/3  loss [\d.]+  mae [\d.]+  val_loss [\d.]+  val_mae [\d.]+  [\d,]+ samples/s"
    assert re.fullmatch(f"({line}\n){{3}}", output)


@pytest.mark.parametrize(
    ("epochs", "verbose", "numbers", "told"),
    [
        (100, "auto", range(1, 101), ""),
        (101, 2, range(1, 102), "cr.Progress(every=100)"),
        (1000, "auto", range(20, 1001, 20), "every 20 epochs; verbose=2"),
        (130, "auto", [*range(5, 131, 5)], "every 5 epochs"),
        (250, cr.Progress(every=100), [100, 200, 250], ""),
    ],
)
def test_lines_have_no_random_gaps(capsys, epochs, verbose, numbers, told):
    history = fit(epochs=epochs, verbose=verbose)
    first, *lines = capsys.readouterr().out.splitlines()
    if not told:
        lines.insert(0, first)
    assert told in first
    assert epochs_of(lines) == list(numbers)
    assert f"loss {history['loss'][numbers[-2] - 1]:.4g}" in lines[-2]


def test_a_run_that_stops_early_has_a_line_of_its_last_epoch(capsys):
    stop = EarlyStopping(patience=2, min_delta=10.0)
    history = fit(epochs=1000, verbose="auto", callbacks=stop, validation_split=0.5)
    assert epochs_of(capsys.readouterr().out.splitlines()) == [history.epochs]


@pytest.mark.parametrize("columns", [30, 40, 60, 80, 200])
def test_on_a_terminal_lines_are_never_wrapped_nor_numbers_cut(monkeypatch, columns):
    terminal = as_terminal(monkeypatch, columns)
    monkeypatch.setattr(display, "_REFRESH_SECONDS", 0.0)
    history = fit(verbose=1, metrics=["mae", "mse", "r2"], validation_split=0.5)
    output = CONTROL.sub("", terminal.getvalue())
    lines = [each for each in re.split(r"[\r\n]+", output) if each.strip()]
    assert max(map(len, lines)) < columns
    for number in (1, 2, 3):
        results = {name: f"{values[number - 1]:.4g}" for name, values in history.items()}
        start = f"epoch {number}/3  loss {results['loss']}"
        (line,) = {each for each in lines if each.startswith(start)}
        words = re.sub(r"…|[\d,]+ samples/s", "", line.removeprefix(f"epoch {number}/3")).split()
        assert dict(zip(words[::2], words[1::2], strict=True)).items() <= results.items()
    if columns >= 60:
        assert all("val_loss" in each for each in lines if re.match(r"epoch \d/3  ", each))
        assert any("━" in each and "─" in each for each in lines)


def test_what_a_callback_prints_stands_above_the_bar(monkeypatch):
    terminal = as_terminal(monkeypatch)
    fit(epochs=2, verbose="auto", callbacks=lambda net, epoch, logs: print("printed", epoch))
    lines = re.split(r"[\r\n]+", CONTROL.sub("", terminal.getvalue()))
    assert "printed 0" in lines
    assert "printed 1" in lines
    assert terminal.getvalue().count("\x1b[?25h") == 1  # the cursor is shown again


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_a_long_compilation_is_told_and_no_part_of_the_rate(monkeypatch, term):
    terminal = as_terminal(monkeypatch, term=term)
    monkeypatch.setattr(display, "_COMPILE_SECONDS", 0.01)
    load = trainer.CompiledSteps.load
    monkeypatch.setattr(
        trainer.CompiledSteps, "load", lambda self: (time.sleep(0.2), load(self))[1]
    )
    history = fit(epochs=1, verbose=1)
    output = terminal.getvalue()
    assert output.startswith("compiling …")
    assert ("\r           \r" in output) == (term == "xterm")
    assert history["seconds"][0] < 0.2


def as_notebook(monkeypatch):
    """Stand in for a notebook; return its standard output, what is shown, and what was before."""
    shown, before = [], []

    class Handle:
        def update(self, content, raw):
            before.append(shown[-1])
            shown[-1] = content

    def show(content, raw, display_id=False):
        shown.append(content)
        return Handle() if display_id else None

    module, package = types.ModuleType("IPython.display"), types.ModuleType("IPython")
    module.display, package.get_ipython = show, lambda: None
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    stream = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})()
    monkeypatch.setattr(sys, "stdout", stream)
    return stream, shown, before


def test_a_notebook_rewrites_one_output_with_curves(monkeypatch):
    stream, shown, before = as_notebook(monkeypatch)
    monkeypatch.setattr(notebook, "_REFRESH_SECONDS", 0.0)
    monkeypatch.setattr(display, "_REFRESH_SECONDS", 0.0)
    history = fit(epochs=300, validation_split=0.5, callbacks=lambda *_: None)
    assert stream.getvalue() == ""
    (last,) = shown
    assert last["text/plain"].startswith(f"epoch 300/300  loss {history['loss'][-1]:.4g}  mae")
    assert all('class="bar"' in each["text/html"] for each in before)
    assert 'class="bar"' not in last["text/html"]
    assert last["text/html"].count("<svg") == 2
    assert len(last["text/html"]) < 20_000


def test_in_a_notebook_lines_that_are_asked_for_stand_below_the_curves(monkeypatch):
    stream, shown, _ = as_notebook(monkeypatch)
    fit(epochs=250, callbacks=[cr.Progress(every=100)])
    assert epochs_of(stream.getvalue().splitlines()) == [100, 200, 250]
    assert len(shown) == 1


def test_curves_keep_the_last_of_many_epochs_and_a_bounded_number_of_points():
    curves, first = Curves(), 0
    for count in [1, 1, 7, 500, 1, 90_000, 3]:
        curves.add(first, count, lambda number, first=first: {"loss": float(first + number)})
        first += count
        epochs, losses = curves.by_name()["loss"]
        assert epochs == [each + 1 for each in losses]
        assert epochs == sorted(set(epochs))
        assert epochs[-1] == first
        assert len(epochs) <= 242


def test_a_stream_that_cannot_encode_a_bar_has_one_in_ascii(monkeypatch):
    terminal = as_terminal(monkeypatch)
    monkeypatch.setattr(Terminal, "encoding", "ascii")
    monkeypatch.setattr(display, "_REFRESH_SECONDS", 0.0)
    fit(verbose=1)
    assert terminal.getvalue().isascii()


def test_a_program_without_a_console_trains(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert fit().epochs == 3
    assert fit(verbose=cr.Progress(every=2)).epochs == 3


@pytest.mark.parametrize(
    ("verbose", "words"),
    [(100, r"cr\.Progress\(every=100\)"), ("yes", "verbose"), (None, "verbose"), (0.5, "verbose")],
)
def test_other_values_of_verbose_are_refused(verbose, words):
    with pytest.raises(ArgumentError, match=words):
        choose_display(verbose)


def test_the_arguments_of_progress_are_checked():
    with pytest.raises(ArgumentError, match="every is 0"):
        cr.Progress(every=0)
    with pytest.raises(ArgumentError, match="here it is `every`"):
        cr.Progress(period=10)
    with pytest.raises(ArgumentError, match="shown once; give one"):
        fit(callbacks=cr.Progress(every=5), verbose=1)
    with pytest.raises(ArgumentError, match="shown once; give one"):
        fit(callbacks=[cr.Progress(every=5), cr.Progress(every=6)])


@pytest.mark.parametrize("verbose", ["auto", 0])
def test_progress_may_be_a_callback_among_others(capsys, verbose):
    seen = []
    count = lambda net, epoch, logs: seen.append(epoch)  # noqa: E731
    fit(epochs=5, verbose=verbose, callbacks=(count, cr.Progress(every=2), None))
    assert epochs_of(capsys.readouterr().out.splitlines()) == [2, 4, 5]
    assert len(seen) == 5


def test_showing_progress_changes_no_bit():
    silent, shown = (fit(epochs=150, verbose=each)["loss"] for each in (0, cr.Progress(every=150)))
    assert silent == shown


def test_a_history_is_a_mapping_of_lists():
    history = fit(verbose=0)
    assert set(history) == {"loss", "mae", "learning_rate", "seconds"}
    assert all(len(values) == history.epochs == 3 for values in history.values())
    assert repr(history).startswith("<history of 3 epochs: loss ")
    with pytest.raises(KeyError, match="it has loss, mae"):
        history["val_loss"]
    assert repr(History()) == "<history of 0 epochs>"
