"""``chainrule inspect``: what is in a file, by its content; nothing of it is run or imported."""

from chainrule.cli.inspection.command import inspect

__all__ = ["inspect"]
