"""Plots of data, of training, and of what networks answer.

Each function draws on a new figure, or on the given axes, saves the figure if a path is given, and
returns it. The figure is one of pyplot, which ``plt.show()`` shows, if the program has imported
``matplotlib.pyplot`` and gives no path; otherwise no window opens.
"""

from typing import TYPE_CHECKING

from chainrule.arguments.aliases import PLOT_NAMES
from chainrule.arguments.rooms import open_room

if TYPE_CHECKING:
    from chainrule.insight.plots.gallery import (
        Classifier,
        activation_functions,
        activations,
        broadcasting,
        calibration,
        confusion,
        decision_boundary,
        descent,
        feature_maps,
        fit,
        forecast,
        gradients,
        history,
        images,
        importance,
        layer_histograms,
        loss_surface,
        mistakes,
        network,
        optimizers,
        overfitting,
        points,
        precision_recall,
        predictions,
        reduction,
        roc,
        schedules,
        weights,
    )

__all__ = [
    "Classifier",
    "activation_functions",
    "activations",
    "broadcasting",
    "calibration",
    "confusion",
    "decision_boundary",
    "descent",
    "feature_maps",
    "fit",
    "forecast",
    "gradients",
    "history",
    "images",
    "importance",
    "layer_histograms",
    "loss_surface",
    "mistakes",
    "network",
    "optimizers",
    "overfitting",
    "points",
    "precision_recall",
    "predictions",
    "reduction",
    "roc",
    "schedules",
    "weights",
]


if not TYPE_CHECKING:  # type checkers must still reject unknown names
    _refuse, __dir__ = open_room(__name__, "plot", __all__, PLOT_NAMES)

    def __getattr__(name: str) -> object:
        """Import the plots when the first is drawn, as most programs draw none."""
        if name not in __all__:
            return _refuse(name)
        from chainrule.insight.plots import gallery

        globals()[name] = value = getattr(gallery, name)
        return value
