"""Trees: flatten, unflatten, matching structures."""

from collections import namedtuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import tree
from chainrule.errors import ArgumentError

TREES = st.recursive(
    st.integers() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=2), inner, max_size=3)
        | st.tuples(inner, inner)
    ),
    max_leaves=8,
)


@given(TREES)
def test_unflatten_undoes_flatten(value: object) -> None:
    leaves, structure = tree.flatten(value)
    assert tree.unflatten(structure, leaves) == value
    assert len(tree.paths(value)) == len(leaves)
    hash(structure)


def test_named_tuples_keep_their_type() -> None:
    Point = namedtuple("Point", "x y")
    moved = tree.map_leaves(lambda v: v + 1, {"at": Point(1, 2)})
    assert moved == {"at": Point(2, 3)}
    assert type(moved["at"]) is Point


def test_dictionaries_match_by_key_not_by_order() -> None:
    total = tree.map_leaves(lambda a, b: a - b, {"W": 5, "b": 1}, {"b": 1, "W": 2})
    assert total == {"W": 3, "b": 0}


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"W": 1}, "expected the keys"),
        ({"W": 1, "b": [1, 2]}, "expected an array or number, got a list"),
        ([1, 2], "expected a dict, got a list"),
        ({"W": None, "b": 1}, "got None"),
    ],
)
def test_a_tree_of_another_structure_is_refused_with_its_path(other: object, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        tree.map_leaves(lambda a, b: a, {"W": 1, "b": 2}, other)


def test_lists_of_another_length_are_refused() -> None:
    with pytest.raises(ArgumentError, match="expected 2 items, got 3"):
        tree.map_leaves(lambda a, b: a, [1, 2], [1, 2, 3])
