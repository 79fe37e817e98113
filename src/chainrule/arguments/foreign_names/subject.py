"""A subject: the rows of names that are looked up together, and how users type them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

__all__ = ["LIBRARIES", "Row", "Subject"]

LIBRARIES = {
    "keras": "Keras and TensorFlow",
    "torch": "PyTorch",
    "sklearn": "scikit-learn",
    "skorch": "skorch and SciKeras",
    "jax": "JAX and autograd",
    "numpy": "NumPy and SciPy",
    "pandas": "pandas",
    "other": "Tutorials and other libraries",
}
"""The libraries of the table, by their keys in rows."""


@dataclass(frozen=True)
class Row:
    """Names that libraries use for one thing: the name here, or else the remedy."""

    libraries: tuple[str, ...]
    foreign: tuple[str, ...]
    ours: str | None
    remedy: str | None


@dataclass(frozen=True)
class Subject:
    """Rows of one kind; templates give how a name is typed, here and in other libraries."""

    title: str
    table: str
    ours: str = "{}"
    theirs: Mapping[str, str] = field(default_factory=dict[str, str])

    def rows(self) -> Iterator[Row]:
        """Parse the table.

        Examples
        --------
        >>> table = '''
        ... keras,torch  Linear Affine  -> Dense
        ... keras  Model  -> subclass it,
        ...        or not
        ... '''
        >>> for row in Subject("layers", table).rows():
        ...     print(*row.foreign, "|", row.ours, "|", row.remedy)
        Linear Affine | Dense | None
        Model | None | subclass it, or not
        """
        for line in self.table.replace("\n ", " ").strip().splitlines():
            theirs, _, answer = line.partition("->")
            libraries, *foreign = theirs.split()
            answer = " ".join(answer.split())
            is_name = answer.isidentifier()
            yield Row(
                libraries=tuple(libraries.split(",")),
                foreign=tuple(foreign),
                ours=answer if is_name else None,
                remedy=None if is_name else answer,
            )

    def typed(self, library: str, name: str) -> str:
        """Return a foreign name as users of a library type it."""
        return self.theirs.get(library, self.theirs.get("", "{}")).format(name)
