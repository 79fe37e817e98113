"""Subjects of foreign names, which functions and rooms look a missing name up in.

A handle such as ``FIT_ALIASES`` names its subjects; their rows, in `foreign_names`, are read when a
name is missing, and never when the package is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

__all__ = [
    "ARRAY_ATTRIBUTES",
    "CALLBACK_ALIASES",
    "CALLBACK_ATTRIBUTES",
    "COLUMNS_ATTRIBUTES",
    "CORE_ALIASES",
    "CORE_NAMES",
    "DATASET_ALIASES",
    "DATASET_NAMES",
    "DATA_ALIASES",
    "DATA_NAMES",
    "FIT_ALIASES",
    "FUNCTION_ALIASES",
    "GRAPH_ATTRIBUTES",
    "HISTORY_ATTRIBUTES",
    "IMAGE_ATTRIBUTES",
    "LAYER_ALIASES",
    "LAYER_ARGUMENT_ALIASES",
    "LAYER_ATTRIBUTES",
    "MACHINE_ATTRIBUTES",
    "METRIC_ALIASES",
    "NETWORK_ATTRIBUTES",
    "NO_ALIASES",
    "OPTIMIZER_ALIASES",
    "OPTIMIZER_ATTRIBUTES",
    "OPTIM_NAMES",
    "PIPELINE_ALIASES",
    "PIPELINE_ATTRIBUTES",
    "PLOT_ALIASES",
    "PLOT_NAMES",
    "RANDOM_ALIASES",
    "RANDOM_NAMES",
    "SCIENCE_NAMES",
    "SCORE_ALIASES",
    "SOLVER_NAMES",
    "TABLE_ATTRIBUTES",
    "TESTING_NAMES",
    "WEIGHTS_ALIASES",
    "Aliases",
]


class Aliases:
    """The foreign names of some subjects, or of mappings: the name here, or what to do instead.

    Examples
    --------
    >>> FIT_ALIASES.targets("nb_epoch"), FIT_ALIASES.remedies["workers"]
    (('epochs',), 'use chainrule.set_num_threads')
    >>> Aliases(names={"one": "uno"}).targets("uno")
    ('one',)
    """

    def __init__(
        self,
        *subjects: str,
        names: Mapping[str, str] | None = None,
        remedies: Mapping[str, str] | None = None,
    ) -> None:
        self._subjects = subjects
        self._names = {name: tuple(theirs.split()) for name, theirs in (names or {}).items()}
        self._remedies = dict(remedies or {})

    @property
    def names(self) -> Mapping[str, tuple[str, ...]]:
        """The foreign names of each name here."""
        return _tables(self._subjects)[0] if self._subjects else self._names

    @property
    def remedies(self) -> Mapping[str, str]:
        """What to do instead, by the foreign name, where there is no such thing here."""
        return _tables(self._subjects)[1] if self._subjects else self._remedies

    def targets(self, name: str) -> tuple[str, ...]:
        """Return the names here of a foreign one, whatever its case: more than one is possible."""
        spellings = {name, name.lower()}
        return tuple(own for own, theirs in self.names.items() if spellings.intersection(theirs))


@cache
def _tables(subjects: tuple[str, ...]) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Return the rows of subjects as two mappings: names here to foreign ones, and remedies."""
    from chainrule.arguments.foreign_names import SUBJECTS  # here, as names are seldom wrong

    names, remedies = dict[str, tuple[str, ...]](), dict[str, str]()
    for row in (row for each in subjects for row in SUBJECTS[each].rows()):
        if row.ours is not None:
            names[row.ours] = (*names.get(row.ours, ()), *row.foreign)
        else:
            remedies |= dict.fromkeys(row.foreign, row.remedy or "")
    return names, remedies


NO_ALIASES = Aliases()

# Names of rooms, and of what is given by name
CORE_NAMES = Aliases("package")
DATASET_NAMES = Aliases("datasets")
DATA_NAMES = Aliases("data")
FUNCTION_ALIASES = Aliases("functions")
LAYER_ALIASES = Aliases("layers")
METRIC_ALIASES = Aliases("metrics")
OPTIM_NAMES = Aliases("optimizers")
PLOT_NAMES = Aliases("plot")
TESTING_NAMES = Aliases("testing")
RANDOM_NAMES = Aliases("random")
SCIENCE_NAMES = Aliases("science")
SOLVER_NAMES = Aliases("solvers")

# Arguments
CORE_ALIASES = Aliases("core arguments")
DATASET_ALIASES = Aliases("dataset arguments")
DATA_ALIASES = Aliases("data arguments")
FIT_ALIASES = Aliases("fit")
LAYER_ARGUMENT_ALIASES = Aliases("layer arguments")
OPTIMIZER_ALIASES = Aliases("optimizer arguments")
PIPELINE_ALIASES = Aliases("pipeline arguments")
PLOT_ALIASES = Aliases("plot arguments")
RANDOM_ALIASES = Aliases("random arguments")
SCORE_ALIASES = Aliases("score arguments")
WEIGHTS_ALIASES = Aliases("weights arguments")

# Attributes and methods
ARRAY_ATTRIBUTES = Aliases("arrays")
CALLBACK_ALIASES = Aliases("callback methods")
CALLBACK_ATTRIBUTES = Aliases("callback attributes")
COLUMNS_ATTRIBUTES = Aliases("columns")
GRAPH_ATTRIBUTES = Aliases("graph")
HISTORY_ATTRIBUTES = Aliases("history")
LAYER_ATTRIBUTES = Aliases("layer attributes", "layer arguments")
MACHINE_ATTRIBUTES = Aliases("machine")
NETWORK_ATTRIBUTES = Aliases("network")
OPTIMIZER_ATTRIBUTES = Aliases("optimizer attributes")
IMAGE_ATTRIBUTES = Aliases("images")
PIPELINE_ATTRIBUTES = Aliases("pipeline")
TABLE_ATTRIBUTES = Aliases("table")
