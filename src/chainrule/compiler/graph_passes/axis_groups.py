"""Which axes of one shape become which axes of another one of the same size."""

from __future__ import annotations

__all__ = ["axis_groups", "is_merge"]


def axis_groups(old: tuple[int, ...], new: tuple[int, ...]) -> list[tuple[list[int], list[int]]]:
    """Cut two shapes of one size into the smallest runs of axes of equal size.

    Examples
    --------
    >>> axis_groups((2, 3, 4), (6, 2, 2))
    [([0, 1], [0]), ([2], [1, 2])]
    """
    groups: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(old) or j < len(new):
        olds: list[int] = []
        news: list[int] = []
        a = b = 1
        while True:
            if a <= b and i < len(old) and (a < b or not olds):
                a, i = a * old[i], i + 1
                olds.append(i - 1)
            elif j < len(new) and (b < a or not news):
                b, j = b * new[j], j + 1
                news.append(j - 1)
            else:
                break
        groups.append((olds, news))
    return groups


def is_merge(old: tuple[int, ...], new: tuple[int, ...]) -> bool:
    """Tell whether a new shape only joins axes, some of which are longer than 1.

    Examples
    --------
    >>> is_merge((2, 3, 4), (6, 4)), is_merge((2, 3), (6, 1)), is_merge((6, 4), (2, 3, 4))
    (True, True, False)
    """
    if 0 in old:
        return False
    counts = [
        (sum(old[i] != 1 for i in olds), sum(new[i] != 1 for i in news))
        for olds, news in axis_groups(old, new)
    ]
    return all(after <= 1 for _, after in counts) and any(before > 1 for before, _ in counts)
