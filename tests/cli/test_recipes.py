"""Recipes: accuracy, baselines, and no leakage from the test part."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import cli, datasets
from chainrule.cli import language, rbm, report, series
from chainrule.cli.recipes import RECIPES

FEWER_ROWS = {"notmnist": slice(2000), "spoken-digits": slice(None, None, 2)}
FULL = {"notmnist": datasets.notmnist, "spoken-digits": datasets.spoken_digits}


def run(*arguments: str) -> tuple[int, str, str]:
    output, errors = io.StringIO(), io.StringIO()
    screen = contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors)
    with screen[0], screen[1], pytest.raises(SystemExit) as end:
        cli.main(arguments)
    return int(end.value.code or 0), output.getvalue(), errors.getvalue()


def number(pattern: str, output: str) -> float:
    found = re.search(pattern, output)
    assert found, output
    return float(found[1])


def following_lines(output: str) -> str:
    """Run the lines a training ends with; give what they print."""
    _, _, code = output.partition("in Python:\n\n")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(re.sub("^  ", "", code, flags=re.MULTILINE), {})
    return printed.getvalue()


@pytest.mark.slow
def test_churn_beats_logistic_regression(data_folder: Path, tmp_path: Path) -> None:
    code, output, errors = run("train", "churn", "--out", str(tmp_path))
    assert (code, errors) == (0, "")
    area = number(r"test ROC AUC ([\d.]+)", output)
    assert area >= 0.85
    assert 0.7 < number(r"logistic regression: ([\d.]+) \(beaten\)", output) < area
    assert len(re.findall(r"0\.\d+", following_lines(output))) >= 5


@pytest.mark.slow
def test_airline_beats_the_seasonal_naive_forecast(data_folder: Path, tmp_path: Path) -> None:
    code, output, errors = run("train", "airline", "--out", str(tmp_path))
    assert (code, errors) == (0, "")
    assert number(r"([\d.]+) % of the mean error of the same month a year ago", output) < 70
    assert (tmp_path / "forecast.png").stat().st_size > 10_000
    assert following_lines(output).count("[") == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "pattern", "least"),
    [
        ("letters", r"test accuracy ([\d.]+) %", 80),
        ("notmnist", r"test accuracy ([\d.]+) %", 70),
        ("spoken-digits", r"test accuracy ([\d.]+) %", 30),
        ("prices", r"([\d.]+) % of the mean error of persistence", 80),
        ("sunspots", r"([\d.]+) % of the mean error of a solar cycle ago", 40),
    ],
)
def test_an_epoch_of_each_recipe_lowers_the_loss(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, pattern: str, least: float
) -> None:
    if name in FEWER_ROWS:
        fewer = [(X[FEWER_ROWS[name]], y[FEWER_ROWS[name]]) for X, y in FULL[name]()]
        monkeypatch.setattr(datasets, FULL[name].__name__, lambda: fewer)
    # The equations of convolutions are proved as rigorously on two samples as on sixteen.
    monkeypatch.setattr(report, "_PROVED_SAMPLES", 2)
    code, output, errors = run("train", name, "--epochs", "1")
    assert (code, errors) == (0, "")
    assert number(pattern, output) > least


def test_the_convolutional_network_gets_the_same_digits_as_the_dense_one(data_folder: Path) -> None:
    (X, y), (Z, _) = RECIPES["mnist-cnn"].load()
    assert (X.shape, Z.shape) == ((60000, 28, 28, 1), (10000, 28, 28, 1))
    (_, labels), _ = RECIPES["mnist"].load()
    np.testing.assert_array_equal(y, labels)


@pytest.mark.parametrize("horizon", [(), (1,), (7,)], ids=str)
@pytest.mark.parametrize("name", ["airline", "sunspots", "prices"])
def test_training_windows_end_before_the_test_targets(
    data_folder: Path, name: str, horizon: tuple[int, ...]
) -> None:
    """The oracle looks targets up by their dates, in the series as it was loaded."""
    problem = getattr(series, name)(*horizon)
    dates, values, first = problem.series
    np.testing.assert_array_equal(
        values[np.searchsorted(dates, problem.dates)], problem.truth[:, -1]
    )
    assert problem.dates[0] - first >= horizon[0] - 1 if horizon else problem.dates[0] > first
    (_, learned), (X, y) = problem.parts
    assert len(problem.truth) == len(X) == len(y) == len(problem.dates)
    np.testing.assert_allclose(problem.restore(y), problem.truth, rtol=1e-9, atol=1e-9)
    zero = problem.restore(np.zeros_like(y))
    assert zero.shape == problem.truth.shape
    assert np.all(np.diff(problem.dates).astype(int) > 0)
    assert len(learned) > len(y)


def test_scaling_is_fitted_on_the_earlier_part(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another future leaves what is learned from as it was, bit for bit."""
    months, spots = series.datasets.sunspots()
    before = series.sunspots.__wrapped__().parts[0]
    changed = spots.copy()
    changed[len(spots) * 4 // 5 :] *= 7
    monkeypatch.setattr(series.datasets, "sunspots", lambda: (months, changed))
    after = series.sunspots.__wrapped__().parts[0]
    np.testing.assert_array_equal(before[0], after[0])
    np.testing.assert_array_equal(before[1], after[1])


@pytest.mark.parametrize("name", ["digits", "xor", "moons", "churn", "letters", "mnist", "airline"])
def test_the_printed_lines_load_the_test_part(data_folder: Path, name: str) -> None:
    names: dict[str, Any] = {}
    exec("from chainrule import data, datasets\n" + "\n".join(RECIPES[name].example), names)
    _, (X, y) = RECIPES[name].load()
    if isinstance(X, dict):
        assert all(np.array_equal(X[column], names["X"][column]) for column in X)
    else:
        np.testing.assert_allclose(X, names["X"], rtol=1e-6)
    truth = series.airline().truth if name == "airline" else y
    np.testing.assert_array_equal(truth, names["y"])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["shakespeare", "shakespeare-transformer"])
def test_sampling_continues_the_prompt(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = "KING:\nWhat say the lords of the realm?\n\nROMEO AND JULIET:\nNothing, my lord.\n\n"
    monkeypatch.setattr(language.datasets, "shakespeare", lambda: line * 200)
    language.plays.cache_clear()
    try:
        code, output, errors = run(
            "train", name, "--epochs", "5", "--batch-size", "8", "--out", str(tmp_path)
        )
    finally:
        language.plays.cache_clear()
    assert (code, errors) == (0, "")
    nats, pairs = (
        number(r"test loss ([\d.]+)", output),
        number(r"([\d.]+) nats by those of pairs", output),
    )
    assert nats < 0.6 < pairs, "the text repeats itself, so nearly all of it can be known"
    written = following_lines(output)
    assert written.startswith("JULIET:\n")
    assert "ROMEO AND JULIET:\n" in written


def test_bigram_entropy_equals_that_of_counting_pairs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = "abcab" * 600
    monkeypatch.setattr(language.datasets, "shakespeare", lambda: text)
    (X, y), (Z, z) = language.plays.__wrapped__()
    assert X.shape[1] == Z.shape[1] == 64
    assert "".join(np.array(list("abc"))[X.ravel()][1:]) == "".join(y.ravel()[:-1])
    pairs = list(zip(X.ravel().tolist(), y.ravel().tolist(), strict=True))
    nats = []
    for code, character in zip(Z.ravel().tolist(), z.ravel().tolist(), strict=True):
        both = pairs.count((code, character)) + 0.1
        nats.append(-np.log(both / (sum(code == each for each, _ in pairs) + 0.3)))
    unigrams, bigrams = language.ngram_entropy(X, y, Z, z)
    assert bigrams == pytest.approx(np.mean(nats), rel=1e-9)
    assert bigrams < unigrams


RANDOM = np.random.default_rng(0)


def table(folder: Path, **columns: object) -> Path:
    path = folder / "table.csv"
    rows = zip(*columns.values(), strict=True)  # type: ignore[call-overload]
    lines = [",".join(columns), *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def people(tmp_path: Path) -> Path:
    count = 400
    age, town = RANDOM.integers(18, 80, count), RANDOM.choice(["Bonn", "Ulm"], count)
    pays = 3.0 * age + 100 * (town == "Ulm") + RANDOM.normal(size=count)
    group = np.where(age < 40, "young", np.where(age < 60, "middle", "old"))
    return table(
        tmp_path,
        name=[f"n{row}" for row in range(count)],
        age=age,
        town=town,
        pays=pays.round(2),
        group=group,
        buys=np.where((age > 50) == (town == "Ulm"), "yes", "no"),
    )


def test_a_binary_target_is_classified(people: Path, tmp_path: Path) -> None:
    code, output, errors = run(
        "train", str(people), "--target", "buys", "--drop", "group", "--out", str(tmp_path / "out")
    )
    assert (code, errors) == (0, "")
    assert "column 'name' is left out: 400 different texts" in output
    assert number(r"test ROC AUC ([\d.]+)", output) > 0.9
    assert "logistic regression: " in output
    answers = following_lines(output)
    assert len(re.findall("'(?:yes|no)'", answers)) == 20


def test_a_target_of_several_classes_is_classified(people: Path) -> None:
    code, output, _ = run("train", str(people), "--target", "group", "--epochs", "30")
    assert code == 0
    assert number(r"test accuracy ([\d.]+) %", output) > 85
    assert "middle" in output


def test_a_numeric_target_beats_its_mean(people: Path, tmp_path: Path) -> None:
    code, output, _ = run(
        "train", str(people), "--target", "pays", "--drop", "group", "--out", str(tmp_path / "out")
    )
    assert code == 0
    assert number(r"R² of the network: ([\d.]+)", output) > 0.9
    assert "mean of the training part" in output
    assert "linear regression" in output
    assert following_lines(output)


@pytest.mark.parametrize(
    ("arguments", "code", "match"),
    [
        (["{}"], 2, "is a file: name the column to predict by --target"),
        (["{}", "--target", "bought"], 1, "has no column 'bought'; it has name, age"),
        (["{}", "--target", "buys", "--drop", "x"], 1, "has no column 'x'"),
        (["none.csv", "--target", "a"], 2, "no such file"),
        (["xor", "--target", "a"], 2, "--target and --drop are for CSV files"),
        (["xor", "--horizon", "3"], 2, "--horizon is for time series: airline, prices, sunspots"),
        (["rbm", "--horizon", "3"], 2, "--horizon is for time series: airline, prices, sunspots"),
        (["airline", "--horizon", "13"], 2, "airline is forecast at most 12 months ahead, as"),
        (["prices", "--horizon", "0"], 2, "--horizon': 0 is not in the range"),
        (["xor", "--lr", "0"], 2, "'0' is no learning rate; give a number greater than 0"),
        (["xor", "--learning-rate", "nan"], 2, "'nan' is no learning rate"),
    ],
)
def test_invalid_files_and_options_are_refused_in_one_line(
    people: Path, arguments: list[str], code: int, match: str
) -> None:
    got, _, errors = run("train", *(each.format(people) for each in arguments))
    assert got == code
    assert match in errors
    assert errors.count("\n") == 1


def test_a_constant_target_is_refused(tmp_path: Path) -> None:
    same = table(tmp_path, a=[1, 2, 3], b=["x", "x", "x"])
    assert "all rows have the target 'x'" in run("train", str(same), "--target", "b")[2]
    alone = table(tmp_path, b=["x", "x", "y", "y"])
    assert "no column to predict 'b' from" in run("train", str(alone), "--target", "b")[2]


@pytest.mark.slow
def test_features_of_an_rbm_beat_pixels(
    data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (X, y), test = datasets.mnist()
    monkeypatch.setattr(rbm.datasets, "mnist", lambda: ((X[:20_000], y[:20_000]), test))
    code, output, errors = run("train", "rbm", "--out", str(tmp_path))
    assert (code, errors) == (0, "")
    assert output.count("(beaten)") == 5
    for used, units in re.findall(r"(\d+) of (\d+) hidden units are in use", output):
        assert int(used) > 0.95 * int(units)
    assert 75 < number(r"7,190 +([\d.]+) %", output) < 85
    assert 90 < number(r"60,000 +([\d.]+) %", output) < 94
    for name in ("digits", "mnist"):
        assert (tmp_path / f"{name}.png").stat().st_size > 10_000
    assert following_lines(output) == "(5, 100)\n"


def test_an_rbm_has_no_target_column() -> None:
    code, _, errors = run("train", "rbm", "--target", "y")
    assert code == 2
    assert "--target and --drop are for CSV files" in errors
