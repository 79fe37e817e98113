"""Attributes of layers in other libraries: the name here, or what to do instead."""

from __future__ import annotations

from chainrule.arguments.aliases import LAYER_ARGUMENT_ALIASES, Aliases

__all__ = ["LAYER_ATTRIBUTES", "TRAINING_MODE", "foreign_target"]

TRAINING_MODE = (
    "a layer has no mode: write forward(self, x, training=False), which is True where fit trains"
)
_ARRAYS = "parameters are NumPy arrays, on the CPU"
_VALUES = "assign the arrays: net.params[name] = array"

LAYER_ATTRIBUTES = Aliases(
    names={
        **LAYER_ARGUMENT_ALIASES.names,
        "bias": "recurrent_bias_ intercept_",
        "config": "get_config to_json",
        "forward": "call apply",
        "gain": "gamma",
        "input_shape": "built input_size",
        "mean": "running_mean moving_mean",
        "parameter": "add_weight add_variable register_parameter create_parameter",
        "parameters": "weights trainable_weights trainable_variables non_trainable_weights "
        "variables get_weights state_dict named_parameters get_parameters",
        "trainable": "requires_grad requires_grad_ frozen",
        "variance": "running_var moving_variance",
        "weight": "kernel embeddings coef_",
    },
    remedies={
        **LAYER_ARGUMENT_ALIASES.remedies,
        "add_loss": "add it in the loss of net.compile, or give l2=",
        "cpu": _ARRAYS,
        "cuda": _ARRAYS,
        "eval": TRAINING_MODE,
        "load_state_dict": _VALUES,
        "register_buffer": "create state in build: self.parameter(name, shape, initializer, "
        "trainable=False)",
        "register_forward_hook": "read what it computes in a layer of your own",
        "set_weights": _VALUES,
        "to": _ARRAYS,
        "train": TRAINING_MODE,
        "training": TRAINING_MODE,
        "zero_grad": "gradients are new in each step; leave it out",
    },
)
"""Attributes that are read, called or assigned."""


def foreign_target(name: str) -> str | None:
    """Return the name here of a foreign attribute, or None.

    Examples
    --------
    >>> foreign_target("kernel_regularizer"), foreign_target("rate")
    ('l2', None)
    """
    pairs = ((own, foreign.split()) for own, foreign in LAYER_ATTRIBUTES.names.items())
    return next((own for own, foreign in pairs if name in foreign), None)
