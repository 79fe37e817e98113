"""What a network can be asked: how well it does, and what it predicts."""

from __future__ import annotations

from abc import ABC
from typing import Any

from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.lookup import refuse_unknown
from chainrule.train.inference.class_prediction import chosen_classes, missing_activation
from chainrule.train.inference.evaluate import USUAL_SIZE, evaluate, predict
from chainrule.train.inputs.data_adapter import prepare_samples
from chainrule.train.inputs.table_inputs import Inputs
from chainrule.train.model.model import Model

__all__ = ["Asked"]

Array = NDArray[Any]


class Asked(ABC):
    """The questions; `chainrule.Network` has the model that answers them."""

    _model: Model

    def evaluate(
        self, X: Inputs, y: ArrayLike, sample_weight: ArrayLike | None = None, **foreign: Any
    ) -> dict[str, float]:
        """Return loss and metrics on samples; nothing is learned.

        Parameters
        ----------
        X, y : array, list, table or memory map, (n, ...)
            Inputs and targets, as in `fit`.
        sample_weight : array, float >= 0, (n,), or None
            How much the loss of each sample counts.
        **foreign
            Arguments as other libraries name them; the error names ours.

        Returns
        -------
        dict of str to float
            ``loss``, penalties included, and each metric.

        Raises
        ------
        ArgumentError
            Before `compile`.
        DataError, ShapeError, DTypeError
            For data that do not fit the network.
        """
        refuse_unknown("evaluate", foreign, ("X", "y", "sample_weight"))
        model, objective = self._model, self._model.objective("evaluate")
        samples, _ = prepare_samples(model, objective, X, y, sample_weight, "evaluate")
        return evaluate(model.stack, objective, model.programs, samples)

    def predict(self, X: Inputs, batch_size: int | None = USUAL_SIZE) -> Array:
        """Return the network's output, last activation included.

        Parameters
        ----------
        X : array, list, table or memory map, (n, ...)
            Inputs.
        batch_size : int >= 1 or None
            Samples computed at once; None for all.

        Returns
        -------
        array, (n, ...)
            An output a sample.

        Raises
        ------
        DataError, ShapeError, DTypeError
            For inputs that do not fit the network.
        """
        return predict(self._model, X, batch_size, "predict")

    def predict_proba(self, X: Inputs, batch_size: int | None = USUAL_SIZE) -> Array:
        """Return the probability of each class, also for a network that ends in logits.

        Parameters
        ----------
        X, batch_size : array and int
            As in `predict`.

        Returns
        -------
        array, in [0, 1], (n, classes), or (n, 1) for yes or no
            The probabilities.

        Raises
        ------
        ArgumentError
            If neither the last activation nor the loss speaks of probabilities.
        """
        activation = missing_activation(self._model, "predict_proba")
        return predict(self._model, X, batch_size, "predict_proba", activation)

    def predict_class(self, X: Inputs, batch_size: int | None = USUAL_SIZE) -> Array:
        """Return the most probable class of each sample.

        Parameters
        ----------
        X, batch_size : array and int
            As in `predict`.

        Returns
        -------
        array, int or text, (n,)
            The classes: by name, if the network was trained on names.

        Raises
        ------
        ArgumentError
            If the network is no classifier.
        """
        outputs = predict(self._model, X, batch_size, "predict_class")
        return chosen_classes(self._model, outputs)
