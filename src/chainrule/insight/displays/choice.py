"""Which display an object of a lower room has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.data.named_columns import NamedColumns
from chainrule.data.pipeline_stage import Stage
from chainrule.data.table import Table
from chainrule.insight.displays.columns import columns_display
from chainrule.insight.displays.curves import history_display
from chainrule.insight.displays.findings import (
    mistakes_display,
    program_display,
    range_display,
)
from chainrule.insight.displays.layers import (
    layer_display,
    network_display,
    parameter_display,
    params_display,
)
from chainrule.insight.displays.machine import evaluation_display, machine_display
from chainrule.insight.displays.page import lines_and_table
from chainrule.insight.displays.preprocessing import pipeline_display, table_display
from chainrule.insight.displays.progress import progress_display
from chainrule.insight.learning_rate import LearningRateRange
from chainrule.insight.mistakes.mistake import Mistakes
from chainrule.insight.program_report import ProgramReport
from chainrule.nn.layer import Layer
from chainrule.nn.parameter import Parameter
from chainrule.rich_display import TextTable
from chainrule.train.history import History
from chainrule.train.inference.evaluation import Evaluation
from chainrule.train.model.parameters import Params
from chainrule.train.network import Network, model_of
from chainrule.train.progress.run_state import RunState
from chainrule.train.rbm.rbm import RBM

__all__ = ["html_of"]


_DISPLAYS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (Network, lambda net: network_display(net, model_of(net))),
    (Layer, layer_display),
    (Parameter, parameter_display),
    (Params, params_display),
    (History, history_display),
    (RunState, progress_display),
    (Evaluation, evaluation_display),
    (RBM, machine_display),
    (NamedColumns, columns_display),
    (Table, table_display),
    (Stage, pipeline_display),
    (
        TextTable,
        lambda shown: lines_and_table(shown.above, shown.headings, shown.rows, shown.below),
    ),
    (LearningRateRange, range_display),
    (Mistakes, mistakes_display),
    (ProgramReport, program_display),
)


def html_of(shown: Any) -> str | None:
    """Return the HTML that a notebook shows of an object; None for its text."""
    return next((write(shown) for kind, write in _DISPLAYS if isinstance(shown, kind)), None)
