"""Displays in notebooks: valid HTML without scripts, in which all that users name is escaped."""

import threading
import time

import numpy as np
import pytest

import chainrule as cr
from chainrule import data, nn
from chainrule.data.named_columns import NamedColumns
from chainrule.insight.displays.array_image import array_image
from chainrule.insight.learning_rate import LearningRateRange
from chainrule.insight.mistakes.catalogue import CATALOGUE
from chainrule.insight.mistakes.mistake import Mistake, Mistakes
from tests.insight.displays.page_reader import read

pytestmark = pytest.mark.usefixtures("numpy_backend")

EVIL = "<script>alert('&')</script>"
rng = np.random.default_rng(0)


class Block(nn.Layer):
    def __init__(self, name=None):
        super().__init__(name)
        self.inner = nn.Dense(4, name="inside")

    def forward(self, x):
        return x + self.inner(x)


def trained(**options):
    net = cr.Network([nn.Dense(4, activation="tanh", name=EVIL), Block(), nn.Dense(2)], seed=0)
    net.compile("cross_entropy", "sgd", metrics="accuracy")
    X = rng.normal(size=(40, 16))
    history = net.fit(X, [EVIL, "b"] * 20, epochs=3, verbose=0, **options)
    return net, history


def test_a_network_is_a_tree_with_images_of_its_weights_before_and_after_it_is_built():
    unbuilt = read(cr.Network([nn.Dense(3), nn.Flatten()]))
    assert "not built yet" in unbuilt.text
    net, _ = trained()
    shown = read(net)
    assert shown.tags.count("details") == 5  # the network, three layers, one within another
    assert shown.tags.count("img") == 6
    assert EVIL in shown.text
    for words in ("(batch, 16)", "Dense · tanh", "98 parameters", "16 × 4", "inner", "inside"):
        assert words in shown.text
    for part in (net.layers[1], net.params, net[:1], net.layers[0].parameters()["weight"]):
        assert "img" in read(part).tags
    assert "frozen" in read(frozen(net)).text
    read(cr.Network([]))


def frozen(net):
    net.trainable = False
    return net


def test_a_large_network_makes_no_large_display():
    net = cr.Network([nn.Dense(300) for _ in range(80)], seed=0)
    net(np.zeros((1, 300)))
    shown = net._repr_html_()
    assert len(shown) < 500_000
    assert read(shown).tags.count("img") == 48


def test_a_history_has_a_curve_of_each_quantity_and_of_its_validation():
    _, history = trained(validation_split=0.5)
    shown = read(history)
    assert shown.tags.count("svg") == 2
    for words in ("3 epochs", "loss", "val_accuracy", "validation", "best"):
        assert words in shown.text
    read(cr.Network([]).history or type(history)())
    history["loss"][1] = float("nan")
    history.notes.append(EVIL)
    assert EVIL in read(history).text


@pytest.mark.parametrize(
    "values",
    [
        np.full((3, 3), np.nan), np.array([np.inf, -np.inf, 0.0]), np.zeros((2, 0)), np.array(1.0),
        np.ones((3, 3, 2, 40)), np.ones((7, 1)), np.eye(500, dtype=bool), np.arange(9) - 4,
        np.array(["a", "b"]), np.full((2, 2), 1e308), np.ones((1, 1, 3, 4)),
    ],
)  # fmt: skip
def test_arrays_of_any_content_have_an_image_or_none(values):
    for is_first in (False, True):
        image = array_image(values, is_first)
        assert (image is None) == (values.dtype.kind == "U" or values.size < 2)
        assert image is None or len(image) < 10_000


def test_a_network_is_shown_while_another_thread_trains_it():
    net, _ = trained()
    X, y = rng.normal(size=(400, 16)), [EVIL, "b"] * 200
    thread = threading.Thread(target=lambda: net.fit(X, y, epochs=100, verbose=0))
    thread.start()
    start, shown = time.perf_counter(), 0
    while thread.is_alive() and time.perf_counter() - start < 20:
        read(net)
        if net.history is not None:
            read(net.history)
        shown += 1
    thread.join()
    assert shown


def columns_of_every_kind(rows=400):
    names = np.array(["Bonn", "Ulm", "", EVIL])
    return NamedColumns(
        {
            EVIL: names[rng.integers(0, 4, rows)],
            "income": np.where(rng.random(rows) < 0.25, np.nan, rng.normal(size=rows)),
            "day": np.datetime64("2020-01-01") + np.arange(rows).astype("m8[D]"),
            "written": np.array([f"{1 + place % 28}.3.2024" for place in range(rows)]),
            "member": rng.random(rows) < 0.5,
            "children": rng.integers(0, 3, rows),
            "mixed": np.array([1, None, 2.5, float("nan")] * (rows // 4), object),
            "objects": np.array([EVIL, None] * (rows // 2), object),
            "constant": np.ones(rows),
            "gone": np.full(rows, np.nan),
            "large": np.where(np.arange(rows) % 2, 1e308, -1e308),
            "infinite": np.where(np.arange(rows) % 2, np.inf, 1.0),
            "number": np.array([f"A{place}" for place in range(rows)]),
            "images": np.zeros((rows, 2, 2)),
        }
    )


def test_a_table_has_the_kind_the_gaps_and_the_distribution_of_each_column():
    columns = columns_of_every_kind()
    shown = read(columns)
    for words in ("400 rows, 14 columns", EVIL, "arrays of 2 × 2", "400 different", "%d.%m.%Y"):
        assert words in shown.text
    page = columns._repr_html_()
    for name, kind in [
        ("income", "number"), ("day", "date"), ("written", "date"), ("member", "boolean"),
        ("children", "integer"), ("mixed", "number"), ("objects", "category"), ("number", "text"),
    ]:  # fmt: skip
        assert f"<td>{name}</td><td>{kind}</td>" in page
    assert '<td class="n">50.0%</td>' in page
    assert read(NamedColumns()).text.startswith("Table 0 rows, 0 columns")
    assert read(NamedColumns(a=np.zeros(0), b=np.array([], str))).tags.count("tr") == 3
    many = NamedColumns({f"c{place}": np.arange(300_000.0) for place in range(120)})
    start = time.perf_counter()
    assert "evenly spaced" in read(many).text
    assert time.perf_counter() - start < 3


def test_preprocessing_is_shown_with_its_statistics_and_pipelines_without_being_run():
    columns = columns_of_every_kind()
    names = [EVIL, "income", "day", "member"]
    table = data.Table(target="member")
    assert "every column, not fitted" in read(table).text
    shown = read(table.fit({name: columns[name] for name in names}))
    assert all(words in shown.text for words in (EVIL, "deviation", "where missing", "member"))
    pipe = data.Pipeline(lambda: 1 / 0).map(abs).batch(8).zip(data.Pipeline([1, 2]))
    assert "batch(8)" in read(pipe).text
    assert "unknown" in read(pipe).text


def test_machines_evaluations_and_findings_are_shown(monkeypatch):
    monkeypatch.setenv("CHAINRULE_BACKEND", "llvm")  # also a native program is shown
    net, _ = trained()
    X = rng.normal(size=(40, 16))
    y = np.array([EVIL, "b"] * 20)
    machine = cr.RBM(6, seed=0)
    assert "6 hidden units" in read(machine).text
    machine.fit((X > 0).astype(float), verbose=0)
    assert read(machine).tags.count("img") == 3
    assert "accuracy" in read(net.evaluate(X, y)).text
    assert "FLOPs" in read(net.program()).text
    assert "svg" in read(range_of_rates()).tags
    mistakes = Mistakes([Mistake(CATALOGUE["CR035"], EVIL)])
    assert EVIL in read(mistakes).text
    assert read(Mistakes()).text == "no mistakes found"


def range_of_rates():
    rates = np.logspace(-6, 0, 50)
    losses = 1 + 1 / (1 + 1000 * rates) + np.where(rates > 0.5, np.inf, 0)
    return LearningRateRange(0.01, rates, losses, losses)
