"""Rows of stored arrays: the same values as in memory, read by ascending slices alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.data import stored_rows
from chainrule.data.stored_rows import StoredRows, as_stored_rows


class Slices:
    """An array that gives ascending slices of rows, and counts what it has given."""

    def __init__(self, array: Any) -> None:
        self.array, self.shape, self.dtype = array, array.shape, array.dtype
        self.largest = 0

    def __getitem__(self, rows: slice) -> Any:
        assert isinstance(rows, slice)
        assert 0 <= rows.start <= rows.stop <= len(self.array)
        assert rows.step is None
        self.largest = max(self.largest, rows.stop - rows.start)
        return self.array[rows]


ARRAY = np.arange(600).reshape(100, 3, 2)


@pytest.mark.parametrize(
    "rows",
    [
        slice(3, 9), slice(None), slice(90, None), slice(5, 5), slice(20, 10, -2),
        np.array([7, 3, 3, 99, 0]), np.array([], int), 4, -1, (5, 2, 1),
    ],
)  # fmt: skip
def test_rows_are_those_of_the_array(rows: Any) -> None:
    np.testing.assert_array_equal(StoredRows(Slices(ARRAY))[rows], ARRAY[rows])
    np.testing.assert_array_equal(StoredRows(Slices(ARRAY)).part(slice(0, 100))[rows], ARRAY[rows])


def test_a_part_begins_at_its_first_row(monkeypatch: pytest.MonkeyPatch) -> None:
    part = StoredRows(Slices(ARRAY)).part(slice(40, 60)).part(slice(5, None))
    assert part.shape == (15, 3, 2)
    np.testing.assert_array_equal(part[np.array([14, 0])], ARRAY[[59, 45]])
    monkeypatch.setattr(stored_rows, "_PART", 300)
    np.testing.assert_array_equal(np.concatenate(list(part.parts())), ARRAY[45:60])


def test_no_read_is_larger_than_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_rows, "_PART", 10 * 48)
    source = Slices(ARRAY)
    rows = np.random.default_rng(0).permutation(100)
    np.testing.assert_array_equal(StoredRows(source)[rows], ARRAY[rows])
    assert source.largest <= 11


def test_arrays_in_memory_and_small_ones_are_not_stored() -> None:
    assert as_stored_rows(np.zeros((9, 9))) is None
    assert as_stored_rows(Slices(ARRAY)) is None
    large = Slices(np.broadcast_to(np.float32(0), (2**12, 2**11)))
    rows = as_stored_rows(large)
    assert rows is not None
    assert rows.shape == large.shape
    assert as_stored_rows(Slices(np.broadcast_to("text", (2**12, 2**11)))) is None


def test_memory_maps_that_would_be_copied_are_stored_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_rows, "_SMALL", 0)
    results: list[Any] = []
    for dtype, order in (("f4", "C"), ("f4", "F"), (">f4", "C"), (">f4", "F")):
        stored: Any = np.memmap(tmp_path / "X", dtype, "w+", shape=ARRAY.shape[:2], order=order)
        stored[:] = np.sin(ARRAY[..., 0])
        assert (as_stored_rows(stored) is None) == (stored.dtype.isnative and order == "C")
        assert as_stored_rows(stored[:, ::2]) is not None
        net = cr.Network([cr.nn.Dense(2)], seed=0)
        net.compile("mse", "sgd")
        net.fit(stored, ARRAY[:, 0] / 600, epochs=2, batch_size=30, verbose=0)
        results.append(net.predict(stored))
    for each in results:
        np.testing.assert_array_equal(each, results[0])


MEMORY = """
import sys, warnings
import h5py
import chainrule as cr
from chainrule import nn
from chainrule.train.inputs import samples

warnings.simplefilter("ignore")  # that nothing is learned from zeros
samples._READ_AHEAD = 2**23

def megabytes(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name)) / 1024

with h5py.File(sys.argv[1], "w") as file:  # nothing is written: its chunks are zeros when read
    net = cr.Network([nn.Dense(2)], seed=0)
    net.compile("cross_entropy", "sgd")
    for rows in (6000, 20000):
        X = file.create_dataset(f"X{rows}", (rows, 1024), "f4", chunks=(200, 1024))
        y = file.create_dataset(f"y{rows}", (rows,), "i1")
        before = megabytes("VmRSS")
        open("/proc/self/clear_refs", "w").write("5")  # the peak begins anew
        net.fit(X, y, epochs=1, batch_size=500, verbose=0)
        net.evaluate(X, y)
        net.predict(X)
print(megabytes("VmHWM") - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_a_file_of_ten_times_the_bound_is_never_in_memory(tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    command = [sys.executable, "-c", MEMORY, str(tmp_path / "X.h5")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 3 * 8  # the bound is 8 MB, the file has 80
