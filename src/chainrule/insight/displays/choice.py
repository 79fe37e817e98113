"""Which display an object of a lower room has."""

from __future__ import annotations

from typing import Any

from chainrule.insight.displays.curves import history_display
from chainrule.insight.displays.layers import (
    layer_display,
    network_display,
    parameter_display,
    params_display,
)
from chainrule.insight.displays.progress import progress_display
from chainrule.nn.layer import Layer
from chainrule.nn.parameter import Parameter
from chainrule.train.history import History
from chainrule.train.model.parameters import Params
from chainrule.train.network import Network, model_of
from chainrule.train.progress.run_state import RunState

__all__ = ["html_of"]


def html_of(shown: Any) -> str | None:
    """Return the HTML that a notebook shows of an object; None for its text."""
    match shown:
        case Network():
            model = model_of(shown)
            return model.parameter_lock.read(lambda: network_display(shown, model))
        case Layer():
            return layer_display(shown)
        case Parameter():
            return parameter_display(shown)
        case Params():
            return params_display(shown)
        case RunState():
            return progress_display(shown)
        case History():
            return history_display(shown)
        case _:
            return None
