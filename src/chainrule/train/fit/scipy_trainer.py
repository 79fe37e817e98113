"""Training by SciPy's minimisers: it calls them, and they call the compiled loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.optim.scipy_minimizer import SciPyMinimizer
from chainrule.train.fit.minimizers.compiled_loss import CompiledLoss
from chainrule.train.fit.minimizers.matrix_size import check_matrix
from chainrule.train.fit.nonfinite import NotFinite
from chainrule.train.fit.train_state import TrainState, check_trainable
from chainrule.train.inputs.samples import Samples
from chainrule.train.model.model import Model
from chainrule.train.model.objective import Objective
from chainrule.train.model.running_metrics import RunningMetrics

__all__ = ["SciPyTrainer"]

Array = NDArray[Any]

_WITHOUT_GRADIENT = ("nelder-mead", "powell", "cobyla", "cobyqa")
_WITH_PRODUCTS = ("newton-cg", "trust-constr", "trust-ncg", "trust-krylov")
_WITH_HESSIAN = ("dogleg", "trust-exact")
_MANY = 2**31 - 1


class _Stopped(Exception):  # noqa: N818 (caught in this module)
    """The epochs are done, or a callback has stopped the training."""


class _Moved(Exception):  # noqa: N818 (caught in this module)
    """A callback has changed parameters: the method begins anew from them."""


class SciPyTrainer:
    """Train state of a network between the iterations of a method of ``scipy.optimize.minimize``.

    `minimize` runs them all; each ends in a call of `end_epoch`. `is_moved` says whether a callback
    has changed parameters since the method began.
    """

    def __init__(
        self, model: Model, objective: Objective, optimizer: SciPyMinimizer, samples: Samples
    ) -> None:
        self.objective, self.counter = objective, model.counter.begin(1)
        self.end = ""  # how the method has ended, and why
        self.optimizer, self.is_moved = optimizer, False
        self._model, self._samples = model, samples
        self._begin()

    def _begin(self) -> None:
        model = self._model
        self._state = model.parameter_lock.read(
            lambda: TrainState(model.stack, self.optimizer, {}, {})
        )
        check_matrix(model, self.optimizer, self._state.trained_size, len(self._samples))
        self._width = len(self._state.trained)
        params: dict[str, Array] = self._state.tree["params"]
        self._loss = CompiledLoss(model, self.objective, params, self._samples)
        self._loss.load(self._has_gradient)
        self._latest: dict[bytes, Any] = {}  # what is evaluated, by the vector

    @property
    def _has_gradient(self) -> bool:
        return self.optimizer.method not in _WITHOUT_GRADIENT

    def finish_compiling(self) -> None:
        """Wait for machine code: `CompiledLoss.load` has done so."""

    @property
    def nonfinite_parameter(self) -> str:
        """Name of the first parameter that is not finite, or ""."""
        named: dict[str, Array] = self._state.tree["params"] | self._state.tree["non_trainable"]
        return next((name for name, each in named.items() if not np.isfinite(each).all()), "")

    def minimize(
        self, epochs: int, begin_epoch: Callable[[], None], end_epoch: Callable[..., bool]
    ) -> None:
        """Run the method for so many iterations; `end_epoch` returns whether to stop.

        It is called with what computes the logs of the iteration.
        """
        last = self.counter.epoch + epochs
        run = _Run(self, last, begin_epoch, end_epoch)
        while self.counter.epoch < last:
            try:
                run.to_its_end()
            except _Moved:
                continue
            except _Stopped:
                pass
            return

    def evaluate(self, x: Array) -> tuple[Array | None, list[Array], list[Array]]:
        """Return gradient, results and new state at a vector; the last ones are kept."""
        key = x.tobytes()
        found = self._latest.get(key)
        if found is None:
            others = self._state.values[self._width :]
            if self._has_gradient:
                found = self._loss.value_and_gradient(x, others)
            else:
                found = (None, *self._loss.value(x, others))
            while len(self._latest) >= 4:
                del self._latest[next(iter(self._latest))]
            self._latest[key] = found
        return found

    @property
    def parameters(self) -> dict[str, Array]:
        """The parameters of the last iteration, by name."""
        return self._state.tree["params"]

    @property
    def vector(self) -> Array:
        """The parameters as one vector, in SciPy's precision."""
        parts = [each.ravel() for each in self._state.values[: self._width]]
        return np.concatenate(parts).astype(np.float64)

    def move(self, x: Array) -> Callable[[], dict[str, float]]:
        """Take the parameters of a finished iteration; return what computes its logs."""
        _, results, others = self.evaluate(x)
        state = self._state
        shapes = [each.shape for each in state.values[: self._width]]
        ends = np.cumsum([math.prod(shape) for shape in shapes])[:-1]
        parts = np.split(x.astype(self._model.dtype), ends)
        values = [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
        values += [np.array(each) for each in others]
        if not (np.isfinite(results[0]) and all(np.isfinite(each).all() for each in values)):
            raise NotFinite(float(results[0]), [], 0, math.nan, self.parameters)
        if others:  # on which the loss may depend
            self._latest.clear()
        state.values, state.previous, state.steps_since_previous = values, values, 0
        self.counter.steps += 1

        def logs() -> dict[str, float]:
            running = RunningMetrics(self.objective)
            running.add(len(self._samples), results, np.asarray(self._samples.y))
            return running.results()

        return logs

    def derivatives(self) -> dict[str, Any]:
        """Return the arguments of SciPy's function that give derivatives."""
        method, loss, others = self.optimizer.method, self._loss, self._state.values[self._width :]
        if method in _WITHOUT_GRADIENT:
            return {}
        if method in _WITH_PRODUCTS:
            return {
                "jac": True,
                "hessp": lambda x, v: loss.hessian_product(x, v, others).astype(float),
            }
        if method in _WITH_HESSIAN:
            return {"jac": True, "hess": lambda x: loss.hessian(x, others).astype(float)}
        return {"jac": True}

    def write_back(self) -> None:
        """Publish parameters and counters."""
        model = self._model
        if model.counter.steps == self.counter.steps:
            return
        with model.parameter_lock.writing():
            self._state.write_back()
            model.counter = self.counter.copy()

    def read_back(self) -> bool:
        """Take what a callback has written into the live parameters; return whether it has."""
        if self._state.trained != tuple(self._model.stack.parameters(trainable=True)):
            check_trainable(self._model.stack)
            self._begin()
        elif self._model.parameter_lock.read(self._state.read_back):
            self._latest.clear()
        else:
            return False
        self.is_moved = True
        return True


class _Run:
    """One call of SciPy's function, with the epochs that its iterations are."""

    def __init__(
        self,
        trainer: SciPyTrainer,
        last: int,
        begin_epoch: Callable[[], None],
        end_epoch: Callable[..., bool],
    ) -> None:
        self._trainer, self._last = trainer, last
        self._begin_epoch, self._end_epoch = begin_epoch, end_epoch
        self._is_begun = False

    def to_its_end(self) -> None:
        """Run the method until it ends, and say why."""
        trainer, optimizer = self._trainer, self._trainer.optimizer
        trainer.is_moved, start = False, trainer.vector
        self._latest, first = start, trainer.counter.epoch
        minimize = _scipy_minimize()
        self._check(start)
        result = minimize(
            self._value, start, method=optimizer.method, tol=optimizer.tol,
            callback=self._after_iteration,
            options={**_lengths(optimizer.method, self._last - first), **optimizer.options},
            **trainer.derivatives(),
        )  # fmt: skip
        how = "converged" if result.success else "ended"
        trainer.end = f"{how}: {str(result.message).strip().rstrip('.')}"
        if trainer.counter.epoch == first or (result.x != self._latest).any():
            self._finish(np.asarray(result.x, np.float64))

    def _check(self, x: Array) -> None:
        """Raise if the loss at the first point, or its gradient, is not finite."""
        self._enter()
        gradient, results, _ = self._trainer.evaluate(x)
        is_finite = gradient is None or np.isfinite(gradient).all()
        if not (np.isfinite(results[0]) and is_finite):
            raise NotFinite(float(results[0]), [], 0, math.nan, self._trainer.parameters)

    def _enter(self) -> None:
        """Begin an epoch with its first evaluation: a method may end without another one."""
        if not self._is_begun:
            self._begin_epoch()
            self._is_begun = True
            if self._trainer.is_moved:
                raise _Moved

    def _value(self, x: Array) -> Any:
        self._enter()
        gradient, results, _ = self._trainer.evaluate(x)
        value = float(results[0]) + float(results[1])
        return value if gradient is None else (value, gradient.astype(np.float64))

    def _after_iteration(self, xk: Any, *others: Any) -> None:
        self._finish(np.array(xk, np.float64))

    def _finish(self, x: Array) -> None:
        trainer, self._latest = self._trainer, x
        self._enter()
        self._is_begun = False
        stops = self._end_epoch(trainer.move(x))
        if stops or trainer.counter.epoch >= self._last:
            raise _Stopped
        if trainer.is_moved:
            raise _Moved


def _lengths(method: str, epochs: int) -> dict[str, int]:
    """Return the options that leave the end of the training to the method and to the epochs."""
    if method == "tnc":
        return {"maxfun": _MANY}
    if method == "cobyla":  # of evaluations
        return {"maxiter": _MANY}
    evaluations = {"nelder-mead": "maxfev", "powell": "maxfev", "cobyqa": "maxfev"}
    evaluations |= {"l-bfgs-b": "maxfun"}
    limit = {evaluations[method]: _MANY} if method in evaluations else {}
    return {"maxiter": epochs + 1} | limit


def _scipy_minimize() -> Callable[..., Any]:
    try:
        from scipy.optimize import minimize
    except ImportError:
        raise ImportError(
            "fit: SciPyMinimizer calls SciPy, which is not installed; run: pip install "
            "'chainrule[science]', or give the optimizer 'lbfgs', which does without"
        ) from None
    return minimize
