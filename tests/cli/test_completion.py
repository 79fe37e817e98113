"""``chainrule completion``: the scripts of click, and what they complete."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from chainrule import cli


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_names_the_variable_that_main_answers(shell: str) -> None:
    result = CliRunner().invoke(cli.commands, ["completion", shell], prog_name="chainrule")
    assert result.exit_code == 0
    assert f"_CHAINRULE_COMPLETE={shell}_complete" in result.output


def test_bash_accepts_its_script_and_words_are_completed(tmp_path: Path) -> None:
    program = tmp_path / "chainrule"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m chainrule "$@"\n')
    program.chmod(0o755)
    script = (
        'eval "$(chainrule completion bash)"\n'
        "COMP_WORDS=(chainrule ev); COMP_CWORD=1; _chainrule_completion chainrule\n"
        'echo "${COMPREPLY[@]}"\n'
        "COMPREPLY=(); COMP_WORDS=(chainrule train mnist-); COMP_CWORD=2\n"
        "_chainrule_completion chainrule\n"
        'echo "${COMPREPLY[@]}"\n'
    )
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    child = subprocess.run(
        ["bash", "-c", script],
        capture_output=True, text=True, timeout=600, env=os.environ | {"PATH": path},
    )  # fmt: skip
    assert child.stdout.split("\n")[:2] == ["evaluate", "mnist-cnn"]
