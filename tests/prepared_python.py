"""Runs programs in child processes that have imported the library already.

To start Python and to import NumPy, this library and its compiler takes over a second of CPU time,
more than most programs that tests run. One process per worker does it once; each program runs in a
fork of that process: with modules, memory and exit status of its own, as its own ``__main__``.
What is about a fresh interpreter, its imports or its signals, starts one instead.

    parent -- {"command": ..., "folder": ..., "environment": ...} --> prepared process
                                                                          | fork
    parent <-- exit status ----------------------------------------- waits for the program
"""

import builtins
import gc
import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["run_program"]

LONGEST_RUN = 600.0
"""Seconds after which a program hangs, on any machine."""


def run_program(
    command: Sequence[str],
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program, a path or ``-c`` and a text, with its arguments; warnings are errors."""
    with tempfile.TemporaryDirectory() as temporary:
        out, err = Path(temporary, "out"), Path(temporary, "err")
        request = {
            "command": list(command),
            "folder": str(folder or Path.cwd()),
            "environment": dict(os.environ if environment is None else environment),
            "files": [str(out), str(err)],
        }
        status = _status_of(request)
        texts = [each.read_text(encoding="utf-8") for each in (out, err)]
        return subprocess.CompletedProcess(list(command), status, *texts)


def _status_of(request: dict[str, Any]) -> int:
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(json.dumps(request) + "\n")
    server.stdin.flush()
    if not select.select([server.stdout], [], [], LONGEST_RUN)[0]:
        server.kill()
        raise TimeoutError(f"{request['command']} hangs")
    return int(server.stdout.readline())


@cache
def _server() -> "subprocess.Popen[str]":
    """Start the prepared process; it ends with this one, which closes its input."""
    command = [sys.executable, "-W", "error", __file__]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def prepare() -> None:
    """Import what most programs import, and what the first training loads, on this thread alone."""
    import numpy as np

    import chainrule as cr
    from chainrule import nn

    net = cr.Network([nn.Dense(1)], seed=0)
    net.compile("mse")
    net.fit(np.eye(2), np.eye(2)[:, :1], epochs=1, verbose=0)
    gc.collect()
    gc.freeze()


def serve() -> dict[str, Any] | None:
    """Fork for each request: return it in the child, and None after the last in the parent."""
    with os.fdopen(os.dup(1), "w") as answers:
        for line in iter(sys.stdin.readline, ""):
            child = os.fork()
            if child == 0:
                return json.loads(line)
            _, status = os.waitpid(child, 0)
            print(os.waitstatus_to_exitcode(status), file=answers, flush=True)
    return None


def surround(request: dict[str, Any]) -> None:
    """Enter the folder and the environment of a request, with its output in files."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    for descriptor, path in enumerate(request["files"], 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), descriptor)


def main() -> None:
    prepare()
    request = serve()
    if request is None:
        return
    surround(request)
    first, *arguments = request["command"]
    if first == "-c":
        text, *arguments = arguments
        name, sys.path[0] = "<string>", ""
    else:
        text, name = Path(first).read_text(encoding="utf-8"), first
        sys.path[0] = str(Path(first).parent)
    sys.argv = [first, *arguments]
    program = compile(text, name, "exec")
    own = vars(sys.modules["__main__"])
    names = {"__name__": "__main__", "__file__": name, "__builtins__": builtins}
    own.clear()
    own.update(names)
    exec(program, own)


if __name__ == "__main__":
    main()
