"""CHAINRULE_DEBUG prints the stages of the pipeline from the graph to machine code."""

import os
import subprocess
import sys

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError

XOR = """
import chainrule as cr
net = cr.Network([cr.nn.Dense(3, activation="tanh"), cr.nn.Dense(1, name="last")])
net.compile(loss="mse", optimizer="sgd")
net.fit(*cr.datasets.xor(), batch_size=1, verbose=0)
"""


def printed_stages(setting, tmp_path):
    environment = {**os.environ, "CHAINRULE_DEBUG": setting, "CHAINRULE_CACHE": str(tmp_path)}
    command = [sys.executable, "-c", XOR]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    head, *parts = done.stderr.split("--- ")
    assert head == ""
    return dict(part.split(" ---\n", 1) for part in parts)


def test_every_stage_of_training_is_printed_with_the_users_names(tmp_path):
    stages = printed_stages("graph,loops,llvm,asm", tmp_path)
    assert list(stages) == ["graph", "loops", "llvm", "asm"]
    assert stages["graph"].startswith("graph steps(state.params.dense.weight: f32[2,3]")
    assert "# last" in stages["loops"]
    # The comments above the instructions of a nest are its loops.
    statements = [line.strip() for line in stages["loops"].splitlines() if " = " in line]
    comments = {line.strip(" ;") for line in stages["llvm"].splitlines() if line.startswith("  ;")}
    assert statements
    assert set(statements) <= comments
    assert "run:" in stages["asm"]


def test_a_cached_program_prints_the_same_stages(tmp_path):
    assert printed_stages("loops,asm", tmp_path) == printed_stages("loops asm", tmp_path)


@pytest.mark.parametrize("setting", ["loop", "2", "graph,asm,machine"])
def test_an_unknown_stage_raises_and_the_message_lists_all(setting, monkeypatch):
    monkeypatch.setenv("CHAINRULE_DEBUG", setting)
    with pytest.raises(ArgumentError, match=f"CHAINRULE_DEBUG is '{setting}'.*graph, loops, llvm"):
        cr.jit(np.sin)(np.ones(3))
