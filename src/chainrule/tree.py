"""Trees: nested containers of arrays, flattened to lists of leaves and rebuilt.

A *tree* is a leaf, ``None``, or a mapping, list or tuple (named tuples too) of trees. Everything
that is not such a container is a leaf. ``None`` has no leaves. Mappings, such as ``net.params``,
retain their order, and are rebuilt as dictionaries.

::

    structure ::= LEAF | (kind, keys, (structure, ...))      a hashable value
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from chainrule.errors import ArgumentError, counted, type_in_words

__all__ = [
    "LEAF",
    "Structure",
    "broadcast_prefix",
    "flatten",
    "flatten_like",
    "flatten_up_to",
    "map_leaves",
    "paths",
    "unflatten",
    "unflattener",
]

LEAF = "*"
"""The structure of a leaf."""

Structure = Any
"""A hashable description of the nesting (JAX: *treedef*)."""


def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """Return the leaves and the structure of a tree.

    Parameters
    ----------
    tree : nested dicts, lists and tuples of leaves
        The tree.

    Returns
    -------
    leaves : list
        The leaves from left to right.
    structure : hashable
        The argument of `unflatten`.

    Examples
    --------
    >>> leaves, structure = flatten({"W": 1, "b": (2, None)})
    >>> leaves
    [1, 2]
    >>> unflatten(structure, [10, 20])
    {'W': 10, 'b': (20, None)}
    """
    leaves: list[Any] = []
    return leaves, _flatten_into(tree, leaves)


def unflatten(structure: Structure, leaves: Sequence[Any]) -> Any:
    """Build the tree of a structure from its leaves; the inverse of `flatten`."""
    return unflattener(structure)(leaves)


def unflattener(structure: Structure) -> Callable[[Sequence[Any]], Any]:
    """Return `unflatten` for one structure, which takes less time when it is called often."""
    build = _builder(structure)
    return lambda leaves: build(iter(leaves))


def flatten_like(structure: Structure, tree: Any, what: str = "tree") -> list[Any]:
    """Flatten `tree`, which must match `structure`; dictionaries may differ in order.

    Raises
    ------
    ArgumentError
        Where the nesting differs; the message names the path.
    """
    return list(_leaves_like(structure, tree, what))


def flatten_up_to(structure: Structure, tree: Any, what: str = "tree") -> list[Any]:
    """Return what is in `tree` at the leaves of `structure`: leaves, or trees, or None.

    Examples
    --------
    >>> flatten_up_to(flatten({"W": 1, "b": 2})[1], {"b": None, "W": {"mean": 3}})
    [{'mean': 3}, None]
    """
    return list(_leaves_like(structure, tree, what, up_to=True))


def map_leaves(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """Apply `function` to corresponding leaves of trees of one structure.

    Examples
    --------
    >>> map_leaves(lambda w, g: w - g, {"W": 3, "b": 1}, {"b": 1, "W": 1})
    {'W': 2, 'b': 0}
    """
    if not others:
        return _mapped(function, tree)
    leaves, structure = flatten(tree)
    columns = [flatten_like(structure, other) for other in others]
    return unflatten(structure, [function(*row) for row in zip(leaves, *columns, strict=True)])


def paths(tree: Any, root: str = "") -> list[str]:
    """Return the path of each leaf.

    Examples
    --------
    >>> paths({"W": 1, "layers": [2, 3]}, "params")
    ['params.W', 'params.layers[0]', 'params.layers[1]']
    """
    children = _children(tree)
    if children is None:
        return [] if tree is None else [root]
    kind, keys, values = children
    if kind is dict:
        steps = [f".{key}" if root else str(key) for key in keys]
    else:
        steps = [f"[{i}]" for i in range(len(values))]
    return [
        path
        for step, value in zip(steps, values, strict=True)
        for path in paths(value, root + step)
    ]


def broadcast_prefix(prefix: Any, tree: Any, what: str = "prefix") -> list[Any]:
    """Return, for each leaf of `tree`, the leaf of `prefix` above it; None is a leaf of `prefix`.

    Examples
    --------
    >>> broadcast_prefix((0, None), ({"W": 1, "b": 2}, 3))
    [0, 0, None]
    """
    children = _children(prefix)
    if children is None:
        return [prefix] * len(flatten(tree)[0])
    kind, keys, inner = children
    _matching_values(kind, keys, len(inner), tree, what)
    own = _children(tree)
    assert own is not None
    prefixes = dict(zip(keys if kind is dict else range(len(inner)), inner, strict=True))
    return [
        leaf
        for name, value in zip(own[1] if kind is dict else prefixes, own[2], strict=True)
        for leaf in broadcast_prefix(prefixes[name], value, f"{what}[{name!r}]")
    ]


_PLAIN = frozenset((bool, int, float, str))
"""Types of frequent leaves, which are no mappings in less time than that can be asked."""


def _children(tree: Any) -> tuple[type, tuple[Any, ...], list[Any]] | None:
    """Return type, keys and values of a container; None for a leaf and for None."""
    kind = type(tree)
    if kind is dict:
        return dict, tuple(tree), list(tree.values())
    # An array or node, and plain values, in less time than below.
    if hasattr(kind, "__array_priority__") or kind in _PLAIN:
        return None
    if isinstance(tree, dict):  # by its methods, as iteration over a subclass may give values
        return dict, tuple(tree.keys()), list(tree.values())
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree), (), list(tree)
    if isinstance(tree, tuple | list):
        return (list if isinstance(tree, list) else tuple), (), list(tree)
    if isinstance(tree, Mapping):
        items = dict(cast(Mapping[Any, Any], tree))
        return dict, tuple(items), list(items.values())
    return None


def _flatten_into(tree: Any, leaves: list[Any]) -> Structure:
    children = _children(tree)
    if children is None:
        if tree is None:
            return None
        leaves.append(tree)
        return LEAF
    kind, keys, values = children
    return kind, keys, tuple(_flatten_into(value, leaves) for value in values)


def _builder(structure: Structure) -> Callable[[Iterator[Any]], Any]:
    """Return what takes the leaves of a tree from an iterator and builds it."""
    if structure is None:
        return lambda leaves: None
    if structure == LEAF:
        return next
    kind, keys, inner = structure
    builders = tuple(map(_builder, inner))
    if kind is dict:
        named = tuple(zip(keys, builders, strict=True))
        return lambda leaves: {key: build(leaves) for key, build in named}
    if kind is list:
        return lambda leaves: [build(leaves) for build in builders]
    if hasattr(kind, "_fields"):
        return lambda leaves: kind(*[build(leaves) for build in builders])
    return lambda leaves: kind([build(leaves) for build in builders])


def _container(kind: type, keys: tuple[Any, ...], values: list[Any]) -> Any:
    if kind is dict:
        return dict(zip(keys, values, strict=True))
    return kind(*values) if hasattr(kind, "_fields") else kind(values)


def _mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """Apply a function to each leaf of one tree."""
    children = _children(tree)
    if children is None:
        return None if tree is None else function(tree)
    kind, keys, values = children
    return _container(kind, keys, [_mapped(function, each) for each in values])


def _leaves_like(structure: Structure, tree: Any, path: str, up_to: bool = False) -> Iterator[Any]:
    if structure is None:
        if tree is not None:
            raise ArgumentError(f"{path}: expected None, got {type(tree).__name__}")
    elif structure == LEAF:
        if not up_to and (_children(tree) is not None or tree is None):
            raise ArgumentError(f"{path}: expected an array or number, got {type_in_words(tree)}")
        yield tree
    else:
        kind, keys, inner = structure
        values = _matching_values(kind, keys, len(inner), tree, path)
        names = keys if kind is dict else range(len(inner))
        for name, each, value in zip(names, inner, values, strict=True):
            yield from _leaves_like(each, value, f"{path}[{name!r}]", up_to)


def _other_keys(keys: tuple[Any, ...], found: tuple[Any, ...]) -> str:
    """Name the keys that are missing and those that are too many."""
    missing = [key for key in keys if key not in found]
    unknown = [key for key in found if key not in keys]
    parts = [("is missing", missing), ("is unknown", unknown)]
    listed = [f"{', '.join(map(repr, names[:5]))} {what}" for what, names in parts if names]
    return f"expected the keys {list(keys)}, but {' and '.join(listed)}"


def _matching_values(
    kind: type, keys: tuple[Any, ...], count: int, tree: Any, path: str
) -> list[Any]:
    children = _children(tree)
    if children is None or children[0] is not kind:
        raise ArgumentError(f"{path}: expected a {kind.__name__}, got {type_in_words(tree)}")
    if kind is dict:
        values = dict(zip(children[1], children[2], strict=True))
        if values.keys() != set(keys):
            raise ArgumentError(f"{path}: {_other_keys(keys, children[1])}")
        return [values[key] for key in keys]
    if len(children[2]) != count:
        raise ArgumentError(f"{path}: expected {counted(count, 'item')}, got {len(children[2])}")
    return children[2]
