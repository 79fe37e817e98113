"""Names that other libraries use, and what they are here: the one table, by subject.

A row gives libraries, the names that they use, and the name here or what to do instead::

    row ::= LIBRARY,...  NAME ...  -> NAME
          | LIBRARY,...  NAME ...  -> text of more than one word
            (a line that begins with blanks continues the row above)

Rooms and objects look a missing name up in the subjects that concern them, through `aliases`;
docs/coming_from.md prints the whole table by library.
"""

from chainrule.arguments.foreign_names import (
    arrays,
    data,
    functions,
    layers,
    optimizers,
    package,
    plots,
    science,
    training,
)
from chainrule.arguments.foreign_names.subject import LIBRARIES, Row, Subject

__all__ = ["LIBRARIES", "SUBJECTS", "Row", "Subject"]

SUBJECTS: dict[str, Subject] = {
    **training.SUBJECTS,
    **layers.SUBJECTS,
    **functions.SUBJECTS,
    **optimizers.SUBJECTS,
    **data.SUBJECTS,
    **package.SUBJECTS,
    **plots.SUBJECTS,
    **arrays.SUBJECTS,
    **science.SUBJECTS,
}
"""All subjects, in the order of the page."""
