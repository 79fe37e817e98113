"""Named data sets, generated or loaded from files.

>>> from chainrule import datasets
>>> X, y = datasets.moons(200, noise=0.2, seed=0)
>>> X.shape, y.shape
((200, 2), (200,))

Files are looked up in a folder of ``$CHAINRULE_DATA``, then in the user's cache, and are downloaded
otherwise; `catalogue` lists folders, files and addresses.
"""

from typing import TYPE_CHECKING

from chainrule.arguments.aliases import DATASET_NAMES
from chainrule.arguments.rooms import open_room

if TYPE_CHECKING:
    from chainrule.datasets.embedded import breast_cancer, iris, wine
    from chainrule.datasets.generated import blobs, circles, moons, spirals, xor
    from chainrule.datasets.images import cifar10, digits, fashion_mnist, mnist, notmnist
    from chainrule.datasets.photo import photos
    from chainrule.datasets.series import airline, prices, sunspots
    from chainrule.datasets.speech import spoken_digits
    from chainrule.datasets.tables import california_housing, churn, letters
    from chainrule.datasets.text import shakespeare


__all__ = [
    "airline",
    "blobs",
    "breast_cancer",
    "california_housing",
    "churn",
    "cifar10",
    "circles",
    "digits",
    "fashion_mnist",
    "iris",
    "letters",
    "mnist",
    "moons",
    "notmnist",
    "photos",
    "prices",
    "shakespeare",
    "spirals",
    "spoken_digits",
    "sunspots",
    "wine",
    "xor",
]


_LATE = {
    "embedded": "breast_cancer iris wine",
    "generated": "blobs circles moons spirals xor",
    "images": "cifar10 digits fashion_mnist mnist notmnist",
    "photo": "photos",
    "series": "airline prices sunspots",
    "speech": "spoken_digits",
    "tables": "california_housing churn letters",
    "text": "shakespeare",
}
"""Modules imported when one of their names is first used."""

if not TYPE_CHECKING:  # type checkers must still reject unknown names
    __getattr__, __dir__ = open_room(__name__, "datasets", __all__, DATASET_NAMES, _LATE)
