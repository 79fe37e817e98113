"""Registry of the recipes of ``chainrule train``; a new one is an entry in one of these files."""

from __future__ import annotations

from chainrule.cli import audio, images, language, series, tables
from chainrule.cli.recipe import Recipe

__all__ = ["RECIPES"]

RECIPES: dict[str, Recipe] = {
    **images.RECIPES,
    **tables.RECIPES,
    **series.RECIPES,
    **audio.RECIPES,
    **language.RECIPES,
}
