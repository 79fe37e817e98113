"""Paths that begin with ``~``, wherever a file is written or read."""

from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule import data, nn


def test_a_tilde_is_the_home_folder_unless_a_file_has_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.chdir(tmp_path)
    X = np.random.default_rng(0).integers(0, 2, (8, 4)).astype(float)
    net, machine = cr.Network([nn.Dense(2)]), cr.RBM(2)
    net(X)
    machine.fit(X, epochs=1, verbose=0)
    for name, model in (("net", net), ("machine", machine)):
        model.save(f"~/{name}.safetensors")
        assert type(cr.load(Path(f"~/{name}.safetensors"))) is type(model)
    data.write_idx("~/x.idx", X.astype(np.uint8))
    assert data.read_idx("~/x.idx").shape == (8, 4)
    (home / "t.csv").write_text("a,b\n1,2\n")
    assert list(data.read_csv("~/t.csv")) == ["a", "b"]
    cr.plot.images(X.reshape(2, 4, 4), path="~/x.png")
    found = sorted(each.name for each in home.iterdir() if each.is_file())
    assert found == ["machine.safetensors", "net.safetensors", "t.csv", "x.idx", "x.png"]
    with pytest.raises(FileNotFoundError, match="home"):
        net.save("~/nowhere/net.safetensors")
    Path("~odd.safetensors").write_bytes(b"")
    net.save("~odd.safetensors")
    assert cr.load("~odd.safetensors")(X).shape == (8, 2)
