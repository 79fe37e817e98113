"""``chainrule bench``: common networks against the roofline of the machine."""

import re
from typing import Any

import pytest
from click.testing import CliRunner

from chainrule.cli import bench, commands


def run(*arguments: str) -> Any:
    return CliRunner().invoke(commands, ["bench", *arguments], standalone_mode=False)


def test_workloads_are_named_and_others_refused() -> None:
    result = CliRunner().invoke(commands, ["bench", "W99"])
    assert result.exit_code == 2
    for name in bench.WORKLOADS:
        assert name.lower() in result.output


@pytest.mark.slow
def test_a_workload_is_listed_nest_by_nest() -> None:
    result = run("w3")
    assert result.exception is None
    assert result.output.startswith("W3: table 20-64-3, batch 32\n")
    for entry in ("32×64×20 product", "dense_1.weight", "of roofline", "roofline of"):
        assert entry in result.output


@pytest.mark.slow
def test_all_workloads_make_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    few = {name: bench.WORKLOADS[name] for name in ("W1", "W3")}
    monkeypatch.setattr(bench, "WORKLOADS", few)
    result = run()
    assert result.exception is None
    head, *rows = result.stdout.splitlines()
    assert head.split()[0] == "network"
    assert [row.split()[0] for row in rows] == ["W1", "W3"]
    for row in rows:
        assert re.search(r"\d (ns|µs|ms)\s.* \d+%$", row)
