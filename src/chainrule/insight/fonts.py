"""Fonts that have the letters of a figure: names of classes are in any script.

Matplotlib draws a box for a letter that its font lacks, and warns of each. Here the texts that have
such letters are given the installed fonts that cover them; where none does, one warning names what
to install. Texts are drawn as they are: ``$`` begins no formula.
"""

from __future__ import annotations

import logging
import re
import unicodedata
import warnings
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from chainrule.errors import warn

if TYPE_CHECKING:
    from matplotlib.text import Text

__all__ = ["cover_letters"]

_PREFERRED = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Noto Sans JP", "Noto Sans KR",
    "Source Han Sans SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Microsoft YaHei", "SimHei",
    "PingFang SC", "Hiragino Sans", "Hiragino Sans GB", "Heiti TC", "Yu Gothic", "Meiryo",
    "IPAGothic", "Malgun Gothic", "Apple SD Gothic Neo", "NanumGothic", "Arial Unicode MS",
    "Noto Sans", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Thai",
    "Noto Emoji", "Segoe UI Emoji", "Segoe UI Symbol", "Symbola", "DejaVu Sans",
)  # fmt: skip
"""Fonts of even strokes, by the order in which they are tried; then all others."""

_NO_LETTERS = ("Color", "Last Resort", "LastResort", "NonUnicode")
"""In names of fonts whose bitmaps matplotlib cannot draw, and of fonts that have only boxes."""

_PACKAGES = {
    "CJK": "Noto Sans CJK (Debian and Ubuntu: fonts-noto-cjk)",
    "emoji": "Noto Emoji or Symbola (Debian and Ubuntu: fonts-symbola)",
    "other": "Noto Sans for their script (Debian and Ubuntu: fonts-noto-core)",
}

_reported: set[str] = set()
"""Letters without a font that a warning has named."""


def cover_letters(artists: Iterable[Any]) -> None:
    """Give fonts to the texts of figures or axes whose letters the usual font lacks."""
    from matplotlib.text import Text

    texts = [text for artist in artists for text in _texts(artist, Text)]
    for text in texts:
        if "$" in text.get_text():
            text.set_parse_math(False)
    lacking = {text: _lacking(text) for text in texts if not text.get_text().isascii()}
    letters = frozenset[str]().union(*lacking.values())
    if not letters:
        return
    families, missing = _families_for(letters)
    _accept_one_weight()
    for text in texts:  # all of them: titles may be set later
        text.set_fontfamily([*text.get_fontfamily(), *families])
    if missing - _reported:
        _warn_of(missing - _reported)


def _accept_one_weight() -> None:
    """Suppress the notice of matplotlib that a font of other scripts has no bold letters."""
    logger = logging.getLogger("matplotlib.font_manager")
    if _is_of_use not in logger.filters:
        logger.addFilter(_is_of_use)


def _is_of_use(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith("findfont: Failed to find font weight")


def _texts(artist: Any, kind: type[Text]) -> Iterator[Text]:
    """Give all texts of an artist, labels of ticks included."""
    for axes in artist.get_axes() if hasattr(artist, "get_axes") else [artist]:
        for axis in (axes.xaxis, axes.yaxis):
            axis.get_ticklabels()  # makes them
    yield from artist.findobj(kind)


def _lacking(text: Text) -> frozenset[str]:
    """Return the letters of a text that its font lacks."""
    return _not_in(tuple(text.get_fontfamily()), frozenset(text.get_text()))


@cache
def _not_in(families: tuple[str, ...], letters: frozenset[str]) -> frozenset[str]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    fonts = [get_font(findfont(FontProperties(family=[each]))) for each in families]
    visible = {each for each in letters if not (each.isascii() or each.isspace())}
    return frozenset(
        each for each in visible if not any(font.get_char_index(ord(each)) for font in fonts)
    )


@cache
def _families_for(letters: frozenset[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return families that cover letters between them, and the letters that none has."""
    families: list[str] = []
    missing = set(letters)
    for name, path in _fonts():
        if not missing:
            break
        covered = _covered(path, missing)
        if covered:
            families.append(name)
            missing -= covered
    return tuple(families), frozenset(missing)


def _fonts() -> list[tuple[str, str]]:
    """Return name and file of the upright fonts, the preferred ones first."""
    from matplotlib.font_manager import findSystemFonts, fontManager

    known = {entry.fname for entry in fontManager.ttflist}
    for path in findSystemFonts():  # also those installed since matplotlib listed them
        if path not in known:
            try:
                fontManager.addfont(path)
            except (OSError, RuntimeError, ValueError):  # a font that matplotlib cannot read
                continue
    upright = {
        entry.name: entry.fname
        for entry in sorted(fontManager.ttflist, key=lambda entry: str(entry.weight) != "400")
        if entry.style == "normal" and not any(each in entry.name for each in _NO_LETTERS)
    }
    rank = {name: place for place, name in enumerate(_PREFERRED)}
    return sorted(upright.items(), key=lambda each: (rank.get(each[0], len(rank)), each[0]))


def _covered(path: str, letters: Iterable[str]) -> set[str]:
    from matplotlib.font_manager import get_font

    try:
        font = get_font(path)
    except (OSError, RuntimeError):
        return set()
    return {each for each in letters if font.get_char_index(ord(each))}


def _warn_of(letters: Iterable[str]) -> None:
    """Warn once of letters that no font has, in place of matplotlib's warning of each."""
    _reported.update(letters)
    codes = "|".join(str(ord(each)) for each in letters)
    warnings.filterwarnings("ignore", message=rf"Glyph ({codes}) ", category=UserWarning)
    # Marks that change the letter before them, such as the style of an emoji.
    letters = [each for each in letters if unicodedata.category(each) not in ("Mn", "Cf", "Cc")]
    if not letters:
        return
    scripts = {_script(each) for each in letters}
    packages = "; ".join(_PACKAGES[each] for each in _PACKAGES if each in scripts)
    shown = " ".join(sorted(letters)[:8]) + (" ..." if len(set(letters)) > 8 else "")
    warn(
        f"plot: no installed font has the letters {shown}; they are drawn as boxes. Install "
        f"{packages}, and start Python again"
    )


def _script(letter: str) -> str:
    name = unicodedata.name(letter, "")
    if re.match("CJK|HIRAGANA|KATAKANA|HANGUL|FULLWIDTH|IDEOGRAPHIC|BOPOMOFO", name):
        return "CJK"
    return "emoji" if unicodedata.category(letter) in ("So", "Sk") else "other"
