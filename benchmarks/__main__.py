"""``python -m benchmarks``: run with cached bytecode, as on every user's machine."""

import os
import sys
from pathlib import Path
from typing import NoReturn

from benchmarks.run import main


def begin_again(folder: Path) -> NoReturn:
    """Replace the process by one that caches bytecode, so that imports are not compiled."""
    variables = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    variables["PYTHONPYCACHEPREFIX"] = str(folder.absolute())
    os.execve(sys.executable, [sys.executable, "-m", "benchmarks", *sys.argv[1:]], variables)


if __name__ == "__main__":
    if sys.dont_write_bytecode:
        begin_again(Path("build/bytecode"))
    sys.exit(main())
