"""`Evaluation`: what ``net.evaluate`` returns, a dictionary that unpacks into its values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

from chainrule.arguments.checks import shown
from chainrule.errors import DTypeError, MissingAttributeError, MissingKeyError
from chainrule.rich_display import html_of
from chainrule.tracebacks import boundary

__all__ = ["Evaluation"]


class Evaluation(dict[str, float]):
    """Loss and metrics by name, in order; iteration gives the values, as unpacking needs them.

    ``keys()``, ``items()``, ``in``, ``dict(result)`` and ``**result`` give the names as of any
    dictionary. An integer in brackets is a position.

    Examples
    --------
    >>> result = Evaluation(loss=0.25, accuracy=0.875)
    >>> loss, accuracy = result
    >>> loss, result["accuracy"], result[1], "loss" in result, dict(result)
    (0.25, 0.875, 0.875, True, {'loss': 0.25, 'accuracy': 0.875})
    """

    _repr_html_ = html_of

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values())

    @boundary
    def __missing__(self, key: object) -> float:
        if isinstance(key, int) and -len(self) <= key < len(self):
            return list(self.values())[key]
        raise MissingKeyError(
            f"the evaluation has no {shown(key)}; it has {', '.join(self.keys())}"
        )

    @boundary
    def __getattr__(self, name: str) -> NoReturn:
        hint = f"; it is result[{name!r}]" if name in self else ""
        raise MissingAttributeError(f"an evaluation has no attribute {name!r}{hint}", name)

    @boundary
    def _refuse(self, *others: object) -> NoReturn:
        """Refuse to be one number, as which some libraries return a loss without metrics."""
        raise DTypeError(
            f"an evaluation is a dictionary of {', '.join(self.keys())}, and no number; take one "
            'of them, as in net.evaluate(X, y)["loss"]'
        )

    __float__ = __lt__ = __le__ = __gt__ = __ge__ = __round__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = _refuse

    @boundary
    def __format__(self, specification: str) -> str:
        return self._refuse() if specification else repr(self)
