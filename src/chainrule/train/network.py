"""`Network`: a sequence of layers with compile, fit, evaluate, predict and save."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import FIT_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.arguments.lookup import refuse_unnamed
from chainrule.nn.losses.loss import Loss
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.registry import resolve_optimizer
from chainrule.optim.schedules.schedule import Rate
from chainrule.pickling import independent_copies
from chainrule.train.exportable import Exportable
from chainrule.train.fit.fit_arguments import DEFAULT_BATCH_SIZE, DEFAULT_SHUFFLE, FitArguments
from chainrule.train.history import History
from chainrule.train.inference.class_prediction import predicted_classes, probability_activation
from chainrule.train.inference.evaluate import PREDICT_BATCH_SIZE, evaluate, predict
from chainrule.train.inference.evaluation import Evaluation
from chainrule.train.inference.validation_stream import evaluate_each
from chainrule.train.inputs.batch_source import Batches
from chainrule.train.inputs.data_adapter import prepare_samples
from chainrule.train.inputs.table_inputs import Inputs
from chainrule.train.metrics import Metric
from chainrule.train.model.compile_arguments import CompileArguments, resolve_compile_arguments
from chainrule.train.model.model import Model

if TYPE_CHECKING:
    from chainrule.train.callbacks import Callback, Checkpoint
    from chainrule.train.progress import Progress

__all__ = ["Network", "model_of"]


@independent_copies
@answers_foreign_names(FIT_ALIASES)
class Network(Exportable):
    """A sequence of layers.

    Input sizes are inferred from the first data. Layers without a name are named by kind and
    number: ``dense``, ``dense_1``. Threads may share a network: while one of them trains it, the
    others predict, evaluate, save and copy it as of a finished epoch; a second `fit`, `compile`,
    `add` and writes of parameters are refused meanwhile.

    Parameters
    ----------
    layers : sequence of Layer
        From input to output; a `data.Table` may come first, for numeric and categorical columns.
    seed : int in [0, 2**64)
        Determines initial weights, the order of the samples and dropout.
    dtype : {"float32", "float64"}
        Dtype of parameters and computation; data of another dtype are converted batch by batch.

    Attributes
    ----------
    history : History or None
        Of the latest call of `fit`, also of an interrupted one.

    Raises
    ------
    ArgumentError
        For an element that is not a layer, a layer or name used twice, or a bad seed or dtype.

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

    @property
    def loss(self) -> Loss | None:
        """The loss given to `compile`; None before."""
        arguments = self._model.compile_arguments
        return None if arguments is None else arguments.loss

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics given to `compile`; none before."""
        arguments = self._model.compile_arguments
        return () if arguments is None else arguments.metrics

    @property
    def optimizer(self) -> Optimizer | None:
        """The optimiser given to `compile`, None before; another one continues the training.

        Optimisers are immutable: ``net.optimizer = dataclasses.replace(net.optimizer,
        learning_rate=0.01)`` takes effect in the next epoch, also from a callback.
        """
        arguments = self._model.compile_arguments
        return None if arguments is None else arguments.optimizer

    @optimizer.setter
    def optimizer(self, optimizer: str | Optimizer | type[Optimizer]) -> None:
        before = self._model.objective("optimizer")
        resolved = resolve_optimizer(optimizer)
        self._model.set_optimizer(CompileArguments(before.loss, resolved, before.metrics))

    def compile(
        self,
        loss: str | Loss | Callable[[Any, Any], Any],
        optimizer: str | Optimizer | type[Optimizer] = "adam",
        learning_rate: Rate | None = None,
        metrics: str | Callable[..., Any] | Sequence[str | Metric | Callable[..., Any]] = (),
    ) -> None:
        """Set loss, optimiser and metrics; restarts training from the current parameters.

        Parameters
        ----------
        loss : str, Loss or function (y_true, y_pred)
            A name such as "cross_entropy", or a NumPy function that returns one value a sample, or
            one number. In `fit` the loss of an epoch is the mean over its batches, also of one
            number of each, such as a root of a mean.
        optimizer : str, Optimizer or class of optimisers
            A name such as "sgd", or an object such as ``optim.SGD(0.1, momentum=0.9)``.
        learning_rate : float > 0, Schedule, function (epoch) or None
            Of an optimiser given by name; None for its default. ``lr`` is an alias.
        metrics : str, function, or sequence of them
            Names such as "accuracy", or functions ``(y_true, y_pred)``.

        Raises
        ------
        ArgumentError
            For unknown names and values out of range.
        """
        self._model.restart(resolve_compile_arguments(loss, optimizer, learning_rate, metrics))

    def fit(
        self,
        X: Inputs | Batches,
        y: ArrayLike | None = None,
        *unnamed: Any,
        epochs: int = 1,
        batch_size: int | None = DEFAULT_BATCH_SIZE,
        validation_data: Sequence[ArrayLike] | Batches | None = None,
        validation_split: float = 0.0,
        shuffle: bool = DEFAULT_SHUFFLE,
        sample_weight: ArrayLike | None = None,
        class_weight: Mapping[Any, float] | str | None = None,
        callbacks: Callback | Callable[..., Any] | Sequence[Any] | None = None,
        verbose: str | int | Progress = "auto",
        checkpoint: str | os.PathLike[str] | Checkpoint | None = None,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
    ) -> History:
        """Train on samples; another call continues the training.

        Epochs, steps and optimiser slots carry over until `compile`: twice one epoch equals two
        epochs, bit for bit. The order of the samples is a function of seed and epoch. Data are
        neither written to nor copied as a whole.

        Parameters
        ----------
        X : array, list, table, sparse matrix or memory map, (n, ...), or iterable of batches
            Inputs of any real dtype, converted batch by batch. If a `data.Table` comes first: a
            DataFrame, a dict of columns or the path of a CSV file. Without `y`, batches (X, y) or
            (X, y, sample_weight): a `data.Pipeline`, a generator or its function, a DataLoader.
        y : array, list or table, (n, ...), or None
            Targets: real values, class indices 0, 1, 2, ..., class names, or one-hot rows.
        *unnamed
            Refused: the arguments after `y` are keyword-only.
        epochs : int >= 1
            Passes over the data; of full-batch methods the largest number of iterations.
        batch_size : int >= 1 or None
            Samples a step; None for full batch, the default of methods such as "lbfgs".
        validation_data : (X, y), (X, y, sample_weight), iterable of batches or None
            Samples to evaluate after each epoch, reported as ``val_loss`` and so on.
        validation_split : float in [0, 1)
            Fraction of the samples held out for validation: the last ones, before shuffling.
        shuffle : bool
            Whether to reorder the samples in each epoch.
        sample_weight : array, float >= 0, (n,) or (n, steps), or None
            Weight of each sample's loss, or of each step where the outputs are (n, steps, ...).
            Loss and metrics leave out padded steps, see `nn.Masking`.
        class_weight : mapping of class to float, "balanced" or None
            Weight of each class; "balanced" is inversely proportional to its frequency.
        callbacks : Callback, function (net, epoch, logs), or sequence of them
            Called for each epoch; they may stop the training.
        verbose : {"auto", 0, 1, 2} or Progress
            0 prints nothing, 2 one line an epoch, ``Progress(every=n)`` one line every n epochs.
            1 and "auto" show a bar on a terminal, live curves in a notebook, else lines of epochs.
        checkpoint : str, path, Checkpoint or None
            A folder for checkpoints, from which the same call goes on if the process is killed, bit
            for bit; `epochs` counts from the beginning of the run. See `Checkpoint`.
        steps_per_epoch, validation_steps : int >= 1 or None
            Batches of an epoch and of a validation; None for all that an iterable has.

        Returns
        -------
        History
            Loss, metrics, learning rate and seconds of each epoch.

        Raises
        ------
        ArgumentError
            Before `compile`, and for arguments out of range.
        DataError, ShapeError, DTypeError
            For unsuitable data, before anything has changed; a DataError also when the loss becomes
            NaN or infinite, with the parameters of the last finite step.
        OSError
            If another process uses the folder of checkpoints, or it cannot be written to.
        """
        refuse_unnamed("fit", unnamed, "net.fit(X, y, epochs=10, batch_size=32)")
        arguments = FitArguments(
            epochs=epochs, batch_size=batch_size, validation_data=validation_data,
            validation_split=validation_split, shuffle=shuffle, sample_weight=sample_weight,
            class_weight=class_weight, callbacks=callbacks, verbose=verbose,
            checkpoint=checkpoint, steps_per_epoch=steps_per_epoch,
            validation_steps=validation_steps,
        )  # fmt: skip
        from chainrule.train.fit.fit import fit  # here, as many programs only predict

        return fit(self, self._model, X, y, arguments)

    def evaluate(
        self,
        X: Inputs | Batches,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Evaluation:
        """Return loss and metrics on samples, without training.

        The result is a dictionary by name that unpacks into its values: ``loss, accuracy =
        net.evaluate(X, y)``. They are computed batch by batch. A loss of your own that gives one
        number is computed once, of all predictions, held in memory as for some metrics.

        Parameters
        ----------
        X, y, sample_weight : array, list, table or memory map, (n, ...), or iterable of batches
            As in `fit`.

        Returns
        -------
        Evaluation, a dict of str to float
            ``loss``, penalties included, and each metric; iteration gives the values.

        Raises
        ------
        ArgumentError, DataError, ShapeError, DTypeError
            Before `compile`, and for data unsuitable for the network.
        """
        model, programs = self._model, self._model.programs  # the programs first: see ProgramCache
        objective = model.objective("evaluate")
        if (results := evaluate_each(model, objective, X, y, sample_weight)) is not None:
            return Evaluation(results)
        samples, _ = prepare_samples(model, objective, X, y, sample_weight, "evaluate")
        stack = model.stack
        results = model.parameter_lock.read(lambda: evaluate(stack, objective, programs, samples))
        return Evaluation(results)

    def gradients(
        self,
        X: Inputs,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        training: bool = False,
        seed: Any = None,
    ) -> dict[str, NDArray[Any]]:
        """Return the gradient of the loss of `compile`, penalties included, by each parameter.

        By default that of ``net.evaluate(X, y)["loss"]``; with `training`, that of a step of `fit`
        on these samples, all of which are one batch. Nothing of the network changes.

        Parameters
        ----------
        X, y, sample_weight : array, list, table or memory map, (n, ...)
            As in `fit`.
        training, seed : bool and int
            As in `apply`.

        Returns
        -------
        dict of str to array
            Gradients under the names of `params`, and of their shapes; zeros for what training
            does not update, which are frozen weights and running statistics.

        Raises
        ------
        ArgumentError, DataError, ShapeError, DTypeError
            As `evaluate` does, and if a layer draws random numbers without a seed.

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule import nn
        >>> net = Network([nn.Dense(1)])
        >>> net.compile(loss="mse")
        >>> gradients = net.gradients(np.eye(3), np.zeros((3, 1)))
        >>> {name: each.shape for name, each in gradients.items()}
        {'dense.weight': (3, 1), 'dense.bias': (1,)}
        """
        from chainrule.train.inference.functional import gradients

        objective = self._model.objective("gradients")
        return gradients(self._model, objective, X, y, sample_weight, training, seed)

    def predict(
        self, X: Inputs | Batches, batch_size: int | None = PREDICT_BATCH_SIZE
    ) -> NDArray[Any]:
        """Return the output of the network, the last activation included.

        Parameters
        ----------
        X : array, list, table, sparse matrix or memory map, (n, ...), or iterable of batches
            Inputs; of a batch that is a tuple, its first item.
        batch_size : int >= 1 or None
            Samples computed at once; None for all.

        Returns
        -------
        array, (n, ...)
            One output a sample.

        Raises
        ------
        DataError, ShapeError, DTypeError
            For inputs unsuitable for the network.
        """
        return predict(self._model, X, batch_size, "predict")

    def predict_proba(
        self, X: Inputs | Batches, batch_size: int | None = PREDICT_BATCH_SIZE
    ) -> NDArray[Any]:
        """Return the class probabilities, also of a network whose outputs are logits.

        Parameters
        ----------
        X, batch_size : array and int
            As in `predict`.

        Returns
        -------
        array, in [0, 1], (n, classes), or (n, 1) for two classes
            The probabilities.

        Raises
        ------
        ArgumentError
            If neither the last activation nor the loss is that of a classifier.
        """
        activation = probability_activation(self._model, "predict_proba")
        return predict(self._model, X, batch_size, "predict_proba", activation)

    def predict_class(
        self, X: Inputs | Batches, batch_size: int | None = PREDICT_BATCH_SIZE
    ) -> NDArray[Any]:
        """Return the most probable class of each sample.

        Parameters
        ----------
        X, batch_size : array and int
            As in `predict`.

        Returns
        -------
        array, int or text, (n,)
            Class indices, or class names if trained on names.

        Raises
        ------
        ArgumentError
            If the network is not a classifier.
        """
        outputs = predict(self._model, X, batch_size, "predict_class")
        return predicted_classes(self._model, outputs)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a file that `chainrule.load` reads; see `train.files.save`.

        Parameters
        ----------
        path : str or path
            Usually ``*.safetensors``, with the state of training; replaced atomically.

        Raises
        ------
        ArgumentError, OSError
            If the network is not built yet, or has parts that are not data; if writing fails.
        """
        from chainrule.train.files.save import save  # here, as most programs save nothing

        save(self._model, self.history, path)


def model_of(net: Network) -> Model:
    """Return the model of a network: layers, compiled programs and training progress."""
    return net._model  # pyright: ignore[reportPrivateUsage] (this module defines it)
