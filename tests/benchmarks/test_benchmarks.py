"""What is measured besides training: calls, first calls, imports and sizes."""

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
def test_what_is_called_gives_the_same_by_hand_and_compiled(name, tmp_path, monkeypatch):
    monkeypatch.setattr(w8_call, "CALLS", 2)
    start = BENCHMARKS[name].start
    checks = [start(each, tmp_path).repeat().check for each in ("numpy", "chainrule-jit")]
    assert checks[0] == pytest.approx(checks[1], rel=1e-5)


def test_a_network_predicts_what_numpy_computes_by_hand(tmp_path, monkeypatch):
    monkeypatch.setattr(w8_call, "CALLS", 2)
    start = BENCHMARKS["W8"].start
    checks = [start(each, tmp_path).repeat().check for each in ("numpy", "chainrule")]
    assert checks[0] == pytest.approx(checks[1], rel=1e-5)


def test_a_product_and_a_sum_of_three_arrays_are_checked_by_their_total(tmp_path):
    call = w8_call.start_calling("numpy", tmp_path).repeat
    assert call().check == (0 * 1 + 2) + (1 * 2 + 3) + (2 * 3 + 4)


@pytest.mark.parametrize("cached", [False, True])
def test_the_first_call_costs_something_and_its_caches_lie_where_they_should(
    cached, tmp_path, monkeypatch
):
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


def test_an_import_is_timed_beyond_numpy():
    assert import_time.import_seconds("import numpy").value < 0.01
    assert import_time.import_seconds("import chainrule").value > 0.001


def test_a_requirement_brings_its_own_along_and_each_counts_once():
    names = [found.name for found in install_size.needed(["chainrule", "numpy", "rich"])]
    assert {"chainrule", "numpy", "rich", "markdown-it-py", "mdurl"} <= set(names)
    assert len(names) == len(set(names))
    assert "matplotlib" not in names  # an extra is no need


def test_a_distribution_that_is_absent_is_named():
    with pytest.raises(ModuleNotFoundError, match="no-such-package"):
        install_size.needed(["no-such-package"])


def test_an_installed_package_weighs_its_files_and_an_editable_one_its_sources():
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
