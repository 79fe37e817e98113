"""Exercises: write the derivative of an activation, a loss or a layer, and have it judged.

::

    cr.lab.exercises()                     the table of exercises
    cr.lab.show("tanh")                    the task, an example and a template
    cr.lab.check("tanh", my_function)      right, or the smallest counter-example with a hint
    cr.lab.solution("tanh")                after a right answer
    cr.lab.score()                         from the score file

Answers are plain NumPy. They run in this process, without a time limit; nothing is sent anywhere.
"""

from typing import TYPE_CHECKING

from chainrule.arguments.aliases import Aliases
from chainrule.arguments.rooms import open_room

if TYPE_CHECKING:
    from chainrule.insight.lab.page import ExerciseTable, Page
    from chainrule.insight.lab.score_file import Score
    from chainrule.insight.lab.verdict import Verdict
    from chainrule.insight.lab.workbook import check, exercises, score, show, solution

__all__ = [
    "ExerciseTable",
    "Page",
    "Score",
    "Verdict",
    "check",
    "exercises",
    "score",
    "show",
    "solution",
]


_NAMES = Aliases(names={
    "check": "grade judge submit", "exercises": "list tasks", "show": "describe task template",
    "solution": "answer", "score": "points progress",
})  # fmt: skip

if not TYPE_CHECKING:  # type checkers must still reject unknown names
    _refuse, __dir__ = open_room(__name__, "lab", __all__, _NAMES)

    def __getattr__(name: str) -> object:
        """Import the exercises when the first is asked for, as most programs ask for none."""
        if name not in __all__:
            return _refuse(name)
        import chainrule.insight.lab.workbook as workbook

        globals()[name] = value = getattr(workbook, name)
        return value
