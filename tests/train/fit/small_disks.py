"""Laws of a file system that is too small, in a namespace of its own: ``small_disks FOLDER``."""

import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from tests.train.fit.disk_faults import WRITERS, trained


def mount(folder, options):
    """Mount a file system in memory, or change its size."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)


def network(units):
    net = cr.Network([nn.Dense(units)], seed=0)
    net.compile("mse")
    net(np.zeros((1, 50), "float32"))
    return net


def refused(work, path, *words):
    """Do what must fail, by an error that names a file and has some words."""
    with pytest.raises(OSError, match=re.escape(words[0])) as failed:
        work()
    assert str(path) in failed.value.filename
    assert all(each in str(failed.value) for each in words), failed.value


def check_saves(folder, writer, suffix):
    """Return whether a file is still whole after a save that does not fit beside it."""
    path = folder / f"net{suffix}"
    writer.write(network(100), path)
    before = writer.read(path)
    try:
        writer.write(network(300), path)
    except OSError as error:
        print(error, file=sys.stderr)
    try:
        is_whole = writer.read(path) == before
    except Exception:  # noqa: BLE001 - of any library
        is_whole = False
    assert not is_whole or os.listdir(folder) == [path.name]
    path.unlink()
    return is_whole


def main(folder):
    warnings.simplefilter("error")
    expected = trained(epochs=30)
    words = ("No space left on device", "free some space")
    mount(folder, "size=64k")
    assert check_saves(folder, WRITERS["net.save"], ".safetensors")
    assert not check_saves(folder, WRITERS["np.savez"], ".npz"), "no data of a naive writer is lost"
    net, path = network(100), folder / "net.safetensors"
    net.save(path)
    refused(lambda: network(300).save(path), path, "earlier version of it is unchanged", *words)
    path.unlink()
    (folder / "filler").write_bytes(bytes(36_000))
    rest = ("goes on from checkpoint-", *words)
    refused(lambda: trained(folder / "run", epochs=30), folder / "run" / "checkpoint-", *rest)
    (folder / "filler").unlink()
    mount(folder, "remount,size=1m")
    assert trained(folder / "run", epochs=30) == expected
    mount(folder, "size=1m,nr_inodes=3")
    net.save(path)
    (folder / "last").write_bytes(b"")
    refused(lambda: net.save(path), path, *words)
    assert cr.load(path).input_shape == (None, 50)
    assert sorted(os.listdir(folder)) == ["last", path.name]
    mount(folder, "remount,ro")
    refused(lambda: net.save(path), path, "Read-only file system", "another one")
    refused(lambda: trained(folder / "run"), folder / "run", "Read-only file system")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
