"""Factor a reshape into independent groups of merged and split axes.

::

    (2, 3, 4) -> (6, 2, 2)      axes 0, 1 are merged; axis 2 is split

A helper of `window_rules` and of lowering: an index of the old shape follows from those of the new
one within each group alone.
"""

from __future__ import annotations

__all__ = ["axis_groups", "is_merge"]


def axis_groups(old: tuple[int, ...], new: tuple[int, ...]) -> list[tuple[list[int], list[int]]]:
    """Return the smallest runs of old and new axes that have the same number of elements.

    Examples
    --------
    >>> axis_groups((2, 3, 4), (6, 2, 2))
    [([0, 1], [0]), ([2], [1, 2])]
    """
    groups: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(old) or j < len(new):
        old_axes: list[int] = []
        new_axes: list[int] = []
        old_size = new_size = 1
        while True:
            if old_size <= new_size and i < len(old) and (old_size < new_size or not old_axes):
                old_size, i = old_size * old[i], i + 1
                old_axes.append(i - 1)
            elif j < len(new) and (new_size < old_size or not new_axes):
                new_size, j = new_size * new[j], j + 1
                new_axes.append(j - 1)
            else:
                break
        groups.append((old_axes, new_axes))
    return groups


def is_merge(old: tuple[int, ...], new: tuple[int, ...]) -> bool:
    """Whether a reshape only merges axes, some of which are longer than 1.

    Examples
    --------
    >>> is_merge((2, 3, 4), (6, 4)), is_merge((2, 3), (6, 1)), is_merge((6, 4), (2, 3, 4))
    (True, True, False)
    """
    if 0 in old:
        return False
    counts = [
        (sum(old[i] != 1 for i in old_axes), sum(new[i] != 1 for i in new_axes))
        for old_axes, new_axes in axis_groups(old, new)
    ]
    return all(after <= 1 for _, after in counts) and any(before > 1 for before, _ in counts)
