"""The argument NAME of commands: a data set, or a file of a table."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem

from chainrule.arguments.lookup import suggestion
from chainrule.cli.csv_table import recipe_of_file
from chainrule.cli.csv_table.option import TableOptions
from chainrule.cli.rbm import NAME
from chainrule.cli.recipe import Recipe
from chainrule.cli.recipes import RECIPES

__all__ = ["NO_COLUMNS", "DataName", "recipe_named"]

NO_COLUMNS = "--target and --drop are for CSV files, as the other options of columns are"


class DataName(click.ParamType[str]):
    """A name of `RECIPES`, or a file."""

    name = "name"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name, or refuse it with a suggestion."""
        if value in RECIPES or value == NAME or Path(value).is_file():
            return value
        if Path(value).is_dir():
            self.fail(_about_folder(Path(value)))
        if Path(value).suffix or Path(value).exists():
            self.fail(f"{value!r}: no such file")
        return self.fail(f"there is no data set {value!r}; {suggestion(value, [*RECIPES, NAME])}")

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the data sets that begin with what has been typed, or files if there are none."""
        names = [CompletionItem(name) for name in [*RECIPES, NAME] if name.startswith(incomplete)]
        return names or [CompletionItem(incomplete, type="file")]


def _about_folder(path: Path) -> str:
    """Return what to do with a folder: with a table in it, or else with images."""
    table = next((each for each in sorted(path.iterdir()) if each.suffix == ".csv"), None)
    if table is not None:
        return f"{str(path)!r} is a folder; name a file in it: chainrule train {str(table)!r}"
    return (
        f"{str(path)!r} is a folder; this command trains on one file. Images in a folder a class "
        f"are read in Python, by data.images({str(path)!r}, size=(64, 64))"
    )


def recipe_named(
    name: str, target: str | None, drop: tuple[str, ...], options: TableOptions | None
) -> Recipe:
    """Return the recipe of a data set, or that made for a file."""
    if name in RECIPES:
        if target or drop or options:
            raise click.UsageError(NO_COLUMNS)
        return RECIPES[name]
    if target is None:
        raise click.UsageError(f"{name!r} is a file: name the column to predict by --target")
    return recipe_of_file(Path(name), target, drop, options or TableOptions())
