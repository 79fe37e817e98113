"""`load`: reads a network or a Boltzmann machine from a file; see `train.restoration`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from chainrule.arguments.aliases import FIT_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.train.network import Network

if TYPE_CHECKING:
    from chainrule.train.rbm.rbm import RBM

__all__ = ["load"]

Custom = Mapping[str, Callable[..., Any]]


@answers_foreign_names(FIT_ALIASES)
def load(path: str | os.PathLike[str], custom: Custom | None = None) -> Network | RBM:
    """Read a network written by `Network.save`, or a Boltzmann machine.

    Its predictions equal those before saving, bit for bit, and `Network.fit` goes on as it would
    have without: with the state of the optimiser, the counters and the history. Layers, losses and
    metrics of one's own are made of their programs in the file, unless `custom` has them. Where the
    file cannot hold one of them, the network predicts, and needs ``compile``.

    Parameters
    ----------
    path : str or path
        The file; or the folder of a run, for its latest checkpoint.
    custom : mapping of str to class or function, or None
        User-defined layers, activations, losses and metrics by name.

    Returns
    -------
    Network or RBM
        Built, with the parameters of the file; a machine continues its training.

    Raises
    ------
    FormatError
        If the file is damaged, is not a network, or needs a name that `custom` lacks.
    OSError
        If the file does not exist.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from chainrule import nn
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.safetensors"
    >>> net = Network([nn.Dense(2)])
    >>> before = net.predict([[1.0, 2.0, 3.0]])
    >>> net.save(path)
    >>> bool(np.all(load(path).predict([[1.0, 2.0, 3.0]]) == before))
    True
    """
    # Imported here, as most programs load nothing.
    from chainrule.train.restoration import restored_model

    return restored_model(path, custom)
