"""A full disk, a disk without room for names, and a read-only one: each with its outcome."""

import shutil
import subprocess
import sys

import pytest

pytestmark = pytest.mark.usefixtures("numpy_backend")


def test_a_disk_that_is_full_loses_nothing_and_says_so(tmp_path):
    if shutil.which("unshare") is None:
        pytest.skip("needs unshare")
    command = ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs tmpfs "$0" && umount "$0"']
    if subprocess.run([*command, str(tmp_path)], capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    module = [sys.executable, "-m", "tests.train.fit.small_disks", str(tmp_path)]
    done = subprocess.run(
        ["unshare", "-rm", *module], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert not list(tmp_path.iterdir())  # all was in the namespace
