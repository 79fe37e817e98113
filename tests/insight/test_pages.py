"""Pages in a browser: without scripts and network, narrow and wide, light and dark."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import data, nn
from chainrule.insight.pages.markup import Markup
from chainrule.insight.report.page import document
from tests.browser import Browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    command = shutil.which("chromium") or shutil.which("chromium-browser")
    if command is None:
        pytest.skip("Chromium is not installed; on Debian: apt install chromium")
    with Browser(command, tmp_path_factory.mktemp("profile")) as found:
        yield found


def trained(layers: list[Any], loss: str, X: Any, y: Any) -> cr.Network:
    net = cr.Network(layers, seed=0)
    net.compile(loss=loss)
    net.fit(X, y, epochs=2, batch_size=8, validation_split=0.2, verbose=0)
    return net


def write_pages(folder: Path) -> None:
    draw = np.random.default_rng(0)
    y = np.arange(40) % 3
    images = draw.random((40, 8, 8, 1), "float32")
    cnn = [nn.Conv2D(2, 3, activation="relu"), nn.Flatten(), nn.Dense(3, activation="softmax")]
    net = trained(cnn, "cross_entropy", images, y)
    net.report(folder / "report of images.html", images, y)
    series = draw.random((40, 6, 2), "float32")
    recurrent = trained([nn.LSTM(3), nn.Dense(1)], "mse", series, series.sum(axis=(1, 2)))
    recurrent.report(folder / "report of series.html", series, series.sum(axis=(1, 2)))
    names = np.array(["a<b", "a name of a class that is rather long", "c&d"])
    table = {
        "a rather long name of a column": draw.random(40), "<i>": draw.random(40),
        "colour": np.array(["red", "green"])[np.arange(40) % 2],
    }  # fmt: skip
    dense = [data.Table(), nn.Dense(4, activation="relu"), nn.Dense(3, activation="softmax")]
    of_table = trained(dense, "cross_entropy", table, names[y])
    of_table.report(folder / "report of a table.html", table, names[y])
    parts = {
        "debugger": net.debug(images[:2], y[:2]).html(),
        "explanation of a network": recurrent.explain(series, series[:, 0, :1]).html(),
        "explanation of a function": cr.explain(lambda x: np.sin(x) / (1 + x * x), 0.5).html(),
    }
    for name, html in parts.items():
        (folder / f"{name}.html").write_text(document(name, Markup(html)), encoding="utf-8")
    net.diagram(folder / "diagram.svg")


def test_pages_are_legible_at_any_width_in_light_and_dark(
    browser: Browser, tmp_path: Path, pixels: Callable[[Path], Any]
) -> None:
    write_pages(tmp_path)
    for path in sorted(tmp_path.iterdir()):
        faults = browser.open(path)
        for width in (1280, 400) if path.suffix == ".html" else (1280,):
            for scheme in ("light", "dark"):
                faults += browser.faults(width, scheme)
        assert not faults, "\n".join([path.name, *faults])
    browser.open(tmp_path / "report of images.html")
    for scheme, is_dark in (("light", False), ("dark", True)):
        (tmp_path / "corner.png").write_bytes(browser.screenshot(1280, scheme, height=40))
        assert (pixels(tmp_path / "corner.png")[-1, 0].mean() < 128) == is_dark


def test_faults_of_a_page_are_found(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    body = (
        '<p style="color:#999;background:#fff">faint</p><img src="none.png" alt="none">'
        '<div style="width:800px;height:9px"></div><script>document.title = "ran"</script>'
        '<svg><rect width="99" height="40" fill="#333"/><text y="20" fill="#444">dim</text></svg>'
    )
    path.write_text(document("page", Markup(body)), encoding="utf-8")
    assert f"requests {tmp_path.as_uri()}/none.png" in browser.open(path)
    assert browser.evaluate("document.title") == "page"
    found = "\n".join(browser.faults(400, "light"))
    for each in ("the page is 8", "no image: none", 'of "faint"', 'of "dim"'):
        assert each in found, (each, found)
