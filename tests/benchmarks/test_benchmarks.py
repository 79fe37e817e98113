"""Benchmarks other than training: calls, first calls, imports, sizes and memory."""

from importlib import metadata

import pytest

from benchmarks.rivals import CONTESTANTS, OURS
from benchmarks.workloads import (
    BENCHMARKS,
    import_time,
    install_size,
    peak_memory,
    w8_call,
    w9_first_call,
)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_measures_chainrule_against_known_contestants(name):
    contestants = BENCHMARKS[name].contestants
    assert set(contestants) <= set(CONTESTANTS)
    assert set(contestants) & set(OURS)
    assert set(contestants) - set(OURS)


@pytest.mark.parametrize("name", ["W8", "W8-jit"])
def test_compiled_calls_give_the_results_of_numpy(name, tmp_path, monkeypatch):
    monkeypatch.setattr(w8_call, "CALLS", 2)
    start = BENCHMARKS[name].start
    checks = [start(each, tmp_path).repeat().check for each in ("numpy", "chainrule-jit")]
    assert checks[0] == pytest.approx(checks[1], rel=1e-5)


def test_a_network_predicts_the_results_of_numpy(tmp_path, monkeypatch):
    monkeypatch.setattr(w8_call, "CALLS", 2)
    start = BENCHMARKS["W8"].start
    checks = [start(each, tmp_path).repeat().check for each in ("numpy", "chainrule")]
    assert checks[0] == pytest.approx(checks[1], rel=1e-5)


def test_the_check_of_an_elementwise_call_is_its_sum(tmp_path):
    call = w8_call.start_calling("numpy", tmp_path).repeat
    assert call().check == (0 * 1 + 2) + (1 * 2 + 3) + (2 * 3 + 4)


@pytest.mark.parametrize("cached", [False, True])
def test_a_first_call_takes_time_and_uses_the_given_cache_folders(cached, tmp_path, monkeypatch):
    for name in (*w9_first_call.CACHES, *w9_first_call.PATIENT):
        monkeypatch.setenv(name, "elsewhere")
    workload = w9_first_call.w3_small.WORKLOAD
    session = w9_first_call.start(workload, cached, "chainrule", tmp_path)
    folder = w9_first_call.os.environ["CHAINRULE_CACHE"]
    assert (folder == str(tmp_path / "chainrule")) is cached
    assert folder.startswith(str(tmp_path))
    figure = session.repeat()
    assert figure.value > 0
    assert 0 < figure.check < 2
    assert session.data == "Gaussian rows, 1000 rows"


def test_import_time_excludes_numpy():
    assert import_time.import_seconds("import numpy").value < 0.01
    assert import_time.import_seconds("import chainrule").value > 0.001


def test_transitive_requirements_count_once():
    names = [found.name for found in install_size.needed(["chainrule", "numpy", "rich"])]
    assert {"chainrule", "numpy", "rich", "markdown-it-py", "mdurl"} <= set(names)
    assert len(names) == len(set(names))
    assert "matplotlib" not in names  # an extra is not required


def test_a_missing_distribution_is_named():
    with pytest.raises(ModuleNotFoundError, match="no-such-package"):
        install_size.needed(["no-such-package"])


def test_install_size_sums_installed_files_or_editable_sources():
    numpy, own = (install_size.needed([name])[0] for name in ("numpy", "chainrule"))
    assert 10e6 < install_size.installed_bytes(numpy) < 1e9
    assert 1e5 < install_size.installed_bytes(own) < 1e8
    assert metadata.version("numpy") == numpy.version


def test_the_check_of_memory_is_the_loss(tmp_path):
    workload = peak_memory.w3_small.WORKLOAD
    checks = [
        peak_memory.start(workload, each, tmp_path).repeat().check
        for each in ("numpy", "chainrule")
    ]
    assert checks[0] == pytest.approx(checks[1], rel=1e-4)
