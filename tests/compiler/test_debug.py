"""CHAINRULE_DEBUG shows the stages from the graph to machine code."""

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


def stages_of(wanted, tmp_path):
    environment = {**os.environ, "CHAINRULE_DEBUG": wanted, "CHAINRULE_CACHE": str(tmp_path)}
    command = [sys.executable, "-c", XOR]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    head, *parts = done.stderr.split("--- ")
    assert head == ""
    return dict(part.split(" ---\n", 1) for part in parts)


def test_training_is_shown_stage_by_stage_in_the_users_words(tmp_path):
    stages = stages_of("graph,loops,llvm,asm", tmp_path)
    assert list(stages) == ["graph", "loops", "llvm", "asm"]
    assert stages["graph"].startswith("graph steps(state.params.dense.weight: f32[2,3]")
    assert "# last" in stages["loops"]
    # The loops stand above the instructions that are made of them.
    statements = [line.strip() for line in stages["loops"].splitlines() if " = " in line]
    comments = {line.strip(" ;") for line in stages["llvm"].splitlines() if line.startswith("  ;")}
    assert statements
    assert set(statements) <= comments
    assert "run:" in stages["asm"]


def test_a_program_from_the_cache_shows_as_one_made_anew(tmp_path):
    assert stages_of("loops,asm", tmp_path) == stages_of("loops asm", tmp_path)


@pytest.mark.parametrize("wanted", ["loop", "1", "graph,asm,machine"])
def test_an_unknown_stage_is_refused_with_those_there_are(wanted, monkeypatch):
    monkeypatch.setenv("CHAINRULE_DEBUG", wanted)
    with pytest.raises(ArgumentError, match=f"CHAINRULE_DEBUG is '{wanted}'.*graph, loops, llvm"):
        cr.jit(np.sin)(np.ones(3))
