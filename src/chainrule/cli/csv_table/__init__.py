"""``chainrule train FILE.csv``: options, target, columns and recipe of a file."""

from chainrule.cli.csv_table.recipe import recipe_of_file

__all__ = ["recipe_of_file"]
