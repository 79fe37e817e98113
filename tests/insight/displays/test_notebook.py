"""A notebook that trains and looks at a network, run by a kernel of IPython."""

import html
import re
from datetime import datetime
from typing import Any

import nbclient
import nbformat
import pytest

from tests.insight.displays.page_reader import read

CELLS = {
    "data": """
import time
import numpy as np
import chainrule as cr
from chainrule import data, nn
rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4))
y = (X[:, 0] > 0).astype(int)
net = cr.Network([nn.Dense(4, activation="tanh", name="<script>"), nn.Dense(2)], seed=0)
net.compile("cross_entropy", "sgd", metrics="accuracy")
""",
    "training": """
def slow(net, epoch, logs):
    time.sleep(0.03)
history = net.fit(X, y, epochs=30, verbose=1, validation_split=0.5, callbacks=slow)
""",
    "training and its history": "net.fit(X, y, epochs=3)",
    "lines": "_ = net.fit(X, y, epochs=4, callbacks=[cr.Progress(every=2)])",
    "error": """
def fail(net, epoch, logs):
    if epoch % 5 == 4:
        raise RuntimeError("stopped here")
net.fit(X, y, epochs=20, callbacks=fail)
""",
    "network": "net",
    "layer": "net.layers[0]",
    "history": "history",
    "explanation": "net.explain(X, y)",
    "mistakes": "cr.check(net, X[:20], y[:20])",
    "debugger": "net.debug(X[:4], y[:4])",
    "diagram": "net.diagram()",
    "graph": "cr.trace(lambda x: np.sin(x) * x)(1.0)",
    "report": "net.report(X=X, y=y)",
    "table": """
from chainrule.data.named_columns import NamedColumns
NamedColumns(age=np.array([25.0, 31.0, np.nan]), town=np.array(["Bonn", "Ulm", "Bonn"]))
""",
    "figure": "%matplotlib inline\nhistory.plot()",
    "terminal": "print(net)",
}


class Client(nbclient.NotebookClient):
    """Keeps the messages of the kernel about displays."""

    def __init__(self, notebook: Any, **options: Any) -> None:
        super().__init__(notebook, **options)
        self.displays: dict[int, list[tuple[str, str, dict[str, Any]]]] = {}

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        if msg["msg_type"] in ("display_data", "update_display_data"):
            content = msg["content"]
            name = content["transient"].get("display_id", "")
            shown = msg["msg_type"], name, content["data"]
            self.displays.setdefault(cell_index, []).append(shown)
        return super().process_message(msg, cell, cell_index)


@pytest.fixture(scope="module")
def notebook() -> tuple[dict[str, list[Any]], dict[str, Any], dict[str, float]]:
    """Return the outputs of each cell, the messages about displays, and the seconds it took."""
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell(source.strip()) for source in CELLS.values()]
    made.cells[list(CELLS).index("error")].metadata["tags"] = ["raises-exception"]
    client = Client(made, timeout=600, kernel_name="python3")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAINRULE_BACKEND", "numpy")  # displays do not depend on it
        client.execute()
    outputs = dict(zip(CELLS, (cell.outputs for cell in made.cells), strict=True))
    displays = {name: client.displays.get(place) for place, name in enumerate(CELLS)}
    times = (cell.metadata.execution for cell in made.cells)
    seconds = {name: _seconds(each) for name, each in zip(CELLS, times, strict=True)}
    return outputs, displays, seconds


def _seconds(times: Any) -> float:
    """Return how long a cell ran, as the kernel tells."""
    busy, idle = (
        datetime.fromisoformat(times[f"iopub.status.{state}"].replace("Z", "+00:00"))
        for state in ("busy", "idle")
    )
    return (idle - busy).total_seconds()


def test_each_object_is_shown_by_valid_html_and_nothing_is_wrong(notebook):
    outputs, *_ = notebook
    for name, shown in outputs.items():
        kinds = [each.output_type for each in shown]
        assert kinds.count("error") == (name == "error"), (name, shown)
        assert [each.text for each in shown if each.get("name") == "stderr"] == [], name
    for name in (
        "network", "layer", "history", "explanation", "mistakes", "debugger", "report", "table",
    ):  # fmt: skip
        (shown,) = outputs[name]
        page = read(shown.data["text/html"])
        assert len(page.text) > 40 or "iframe" in page.tags, name
        assert shown.data["text/plain"]
    assert "<script>" in read(outputs["network"][0].data["text/html"]).text
    framed = re.search(r'srcdoc="([^"]*)"', outputs["report"][0].data["text/html"])
    assert framed is not None
    assert "<script" not in html.unescape(framed[1])
    for name in ("diagram", "graph"):
        assert "svg" in read(outputs[name][0].data["image/svg+xml"]).tags
    figures = [each for each in outputs["figure"] if "image/png" in each.get("data", {})]
    assert len(figures) == 1


def test_a_run_is_one_output_that_is_updated_at_most_five_times_a_second_and_stays(notebook):
    outputs, displays, seconds = notebook
    (shown,) = outputs["training"]
    kinds, names, contents = zip(*displays["training"], strict=True)
    assert kinds[0] == "display_data"
    assert set(kinds[1:]) == {"update_display_data"}
    assert len(set(names)) == 1
    assert 3 <= len(kinds) <= 3 + 5 * seconds["training"]
    *running, last = (each["text/html"] for each in contents if "text/html" in each)
    assert all('class="bar"' in each for each in running)
    assert shown.data["text/html"] == last
    assert 'class="bar"' not in last
    assert read(last).tags.count("svg") == 2
    assert "30/30" in read(last).text
    assert len(last) < 20_000
    assert re.search(r"epoch 30/30  loss [\d.e-]+", shown.data["text/plain"])


def test_a_history_in_the_cell_of_its_run_has_its_curves_folded(notebook):
    outputs, *_ = notebook
    run, history = outputs["training and its history"]
    assert "details" not in read(run.data["text/html"]).tags
    assert "details" in read(history.data["text/html"]).tags
    assert "details" not in read(outputs["history"][0].data["text/html"]).tags


def test_lines_and_the_state_at_an_error_stay_in_the_notebook(notebook):
    outputs, *_ = notebook
    run, *lines = outputs["lines"]
    assert "4/4" in read(run.data["text/html"]).text
    assert re.findall(r"epoch (\d)/4", "".join(each.text for each in lines)) == ["2", "4"]
    run, error = outputs["error"]
    assert error.ename == "RuntimeError"
    assert "/20" in read(run.data["text/html"]).text
    assert 'class="bar"' not in run.data["text/html"]
