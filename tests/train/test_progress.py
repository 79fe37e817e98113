"""Progress output of ``fit``, and its history."""

import io
import re
import sys

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import ArgumentError
from chainrule.train.history import History
from chainrule.train.network import Network
from chainrule.train.progress import choose_progress

X = np.random.default_rng(0).normal(size=(20, 3))


def fit(epochs=3, **options):
    net = Network([nn.Dense(1)])
    net.compile("mse", metrics="mae")
    return net.fit(X, X[:, :1], epochs=epochs, batch_size=4, **options)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_verbose_0_prints_nothing(capsys):
    fit(verbose=0)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("verbose", ["auto", 2])
def test_without_a_terminal_each_line_is_an_epoch(capsys, verbose):
    fit(verbose=verbose, validation_split=0.5)
    lines = capsys.readouterr().out.splitlines()
    line = r"epoch \d/3  loss [\d.]+  mae [\d.]+  val_loss [\d.]+  val_mae [\d.]+  [\d,]+ samples/s"
    assert all(re.fullmatch(line, each) for each in lines)
    assert lines[-1].startswith("epoch 3/3")


def test_the_rate_of_lines_is_limited(capsys):
    fit(epochs=500, verbose=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("epoch 500/500")
    assert len(lines) < 250


@pytest.mark.parametrize("verbose", ["auto", 1])
def test_on_a_terminal_the_last_line_is_the_last_epoch(monkeypatch, verbose):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    fit(verbose=verbose)
    assert "epoch 3/3  loss" in terminal.getvalue()


def test_a_program_without_a_console_trains(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert fit().epochs == 3


@pytest.mark.parametrize("verbose", [3, "yes", None, 0.5])
def test_other_values_of_verbose_are_refused(verbose):
    with pytest.raises(ArgumentError, match="verbose"):
        choose_progress(verbose)


def test_a_history_is_a_mapping_of_lists():
    history = fit(verbose=0)
    assert set(history) == {"loss", "mae", "learning_rate", "seconds"}
    assert all(len(values) == history.epochs == 3 for values in history.values())
    assert repr(history).startswith("<history of 3 epochs: loss ")
    with pytest.raises(KeyError, match="it has loss, mae"):
        history["val_loss"]
    assert repr(History()) == "<history of 0 epochs>"
