"""The score file: what is noted, where, and what happens if it is damaged."""

import json
from pathlib import Path

import numpy as np
import pytest

from chainrule import lab
from chainrule.errors import ArgumentError, ChainruleWarning, FormatError


@pytest.fixture(autouse=True)
def current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CHAINRULE_LAB", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def right(x: np.ndarray) -> np.ndarray:
    return 1 - np.tanh(x) ** 2


def test_a_right_answer_is_noted_and_stays_so(tmp_path: Path) -> None:
    assert lab.score().points == 0
    assert not list(tmp_path.iterdir())
    assert lab.check("tanh", right)
    assert not lab.check("tanh", np.tanh)
    score = lab.score()
    assert (score.points, score.done) == (1, 1)
    assert f"1 of {len(lab.exercises())} exercises" in str(score)
    row = json.loads((tmp_path / "chainrule_lab.json").read_text())["exercises"]["tanh"]
    assert row == {"attempts": 2, "done": True, "revealed": False}


def test_a_solution_is_shown_after_a_right_answer_or_without_points() -> None:
    with pytest.raises(ArgumentError, match="no right answer to 'tanh' yet, 0 tried"):
        lab.solution("tanh")
    assert "np.tanh(x) ** 2" in str(lab.solution("tanh", reveal=True))  # the remedy works
    assert lab.check("tanh", right)
    assert (lab.score().points, lab.score().done) == (0, 1)
    lab.check("tanh_from_output", lambda y: 1 - y * y)
    assert "1 - y**2" in str(lab.solution("tanh_from_output"))
    assert lab.score().points == 1


@pytest.mark.parametrize("place", ["folder", "folder/mine.json"])
def test_the_environment_variable_names_a_folder_or_a_file(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder").mkdir()
    monkeypatch.setenv("CHAINRULE_LAB", place)
    lab.check("tanh", right)
    name = "mine.json" if place.endswith("json") else "chainrule_lab.json"
    assert (tmp_path / "folder" / name).is_file()
    assert lab.score().points == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"version": 2, "exercises": {}}',
        b'{"version": 1}',
        b'{"version": 1, "exercises": {"tanh": {"done": true}}}',
        b'{"version": 1, "exercises": {"a": {"attempts": "1", "done": true, "revealed": false}}}',
        b'{"version": 1, "exercises": ' + b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_named_and_left_as_it_is(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "chainrule_lab.json"
    file.write_bytes(content)
    for call in (lab.score, lab.exercises, lambda: lab.check("tanh", right)):
        with pytest.raises(FormatError, match=r"chainrule_lab\.json: not a score file.*rename"):
            call()
    assert file.read_bytes() == content
    file.rename(tmp_path / "old.json")  # the remedy
    assert lab.check("tanh", right)
    assert lab.score().points == 1


def test_an_answer_is_judged_though_the_score_cannot_be_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAINRULE_LAB", str(tmp_path / "missing"))
    with pytest.warns(ChainruleWarning, match="could not be stored in .*missing"):
        assert lab.check("tanh", right)


def test_records_of_other_exercises_are_kept(tmp_path: Path) -> None:
    row = {"attempts": 3, "done": True, "revealed": False}
    text = json.dumps({"version": 1, "exercises": {"later": row}})
    (tmp_path / "chainrule_lab.json").write_text(text)
    lab.check("tanh", right)
    assert lab.score().done == 1
    assert json.loads((tmp_path / "chainrule_lab.json").read_text())["exercises"]["later"] == row
