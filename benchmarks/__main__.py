"""``python -m benchmarks``: run with bytecode kept, as it is on every user's machine."""

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.run import main


def main_with_bytecode(folder: Path) -> int:
    """Run again where bytecode may be kept; to compile every import would spoil the figures."""
    kept = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    kept["PYTHONPYCACHEPREFIX"] = str(folder.absolute())
    return subprocess.call([sys.executable, "-m", "benchmarks", *sys.argv[1:]], env=kept)


if __name__ == "__main__":
    sys.exit(main_with_bytecode(Path("build/bytecode")) if sys.dont_write_bytecode else main())
