"""Every error and a kill at every call of the system of a save and of a training with checkpoints.

Run in the root of the repository: ``python -m tests.train.fit.fuzz_disk_faults``; it takes some
minutes, prints what breaks a law, and ends with 1 then. ``test_disk_faults`` does a part of it.
"""

import sys
import tempfile
import warnings
from pathlib import Path

from tests.storage import system_faults as faults
from tests.train.fit.disk_faults import WRITERS, broken_runs, broken_saves


def main():
    if reason := faults.reason_to_skip():
        sys.exit(reason)
    warnings.simplefilter("ignore")
    failed = []
    with tempfile.TemporaryDirectory() as name:
        top, log = Path(name), Path(name) / "log"
        (top / "saves").mkdir()
        for is_killed in (False, True):
            path = top / "saves" / "net.safetensors"
            failed += broken_saves(WRITERS["net.save"], path, log, is_killed)
            count, broken = broken_runs(top / "run", log, is_killed, every_error=True)
            kind = "killed" if is_killed else "failing"
            print(f"{count} calls of a training, each {kind}: {len(broken)} broken", flush=True)
            failed += broken
    print("\n".join(failed))
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
