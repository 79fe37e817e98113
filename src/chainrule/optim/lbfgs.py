"""L-BFGS as the optimiser of a network: its settings."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.arguments.aliases import OPTIMIZER_ALIASES
from chainrule.arguments.annotated import Positive, PositiveInt
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.optim.minimizer import Minimizer

__all__ = ["LBFGS"]


@answers_foreign_names(OPTIMIZER_ALIASES)
@dataclass(frozen=True)
class LBFGS(Minimizer):
    """Minimise the loss of all samples by the limited-memory BFGS method: `solvers.lbfgs`.

    Each epoch of ``fit`` is one iteration: a step along the negative gradient, multiplied by an
    estimate of the inverse Hessian from the last steps, of a length that satisfies the strong Wolfe
    conditions. All of them run in compiled code.

    Parameters
    ----------
    memory : int >= 1
        Number of steps from which the inverse Hessian is estimated.
    gtol : float > 0
        ``fit`` ends where every component of the gradient is at most this in size,
    ftol : float > 0
        and where an iteration reduces the loss by no more than this, relative to the loss.
    max_line_steps : int >= 1
        The largest number of evaluations of loss and gradient in an iteration.

    Notes
    -----
    Defaults are SciPy's, whose `ftol` is relative to the larger of the loss and 1: a small loss,
    such as the mean squared error of a good fit, would end the training early.

    References
    ----------
    Nocedal & Wright (2006), Numerical Optimization, algorithms 7.4, 7.5 and 3.5.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> net = cr.Network([cr.nn.Dense(3, activation="tanh"), cr.nn.Dense(1)], dtype="float64")
    >>> net.compile(loss="mse", optimizer=LBFGS(memory=20))
    >>> X = np.linspace(-1, 1, 20)[:, None]
    >>> history = net.fit(X, X**3, epochs=500, verbose=0)
    >>> history["loss"][-1] < 1e-4
    True
    """

    memory: PositiveInt = 10
    gtol: Positive = 1e-5
    ftol: Positive = 2.2e-9
    max_line_steps: PositiveInt = 30
