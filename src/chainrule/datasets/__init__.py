"""Named data sets, generated or loaded from files.

>>> from chainrule import datasets
>>> X, y = datasets.moons(200, noise=0.2, seed=0)
>>> X.shape, y.shape
((200, 2), (200,))

Files are looked up in a folder of ``$CHAINRULE_DATA``, then in the user's cache, and are downloaded
otherwise; `catalogue` lists folders, files and addresses.
"""

from typing import TYPE_CHECKING, NoReturn

from chainrule.arguments.function_aliases import DATASET_NAMES
from chainrule.arguments.keywords import refuse_attribute
from chainrule.datasets.generated import moons, xor
from chainrule.datasets.images import digits, fashion_mnist, mnist, notmnist
from chainrule.datasets.photo import photos
from chainrule.datasets.series import airline, prices, sunspots
from chainrule.datasets.speech import spoken_digits
from chainrule.datasets.tables import churn, letters
from chainrule.datasets.text import shakespeare

__all__ = [
    "airline",
    "churn",
    "digits",
    "fashion_mnist",
    "letters",
    "mnist",
    "moons",
    "notmnist",
    "photos",
    "prices",
    "shakespeare",
    "spoken_digits",
    "sunspots",
    "xor",
]


if not TYPE_CHECKING:  # type checkers must still reject unknown names

    def __getattr__(name: str) -> NoReturn:
        """Raise AttributeError, with our name for one of another library."""
        refuse_attribute("datasets", name, __all__, DATASET_NAMES)
