"""All recipes of ``chainrule train`` by name; a new one is a row in one of these files."""

from __future__ import annotations

from chainrule.cli import pictures, prose, series, sound, tables
from chainrule.cli.recipe import Recipe

__all__ = ["RECIPES"]

RECIPES: dict[str, Recipe] = {
    **pictures.RECIPES,
    **tables.RECIPES,
    **series.RECIPES,
    **sound.RECIPES,
    **prose.RECIPES,
}
