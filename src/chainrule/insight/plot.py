"""Plots of data, of training, and of what networks answer.

Each function draws on a new figure, or on the given axes, saves the figure if a path is given, and
returns it. The figure is one of pyplot, which ``plt.show()`` shows, if the program has imported
``matplotlib.pyplot`` and gives no path; otherwise no window opens.
"""

from typing import TYPE_CHECKING

from chainrule.arguments.aliases import PLOT_NAMES
from chainrule.arguments.rooms import open_room
from chainrule.insight.plots.answers import Classifier
from chainrule.insight.plots.confusion import confusion
from chainrule.insight.plots.decision_boundary import decision_boundary
from chainrule.insight.plots.forecast import forecast
from chainrule.insight.plots.history import history
from chainrule.insight.plots.images import images
from chainrule.insight.plots.importance import importance
from chainrule.insight.plots.mistakes import mistakes
from chainrule.insight.plots.points import points
from chainrule.insight.plots.roc import roc
from chainrule.insight.plots.weights import weights

__all__ = [
    "Classifier",
    "confusion",
    "decision_boundary",
    "forecast",
    "history",
    "images",
    "importance",
    "mistakes",
    "points",
    "roc",
    "weights",
]


if not TYPE_CHECKING:  # type checkers must still reject unknown names
    __getattr__, __dir__ = open_room(__name__, "plot", __all__, PLOT_NAMES)
