"""All plots, imported together when the first one is drawn."""

from chainrule.insight.plots.activations import activations
from chainrule.insight.plots.classifier import Classifier
from chainrule.insight.plots.confusion import confusion
from chainrule.insight.plots.decision_boundary import decision_boundary
from chainrule.insight.plots.descent import descent
from chainrule.insight.plots.feature_maps import feature_maps
from chainrule.insight.plots.fit import fit
from chainrule.insight.plots.forecast import forecast
from chainrule.insight.plots.gradients import gradients
from chainrule.insight.plots.history import history
from chainrule.insight.plots.images import images
from chainrule.insight.plots.importance import importance
from chainrule.insight.plots.layer_histograms import layer_histograms
from chainrule.insight.plots.lessons.activation_functions import activation_functions
from chainrule.insight.plots.lessons.array_shapes import broadcasting, reduction
from chainrule.insight.plots.lessons.optimizers import optimizers
from chainrule.insight.plots.lessons.overfitting import overfitting
from chainrule.insight.plots.lessons.schedules import schedules
from chainrule.insight.plots.loss_surface import loss_surface
from chainrule.insight.plots.mistakes import mistakes
from chainrule.insight.plots.network import network
from chainrule.insight.plots.points import points
from chainrule.insight.plots.precision_recall import calibration, precision_recall
from chainrule.insight.plots.predictions import predictions
from chainrule.insight.plots.roc import roc
from chainrule.insight.plots.weights import weights

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
