"""The callback `TensorBoard`: the course of training as event files."""

from __future__ import annotations

import dataclasses
import os
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from chainrule.arguments.aliases import FIT_ALIASES
from chainrule.arguments.checks import bad_argument, checked_count, checked_flag
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError, ChainruleError, ChainruleWarning
from chainrule.interop.tensorboard import messages
from chainrule.interop.tensorboard.embeddings import Table, write_embeddings
from chainrule.interop.tensorboard.event_file import EventFiles
from chainrule.interop.tensorboard.graph_def import graph_def
from chainrule.interop.tensorboard.pixels import encoded, weights_as_image
from chainrule.nn.layers.embedding import Embedding
from chainrule.nn.sublayers import find_all_sublayers
from chainrule.storage import expanded
from chainrule.train.callbacks import Callback

__all__ = ["TensorBoard"]

Setting = bool | float | str

_RUNS = {"val_": "validation", "": "train"}
_UNSHOWN = {"seconds"}


@answers_foreign_names(FIT_ALIASES)
class TensorBoard(Callback):
    """Write the course of training as event files, which TensorBoard shows in a browser.

    The files are written without TensorFlow and TensorBoard; ``tensorboard --logdir runs`` shows
    them. Training and validation are two runs, ``train`` and ``validation``, so that their curves
    share a chart. Values of one's own are added by methods, also outside of ``fit``.

    Parameters
    ----------
    folder : str or path
        The folder of the run, such as ``runs/first``; created where absent.
    histograms : int >= 0
        After every how many epochs histograms of the parameters are written; 0: never.
    images : int >= 0
        After every how many epochs the weights are written as images; 0: never.
    graph : bool
        Whether the graph of the network and of the gradient of its loss is written.
    hyperparameters : mapping of str to bool, float or str, optional
        Settings to compare runs by, beside those of ``net.compile``.
    labels : mapping of str to list of str, optional
        The labels of the rows of embeddings, by parameter, as ``{"embedding.weight": words}``. The
        weights of all embeddings are written when training ends.

    Raises
    ------
    ArgumentError
        For arguments outside these ranges.
    OSError
        If a file cannot be written.

    References
    ----------
    Abadi et al. (2016), "TensorFlow: Large-Scale Machine Learning on Heterogeneous Distributed
    Systems", section 9.1: TensorBoard.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import chainrule as cr
    >>> from chainrule import nn
    >>> net = cr.Network([nn.Dense(1)], seed=0)
    >>> net.compile(loss="mse")
    >>> board = cr.TensorBoard(tempfile.mkdtemp(), histograms=1)
    >>> X = np.eye(4)
    >>> history = net.fit(X, X[:, :1], epochs=2, callbacks=[board], verbose=0)
    >>> board.text("notes", "The **first** run.")
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        histograms: int = 0,
        images: int = 0,
        graph: bool = True,
        hyperparameters: Mapping[str, Setting] | None = None,
        labels: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        try:
            self.folder = Path(expanded(os.fsdecode(folder)))
        except TypeError:
            raise bad_argument("TensorBoard", "folder", folder, "the path of a folder") from None
        self.histograms = checked_count("TensorBoard", "histograms", histograms, 0)
        self.images = checked_count("TensorBoard", "images", images, 0)
        self.graph = checked_flag("TensorBoard", "graph", graph)
        self._hyperparameters = _checked_settings(hyperparameters or {})
        self._labels = dict(labels or {})
        self._files = EventFiles(self.folder)
        self._embeddings: dict[str, Table] = {}
        self._kinds: dict[str, str] = {}  # of values, by run and tag

    def on_fit_start(self, net: Any) -> None:
        """Write the graph, a description of the network and the settings of the run."""
        self.text("network", "\n".join(f"    {line}" for line in repr(net).splitlines()))
        if self.graph:
            self._write_graph(net)
        self._write_hyperparameters(_settings_of(net) | self._hyperparameters, net)

    def on_epoch_end(self, net: Any, epoch: int, logs: Mapping[str, float]) -> None:
        """Write the quantities of an epoch, and histograms and images of the parameters."""
        runs: dict[str, list[bytes]] = {}
        for name, value in logs.items():
            if name not in _UNSHOWN:
                prefix = "val_" if name.startswith("val_") else ""
                summary = messages.scalar(name.removeprefix(prefix), value)
                runs.setdefault(_RUNS[prefix], []).append(summary)
        for run, values in runs.items():
            self._files[run].start(epoch)
            self._files[run].add(*values, step=epoch)
        for every, write in ((self.histograms, self.histogram), (self.images, self._weights)):
            if every and (epoch + 1) % every == 0:
                for name, array in net.params.items():
                    write(name.replace(".", "/"), array, epoch)

    def on_fit_end(self, net: Any) -> None:
        """Write the weights of embeddings, and that the run has ended."""
        for outer in net.layers:
            for path, layer in (("", outer), *find_all_sublayers(outer)):
                if isinstance(layer, Embedding):
                    name = ".".join(filter(None, (outer.name, path, "weight")))
                    self.embedding(name, net.params[name], self._labels.get(name))
        self._files[""].add(messages.session_end(time.time(), True), step=0)

    def scalar(self, tag: str, value: float, step: int, run: str = "train") -> None:
        """Write a number.

        Parameters
        ----------
        tag : str
            Its name; what stands before ``/`` groups charts.
        value : float
            The number; kept in single precision.
        step : int
            Its place on the horizontal axis: the epoch, or any other count.
        run : str
            The subfolder, whose curves have one colour.

        Raises
        ------
        ArgumentError
            If the tag has values of another kind in that run; likewise of the methods below.
        """
        summary = messages.scalar(tag, float(value))
        self._check_kind("scalars", tag, run)
        self._files[run].add(summary, step=step)

    def histogram(self, tag: str, values: ArrayLike, step: int, run: str = "train") -> None:
        """Write a histogram of 30 bins.

        Parameters
        ----------
        tag : str
            Its name.
        values : array, float, any shape
            Finite numbers.
        step : int
            Its place on the axis of time.
        run : str
            The subfolder.

        Raises
        ------
        DataError
            If there is no value, or one is NaN or infinite.
        """
        summary = messages.histogram(tag, np.asarray(values))
        self._check_kind("histograms", tag, run)
        self._files[run].add(summary, step=step)

    def image(self, tag: str, image: ArrayLike, step: int, run: str = "train") -> None:
        """Write an image.

        Parameters
        ----------
        tag : str
            Its name.
        image : array, (height, width) or (height, width, 3)
            Integers from 0 to 255, or numbers, of which the least is black and the largest white;
            in colour, numbers from 0 to 1.
        step : int
            Its place on the axis of time.
        run : str
            The subfolder.

        Raises
        ------
        DataError
            For arrays of other shapes or kinds.
        """
        summary = messages.image(tag, *encoded(image))
        self._check_kind("images", tag, run)
        self._files[run].add(summary, step=step)

    def text(self, tag: str, text: str, step: int = 0, run: str = "train") -> None:
        """Write a text in Markdown.

        Parameters
        ----------
        tag : str
            Its name.
        text : str
            The text.
        step : int
            Its place on the axis of time.
        run : str
            The subfolder.
        """
        summary = messages.text(tag, text)
        self._check_kind("texts", tag, run)
        self._files[run].add(summary, step=step)

    def embedding(self, name: str, vectors: ArrayLike, labels: Sequence[str] | None = None) -> None:
        """Write vectors for the projector; those of an earlier call of the same name are replaced.

        Parameters
        ----------
        name : str
            Their name.
        vectors : array, float, (n, d)
            A vector a row.
        labels : list of str, optional
            A label for each row.

        Raises
        ------
        DataError
            If the vectors are no matrix, or have another number of labels than rows.
        """
        embeddings = self._embeddings | {name: (np.array(vectors), labels)}
        write_embeddings(self.folder, embeddings)
        self._embeddings = embeddings

    def _weights(self, name: str, array: Any, step: int) -> None:
        if (image := weights_as_image(array)) is not None:
            self.image(f"{name}/image", image, step)

    def _check_kind(self, kind: str, tag: str, run: str) -> None:
        """Raise if a tag has values of another kind, of which TensorBoard would show one alone."""
        other = self._kinds.setdefault(f"{run}: {tag}", kind)
        if other != kind:
            raise ArgumentError(
                f"TensorBoard: {tag!r} of run {run!r} names {other} already, so it cannot name "
                f"{kind}; give another tag, such as {f'{tag}/{kind}'!r}"
            )

    def _write_graph(self, net: Any) -> None:
        try:
            flow = net.diagram(fold=False).flow
        except ChainruleError as error:
            warnings.warn(
                f"TensorBoard: the graph is left out: {error}", ChainruleWarning, stacklevel=2
            )
            return
        self._files["train"].add_event(messages.graph_event(time.time(), graph_def(flow)))

    def _write_hyperparameters(self, settings: Mapping[str, Setting], net: Any) -> None:
        quantities = ["loss", *(metric.name for metric in net.metrics)]
        metrics = {(name, run): None for run in ("train", "validation") for name in quantities}
        now = time.time()
        self._files[""].add(*messages.hyperparameters(settings, metrics, now), step=0)

    def __repr__(self) -> str:
        return f"TensorBoard({os.fspath(self.folder)!r})"


def _settings_of(net: Any) -> dict[str, Setting]:
    """Return the loss, the optimiser and its numbers."""
    optimizer = net.optimizer
    settings: dict[str, Setting] = {"loss": net.loss.name, "optimizer": type(optimizer).__name__}
    for field in dataclasses.fields(optimizer):
        value = getattr(optimizer, field.name)
        if isinstance(value, bool | int | float | str):
            settings[field.name] = value
        elif field.name == "learning_rate":
            settings[field.name] = repr(value)
    return settings


def _checked_settings(given: Any) -> dict[str, Setting]:
    if not isinstance(given, Mapping):
        rule = "a mapping from names to booleans, numbers and text"
        raise bad_argument("TensorBoard", "hyperparameters", given, rule)
    settings: dict[str, Setting] = {}
    for name, value in given.items():
        plain = value.item() if isinstance(value, np.generic) else value
        if not isinstance(name, str) or not isinstance(plain, bool | int | float | str):
            rule = f"booleans, numbers and text by name, but {name!r} is {value!r:.40}"
            raise bad_argument("TensorBoard", "hyperparameters", given, rule)
        settings[name] = plain
    return settings
