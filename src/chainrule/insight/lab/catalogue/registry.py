"""All exercises by name, in the order in which they are best done."""

from chainrule.insight.lab.catalogue.activations import ACTIVATIONS
from chainrule.insight.lab.catalogue.convolutions import CONVOLUTIONS
from chainrule.insight.lab.catalogue.layers import LAYERS
from chainrule.insight.lab.catalogue.losses import LOSSES
from chainrule.insight.lab.catalogue.normalizations import NORMALIZATIONS
from chainrule.insight.lab.catalogue.sequences import SEQUENCES
from chainrule.insight.lab.catalogue.training import TRAINING
from chainrule.insight.lab.exercise import Exercise

__all__ = ["EXERCISES"]

EXERCISES: dict[str, Exercise] = {
    each.name: each
    for each in (
        *ACTIVATIONS,
        *LOSSES,
        *LAYERS,
        *CONVOLUTIONS,
        *NORMALIZATIONS,
        *SEQUENCES,
        *TRAINING,
    )
}
