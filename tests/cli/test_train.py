"""``chainrule train`` on handwritten digits."""

import builtins
import contextlib
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import cli
from chainrule.cli import figures
from chainrule.cli.recipes import RECIPES
from tests.cli.flowers import loaded


def run(*arguments: str) -> tuple[int, str, str]:
    output, errors = io.StringIO(), io.StringIO()
    screen = contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors)
    with screen[0], screen[1], pytest.raises(SystemExit) as end:
        cli.main(arguments)
    return int(end.value.code or 0), output.getvalue(), errors.getvalue()


def accuracy(output: str) -> float:
    found = re.search(r"test accuracy ([\d.]+) %", output)
    assert found, output
    return float(found[1])


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What ``make demo`` does: the whole run on the digits, once for all tests here."""
    folder = tmp_path_factory.mktemp("runs") / "new" / "demo"
    code, output, errors = run("train", "digits", "--out", str(folder))
    assert (code, errors) == (0, "")
    return output, folder


def test_digits_reach_97_percent_accuracy(demo: tuple[str, Path]) -> None:
    output, _ = demo
    assert accuracy(output) >= 97


def test_digits_print_the_confusion_matrix(demo: tuple[str, Path]) -> None:
    output, _ = demo
    rows = re.findall(r"^ +\d  ((?: +(?:\d+|·)){10}) *$", output, re.MULTILINE)
    counts = np.array([row.replace("·", "0").split() for row in rows], int)
    assert counts.shape == (10, 10)
    hits, total = re.findall(r"\((\d+) of (\d+)\)", output)[0]
    assert (np.trace(counts), counts.sum()) == (int(hits), int(total))


def test_digits_print_the_equations_of_the_last_layer(demo: tuple[str, Path]) -> None:
    output, _ = demo
    assert "δ⁴ = (p − y)/N" in output
    assert re.search(r"∂L/∂W³ = a²ᵀ δ⁴ +differences agree to [1-9]e-\d+", output)


def test_digits_write_a_model_and_five_figures(demo: tuple[str, Path]) -> None:
    from matplotlib.image import imread

    output, folder = demo
    drawn = ["confusion.png", "data.png", "filters.png", "loss.png", "mistakes.png"]
    names = [*drawn, "model.safetensors"]
    assert sorted(each.name for each in folder.iterdir()) == names
    assert all(str(folder / name) in output for name in names)
    for name in drawn:
        image = imread(folder / name)
        assert min(image.shape[:2]) > 400
        some = image[::4, ::4].reshape(-1, image.shape[2])
        assert len(np.unique(some, axis=0)) > 50


def test_the_printed_example_runs(demo: tuple[str, Path]) -> None:
    output, _ = demo
    _, _, code = output.partition("in Python:\n\n")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(re.sub("^  ", "", code, flags=re.MULTILINE), {})
    predicted, labels = (row.split() for row in re.findall(r"\[([\d ]+)\]", printed.getvalue()))
    assert len(labels) == 10
    assert sum(map(str.__eq__, predicted, labels)) >= 8


def test_the_same_seed_gives_the_same_model_and_another_seed_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "written", lambda folder, **figures: [])  # models only
    for name, seed in (("first", "5"), ("again", "5"), ("other", "6")):
        run("train", "moons", "--epochs", "2", "--seed", seed, "--out", str(tmp_path / name))
    # The history of a file has the seconds of its epochs.
    models = {
        each.parent.name: b"".join(array.tobytes() for array in loaded(each).params.values())
        for each in tmp_path.glob("*/*.safetensors")
    }
    assert models["first"] == models["again"] != models["other"]


@pytest.mark.parametrize("seed", range(3))
def test_moons_and_xor_are_learned_from_any_start(seed: int) -> None:
    _, moons, _ = run("train", "moons", "--seed", str(seed))
    assert accuracy(moons) >= 94
    _, xor, _ = run("train", "xor", "--seed", str(seed))
    assert accuracy(xor) == 100


def test_points_in_the_plane_get_a_figure_of_the_boundary(tmp_path: Path) -> None:
    code, output, _ = run("train", "xor", "--batch-size", "1000", "--out", str(tmp_path))
    assert code == 0
    assert (tmp_path / "boundary.png").stat().st_size > 10_000
    assert "boundary.png" in output
    assert all(line == line.rstrip() for line in output.split("\n"))


def test_without_a_folder_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _, output, _ = run("train", "xor", "--epochs", "1")
    assert list(tmp_path.iterdir()) == []
    assert "wrote" not in output


def test_a_report_is_written_into_the_folder(tmp_path: Path) -> None:
    code, output, _ = run("train", "xor", "--epochs", "3", "--report", "--out", str(tmp_path))
    assert code == 0
    assert f"wrote {tmp_path / 'report.html'}" in output
    assert "<h2>Results" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert run("train", "rbm", "--report")[0] == 2


def test_event_files_are_written_into_the_folder(tmp_path: Path) -> None:
    code, *_ = run("train", "xor", "--epochs", "3", "--tensorboard", str(tmp_path / "runs" / "xor"))
    assert code == 0
    assert [path.name[:19] for path in (tmp_path / "runs/xor/train").iterdir()] == [
        "events.out.tfevents"
    ]
    assert run("train", "rbm", "--tensorboard", str(tmp_path))[0] == 2


def test_a_folder_that_cannot_be_created_fails_before_training(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, output, errors = run("train", "xor", "--out", str(tmp_path / "file" / "demo"))
    assert (code, output) == (1, "")
    assert errors.startswith(f"chainrule: error: {tmp_path / 'file'}")
    code, output, errors = run("train", "xor", "--out", str(tmp_path / "file"))
    assert (code, output) == (2, "")
    assert "is a file" in errors


def test_without_matplotlib_the_model_is_saved_and_the_extra_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.split(".")[0] == "matplotlib":
            raise ImportError(f"No module named {name!r}")
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    code, output, errors = run("train", "xor", "--epochs", "1", "--out", str(tmp_path))
    assert code == 0
    assert "pip install 'chainrule[plot]'" in errors
    assert [each.name for each in tmp_path.iterdir()] == ["model.safetensors"]
    assert "wrote" in output


@pytest.mark.slow
def test_mnist_trains_in_an_epoch(data_folder: Path) -> None:
    code, output, _ = run("train", "mnist", "--epochs", "1")
    assert code == 0
    assert accuracy(output) > 90


@pytest.mark.parametrize("name", ["digits", "xor", "moons"])
def test_a_recipe_loads_the_same_parts_every_time(name: str) -> None:
    first, second = RECIPES[name].load(), RECIPES[name].load()
    for once, again in zip([*first[0], *first[1]], [*second[0], *second[1]], strict=True):
        np.testing.assert_array_equal(once, again)


def test_no_digit_is_in_both_parts() -> None:
    (learned, _), (tested, _) = RECIPES["digits"].load()
    assert len(learned) + len(tested) == 1797
    assert not {each.tobytes() for each in learned} & {each.tobytes() for each in tested}


def test_results_are_json_and_the_rest_goes_to_standard_error(tmp_path: Path) -> None:
    code, output, errors = run("train", "xor", "--epochs", "20", "--json", "--out", str(tmp_path))
    assert code == 0
    result = json.loads(output)
    assert "test accuracy" in errors
    assert len(result["history"]["loss"]) == 20
    assert result["test"].keys() == {"loss", "accuracy"}
    assert result["model"] == str(tmp_path / "model.safetensors")
    for command in (["doctor", "--json"], ["explain", "xor", "--json"], ["bench", "W1", "--json"]):
        assert json.loads(run(*command)[1])
    assert run("train", "rbm", "--json")[0] == 2
