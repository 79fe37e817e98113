"""Debug sessions: values, gradients, breakpoints, samples, commands and the page."""

import io
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError, ShapeError
from chainrule.graph.evaluate import evaluate
from chainrule.insight.debugger.session import DebugSession

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(6, 4)), np.array([0, 1, 0, 1, 1, 0])


class SelectedRoot(nn.Layer):
    """A layer whose root is NaN where it is not selected, and whose logarithm is not finite."""

    def __init__(self, offset: float) -> None:
        self.offset = offset

    def forward(self, x: Any) -> Any:
        root = np.sqrt(x)
        positive = np.where(x > 0, root, 0.0)
        return np.log(positive + self.offset)


def compiled(*layers: Any, loss: Any = "cross_entropy") -> cr.Network:
    net = cr.Network(list(layers), seed=0, dtype="float64")
    net.compile(loss=loss)
    return net


def various() -> cr.Network:
    layers = nn.Dense(3, activation="relu", l2=0.1), nn.BatchNorm(), nn.Dropout(0.3), nn.Dense(2)
    return compiled(*layers)


def test_gradients_are_those_of_the_network_in_both_modes() -> None:
    net = various()
    for training, seed in ((False, None), (True, 3)):
        session = net.debug(X, Y, training=training, seed=seed)
        for name, expected in net.gradients(X, Y, None, training, seed).items():
            if name.endswith(("mean", "variance")):
                continue
            np.testing.assert_allclose(gradient(session, name), expected, rtol=1e-12, atol=1e-15)
            assert session.value(f"d_{name}") is session.gradient(name)
    evaluation = net.debug(X, Y).value("loss")
    assert evaluation == pytest.approx(net.evaluate(X, Y)["loss"], rel=1e-12)


def loss(x: Any, W: Any) -> Any:
    z = x @ W
    a = np.tanh(z)
    return np.mean(a**2)


def test_values_are_those_of_the_evaluator_and_the_code() -> None:
    W = RANDOM.normal(size=(4, 2))
    session = cr.debug(loss, X, W)
    graph = cr.trace(loss)(X, W)
    (total,) = evaluate(graph, [X, W])
    assert session.value("loss") == total
    np.testing.assert_array_equal(session.value("a"), np.tanh(X @ W))
    by_x, by_w = cr.grad(loss, argnums=(0, 1))(X, W)
    np.testing.assert_allclose(gradient(session, "x"), by_x, rtol=1e-12)
    np.testing.assert_allclose(gradient(session, "W"), by_w, rtol=1e-12)
    assert session.goto("d_z").formula == "d_a ⊙ (1 − a²)"
    assert "z = x @ W" in session.where()
    assert [session.back().name, session.step(2).name] == ["d_a", "d_W"]


def test_stops_are_forward_values_and_then_their_derivatives_in_reverse() -> None:
    stops = cr.debug(loss, X, np.ones((4, 2))).stops
    forward = [stop.name for stop in stops if stop.direction == "forward"]
    backward = [stop.name for stop in stops if stop.direction == "backward"]
    assert [each.number for each in stops] == list(range(len(stops)))
    assert backward == [f"d_{name}" for name in reversed(forward)]


def test_nan_is_found_at_the_operation_that_makes_it_and_not_where_it_is_left_out() -> None:
    net = compiled(SelectedRoot(0.0), nn.Dense(1), loss="mse")
    session = net.debug(X, Y[:, None])
    branch = session.run_until("branch")
    assert branch is not None
    assert branch.name == "root"
    assert branch.statistics.nans == branch.statistics.unused > 0
    infinite = session.run_until("inf")
    assert infinite is not None
    assert "return np.log(positive + self.offset)" in session.where()
    assert infinite.layer == "selected_root"
    safe = compiled(SelectedRoot(1.0), nn.Dense(1), loss="mse").debug(X, Y[:, None])
    assert safe.run_until("nan") is None
    assert safe.position == 0
    first = cr.debug(lambda x: 2 * x, np.nan).run_until("nan")
    assert first is not None
    assert first.number == 0


def test_code_that_asks_for_a_value_is_walked_through_by_the_branch_of_the_point() -> None:
    for x, gradient in ((2.0, 3.0), (-2.0, -1.0)):
        session = cr.debug(lambda x: 3 * x if x > 0 else -x, x)
        assert session.gradient("x") == gradient


def test_breakpoints_compare_magnitudes_and_shares() -> None:
    net = compiled(nn.Dense(3, activation="relu"), nn.Dense(1), loss="mse")
    session = net.debug(X, Y[:, None])
    net.layers[0].bias[...] = -100.0
    dead = net.debug(X, 1e3 * Y[:, None])
    assert session.run_until("dead > 0.9") is None
    found = dead.run_until("dead > 90%")
    assert found is not None
    assert found.name == "dense.output"
    large = dead.run_until("|grad| > 10")
    assert large is not None
    assert large.direction == "backward"
    assert np.abs(large.value).max() > 10
    last = dead.run_until(lambda stop: stop.name == "d_X")
    assert last is not None
    assert last.number == len(dead) - 1
    for condition in ("nonsense", "dead > x", "size > 3", 7):
        with pytest.raises(ArgumentError, match=r"run_until: condition is .*must be 'nan', 'inf'"):
            dead.run_until(condition)  # pyright: ignore[reportArgumentType]


def test_gradients_of_samples_add_up_to_that_of_the_batch() -> None:
    net = various()
    session = net.debug(X, Y, sample_weight=np.arange(6.0), training=True, seed=3)
    batch = net.gradients(X, Y, np.arange(6.0), training=True, seed=3)
    found = session.samples("dense.weight", n=2)
    total = sum(found.gradient(i) for i in range(6))
    penalty = 0.1 * net.params["dense.weight"]
    rest = batch["dense.weight"] - total
    ratio = rest / penalty
    np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-9)
    assert found.sizes[0] == 0
    assert found.order[-1] == 0
    assert list(found.sizes[found.order]) == sorted(found.sizes, reverse=True)
    weight = session.samples("dense.weight", (1, 2))
    assert weight.sizes[3] == found.gradient(3)[1, 2]
    assert str(weight).splitlines()[0].startswith("derivative by dense.weight[1, 2], batch: ")
    with pytest.raises(ArgumentError, match="the place of one weight in an array of shape"):
        session.samples("dense.weight", 5)
    with pytest.raises(ArgumentError, match=r"trains no parameter.*did you mean 'dense.bias'"):
        session.samples("dense.bia")


def test_samples_need_a_loss_of_each() -> None:
    net = compiled(nn.Dense(1), loss=lambda y, p: np.mean((y - p) ** 2))
    with pytest.raises(ShapeError, match=r"samples: .* one value for all samples"):
        net.debug(X, Y[:, None]).samples("dense.weight")
    with pytest.raises(ArgumentError, match=r"net\.debug\(X, y\) of a network has"):
        cr.debug(loss, X, np.ones((4, 2))).samples("W")


def test_what_is_not_there_is_refused() -> None:
    session = cr.debug(loss, X, np.ones((4, 2)))
    with pytest.raises(ArgumentError, match="there is no stop 99; stops are numbered from 0 to"):
        session.goto(99)
    assert session.goto(np.int64(2)).number == 2
    with pytest.raises(ArgumentError, match="there is no stop 'lost'; did you mean 'loss'"):
        session.value("lost")
    with pytest.raises(ArgumentError, match="debug: no argument holds floats"):
        cr.debug(lambda x: x + 1, np.arange(3))
    with pytest.raises(ArgumentError, match=r"debug: pair returns f64\[\], f64\[\]; it must"):
        cr.debug(pair, 2.0)


def pair(x: Any) -> Any:
    return x, 2 * x


def gradient(session: DebugSession, name: str) -> Any:
    found = session.gradient(name)
    assert found is not None
    return found


def test_commands_are_answered_in_plain_text(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def average(x: Any, w: Any) -> Any:
        z = w * np.log(x)
        return np.mean(z)

    point = np.array([1.0, 0.0, 4.0]), 2.0
    lines = ["n 2", "b", "u inf", "g d_z", "u nan", "p x", "s w", "x", "g 3", "l", "?", "q", "n"]
    golden = Path(__file__).with_name("golden_session.txt")
    session = cr.debug(average, *point)
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines)))
    for commands in (lines, None):
        session.goto(0)
        session.interact(commands)
        text = re.sub(r"line \d+ of", "line N of", capsys.readouterr().out)
        assert text == golden.read_text("utf-8")


class Balance(HTMLParser):
    """Whether all elements of a page are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag != "script"
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_folded_by_layer_and_has_no_script() -> None:
    net = compiled(SelectedRoot(0.0), nn.Dense(20), nn.Dense(1), loss="mse")
    html = net.debug(X, Y[:, None]).html()
    parser = Balance()
    parser.feed(html)
    assert not parser.open
    assert "<summary>selected_root <small>" in html
    assert "not finite: " in html
    assert "data:image/png;base64," in html
    assert "<small>4 × 20; blue is negative" in html
