"""Registry of layers: deserialisation of a layer from its kind and config."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from chainrule.arguments.aliases import LAYER_ARGUMENT_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.arguments.late_names import LateNames
from chainrule.errors import ArgumentError, FormatError
from chainrule.nn.config import snake_case
from chainrule.nn.layer import Layer
from chainrule.nn.layers import CLASSES
from chainrule.nn.sublayers import with_sublayers

__all__ = ["LAYERS", "from_config", "is_of_library"]

LAYERS: Mapping[str, type[Layer]] = LateNames(
    {
        snake_case(name): (f"chainrule.nn.layers.{module}", name)
        for module, names in CLASSES.items()
        for name in names.split()
    }
)
"""The layer classes of the library, by kind."""


def is_of_library(layer: Layer) -> bool:
    """Whether a layer and all layers within it are of classes of the library."""
    return all(type(each) is LAYERS.get(each.kind) for each in with_sublayers([layer]))


_LONGEST_NAME = 45
"""Characters of an unknown name that a message repeats, twice."""


@answers_foreign_names(LAYER_ARGUMENT_ALIASES)
def from_config(
    kind: str, config: Mapping[str, Any], custom: Mapping[str, Callable[..., Any]] | None = None
) -> Layer:
    """Create a layer from its kind and its `Layer.config`; no module but its own is imported.

    Parameters
    ----------
    kind : str
        The kind of its class, such as ``max_pool2d``.
    config : mapping
        Its constructor arguments, as JSON values.
    custom : mapping or None
        Custom layer classes and functions by name.

    Returns
    -------
    Layer
        A new layer, not built.

    Raises
    ------
    FormatError
        For a kind or function that is neither in the library nor in `custom`, or arguments that the
        layer does not take.

    Examples
    --------
    >>> from chainrule.nn import Dense
    >>> layer = Dense(3, activation="relu", name="first")
    >>> from_config(layer.kind, layer.config())
    Dense(units=3, activation='relu', use_bias=True, initializer='auto', l2=0.0, name='first')
    """
    functions, given = dict(custom or {}), cast(Any, kind)
    # A class comes before a function of that name in lower case, such as Sin before np.sin.
    by_kind = sorted(functions.items(), key=lambda item: isinstance(item[1], type))
    own = {snake_case(name): each for name, each in by_kind}
    known = isinstance(given, str) and (kind in own or kind in LAYERS)
    layer_class = (own.get(kind) or LAYERS[kind]) if known else None
    if layer_class is None and not (isinstance(given, str) and len(kind) <= _LONGEST_NAME):
        raise FormatError("the file has a layer of a kind that is no name")
    if layer_class is None:
        raise FormatError(
            f"the file has a layer of kind {kind!r}, which is not in the library; pass its class, "
            f"as in custom={{{kind!r}: TheClass}}"
        )
    arguments = {key: _argument(each, functions) for key, each in config.items()}
    try:
        layer = layer_class(**arguments)
    except ArgumentError as error:
        raise FormatError(
            f"the file describes a layer that cannot be created: {error!s:.100}"
        ) from error
    if not isinstance(layer, Layer):
        raise FormatError(f"custom[{kind!r}] returns {type(layer).__name__}, not a layer")
    return layer


def _argument(value: Any, custom: Mapping[str, Callable[..., Any]]) -> Any:
    if isinstance(value, list):
        return [_argument(each, custom) for each in cast(list[Any], value)]
    if not isinstance(value, dict):
        return value
    entry = cast(dict[str, Any], value)
    if set(entry) == {"layer", "config"}:
        return from_config(entry["layer"], entry["config"], custom)
    if set(entry) == {"function"}:
        return _function(entry["function"], custom)
    return {key: _argument(each, custom) for key, each in entry.items()}


def _function(name: Any, custom: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    if not isinstance(name, str) or len(name) > _LONGEST_NAME:
        raise FormatError("the file needs a function that has no name")
    if name not in custom:
        raise FormatError(
            f"the file needs the function {name!r}, which is not in the library; pass it, as in "
            f"custom={{{name!r}: {name}}}"
        )
    return custom[name]
