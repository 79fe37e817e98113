"""A change of a recipe that removes one kind of mistake."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chainrule.insight.mistakes.catalogue import kind
from chainrule.insight.mistakes.trial import Recipe

__all__ = ["Change"]


@dataclass(frozen=True)
class Change:
    """A change that removes a mistake.

    Parameters
    ----------
    code : str
        Of the mistake.
    title : str
        What is changed, as in "with ...".
    apply : function (Recipe) -> Recipe
        The change.
    """

    code: str
    title: str
    apply: Callable[[Recipe], Recipe]

    @property
    def family(self) -> str:
        """The family of the mistake, such as "data"."""
        return kind(self.code).family
