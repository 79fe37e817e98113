"""Imports the subpackages of `chainrule.science` when a name of theirs is first used."""

from __future__ import annotations

from types import ModuleType

from chainrule.arguments.aliases import SCIENCE_NAMES
from chainrule.arguments.lookup import closest
from chainrule.errors import MissingAttributeError
from chainrule.science.names import IMAGES, INTEGRATE, OPTIMIZE, SUBPACKAGES

__all__ = ["find"]


def find(name: str) -> object:
    """Return what `chainrule.science` has under a name; SciPy's own where it has none.

    Raises
    ------
    MissingAttributeError
        If neither has it.
    ImportError
        If SciPy is not installed.
    """
    try:
        return _found(name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "scipy":
            raise
        raise ImportError(
            f"science.{name} is made on SciPy, which is not installed; run: pip install "
            "'chainrule[science]'"
        ) from None


def _found(name: str) -> object:
    if name in SUBPACKAGES:
        return _subpackage(name)
    for names, subpackage in ((OPTIMIZE, "optimize"), (INTEGRATE, "integrate"), (IMAGES, "images")):
        if name in names:
            return getattr(_subpackage(subpackage), name)
    if not name.startswith("_"):
        for subpackage in ("optimize", "integrate"):
            found = getattr(_subpackage(subpackage), name, None)
            if found is not None:
                return found
    public = (*OPTIMIZE, *INTEGRATE, *IMAGES)
    hint = (
        None if name.startswith("_") else closest(name, public, SCIENCE_NAMES, "science.{}".format)
    )
    if hint is None:
        hint = (
            "dir(science) lists what it has, and science.optimize, science.integrate and "
            "science.ndimage have the names of SciPy's modules"
        )
    raise MissingAttributeError(f"science has no {name!r}; {hint}", name)


def _subpackage(name: str) -> ModuleType:
    # Not `from chainrule.science import ...`, which asks `find` first.
    if name == "optimize":
        import chainrule.science.optimize as found
    elif name == "integrate":
        import chainrule.science.integrate as found
    elif name == "ndimage":
        import chainrule.science.ndimage as found
    else:
        import chainrule.science.images as found
    return found
