"""The epoch loop of the solvers "sgd" and "adam": loss curve, validation, early stopping."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from chainrule.interop.estimators.steps import Tree
from chainrule.interop.estimators.training import EpochRunner, Rows

__all__ = ["StochasticFit"]


class StochasticFit:
    """One call of ``fit`` or ``partial_fit``: epochs until a criterion of the end is met."""

    def __init__(
        self, estimator: Any, runner: EpochRunner, samples: Rows, validation: Rows | None
    ) -> None:
        self._estimator, self._runner = estimator, runner
        self._samples, self._validation = samples, validation
        self._stops_early = estimator.early_stopping
        self._best: Tree | None = _copied(runner.state) if self._stops_early else None

    def run(
        self, epochs: int, is_whole: bool, observe: Callable[[Tree, dict[str, float]], bool]
    ) -> None:
        """Run epochs until `observe` says to stop; a whole training warns unless it converges."""
        estimator, count = self._estimator, len(self._samples)
        order = np.arange(count)
        estimator.n_iter_ = 0
        try:
            for _ in range(epochs):
                if estimator.shuffle:
                    permutation = np.arange(count)
                    estimator._random_state.shuffle(permutation)
                    order = order[permutation]
                self._run_epoch(order)
                if self._has_ended() or observe(self._runner.state, self._logs()):
                    return
            if is_whole:
                self._warn_of_the_end()
        except KeyboardInterrupt:
            warnings.warn("Training interrupted by user.", stacklevel=2)
        finally:
            estimator._take_state(self._best or self._runner.state)

    def _run_epoch(self, order: Any) -> None:
        estimator, solver = self._estimator, self._estimator._optimizer
        rates = solver.rates(self._runner.steps)
        losses, counts = self._runner.epoch(order, rates, len(estimator.loss_curve_))
        estimator.n_iter_ += 1
        estimator.loss_ = float(losses @ counts / len(self._samples))
        estimator.t_ += len(self._samples)
        estimator.loss_curve_.append(estimator.loss_)
        self._tell(f"Iteration {estimator.n_iter_}, loss = {estimator.loss_:.8f}")
        self._judge()
        solver.end_epoch(estimator.t_)

    def _judge(self) -> None:
        """Compare the epoch with the best one before."""
        estimator = self._estimator
        if self._validation is not None:
            score = estimator._score_of(self._runner.state, self._validation)
            estimator.validation_scores_.append(score)
            self._tell(f"Validation score: {score:f}")
        if self._stops_early:
            score, best = estimator.validation_scores_[-1], estimator.best_validation_score_
            is_better, is_no_better = score > best, score < best + estimator.tol
            if is_better:
                estimator.best_validation_score_ = score
                self._best = _copied(self._runner.state)
        else:
            is_no_better = estimator.loss_ > estimator.best_loss_ - estimator.tol
            estimator.best_loss_ = min(estimator.best_loss_, estimator.loss_)
        estimator._no_improvement_count = estimator._no_improvement_count + 1 if is_no_better else 0

    def _has_ended(self) -> bool:
        estimator = self._estimator
        if not self._stops_early and not math.isfinite(estimator.loss_) and self._is_lost():
            return True  # all further steps would be NaN
        patience = estimator.n_iter_no_change
        if estimator._no_improvement_count <= patience:
            return False
        subject = "Validation score" if self._stops_early else "Training loss"
        reason = (
            f"{subject} did not improve more than tol={estimator.tol:f} for {patience} "
            "consecutive epochs."
        )
        if estimator._optimizer.stops(reason, self._tell):
            return True
        estimator._no_improvement_count = 0
        return False

    def _is_lost(self) -> bool:
        groups = self._runner.state["params"].values()
        return not all(np.isfinite(each).all() for group in groups for each in group)

    def _logs(self) -> dict[str, float]:
        estimator = self._estimator
        logs = {"loss": estimator.loss_, "learning_rate": estimator._optimizer.learning_rate}
        if self._validation is not None:
            logs["val_score"] = estimator.validation_scores_[-1]
        return logs

    def _warn_of_the_end(self) -> None:
        warnings.warn(
            f"Stochastic Optimizer: Maximum iterations ({self._estimator.max_iter}) reached and "
            "the optimization hasn't converged yet.",
            ConvergenceWarning,
            stacklevel=5,
        )

    def _tell(self, line: str) -> None:
        if self._estimator.verbose and sys.stdout is not None:  # pyright: ignore[reportUnnecessaryComparison] (no console)
            sys.stdout.write(line + "\n")


def _copied(state: Tree) -> Tree:
    return {
        name: {group: [each.copy() for each in arrays] for group, arrays in state[name].items()}
        for name in ("params", "statistics")
    }
