"""Fonts for the letters of names: found where they are installed, named where they are not."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.errors import ChainruleWarning
from chainrule.insight import fonts, plot

X = np.zeros((2, 2))
LACKING = "\U000f0a00\U000f0a01"  # private letters, which no font has but one made here


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Any:
    from matplotlib.font_manager import fontManager

    monkeypatch.setattr(fonts, "_reported", set[str]())
    monkeypatch.setattr(fontManager, "ttflist", list(fontManager.ttflist))
    fonts._families_for.cache_clear()
    yield
    fonts._families_for.cache_clear()


def make_font(path: Path, letters: str) -> None:
    """Write a font in which each of some letters is a square."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    names = [".notdef", *(f"letter{place}" for place, _ in enumerate(letters))]
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 500), (500, 500), (500, 0)):
        pen.lineTo(corner)
    pen.closePath()
    square = pen.glyph()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap(dict(zip(map(ord, letters), names[1:], strict=True)))
    builder.setupGlyf(dict.fromkeys(names, square))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (600, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Squares", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)


def test_a_text_is_given_the_font_that_has_its_letters(tmp_path: Path) -> None:
    from matplotlib.font_manager import fontManager

    make_font(tmp_path / "squares.ttf", LACKING)
    fontManager.addfont(tmp_path / "squares.ttf")
    names = [f"class {LACKING}", "plain"]
    figure = plot.points(X, [0, 1], tmp_path / "points.png", names=names)
    first = figure.axes[0].get_legend().get_texts()[0]
    assert first.get_fontfamily()[-1] == "Squares"
    # Titles may be set later, in the same letters.
    assert figure.axes[0].title.get_fontfamily() == first.get_fontfamily()
    plot.confusion(lambda X: [0, 1], X, [0, 1], tmp_path / "confusion.pdf", names=names)


def test_one_warning_names_the_fonts_to_install(tmp_path: Path) -> None:
    names = [f"{LACKING} and", LACKING]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        figure = plot.confusion(lambda X: [0, 1], X, [0, 1], names=names)
        plot.points(X, [0, 1], tmp_path / "points.png", names=names)
        figure.savefig(tmp_path / "later.png")
    assert [each.category for each in told] == [ChainruleWarning]
    assert "no installed font has the letters" in str(told[0].message)
    assert "fonts-noto-core" in str(told[0].message)
    assert told[0].filename == __file__


@pytest.mark.parametrize(
    ("letter", "package"), [("字", "fonts-noto-cjk"), ("한", "fonts-noto-cjk"), ("🦊", "symbola")]
)
def test_the_package_is_that_of_the_script(letter: str, package: str) -> None:
    assert package in fonts._PACKAGES[fonts._script(letter)]


def test_letters_of_the_usual_font_and_dollars_are_drawn_as_they_are(tmp_path: Path) -> None:
    names = ["$5 to $10", "été $x_1$ αβγ Дом … العربية"]
    figure = plot.points(X, [0, 1], tmp_path / "points.svg", names=names)
    assert [text.get_parse_math() for text in figure.axes[0].get_legend().get_texts()] == [
        False
    ] * 2
    assert "$5 to $10" in (tmp_path / "points.svg").read_text("utf-8")
