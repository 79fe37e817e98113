"""``chainrule train FILE.csv``: options, target, columns and recipe of a file."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainrule.cli.csv_table.recipe import recipe_of_file

__all__ = ["recipe_of_file"]

if not TYPE_CHECKING:  # type checkers must still reject unknown names

    def __getattr__(name: str) -> object:
        """Import the recipe when it is first used: predictions need none."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from chainrule.cli.csv_table import recipe

        return recipe.recipe_of_file
