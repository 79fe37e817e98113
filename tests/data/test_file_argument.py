"""Paths as arguments: what is missing is told with what is there."""

import wave
from pathlib import Path

import numpy as np
import pytest

from chainrule.data import read_csv, read_idx, read_wav, write_idx
from chainrule.errors import ArgumentError

READERS = (read_csv, read_idx, read_wav)


def test_a_missing_file_is_told_with_similar_names(tmp_path: Path) -> None:
    for name in ("Churn_Modelling.csv", "churn.idx", "churn.wav", "other.txt"):
        (tmp_path / name).touch()
    expected = {
        "Churn_modeling.csv": "has Churn_Modelling.csv",
        "churn.csv": "has churn.idx, churn.wav",
        "zzz.csv": "which has Churn_Modelling.csv",
        "data/churn.csv": f"nor the folder .*: {tmp_path} is there",
    }
    for read in READERS:
        for name, match in expected.items():
            with pytest.raises(FileNotFoundError, match=match):
                read(tmp_path / name)
        with pytest.raises(IsADirectoryError, match=r"a folder, which holds Churn_Modelling\.csv"):
            read(tmp_path)


def test_an_address_and_a_content_are_no_paths() -> None:
    for read in READERS:
        with pytest.raises(ArgumentError, match="is an address; download it"):
            read("https://example.org/t.csv")
        with pytest.raises(ArgumentError, match=r"the content of a file; .* io\.StringIO"):
            read("a,b\n1,2\n")


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    write_idx("~/t.idx", np.arange(3, dtype=np.uint8))
    (tmp_path / "t.csv").write_text("a\n5\n")
    with wave.open(str(tmp_path / "t.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
    assert read_idx("~/t.idx").tolist() == [0, 1, 2]
    assert read_csv("~/t.csv")["a"].tolist() == [5]
    assert read_wav("~/t.wav")[1] == 8000
