"""What a network shows of itself: methods of a higher layer, imported when they are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from numpy.typing import ArrayLike

from chainrule.arguments.aliases import FIT_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.rich_display import html_of
from chainrule.train.inputs.table_inputs import Inputs
from chainrule.train.layer_sequence import LayerSequence

if TYPE_CHECKING:
    import os

    from chainrule.insight.debugger.session import DebugSession
    from chainrule.insight.explanation.explanation import Explanation
    from chainrule.insight.flow.diagram import Diagram
    from chainrule.insight.learning_rate import LearningRateRange
    from chainrule.insight.program_report import ProgramReport
    from chainrule.insight.report.report import Report

__all__ = ["Inspectable"]


@answers_foreign_names(FIT_ALIASES)
class Inspectable(LayerSequence):
    """Layers whose equations and compiled program can be read."""

    _repr_html_ = html_of

    def explain(
        self,
        X: Inputs | str,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        training: bool = False,
        seed: Any = None,
    ) -> Explanation:
        """Return the equations of the network and of the gradient of its loss, proved on a batch.

        They are written from the graph, layer by layer, in the notation of textbooks: W¹ is the
        weight of the first layer, a¹ its output, δ² = ∂L/∂z¹ the derivative by the value z¹ before
        its activation, ⊙ the product of entries. Each is checked twice: the printed formula is
        evaluated by NumPy, and derivatives are compared with differences of the loss.

        Parameters
        ----------
        X : array, list or table, (n, ...), or str
            Inputs; the first 128 samples are used. The name of a parameter, such as
            ``"dense.weight"``, for the chain from the loss to it, on random samples.
        y : array or list, (n, ...)
            Targets.
        sample_weight : array or list, (n,), optional
            Weights ω of the samples in the loss, as in `fit`.
        training, seed : bool and int
            As in `gradients`: by default the pass of `evaluate`, else that of a step of `fit`, with
            the statistics of the batch and dropout masks m drawn from the seed.

        Returns
        -------
        Explanation
            Prints as text; ``.latex()`` is a document, ``.html()`` a page.

        Raises
        ------
        ArgumentError, DataError, ShapeError, DTypeError
            As `evaluate` does, and for the name of no trained parameter.

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule import Network, nn
        >>> net = Network([nn.Dense(3, activation="tanh"), nn.Dense(2, activation="softmax")])
        >>> net.compile(loss="cross_entropy")
        >>> explanation = net.explain(np.eye(4), np.array([0, 1, 0, 1]))
        >>> for equation in explanation:
        ...     print(equation)
        a¹ = tanh(x W¹ + b¹)
        p = softmax(a¹ W² + b²)
        L = −(1/N) Σₙᵢ y ⊙ ln(p)
        δ³ = (p − y)/N
        ∂L/∂W² = a¹ᵀ δ³
        ∂L/∂b² = Σₙ δ³
        δ² = (1 − a¹²) ⊙ (δ³ W²ᵀ)
        ∂L/∂W¹ = xᵀ δ²
        ∂L/∂b¹ = Σₙ δ²
        """
        from chainrule.insight.explanation.network import explain_network

        return explain_network(cast(Any, self), X, y, sample_weight, training, seed)

    def diagram(
        self,
        path: str | os.PathLike[str] | None = None,
        X: Inputs | None = None,
        y: ArrayLike | None = None,
        fold: bool = True,
    ) -> Diagram:
        """Draw the network and the gradient of its loss as a flow graph of boxes and arrows.

        Parameters
        ----------
        path : str or path, optional
            Where the drawing is written: ``*.svg``, or ``*.dot`` and ``*.gv`` for Graphviz.
        X, y : array or list, (n, ...), optional
            Samples; their values are written in the boxes. Needed before the network is built.
        fold : bool
            Whether a layer is one box; otherwise each operation is.

        Returns
        -------
        Diagram
            Is shown in notebooks; has ``svg()``, ``dot()`` and ``to_networkx()``.

        Raises
        ------
        ArgumentError
            Before `compile`; without `X`, before the network is built; for files of other formats.
        DataError, ShapeError, DTypeError
            For data unsuitable for the network, as `evaluate` does.

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule import Network, nn
        >>> net = Network([nn.Dense(3, activation="tanh"), nn.Dense(1)])
        >>> net.compile(loss="mse")
        >>> net.diagram(X=np.eye(4), y=np.ones((4, 1)))
        <diagram of network and gradient: 8 boxes, 11 arrows>
        """
        from chainrule.insight.flow.network_diagram import diagram_of_network

        return diagram_of_network(cast(Any, self), X, y, fold, path)

    def debug(
        self,
        X: Inputs,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        training: bool = False,
        seed: Any = None,
        run: str | os.PathLike[str] | None = None,
        step: int | None = None,
        *,
        validation_data: Sequence[ArrayLike] | None = None,
        validation_split: float = 0.0,
        class_weight: Mapping[Any, float] | str | None = None,
        callbacks: Any = None,
    ) -> DebugSession:
        """Return a session that walks through the loss and its gradient, value by value.

        Each stop has a value of the forward pass, or the derivative of the loss by it, with its
        formula, statistics and, in layers of one's own, the line of code. Nothing of the network
        changes, and the values of all stops are kept.

        Parameters
        ----------
        X, y, sample_weight : array, list, table or memory map, (n, ...)
            As in `fit`; all samples are one batch.
        training, seed : bool and int
            As in `gradients`: by default the pass of `evaluate`, else that of a step of `fit`.
        run : str or path, optional
            The folder of checkpoints of a training on `X` and `y`: a step of it is debugged, which
            is repeated bit for bit from the nearest checkpoint before. Its batch is walked through
            in training mode, with the parameters before the step.
        step : int, optional
            The number of the step since `compile`, from 0; the last one by default.
        validation_data, validation_split, class_weight, callbacks : optional
            Those of that call of `fit`; its other arguments are in the folder.

        Returns
        -------
        DebugSession
            ``step()``, ``back()``, ``goto("dense")`` and ``run_until("nan")`` move in it,
            ``interact()`` does so by commands typed on a terminal, ``samples("dense.weight")``
            ranks the samples; is a page in notebooks.

        Raises
        ------
        ArgumentError, DataError, ShapeError, DTypeError
            As `gradients` does.

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule import Network, nn
        >>> net = Network([nn.Dense(3, activation="relu"), nn.Dense(1)], seed=0)
        >>> net.compile(loss="mse")
        >>> session = net.debug(np.eye(4), np.ones((4, 1)))
        >>> stop = session.goto("d_dense.bias")
        >>> stop.direction, stop.formula, stop.shape
        ('backward', 'Σⱼ d_c', (3,))
        """
        from chainrule.insight.debugger.network import debug_network, debug_run

        net = cast(Any, self)
        if run is None and step is None:
            return debug_network(net, X, y, sample_weight, training, seed)
        settings = {
            "validation_data": validation_data, "validation_split": validation_split,
            "class_weight": class_weight, "callbacks": callbacks, "sample_weight": sample_weight,
        }  # fmt: skip
        return debug_run(net, X, y, run, step, settings)

    def find_learning_rate(
        self,
        X: Inputs,
        y: ArrayLike,
        *,
        lowest: float = 1e-6,
        highest: float = 10.0,
        steps: int = 100,
        batch_size: int = 32,
    ) -> LearningRateRange:
        """Return the learning rate to take, by a range test on a copy of the network.

        The rate grows exponentially from mini-batch to mini-batch; the one at which the loss falls
        steepest is taken. Nothing of the network changes.

        Parameters
        ----------
        X, y : array or list, (n, ...)
            As in `fit`.
        lowest, highest : float > 0
            The rates of the first and the last step; the test ends before where it diverges.
        steps : int >= 10
            The number of mini-batches.
        batch_size : int >= 1
            Samples of each.

        Returns
        -------
        LearningRateRange
            With ``rate``, ``rates`` and ``losses``; prints in a line, ``.plot()`` draws it.

        Raises
        ------
        ArgumentError
            Before `compile`, for a method without a learning rate, and for settings out of range.
        DataError, ShapeError, DTypeError
            For unsuitable data, and if the loss falls for no rate.

        References
        ----------
        Smith (2017), "Cyclical learning rates for training neural networks", section 3.3.

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule import Network, nn
        >>> net = Network([nn.Dense(8, activation="tanh"), nn.Dense(1)])
        >>> net.compile(loss="mse", optimizer="sgd")
        >>> X = np.linspace(-1, 1, 200)[:, None]
        >>> found = net.find_learning_rate(X, 2 * X)
        >>> 0.005 < found.rate < 1
        True
        """
        from chainrule.insight.learning_rate import find_learning_rate

        return find_learning_rate(cast(Any, self), X, y, lowest, highest, steps, batch_size)

    def program(self, measure: bool = False) -> ProgramReport:
        """Return the program compiled for training, loop nest by loop nest.

        Parameters
        ----------
        measure : bool
            Whether to time each nest against the machine's peak; takes seconds.

        Returns
        -------
        ProgramReport
            Prints as a table.

        Raises
        ------
        ArgumentError
            Before `compile` and `fit`, and if the steps run in NumPy.
        """
        from chainrule.insight.program import program

        return program(cast(Any, self), measure)

    def report(
        self,
        path: str | os.PathLike[str] | None = None,
        X: Inputs | None = None,
        y: ArrayLike | None = None,
    ) -> Report:
        """Write a page on the network: data, layers, curves, results, equations and time.

        The page is one file of HTML without scripts, readable offline. Of a classifier it shows the
        confusion matrix and the worst mistakes with their inputs, of a regression predictions
        against truth and residuals.

        Parameters
        ----------
        path : str or path, optional
            Where the page is written; usually ``*.html``.
        X, y : array, list or table, (n, ...), optional
            Samples to show results on, best those that training has not seen; of many as many,
            evenly spaced, as take a small part of the time of training, from 256 to 8,192.

        Returns
        -------
        Report
            Is shown in notebooks; ``html()`` is the page.

        Raises
        ------
        ArgumentError, DataError, ShapeError, DTypeError
            For data unsuitable for the network, as `evaluate` does, and for a path that ends in
            the suffix of another format.
        OSError
            If the file cannot be written.

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule import Network, nn
        >>> net = Network([nn.Dense(3, activation="tanh"), nn.Dense(2, activation="softmax")])
        >>> net.compile(loss="cross_entropy")
        >>> report = net.report(X=np.eye(4), y=[0, 1, 0, 1])
        >>> "Confusion matrix" in report.html()
        True
        """
        from chainrule.insight.report.report import report_on

        return report_on(cast(Any, self), X, y, path)
