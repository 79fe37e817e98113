"""Explanations as LaTeX, which compiles, and as MathML Core, which is valid."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.insight.explanation.explanation import Explanation

RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((6, 4))
LABELS = np.array([0, 1, 2, 0, 1, 2])
NUMBERS = RANDOM.standard_normal((6, 1))
IMAGES = RANDOM.random((4, 6, 6, 1))
SERIES = RANDOM.standard_normal((5, 4, 2))


def explained(layers: list[Any], loss: str, X: Any, y: Any, **options: Any) -> Explanation:
    net = cr.Network(layers, seed=0)
    net.compile(loss=loss)
    return net.explain(X, y, **options)


def with_names(W: Any, alpha: Any, learning_rate: Any, größe: Any) -> Any:
    """A function of arguments with names that LaTeX does not take as they are."""
    h_1 = np.sqrt(1 + (W @ W.T) ** 2)
    return np.sum(np.maximum(h_1, größe)) * alpha / learning_rate


@pytest.fixture(scope="module")
def ten() -> list[Explanation]:
    training = {"training": True, "seed": 0, "sample_weight": np.arange(6.0)}
    with pytest.warns(cr.ChainruleWarning, match="the function is nan"):
        not_confirmed = cr.explain(lambda x: np.sum(x**2), np.array([1.0, np.nan]))
    return [
        explained([nn.Dense(5, activation="tanh", name="first_100%"),
                   nn.Dense(3, activation="softmax")], "cross_entropy", X, LABELS),
        explained([nn.Conv2D(2, 3, activation="relu"), nn.MaxPool2D(2), nn.Flatten(), nn.Dense(1)],
                  "mae", IMAGES, NUMBERS[:4]),
        explained([nn.LSTM(2), nn.Dense(1)], "huber", SERIES, NUMBERS[:5]),
        explained([nn.MultiHeadAttention(2, 2), nn.GlobalAvgPool1D(), nn.Dense(1)], "mse", SERIES,
                  NUMBERS[:5]),
        explained([nn.Dense(3, activation="elu"), nn.BatchNorm(), nn.Dropout(0.5),
                   nn.Dense(1, activation="softplus", l2=0.01)], "poisson", X,
                  np.abs(NUMBERS).round(), **training),
        explained([nn.LayerNorm(), nn.Dense(3, activation="gelu"),
                   nn.Dense(1, activation="sigmoid")], "binary_cross_entropy", X, NUMBERS > 0),
        cr.explain(lambda x: np.tanh(3 * x + 1) / (1 + x**2), 0.5),
        cr.explain(lambda x: np.where(x > 0, np.floor(x) * np.abs(x), np.arctan2(x, 2.0)), 1.5),
        not_confirmed,
        cr.explain(with_names, RANDOM.standard_normal((3, 3)), 0.2, 0.1, 1.5),
    ]  # fmt: skip


def test_the_documents_of_ten_explanations_compile(ten: list[Explanation], tmp_path: Path) -> None:
    parts = [each.latex().split("\\begin{document}") for each in ten]
    assert all(preamble == parts[0][0] for preamble, _ in parts)
    bodies = [body.rpartition("\\end{document}")[0] for _, body in parts]
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed")
    pages = "\\begin{document}" + "\\clearpage".join(bodies) + "\\end{document}"
    (tmp_path / "ten.tex").write_text(parts[0][0] + pages, encoding="utf-8")
    run = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "ten.tex"],
        cwd=tmp_path, capture_output=True, timeout=600, check=False,
    )  # fmt: skip
    log = run.stdout.decode("utf-8", "replace")
    assert run.returncode == 0, log[-2000:]
    assert "Missing character" not in log
    assert "Overfull \\hbox" not in log


CHILDREN = {
    "mfrac": 2, "msup": 2, "msub": 2, "msubsup": 3, "munder": 2, "mover": 2, "munderover": 3,
    "mi": 0, "mn": 0, "mo": 0, "mtext": 0, "mspace": 0,
}  # fmt: skip
ANY = {"math", "mrow", "msqrt", "mtable", "mtr", "mtd", "mpadded", "mstyle"}
INSIDE = {"mtr": "mtable", "mtd": "mtr"}


def elements(element: Any) -> Iterator[tuple[Any, Any]]:
    for child in element:
        yield element, child
        yield from elements(child)


def test_formulas_are_valid_mathml_core(ten: list[Explanation]) -> None:
    """Elements and their numbers of children: MathML Core, sections 2.1.2 and 3."""
    space = "{http://www.w3.org/1998/Math/MathML}"
    for page in (each.html() for each in ten):
        formulas = [part.split("</math>")[0] for part in page.split("<math")[1:]]
        assert formulas
        for formula in formulas:
            root = ET.fromstring(f"<math{formula}</math>")
            assert root.tag == f"{space}math"
            for parent, child in elements(root):
                tag, outer = (each.tag.removeprefix(space) for each in (child, parent))
                assert tag in ANY | set(CHILDREN), tag
                assert len(child) == CHILDREN.get(tag, len(child)), ET.tostring(child)
                assert outer == INSIDE.get(tag, outer), ET.tostring(child)
                assert outer not in ("mtable", "mtr") or tag in INSIDE


def test_a_page_has_the_steps_of_a_course_and_the_numbers_of_the_batch(
    ten: list[Explanation],
) -> None:
    for text in (ten[6].html(), ten[6].latex()):
        assert "quotient rule" in text
        assert "The derivative by" in text
    assert "mean " in ten[0].html()
    assert "softmax with cross_entropy" in ten[0].html()


def test_lines_of_text_are_as_wide_as_a_page_and_columns_stand_below_each_other() -> None:
    images = np.random.default_rng(0).normal(size=(1, 6, 6, 1))
    layers = [nn.Conv2D(2, 3, activation="relu"), nn.MaxPool2D(2), nn.Flatten(), nn.Dense(2)]
    net = cr.Network(layers, seed=0)
    net.compile(loss="cross_entropy")
    explanation = net.explain(images, np.array([1]))
    lines = str(explanation).splitlines()
    assert lines[0] == "Network of 4 layers, proved on N = 1 sample"
    formulas = {f"    {each}" for each in explanation}
    assert all(len(line) <= 100 for line in lines if line not in formulas)
    places = [line.index("mean ") for line in lines if "mean " in line]
    assert {each for each in places if places.count(each) > 1} == {66}
    steps = str(cr.explain(lambda x: np.sin(np.exp(x**2)) / (1 + x), 0.5)).splitlines()
    assert {line.index(" rule: ") for line in steps if "quotient rule: " in line} == {61}
