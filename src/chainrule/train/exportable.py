"""Networks in the formats of other programs: methods of a higher layer, imported when called."""

from __future__ import annotations

import os
from typing import Any, cast

from chainrule.arguments.aliases import FIT_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.train.inspectable import Inspectable
from chainrule.train.resumable import Resumable

__all__ = ["Exportable"]


@answers_foreign_names(FIT_ALIASES)
class Exportable(Resumable, Inspectable):
    """Layers that are trained, explained, and written for other programs."""

    def to_numpy(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return the network as a stand-alone predictor: the text of a program in NumPy alone.

        The text has a function ``predict(x)``, layer by layer, with the weights by their names, and
        needs no file of this library. It is made from the graph, so that layers of your own are in
        it, too. Before it is returned it is run, in a process of its own, on random inputs: its
        outputs agree with those of the network within 1e-5 of the largest, in float64 1e-10.

        Parameters
        ----------
        path : str, path or None
            A file ``*.py`` to write; the weights are then in an archive ``*.npz`` beside it.
            Otherwise they are in the text: as numbers, or compressed if there are more than 200.

        Returns
        -------
        str
            The text.

        Raises
        ------
        ArgumentError
            If the network is not built yet, or for the name of another file.
        UnsupportedError
            If layers have no program for any number of samples, or compute what NumPy does not
            have, all of which is listed; and if outputs differ.

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule import Network, nn
        >>> net = Network([nn.Dense(2, activation="relu"), nn.Dense(1)])
        >>> outputs = net(np.ones((1, 3)))  # builds it
        >>> for line in net.to_numpy().splitlines()[-5:]:
        ...     print(line.strip())
        # dense: relu(x W + b)
        dense = np.maximum(x @ W["dense.weight"] + W["dense.bias"], 0)
        # dense_1: x W + b
        dense_1 = dense @ W["dense_1.weight"] + W["dense_1.bias"]
        return dense_1
        """
        from chainrule.export.numpy_source import write_predictor

        return write_predictor(cast(Any, self), path)

    def to_onnx(
        self,
        path: str | os.PathLike[str],
        *,
        batch_size: int | None = None,
        steps: int | None = None,
        dtype: str = "float32",
    ) -> None:
        """Write the network as an ONNX file, for the runtimes and compilers that read this format.

        The file has inference alone, as `predict` computes it: input ``x`` and output ``y`` of the
        shapes that the network has here, batch first and channels last, the parameters under their
        names, and as metadata the names of classes and the preparation of columns. It is of
        operator set 17. Before it is written, the reference evaluator of ONNX runs it on a sample;
        its outputs agree with those of the network within 1e-5 of the largest.

        Parameters
        ----------
        path : str or path
            Of the file, ``*.onnx``.
        batch_size : int >= 1 or None
            Samples in a batch; None for any number. Compilers to C need a number.
        steps : int >= 1 or None
            Steps of the sequences, where their number varies; None for any number.
        dtype : {"float32", "float64"}
            What the file computes with. Most runtimes have only float32 for some operators.

        Raises
        ------
        ArgumentError
            If the network is not built, and for arguments out of range.
        UnsupportedError
            If ONNX lacks operators for it, all of which are listed, or if its layers cannot be
            traced for any number of samples.
        ImportError
            Without the package ``onnx``: ``pip install 'chainrule[onnx]'``.

        Examples
        --------
        >>> import numpy as np
        >>> import tempfile, pathlib
        >>> from chainrule import Network, nn
        >>> net = Network([nn.Dense(3, activation="relu"), nn.Dense(2, activation="softmax")])
        >>> y = net(np.eye(4))
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "net.onnx"
        >>> net.to_onnx(path)
        >>> path.exists()
        True
        """
        from chainrule.interop.onnx.writing.export import export_network

        export_network(cast(Any, self), path, batch_size, steps, dtype)
