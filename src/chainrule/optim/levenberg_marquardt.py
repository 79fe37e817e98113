"""Levenberg-Marquardt as the optimiser of a network: its settings."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.arguments.aliases import OPTIMIZER_ALIASES
from chainrule.arguments.annotated import Positive, PositiveInt
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.optim.minimizer import Minimizer

__all__ = ["LevenbergMarquardt"]


@answers_foreign_names(OPTIMIZER_ALIASES)
@dataclass(frozen=True)
class LevenbergMarquardt(Minimizer):
    """Minimise a sum of squares of all samples: `solvers.levenberg_marquardt`.

    Each epoch of ``fit`` is one iteration: the exact Jacobian J of the residuals r, and the step p
    that minimises ``‖r + J p‖² + λ ‖D p‖²``, where λ grows until the loss decreases. All of them
    run in compiled code. The loss must be a sum of squares, "mse" or "sse". Memory and time grow
    with the number of outputs of all samples times the number of parameters.

    Parameters
    ----------
    damping : float > 0
        The first λ, relative to the scale of the parameters in the Jacobian.
    gtol : float > 0
        ``fit`` ends where the cosine of the angle between the residuals and each column of the
        Jacobian is at most this in size,
    ftol : float > 0
        where an iteration reduces the loss by no more than this, relative to the loss,
    xtol : float > 0
        and where a step is shorter than this, relative to the parameters.
    max_trials : int >= 1
        The largest number of steps tried in an iteration.

    Notes
    -----
    Defaults of the tolerances are SciPy's.

    References
    ----------
    Marquardt (1963), "An algorithm for least-squares estimation of nonlinear parameters". Moré
    (1978), "The Levenberg-Marquardt algorithm: implementation and theory".

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> layers = [cr.nn.Dense(3, activation="tanh"), cr.nn.Dense(1)]
    >>> net = cr.Network(layers, seed=1, dtype="float64")
    >>> net.compile(loss="mse", optimizer=LevenbergMarquardt())
    >>> X = np.linspace(-1, 1, 20)[:, None]
    >>> history = net.fit(X, X**3, epochs=100, verbose=0)
    >>> history["loss"][-1] < 1e-5
    True
    """

    damping: Positive = 1e-3
    gtol: Positive = 1e-8
    ftol: Positive = 1e-8
    xtol: Positive = 1e-8
    max_trials: PositiveInt = 20
