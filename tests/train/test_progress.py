"""Progress output of ``fit``, and its history."""

import io
import os
import re
import select
import sys
import threading
import time
import types

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError
from chainrule.train.callbacks import EarlyStopping
from chainrule.train.fit import trainer
from chainrule.train.history import History
from chainrule.train.network import Network
from chainrule.train.progress import choose_display, display, notebook
from chainrule.train.progress.run_state import Curves
from tests.terminal_screen import screen_of

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


@pytest.mark.usefixtures("numpy_backend")  # a slow compilation has a line of its own
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
    history = fit(epochs=60, validation_split=0.5, callbacks=lambda *_: None)
    assert stream.getvalue() == ""
    (last,) = shown
    assert last["text/plain"].startswith(f"epoch 60/60  loss {history['loss'][-1]:.4g}  mae")
    running = [each["text/html"] for each in before if each["text/plain"] != "compiling …"]
    assert len(running) > 60
    assert all('class="bar"' in each for each in running)
    assert 'class="bar"' not in last["text/html"]
    assert last["text/html"].count("<svg") == 2
    assert len(last["text/html"]) < 20_000


def test_in_a_notebook_lines_that_are_asked_for_stand_below_the_curves(monkeypatch):
    stream, shown, _ = as_notebook(monkeypatch)
    fit(epochs=250, callbacks=[cr.Progress(every=100)])
    assert epochs_of(stream.getvalue().splitlines()) == [100, 200, 250]
    assert len(shown) == 1


def test_a_run_that_fails_in_its_first_epoch_leaves_no_bar_in_a_notebook(monkeypatch):
    _, shown, _ = as_notebook(monkeypatch)
    net = Network([nn.Dense(4, activation="relu"), nn.Dense(1)], seed=0)
    net.compile("mse", cr.optim.SGD(1e12))
    with pytest.raises(cr.errors.DataError):
        net.fit(X, X[:, :1], epochs=5, batch_size=4, verbose=1)
    assert all('class="bar"' not in each.get("text/html", "") for each in shown)


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


def test_runs_in_runs_and_in_threads_have_one_bar_and_whole_lines(monkeypatch):
    terminal = as_terminal(monkeypatch)
    monkeypatch.setattr(display, "_REFRESH_SECONDS", 0.0)

    def within(net, epoch, logs):
        fit(epochs=2, verbose=1)

    threads = [threading.Thread(target=fit, args=(3,), kwargs={"verbose": 1}) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    fit(epochs=2, verbose=1, callbacks=within)
    lines = screen_of(terminal.getvalue(), 80)
    assert sorted(epochs_of(lines)) == [1] * 5 + [2] * 5 + [3] * 2
    assert len(lines) == 12
    assert all(re.fullmatch(r"epoch \d/\d  loss [^━─]*samples/s", line) for line in lines)
    assert sys.stdout is terminal


def test_after_an_error_the_terminal_is_as_before(monkeypatch):
    terminal = as_terminal(monkeypatch)

    def fail(net, epoch, logs):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        fit(epochs=2, verbose=1, callbacks=fail)
    print("after")
    assert screen_of(terminal.getvalue(), 80)[-1] == "after"
    assert terminal.getvalue().rindex("\x1b[?25h") > terminal.getvalue().rindex("\x1b[?25l")
    assert sys.stdout is terminal


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal of POSIX")
def test_ctrl_c_on_a_terminal_leaves_a_line_of_the_last_epoch_and_the_cursor(monkeypatch):
    import pty

    program = """
import signal, time
import numpy as np, chainrule as cr
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a background job ignores
net = cr.Network([cr.nn.Dense(1)], seed=0)
net.compile("mse")
X = np.random.default_rng(0).normal(size=(20, 3))
try:
    show = cr.Progress(every=5)
    net.fit(X, X[:, :1], epochs=10**6, verbose=show, callbacks=lambda *_: time.sleep(0.01))
except KeyboardInterrupt:
    print("stopped after", net.history.epochs)
"""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    child, terminal = pty.fork()
    if not child:
        os.execv(sys.executable, [sys.executable, "-c", program])
    output, deadline, is_sent = "", time.monotonic() + 600, False
    while select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0]:
        try:
            output += os.read(terminal, 65536).decode("utf-8", "replace")
        except OSError:  # the child has ended
            break
        if re.search(r"epoch +5/.*\n", output) and not is_sent:
            is_sent = bool(os.write(terminal, b"\x03"))
    os.waitpid(child, 0)
    os.close(terminal)
    *_, epoch, end = screen_of(output, 80)
    assert end == f"stopped after {epoch.split('/')[0].split()[1]}"
    assert output.count("\x1b[?25h") == output.count("\x1b[?25l") == 1


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_where_signs_are_written_in_ascii_lines_are_not_wrapped(monkeypatch, encoding):
    terminal = as_terminal(monkeypatch)
    monkeypatch.setattr(Terminal, "encoding", encoding)
    monkeypatch.setattr(display, "_REFRESH_SECONDS", 0.0)
    for columns in range(60, 74, 2):
        monkeypatch.setenv("COLUMNS", str(columns))
        before = len(terminal.getvalue())
        fit(epochs=1, verbose=1, metrics=["mae", "mse"], validation_split=0.5)
        (line,) = screen_of(terminal.getvalue()[before:], columns)
        assert len(line) < columns
    terminal.getvalue().encode(encoding)


@pytest.mark.parametrize("verbose", [1, 2, cr.Progress(every=1)])
def test_a_stream_that_is_closed_or_full_ends_the_display_and_not_the_training(
    monkeypatch, verbose
):
    class Full(io.StringIO):
        def write(self, text):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys, "stdout", Full())
    with pytest.warns(cr.ChainruleWarning, match="without a display of its progress"):
        assert fit(verbose=verbose).epochs == 3
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdout", closed)
    assert fit(verbose=verbose).epochs == 3
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    with pytest.warns(cr.ChainruleWarning, match="without a display of its progress"):
        assert fit(verbose=verbose, callbacks=lambda *_: stream.close()).epochs == 3


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
