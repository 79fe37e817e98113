"""TensorBoard itself, in a browser, on what the callback writes."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from tests.browser import Browser

pytestmark = pytest.mark.slow

ROWS = np.random.default_rng(0).integers(0, 6, size=(60, 4))
CLASSES = (ROWS.sum(axis=1) > 10).astype(int)
EPOCHS = 4
PLUGINS = ("scalars", "histograms", "images", "graphs", "text", "hparams", "projector")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train with everything that the callback writes."""
    found = tmp_path_factory.mktemp("runs")
    net = cr.Network(
        [nn.Embedding(6, 3), nn.Flatten(), nn.Dense(8, activation="relu"), nn.Dense(2)]
    )
    net.compile(loss="cross_entropy", optimizer="adam", metrics=["accuracy"])
    labels = {"embedding.weight": [f"word {i}" for i in range(6)]}
    settings = {"units": 8}
    board = cr.TensorBoard(found, histograms=1, images=2, hyperparameters=settings, labels=labels)
    net.fit(ROWS, CLASSES, epochs=EPOCHS, validation_split=0.2, callbacks=board, verbose=0)
    board.text("notes", "a **first** run")
    return found


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[str]:
    """Start TensorBoard at a free port of this machine; return its address."""
    options = ["--logdir", str(folder), "--host", "127.0.0.1", "--port", "0"]
    command = [sys.executable, "-m", "tensorboard.main", *options, "--load_fast", "false"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        try:
            lines: list[str] = []
            for line in process.stderr:
                lines.append(line)
                if address := re.search(r"http://127\.0\.0\.1:\d+/", line):
                    break
            else:
                pytest.fail("".join(lines))
            yield address.group()
        finally:
            process.terminate()


def get(server: str, route: str, body: Any = None, **query: str) -> Any:
    """Return what a route of TensorBoard answers; JSON if it is."""
    address = f"{server}data/{route}?{urllib.parse.urlencode(query)}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=600) as reply:
        content = reply.read()
    with contextlib.suppress(ValueError):
        return json.loads(content)
    return content


def loaded(server: str) -> None:
    """Wait until TensorBoard has read all that is written, which it does beside answering."""
    end = time.monotonic() + 600
    waiting = {"plugins"}
    while waiting:
        assert time.monotonic() < end, f"TensorBoard shows no {waiting}"
        plugins = get(server, "plugins_listing")
        waiting = {name for name in PLUGINS if not plugins[name]["enabled"]}
        waiting |= {"notes"} - set(get(server, "plugin/text/tags").get("train", ()))
        time.sleep(0.05)


def test_tensorboard_serves_all_that_is_written(server: str, folder: Path) -> None:
    loaded(server)
    assert set(get(server, "runs")) == {".", "train", "validation"}
    run = {"run": "train"}
    curve = get(server, "plugin/scalars/scalars", tag="loss", **run)
    assert [step for _, step, _ in curve] == list(range(EPOCHS))
    tags = get(server, "plugin/histograms/tags")["train"]
    assert set(tags) == {f"{name}/weight" for name in ("embedding", "dense", "dense_1")} | {
        f"{name}/bias" for name in ("dense", "dense_1")
    }
    histograms = get(server, "plugin/histograms/histograms", tag="dense/weight", **run)
    assert [step for _, step, _ in histograms] == list(range(EPOCHS))
    assert [round(sum(n for *_, n in bins)) for *_, bins in histograms] == [12 * 8] * EPOCHS
    images = get(server, "plugin/images/images", tag="dense/weight/image", sample="0", **run)
    assert [each["step"] for each in images] == [1, 3]
    graph = get(server, "plugin/graphs/graph", conceptual="false", **run).decode()
    assert 'name: "dense/weight"' in graph
    (note,) = get(server, "plugin/text/text", tag="notes", **run)
    assert note["text"] == "<p>a <strong>first</strong> run</p>"
    experiment = get(server, "plugin/hparams/experiment", {"experimentName": ""})
    assert {"units", "optimizer"} <= {each["name"] for each in experiment["hparamInfos"]}
    (embedding,) = get(server, "plugin/projector/info", run=".")["embeddings"]
    vectors = get(server, "plugin/projector/tensor", run=".", name=embedding["tensorName"])
    assert np.frombuffer(vectors, np.float32).shape == (18,)
    assert b"word 5" in get(server, "plugin/projector/metadata", run=".", name="embedding.weight")


def test_tensorboard_shows_the_curves_in_a_browser(server: str, tmp_path: Path) -> None:
    command = shutil.which("chromium") or shutil.which("chromium-browser")
    if command is None:
        pytest.skip("Chromium is not installed; on Debian: apt install chromium")
    loaded(server)
    with Browser(command, tmp_path / "profile") as browser:
        browser.visit(f"{server}#timeseries", 1200, 1500)
        for card in ("scalar-card line-chart", "histogram-card svg", "image-card img"):
            browser.wait_for(f"document.querySelectorAll('{card}').length")
        browser.wait_for("document.querySelector('image-card img').naturalWidth")
        shown = str(browser.evaluate("document.body.innerText"))
        for text in ("accuracy", "learning_rate", "dense", "embedding", "train", "validation"):
            assert text in shown, text
        image = browser.screenshot(1200, "light", height=1500)
    if folder := os.environ.get("CHAINRULE_SCREENSHOTS"):
        Path(folder, "tensorboard.png").write_bytes(image)
    assert image.startswith(b"\x89PNG")


def test_the_inspector_reads_the_files(folder: Path) -> None:
    from tensorboard.backend.event_processing import event_file_inspector as inspector

    (unit,) = inspector.get_inspection_units(str(folder / "train"))
    found: Any = inspector.get_dict_to_print(unit.field_to_obs)
    for kind, first in (("scalars", 0), ("histograms", 0), ("images", 1)):
        assert (found[kind]["first_step"], found[kind]["last_step"]) == (first, EPOCHS - 1)
        assert not found[kind]["outoforder_steps"]
    assert found["graph"]
    assert "loss" in inspector.get_unique_tags(unit.field_to_obs)["scalars"]
