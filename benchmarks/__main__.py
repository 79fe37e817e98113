"""``python -m benchmarks``: begin with bytecode kept, as it is on every user's machine."""

import os
import sys
from pathlib import Path
from typing import NoReturn

from benchmarks.run import main


def begin_again(folder: Path) -> NoReturn:
    """Become a process that may keep bytecode; compiling every import would spoil the figures."""
    kept = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    kept["PYTHONPYCACHEPREFIX"] = str(folder.absolute())
    os.execve(sys.executable, [sys.executable, "-m", "benchmarks", *sys.argv[1:]], kept)


if __name__ == "__main__":
    if sys.dont_write_bytecode:
        begin_again(Path("build/bytecode"))
    sys.exit(main())
