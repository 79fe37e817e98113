"""`RBM`: the restricted Boltzmann machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import FIT_ALIASES, MACHINE_ATTRIBUTES
from chainrule.arguments.checks import checked_count, checked_seed
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.arguments.lookup import refuse_unnamed
from chainrule.errors import ArgumentError
from chainrule.optim.config import describe_briefly
from chainrule.pickling import independent_copies
from chainrule.rich_display import html_of
from chainrule.train.callbacks import Callback, Checkpoint
from chainrule.train.history import History
from chainrule.train.model.model import Model
from chainrule.train.model.step_counter import StepCounter
from chainrule.train.progress import Progress
from chainrule.train.rbm import queries
from chainrule.train.rbm.fit import couplings_of, fit, prepare_visible
from chainrule.train.rbm.partition import log_partition
from chainrule.train.rbm.settings import MachineSettings

__all__ = ["RBM", "model_of_machine"]

Array = NDArray[Any]


@independent_copies
@answers_foreign_names(FIT_ALIASES, "machine", MACHINE_ATTRIBUTES)
class RBM(MachineSettings):
    """A restricted Boltzmann machine of binary units: a model of the distribution of its inputs.

    Hidden units become features of the inputs; no targets are needed. Trained by contrastive
    divergence, see `train.rbm.contrastive_divergence`.

    Parameters
    ----------
    hidden : int >= 1
        Number of hidden units.
    learning_rate : float > 0, Schedule, or function (epoch)
        Step size.
    k : int >= 1
        Sweeps of Gibbs sampling in each step.
    persistent : bool
        Whether `batch_size` chains continue from step to step (PCD) instead of starting at the
        data: a better model, at a smaller learning rate.
    batch_size : int >= 1
        Samples a step.
    momentum : float in [0, 1)
        Momentum of SGD; see `optimizer` for one that rises.
    l2 : float >= 0
        λ of the penalty λ/2·‖W‖², Hinton's weight cost; 0.0001 is usual.
    seed : int in [0, 2**64)
        Determines all random numbers.
    dtype : {"float32", "float64"}
        Dtype of parameters and computation.
    sparsity : float in (0, 1) or None
        Mean activation that each hidden unit is driven to by its bias, 0.01 to 0.1: units that
        would stay unused learn something too, and features are easier to read and to classify by.
        None leaves it to the data.
    sparsity_cost : float >= 0
        Weight of this drive beside the likelihood.

    Attributes
    ----------
    history : History or None
        Of the latest call of `fit`.

    Raises
    ------
    ArgumentError
        For arguments outside these ranges.

    References
    ----------
    Hinton (2010), "A practical guide to training restricted Boltzmann machines"; sparsity:
    section 11, and Lee, Ekanadham & Ng (2008), "Sparse deep belief net model for visual area V2".

    Examples
    --------
    >>> import numpy as np
    >>> machine = RBM(4, learning_rate=0.1, seed=0)
    >>> X = np.repeat([[1, 1, 0, 0], [0, 0, 1, 1]], 50, axis=0)
    >>> history = machine.fit(X, epochs=200, verbose=0)
    >>> machine.transform(X).shape, machine.reconstruct(X[:1]).round().tolist()
    ((100, 4), [[1.0, 1.0, 0.0, 0.0]])
    """

    # Training.

    def fit(
        self,
        X: ArrayLike,
        *unnamed: Any,
        epochs: int = 1,
        shuffle: bool = True,
        callbacks: Callback | Callable[..., Any] | Sequence[Any] | None = None,
        verbose: str | int | Progress = "auto",
        checkpoint: str | os.PathLike[str] | Checkpoint | None = None,
    ) -> History:
        """Train on samples; another call continues the training.

        Twice one epoch equals two epochs, bit for bit, also if saved and loaded in between. The
        first call sets the visible biases to the log-odds of the samples' means.

        Parameters
        ----------
        X : array, list, table, sparse matrix or memory map, in [0, 1], (n, visible)
            States of the visible units, or probabilities of 1.
        *unnamed
            Refused: the arguments after `X` are keyword-only.
        epochs : int >= 0
            Passes over the data.
        shuffle : bool
            Whether to reorder the samples in each epoch.
        callbacks : Callback, function (machine, epoch, logs), or sequence of them
            Called for each epoch; they may stop the training, as
            ``cr.EarlyStopping("pseudo_likelihood")`` does.
        verbose : {"auto", 0, 1, 2} or Progress
            0 prints nothing, 2 one line an epoch, ``Progress(every=n)`` one line every n epochs.
            1 and "auto" show a bar on a terminal, live curves in a notebook, else lines of epochs.
        checkpoint : str, path, Checkpoint or None
            A folder for checkpoints, from which the same call goes on: see `Network.fit`.

        Returns
        -------
        History
            Of each epoch ``pseudo_likelihood``, the mean log pseudo-likelihood; ``loss``, the free
            energy of the data minus that of model samples; ``learning_rate`` and ``seconds``.

        Raises
        ------
        DataError, ShapeError, DTypeError
            For unsuitable data, before anything has changed; a DataError also when a value becomes
            NaN or infinite, with the parameters of the last finite step.

        References
        ----------
        Hinton (2010), section 8: initial biases.
        """
        refuse_unnamed("fit", unnamed, "machine.fit(X, epochs=10)")
        return fit(
            self, self._model, self.batch_size, X, epochs, shuffle, callbacks, verbose, checkpoint
        )

    def resume(
        self,
        parameters: Mapping[str, Array],
        slots: Mapping[str, Mapping[str, Array]],
        epoch: int,
        count: int,
    ) -> None:
        """Take over parameters and optimiser state, as `chainrule.load` does.

        Parameters
        ----------
        parameters, slots : mapping of str to array, and of str to mapping
            Values of `params`, and optimiser slots, by name.
        epoch, count : int >= 0
            Epochs and steps so far.
        """
        self._model.build((2, len(parameters["visible_bias"])), "resume")
        self.params.update(parameters)
        layer = self._layer.name
        self._model.optimizer_slots = {f"{layer}.{name}": dict(s) for name, s in slots.items()}
        self._model.counter = StepCounter(epoch, count)

    # Inference.

    def transform(self, X: ArrayLike) -> Array:
        """Return the features of samples: the probabilities of the hidden units.

        Parameters
        ----------
        X : array, list, table, sparse matrix or memory map, in [0, 1], (n, visible)
            As in `fit`.

        Returns
        -------
        array, in [0, 1], (n, hidden)
            The features.
        """
        return self._query(queries.features, X, "transform")

    def reconstruct(self, X: ArrayLike) -> Array:
        """Return the probabilities of the visible units given the features of samples.

        Parameters
        ----------
        X : array, list, table, sparse matrix or memory map, in [0, 1], (n, visible)
            As in `fit`.

        Returns
        -------
        array, in [0, 1], (n, visible)
            Mean-field: from probabilities of the hidden units, without sampling.
        """
        return self._query(queries.reconstruction, X, "reconstruct")

    def free_energy(self, X: ArrayLike) -> Array:
        """Return F(v) of samples, where p(v) = exp(-F(v)) / Z.

        Parameters
        ----------
        X : array, list, table, sparse matrix or memory map, in [0, 1], (n, visible)
            As in `fit`.

        Returns
        -------
        array, float, (n,)
            Low for probable samples.
        """
        return self._query(queries.free_energies, X, "free_energy")

    def pseudo_likelihood(self, X: ArrayLike, seed: int = 0) -> Array:
        """Estimate the log pseudo-likelihood Σ_i ln p(v_i | v_¬i).

        Parameters
        ----------
        X : array, list, table, sparse matrix or memory map, in [0, 1], (n, visible)
            As in `fit`.
        seed : int in [0, 2**64)
            Determines the unit of each sample from which the sum is estimated.

        Returns
        -------
        array, float, at most 0, (n,)
            In nats; scikit-learn's ``score_samples``.
        """
        seed = checked_seed("pseudo_likelihood", seed)
        return self._query(queries.pseudo_likelihoods, X, "pseudo_likelihood", seed)

    def log_partition(self) -> float:
        """Return ln Z, exactly.

        Returns
        -------
        float
            By the sum over all states of the visible or the hidden units, whichever are fewer.

        Raises
        ------
        ArgumentError
            If these are more than 20.
        """
        self._check_built("log_partition")
        return log_partition(couplings_of(self._model))

    def log_likelihood(self, X: ArrayLike) -> Array:
        """Return ln p(v) = -F(v) - ln Z of samples, exactly; see `log_partition`.

        Parameters
        ----------
        X : array, list, table, sparse matrix or memory map, in [0, 1], (n, visible)
            As in `fit`.

        Returns
        -------
        array, float, (n,)
            In nats.
        """
        visible = prepare_visible(self._model, X, "log_likelihood")
        couplings = couplings_of(self._model)
        return -queries.free_energies(couplings, visible) - log_partition(couplings)

    # Sampling.

    def gibbs(self, X: ArrayLike, steps: int = 1, seed: int = 0) -> Array:
        """Run Gibbs sampling from samples and return the final states.

        Parameters
        ----------
        X : array, list, table, sparse matrix or memory map, in [0, 1], (n, visible)
            Initial states of the chains, one a row.
        steps : int >= 1
            Sweeps: hidden, then visible units are drawn.
        seed : int in [0, 2**64)
            Determines all draws.

        Returns
        -------
        array, float, 0 or 1, (n, visible)
            States of the visible units.
        """
        steps = checked_count("gibbs", "steps", steps, 1)
        seed = checked_seed("gibbs", seed)
        return self._query(queries.gibbs_states, X, "gibbs", steps, seed)

    def sample(self, count: int, steps: int = 1000, seed: int = 0) -> Array:
        """Draw states of the visible units from the model.

        Parameters
        ----------
        count : int >= 1
            Number of samples, each from its own chain with random initial hidden units.
        steps : int >= 1
            Sweeps of Gibbs sampling (burn-in).
        seed : int in [0, 2**64)
            Determines all draws.

        Returns
        -------
        array, float, 0 or 1, (count, visible)
            The states; `reconstruct` gives their probabilities.
        """
        count = checked_count("sample", "count", count, 1)
        steps = checked_count("sample", "steps", steps, 1)
        seed = checked_seed("sample", seed)
        self._check_built("sample")
        return queries.gibbs_states(couplings_of(self._model), count, steps, seed)

    # Serialisation.

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the machine into a file that `chainrule.load` reads, and `fit` goes on from.

        Optimiser state, counters and history are in it, but for the seconds of the epochs: equal
        trainings give equal bytes.

        Parameters
        ----------
        path : str or path
            Usually ``*.safetensors``. An existing file is replaced atomically.

        Raises
        ------
        ArgumentError, OSError
            If the machine is not built yet, or the file cannot be written.
        """
        from chainrule.train.rbm.save import save  # here, as most programs save nothing

        save(self, self._model, path)

    def _query(self, query: Callable[..., Array], X: Any, function: str, *others: int) -> Array:
        visible = prepare_visible(self._model, X, function)
        return query(couplings_of(self._model), visible, *others)

    def _check_built(self, function: str) -> None:
        if not self._model.output_shapes:
            raise ArgumentError(
                f"{function}: the machine does not know yet how many visible units it has; call "
                "fit, or transform, with samples first"
            )

    _repr_html_ = html_of

    def __repr__(self) -> str:
        kind = "persistent" if self.persistent else "contrastive"
        sparsity = "" if self.sparsity is None else f", sparsity={self.sparsity:g}"
        optimizer = describe_briefly(self.optimizer)
        return (
            f"<RBM of {self.hidden} hidden units, {kind} divergence, k={self.k}{sparsity}, "
            f"{optimizer}>"
        )


def model_of_machine(machine: RBM) -> Model:
    """Return the model of a machine: what its training shares with that of networks."""
    return machine._model  # pyright: ignore[reportPrivateUsage] (of this module)
