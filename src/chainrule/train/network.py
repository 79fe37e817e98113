"""The network: layers one after the other that can be trained, asked and kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.checks import checked_seed
from chainrule.arguments.lookup import refuse_unknown, refuse_unnamed
from chainrule.data.table import Table
from chainrule.graph.node import Node
from chainrule.nn.layer import Layer
from chainrule.nn.losses.loss import Loss
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.schedules.schedule import Schedule
from chainrule.train.asked import Asked
from chainrule.train.callbacks import Callback
from chainrule.train.files.save import save
from chainrule.train.fit.fit import FitArguments, fit
from chainrule.train.history import History
from chainrule.train.inputs.data_adapter import prepare_inputs
from chainrule.train.inputs.table_inputs import Inputs
from chainrule.train.metrics import Metric
from chainrule.train.model.compile_arguments import resolve_compile_arguments, resolve_learning_rate
from chainrule.train.model.model import Model, checked_dtype, checked_layers
from chainrule.train.model.parameters import Params
from chainrule.train.model.summary import print_summary

if TYPE_CHECKING:
    from chainrule.insight.program_report import ProgramReport

__all__ = ["Network"]

Array = NDArray[Any]

_FITS = ("X", "y", *(each.name for each in fields(FitArguments)))
"""The arguments of ``fit``."""


class Network(Asked):
    """Layers one after the other.

    Input sizes are inferred from the first data the network sees. Layers without a name of their
    own are named by kind and number: ``dense``, ``dense_1``.

    Parameters
    ----------
    layers : sequence of Layer
        From input to output; a `data.Table` may stand first, for tables of numbers and categories.
    seed : int in [0, 2**64)
        Decides all that is random: first weights, order of the data, dropout.
    dtype : {"float32", "float64"}
        Kind of number of parameters and computation; data of other kinds are converted batch by
        batch.

    Attributes
    ----------
    history : History or None
        Of the latest call of `fit`, also of one that was interrupted.

    Raises
    ------
    ArgumentError
        For something that is no layer, a layer or name that comes twice, or a bad seed or dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import nn
    >>> net = Network([nn.Dense(3, activation="tanh"), nn.Dense(1)], seed=0)
    >>> net.compile(loss="mse", optimizer="adam", learning_rate=0.05)
    >>> X = np.linspace(-1, 1, 20)[:, None]
    >>> history = net.fit(X, X**2, epochs=200, batch_size=None, verbose=0)
    >>> history["loss"][-1] < 0.01
    True
    >>> net.params["dense.weight"].shape, net.predict(X).shape
    ((1, 3), (20, 1))
    """

    def __init__(
        self,
        layers: Iterable[Layer | Table] = (),
        seed: int = 0,
        dtype: str = "float32",
        **foreign: Any,
    ) -> None:
        refuse_unknown("Network", foreign, ("layers", "seed", "dtype"))
        self._model = Model(checked_seed("Network", seed), checked_dtype(dtype))
        self.history: History | None = None
        for layer in checked_layers(layers):
            self.add(layer)

    @classmethod
    def around(cls, model: Model) -> Network:
        """Return the network with this inside, as `chainrule.load` reads it; not compiled."""
        net = cls(seed=model.seed, dtype=model.dtype.name)
        net._model = model
        return net

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers, from input to output."""
        return tuple(self._model.layers)

    @property
    def params(self) -> Params:
        """All parameters by name (``dense.weight``): live arrays to read, assign and write into."""
        return Params(self._model.stack.parameters())

    @property
    def table(self) -> Table | None:
        """The table that the network begins with, with what it has learned in `fit`."""
        return self._model.table

    @property
    def classes(self) -> list[str] | None:
        """The names of the classes by number, where it was trained on names."""
        return None if self._model.classes is None else list(self._model.classes)

    def add(self, layer: Layer | Table) -> None:
        """Append a layer.

        Parameters
        ----------
        layer : Layer, or Table in the first place
            It takes the output of the last one so far.

        Raises
        ------
        ArgumentError
            If it is no layer, is in the network already, or has the name of another one.
        """
        self._model.add(layer)

    def __call__(self, X: Any) -> Any:
        """Compute the output for arrays, or trace it for nodes; builds what is not built yet.

        Parameters
        ----------
        X : array or node, (n, ...)
            The inputs, one sample a row.

        Returns
        -------
        array or node, (n, ...)
            The network's output.

        Raises
        ------
        ShapeError
            If the inputs do not have the shape the network was built for.
        """
        model = self._model
        if not isinstance(X, Node):
            return model.stack(prepare_inputs(model, X, "the network"))
        model.build(X.shape, "the network")
        return model.stack(X)

    # Learning; what can be asked is inherited.

    def compile(
        self,
        loss: str | Loss | Callable[[Any, Any], Any],
        optimizer: str | Optimizer | type[Optimizer] = "adam",
        learning_rate: float | Schedule | None = None,
        metrics: str | Callable[..., Any] | Sequence[str | Metric | Callable[..., Any]] = (),
        **foreign: Any,
    ) -> None:
        """Say what to train for and how; training starts anew from the parameters there are.

        Parameters
        ----------
        loss : str, Loss or function (y_true, y_pred)
            What to make small: a name such as "mse" or "cross_entropy", or any function in NumPy
            that gives a number, or one for each sample.
        optimizer : str, Optimizer or class of optimisers
            How: a name such as "sgd", or an object such as ``optim.SGD(0.1, momentum=0.9)``.
        learning_rate : float > 0, Schedule or None
            Of an optimiser given by name; None for its own. ``lr`` is the same.
        metrics : str, function, or sequence of them
            What to report besides: names such as "accuracy", or functions ``(y_true, y_pred)``.
        **foreign
            Arguments as other libraries name them; the error names ours.

        Raises
        ------
        ArgumentError
            For names that do not exist, and for values out of range.
        """
        rate = resolve_learning_rate(learning_rate, foreign)
        refuse_unknown("compile", foreign, ("loss", "optimizer", "learning_rate", "metrics"))
        self._model.restart(resolve_compile_arguments(loss, optimizer, rate, metrics))

    def fit(
        self,
        X: Inputs,
        y: ArrayLike,
        *unnamed: Any,
        epochs: int = 1,
        batch_size: int | None = 32,
        validation_data: Sequence[ArrayLike] | None = None,
        validation_split: float = 0.0,
        shuffle: bool = True,
        sample_weight: ArrayLike | None = None,
        class_weight: Mapping[Any, float] | str | None = None,
        callbacks: Callback | Callable[..., Any] | Sequence[Any] | None = None,
        verbose: str | int = "auto",
        **foreign: Any,
    ) -> History:
        """Train on samples; calling it again goes on where it stopped.

        Epochs, steps and what the optimiser remembers go on counting until `compile` is called, so
        twice one epoch is the same as two, bit for bit. The order of the data is a function of seed
        and epoch. The inputs are never written to, nor copied as a whole.

        Parameters
        ----------
        X : array, list, table or memory map, (n, ...)
            Inputs of any kind of real number; converted batch by batch. With a table in the first
            place: a DataFrame, a dict of columns or the path of a CSV file.
        y : array, list or table, (n, ...)
            Targets: numbers; class numbers 0, 1, 2, ...; names of classes; or rows with one 1.
        *unnamed
            Refused: all that follows needs its name.
        epochs : int >= 1
            Passes over the data.
        batch_size : int >= 1 or None
            Samples a step; None for all.
        validation_data : (X, y), (X, y, sample_weight) or None
            Samples that are not learned from; their results stand as ``val_loss`` and so on.
        validation_split : float in [0, 1)
            Keep this share of the samples for validation, the last ones, before any shuffling.
        shuffle : bool
            Whether each epoch has an order of its own.
        sample_weight : array, float >= 0, (n,), or None
            How much the loss of each sample counts.
        class_weight : mapping of class to float, "balanced" or None
            How much the samples of each class count; "balanced" lets all classes count alike.
        callbacks : Callback, function (net, epoch, logs), or sequence of them
            What is told of each epoch, and may end the training.
        verbose : {"auto", 0, 1, 2}
            0 shows nothing, 1 a bar, 2 one line an epoch; "auto" chooses by the screen.
        **foreign
            Arguments as other libraries name them; the error names ours.

        Returns
        -------
        History
            Loss, metrics, learning rate and seconds of each epoch.

        Raises
        ------
        ArgumentError
            Before `compile`, and for arguments out of range.
        DataError, ShapeError, DTypeError
            For data that cannot be learned from, before anything has changed; a DataError also when
            the loss stops being finite, with the network as the last finite step left it.
        """
        refuse_unnamed("fit", unnamed, "net.fit(X, y, epochs=10, batch_size=32)")
        refuse_unknown("fit", foreign, _FITS)
        arguments = FitArguments(
            epochs=epochs, batch_size=batch_size, validation_data=validation_data,
            validation_split=validation_split, shuffle=shuffle, sample_weight=sample_weight,
            class_weight=class_weight, callbacks=callbacks, verbose=verbose,
        )  # fmt: skip
        return fit(self, self._model, X, y, arguments)

    # Showing and keeping.

    def summary(self) -> None:
        """Print layers, output shapes, parameters and activations as a table."""
        print_summary(self._model)

    def program(self, measure: bool = False) -> ProgramReport:
        """Show the program that was compiled for training, loop nest by loop nest.

        Parameters
        ----------
        measure : bool
            Whether to measure how long each nest takes beside the machine's peak; takes seconds.

        Returns
        -------
        ProgramReport
            Prints as a table.

        Raises
        ------
        ArgumentError
            Before `compile` and `fit`, and where NumPy runs the steps.
        """
        from chainrule.insight.program import program

        return program(self, measure)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network into a file that `chainrule.load` reads; see `train.files.save`.

        Parameters
        ----------
        path : str or path
            Usually ``*.safetensors``. A file that is there is replaced, as a whole or not at all.

        Raises
        ------
        ArgumentError
            If the network is not built yet, or has parts that cannot be written as data.
        OSError
            If the file cannot be written.
        """
        save(self._model, path)

    def __repr__(self) -> str:
        return f"<network: {' → '.join(str(layer.name) for layer in self.layers)}>"
