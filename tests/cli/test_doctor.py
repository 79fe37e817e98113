"""``chainrule doctor``: what is installed, and each problem with its remedy."""

import platform
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from chainrule.cli import commands, doctor
from chainrule.compiler.runtime import thread_count
from chainrule.datasets.catalogue import CATALOGUE


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str | None]:
    """An own data folder without data, and an own cache."""
    (tmp_path / "data").mkdir()
    return {"CHAINRULE_DATA": str(tmp_path / "data"), "CHAINRULE_CACHE": str(tmp_path / "cache")}


def consult(surroundings: dict[str, str | None]) -> Any:
    return CliRunner(env=surroundings).invoke(commands, ["doctor"], standalone_mode=False)


def test_a_valid_installation_has_no_problems(surroundings: dict[str, str | None]) -> None:
    result = consult(surroundings)
    assert (result.return_value, result.exception) == (0, None)
    assert result.output.endswith("no problems found\n")
    for entry in (np.__version__, platform.python_version(), "features", "backend", "cores"):
        assert entry in result.output
    for folder in surroundings.values():
        assert str(folder) in result.output


def test_every_data_set_is_listed_with_its_location(
    surroundings: dict[str, str | None], tmp_path: Path
) -> None:
    folder = tmp_path / "cache" / "letter-recognition"
    folder.mkdir(parents=True)
    (file,) = CATALOGUE["letters"].files
    with (folder / file.name).open("wb") as whole:
        whole.truncate(file.size)
    output = consult(surroundings).output
    rows = {line.split()[0]: line for line in output.partition("data sets")[2].splitlines() if line}
    assert set(rows) >= {"xor", "moons", "digits", *CATALOGUE}
    assert rows["letters"].endswith(f"in {folder}")
    assert "downloaded when first used (11.6 MB)" in rows["mnist"]
    assert rows["notmnist"].endswith(f"put its files into {tmp_path / 'data' / 'notmnist'}")


def test_a_file_of_the_wrong_size_is_a_problem(
    surroundings: dict[str, str | None], tmp_path: Path
) -> None:
    damaged = tmp_path / "data" / "mnist" / "train-labels-idx1-ubyte.gz"
    damaged.parent.mkdir()
    damaged.write_bytes(b"half")
    result = consult(surroundings)
    assert result.return_value == 1
    assert f"problem: mnist: {damaged} has 4 bytes instead of 28,881; remove it" in result.output


def test_a_data_folder_that_does_not_exist_is_a_problem(
    surroundings: dict[str, str | None], tmp_path: Path
) -> None:
    result = consult(surroundings | {"CHAINRULE_DATA": str(tmp_path / "nowhere")})
    assert result.return_value == 1
    assert "nowhere, which is no folder; create it, or unset the variable" in result.output


def test_a_cache_that_is_not_writable_is_a_problem(
    surroundings: dict[str, str | None], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    result = consult(surroundings | {"CHAINRULE_CACHE": str(tmp_path / "file" / "cache")})
    assert result.return_value == 1
    assert "is not writable; set CHAINRULE_CACHE" in result.output


def test_a_cache_that_others_may_write_to_is_a_problem_until_its_remedy(
    surroundings: dict[str, str | None], tmp_path: Path
) -> None:
    code = tmp_path / "cache" / "code"
    code.mkdir(parents=True)
    code.chmod(0o777)
    result = consult(surroundings)
    assert f"compiled programs are not kept: {code} is not trusted" in result.output
    assert f"run: chmod 700 {code}" in result.output
    code.chmod(0o700)
    assert consult(surroundings).return_value == 0


def test_no_home_folder_and_no_count_of_threads_are_problems(
    surroundings: dict[str, str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "cache_folder", lambda: None)
    monkeypatch.setattr(thread_count, "_chosen", [])  # by no test before
    result = consult(surroundings | {"CHAINRULE_DATA": None, "CHAINRULE_NUM_THREADS": "1e9"})
    assert result.return_value == 1
    assert "there is no home folder for the cache; set CHAINRULE_CACHE" in result.output
    assert "problem: CHAINRULE_NUM_THREADS is '1e9'" in result.output


def test_a_missing_requirement_is_a_problem_and_a_missing_extra_is_not(
    surroundings: dict[str, str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "_version", lambda name: None if name in lost else "1.0")
    lost = {"scipy"}
    result = consult(surroundings)
    assert result.return_value == 0
    assert "not installed (extra science)" in result.output
    lost = {"rich"}
    result = consult(surroundings)
    assert result.return_value == 1
    assert "problem: rich is missing; run: pip install" in result.output
