"""Names: how kinds of layers are spelt, and what to say to a name that is not ours."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from chainrule.errors import ArgumentError, type_in_words

__all__ = ["FOREIGN_ARGUMENTS", "FOREIGN_NAMES", "bind_arguments", "kind_of", "look_up"]

Entry = TypeVar("Entry")

FOREIGN_ARGUMENTS: Mapping[str, str] = {
    "activation_fn": "activation",
    "act": "activation",
    "nonlinearity": "activation",
    "kernel_initializer": "initializer",
    "kernel_init": "initializer",
    "weight_initializer": "initializer",
    "weights_initializer": "initializer",
    "embeddings_initializer": "initializer",
    "init": "initializer",
    "kernel_regularizer": "l2",
    "weight_decay": "l2",
    "alpha": "l2",
    "bias": "use_bias",
    "out_features": "units",
    "n_units": "units",
    "num_units": "units",
    "hidden_size": "units",
    "recurrent_init": "recurrent_initializer",
    "merge_mode": "merge",
    "mask": "mask_value",
    "padding_value": "mask_value",
    "reverse": "go_backwards",
    "features": "units",
    "p": "rate",
    "prob": "rate",
    "dropout_rate": "rate",
    "target_shape": "shape",
    "output_shape": "shape",
    "dims": "axes",
    "std": "stddev",
    "sigma": "stddev",
    "stride": "strides",
    "dilation": "dilation_rate",
    "dilations": "dilation_rate",
    "out_channels": "filters",
    "kernel": "kernel_size",
    "filter_size": "kernel_size",
    "input_dim": "vocabulary_size",
    "num_embeddings": "vocabulary_size",
    "vocab_size": "vocabulary_size",
    "output_dim": "units",
    "embedding_dim": "units",
    "num_heads": "heads",
    "n_heads": "heads",
    "key_dim": "key_units",
    "head_dim": "key_units",
    "use_causal_mask": "causal",
    "is_causal": "causal",
    "eps": "epsilon",
    "height_factor": "pixels",
    "width_factor": "pixels",
    "max_shift": "pixels",
    "angle": "degrees",
    "fill_value": "fill",
    "ksize": "kernel_size",
    "n_filters": "filters",
    "num_filters": "filters",
    "pad": "padding",
    "pads": "padding",
    "kernel_size": "pool_size",
    "pool": "pool_size",
    "window_size": "pool_size",
}
"""Arguments as other libraries name them, and the name they have here."""

FOREIGN_NAMES: Mapping[str, str] = {
    "swish": "silu",
    "identity": "linear",
    "logistic": "sigmoid",
    "leakyrelu": "leaky_relu",
    "xavier_normal": "glorot_normal",
    "xavier_uniform": "glorot_uniform",
    "kaiming_normal": "he_normal",
    "kaiming_uniform": "he_uniform",
    "random_normal": "normal",
    "random_uniform": "uniform",
    "mean_squared_error": "mse",
    "squared_error": "mse",
    "mean_absolute_error": "mae",
    "absolute_error": "mae",
    "l1": "mae",
    "smooth_l1": "huber",
    "pinball": "quantile",
    "categorical_crossentropy": "cross_entropy",
    "sparse_categorical_crossentropy": "cross_entropy",
    "crossentropy": "cross_entropy",
    "log_loss": "cross_entropy",
    "nll": "cross_entropy",
    "binary_crossentropy": "binary_cross_entropy",
    "bce": "binary_cross_entropy",
    "kld": "kl_divergence",
    "kl_div": "kl_divergence",
    "cosine_similarity": "cosine",
}
"""Activations, initialisers and losses as other libraries name them, and their names here."""

_INFERRED = {
    "in_features", "in_channels", "input_dim", "input_shape", "input_size", "batch_input_shape",
    "num_features",
}  # fmt: skip


def bind_arguments(
    function: Callable[..., Any], title: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> inspect.BoundArguments:
    """Match arguments with the names of the parameters of `function`, defaults included.

    Parameters
    ----------
    function : callable
        Whose signature counts; its first parameter, ``self``, is left out.
    title : str
        What messages call it, such as ``Dense``.
    args, kwargs : tuple and mapping
        The arguments of the call.

    Returns
    -------
    inspect.BoundArguments
        The value of each parameter.

    Raises
    ------
    ArgumentError
        For a missing or unknown argument; the message says how it is named here.
    """
    _, *parameters = inspect.signature(function).parameters.values()
    signature = inspect.Signature([each.replace(annotation=each.empty) for each in parameters])
    takes_any = any(each.kind is each.VAR_KEYWORD for each in parameters)
    for name in kwargs:
        if name not in signature.parameters and not takes_any:
            raise ArgumentError(_unknown_argument(title, name, signature))
    try:
        arguments = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise ArgumentError(f"{title}: {error}; it is called as {title}{signature}") from None
    arguments.apply_defaults()
    return arguments


def look_up(what: str, name: Any, table: Mapping[str, Entry]) -> Entry:
    """Return what a name stands for.

    Parameters
    ----------
    what : str
        What messages call the entries of the table, such as ``activation``.
    name : str
        The name.
    table : mapping
        From names to entries.

    Returns
    -------
    object
        The entry.

    Raises
    ------
    ArgumentError
        For a name that is not in the table; the message gives close ones.

    Examples
    --------
    >>> look_up("digit", "oen", {"one": 1, "two": 2})
    Traceback (most recent call last):
    chainrule.errors.ArgumentError: unknown digit 'oen', did you mean 'one'? there are: one, two
    """
    names = ", ".join(sorted(table))
    if not isinstance(name, str):
        raise ArgumentError(
            f"{what}: expected a name or a function, got {type_in_words(name)}; names: {names}"
        )
    if name in table:
        return table[name]
    ours = FOREIGN_NAMES.get(name.lower())
    if ours in table:
        raise ArgumentError(f"unknown {what} {name!r}: here it is {ours!r}")
    close = difflib.get_close_matches(name.lower(), table, 2)
    question = f", did you mean {' or '.join(map(repr, close))}?" if close else ";"
    raise ArgumentError(f"unknown {what} {name!r}{question} there are: {names}")


def kind_of(name: str) -> str:
    """Return what layers of a class are called: ``Conv2D`` gives ``conv2d``.

    Parameters
    ----------
    name : str
        Name of the class.

    Returns
    -------
    str
        In lower case, words set apart by underscores.

    Examples
    --------
    >>> [kind_of(name) for name in ("Dense", "MaxPool2D", "LSTM", "GaussianNoise")]
    ['dense', 'max_pool2d', 'lstm', 'gaussian_noise']
    """
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _unknown_argument(title: str, name: str, signature: inspect.Signature) -> str:
    ours = FOREIGN_ARGUMENTS.get(name)
    if ours in signature.parameters:
        return f"{title}: there is no argument {name!r}; here it is {ours!r}"
    if name in _INFERRED:
        return f"{title}: there is no argument {name!r}: sizes are inferred from the first input"
    close = difflib.get_close_matches(name, signature.parameters, 1)
    question = f", did you mean {close[0]!r}?" if close else ";"
    return f"{title}: there is no argument {name!r}{question} it is called as {title}{signature}"
