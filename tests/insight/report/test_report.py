"""Reports: pages that stand alone, with what is known of a network."""

from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import Network, data, nn
from chainrule.errors import ArgumentError, DataError
from chainrule.insight.report.sample import most_samples

VOID = {"meta", "img", "rect", "path", "line", "circle", "marker", "mspace"}


class Page(HTMLParser):
    """Tags in order, balanced, and the text of headings."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        named = dict(attrs)
        self.links += [named[x] for x in ("src", "href") if x in named]
        self.ids += [named["id"]] if "id" in named else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def trained(layers: list[Any], loss: str, X: Any, y: Any) -> Network:
    net = Network(layers)
    net.compile(loss=loss)
    net.fit(X, y, epochs=2, validation_split=0.25, verbose=0)
    return net


def check_alone(text: str) -> Page:
    page = Page(text)
    assert "script" not in page.tags
    assert len(text) < 5_000_000
    outside = text.replace("http://www.w3.org/2000/svg", "").replace(
        "http://www.w3.org/1998/Math/MathML", ""
    )
    assert "http" not in outside
    assert all(each.startswith(("#", "data:image/png;base64,")) for each in page.links)
    assert len(set(page.ids)) == len(page.ids)
    assert {each[1:] for each in page.links if each.startswith("#")} <= set(page.ids)
    return page


def test_a_report_is_a_page_that_stands_alone_and_shows_each_part(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X = rng.random((40, 64), "float32")
    y = np.arange(40) % 3
    common = ("Data", "Network", "Training", "Results", "Mistakes found", "Equations", "Time")
    classes = [nn.Dense(4, activation="relu"), nn.Dense(3, activation="softmax")]
    amounts = [nn.Dense(4, activation="tanh"), nn.Dense(1)]
    table = {
        "classes": (classes, "cross_entropy", X, y, ("Confusion matrix", "Worst mistakes", "<img")),
        "names": (
            [nn.Dense(3, activation="softmax")], "cross_entropy", X[:, :5],
            np.array(["a<", "b&", "c"])[y], ("a&lt;", "precision", "probability"),
        ),
        "amounts": (amounts, "mse", X[:, :5], X[:, 0] * 3, ("Residuals", "Worst predictions")),
    }  # fmt: skip
    for name, (layers, loss, inputs, targets, expected) in table.items():
        net = trained(layers, loss, inputs, targets)
        path = tmp_path / f"{name}.html"
        report = net.report(path, inputs, targets)
        text = path.read_text(encoding="utf-8")
        check_alone(text)
        assert report.html() == text
        assert text in unescape(report._repr_html_())
        for each in (*(f"<h2>{x}" for x in common), "∂", "FLOPs", "validation", *expected):
            assert each in text, (name, each)
        assert "prefers-color-scheme:dark" in text


def test_a_report_without_samples_or_training_says_what_it_lacks() -> None:
    net = Network([nn.Dense(3), nn.Dense(2)])
    text = net.report().html()
    check_alone(text)
    for each in ("not built yet", "no history", "net.report(path, X, y)", "net.compile"):
        assert each in text
    net.compile(loss="mse")
    net(np.ones((1, 4)))
    text = net.report().html()
    check_alone(text)
    assert all(each in text for each in ("∂", "<svg", "call net.fit"))


def test_numbers_of_a_report_are_those_of_the_network() -> None:
    X, y = np.eye(4), np.array([0, 1, 0, 1])
    net = Network([nn.Dense(2, activation="softmax")])
    net.compile(loss="cross_entropy", metrics=["accuracy"])
    text = net.report(X=X, y=y).html()
    right = int(np.sum(net.predict_class(X) == y))
    assert f"{right} of 4 right ({right / 4:.2%})" in text
    assert f'<td class="n">{net.evaluate(X, y)["loss"]:.5g}</td>' in text


def test_a_report_refuses_samples_that_do_not_fit() -> None:
    net = Network([nn.Dense(1)])
    net.compile(loss="mse")
    with pytest.raises(ArgumentError, match="y is given without X"):
        net.report(y=[1.0])
    with pytest.raises(ArgumentError, match="path"):
        net.report(5)  # pyright: ignore[reportArgumentType]
    with pytest.raises(DataError, match="a target for each sample"):
        net.report(X=np.ones((3, 2)), y=[1.0])


def test_what_cannot_be_reported_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    net = Network([nn.Dense(1)])  # not compiled: anything computed would be refused
    with pytest.raises(FileNotFoundError, match="the folder does not exist; create it first"):
        net.report(tmp_path / "none" / "report.html")
    with pytest.raises(IsADirectoryError, match="add a file name"):
        net.report(tmp_path)
    with pytest.raises(ArgumentError, match=r"suffix of another format.*name it 'net\.html'"):
        net.report(tmp_path / "net.pdf")
    with pytest.raises(DataError, match="the samples of X differ in shape"):
        net.report(X=[np.ones((2, 2)), np.ones((3, 3))])
    assert not list(tmp_path.iterdir())


def test_reports_are_small_whatever_they_show() -> None:
    draw = np.random.default_rng(0)
    shown = {f"<b>column {i}</b>" * 9: draw.random(40) for i in range(300)}
    names = np.array(["<script>" * 400, "b" * 9000, "&"])[np.arange(40) % 3]
    net = trained([data.Table(), nn.Dense(3, activation="softmax")], "cross_entropy", shown, names)
    text = net.report(X=shown, y=names).html()
    check_alone(text)
    assert len(text) < 300_000
    images, many = draw.random((12, 90, 200, 3), "float32"), np.arange(12) * 90
    net = Network([nn.Conv2D(1, 9, strides=9), nn.Flatten(), nn.Dense(1000, activation="softmax")])
    net.compile(loss="cross_entropy")
    text = net.report(X=images, y=many).html()
    check_alone(text)
    assert "<img" in text
    assert len(text) < 1_000_000


def test_a_report_evaluates_and_proves_as_much_as_its_training_allows() -> None:
    draw = np.random.default_rng(0)
    X, y = draw.random((3000, 4), "float32"), np.arange(3000) % 2
    net = Network([nn.Dense(2, activation="softmax")])
    net.compile(loss="cross_entropy")
    net.fit(X, y, batch_size=100, verbose=0)
    assert net.history is not None
    net.history["seconds"][0] = 1.0
    assert most_samples(net) == 256  # the least
    net.history["seconds"][0] = 0.1  # 0.05 s are free: half of the training
    assert most_samples(net) == 2048
    assert "2,048 of 3,000 samples" in net.report(X=X, y=y).html()
    large = Network([nn.Dense(2000), nn.Dense(2)])
    large.compile(loss="mse")
    large(draw.random((1, 800)))
    assert "Not derived here" in large.report().html()
