"""Fixtures of every test: no network, no display, no user cache, the same examples each run.

Every program that is compiled, in child processes too, passes the verifier.
"""

import gc
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

LOCAL_HOSTS = {None, "", "localhost", "127.0.0.1", "::1"}

hypothesis.settings.register_profile("chainrule", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("chainrule")


def pytest_collection_finish() -> None:
    """Leave the thousands of tests out of garbage collections, which ``cr.grad`` may start."""
    gc.collect()
    gc.freeze()


def _refuse_remote_hosts(patch: pytest.MonkeyPatch) -> None:
    """Restrict sockets to this machine, so that a forgotten download fails at once."""
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def guard(host: Any) -> None:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in LOCAL_HOSTS:
            raise OSError(f"tests run without a network; one requested {name}")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            guard(address[0])
        connect(self, address)

    def guarded_resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
        guard(host)
        return resolve(host, *args, **kwargs)

    patch.setattr(socket.socket, "connect", guarded_connect)
    patch.setattr(socket, "getaddrinfo", guarded_resolve)


@pytest.fixture(scope="session", autouse=True)
def isolated_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Isolate tests from network, display and the user's folders; verify all compiled loops."""
    with pytest.MonkeyPatch.context() as patch:
        _refuse_remote_hosts(patch)
        patch.setenv("MPLBACKEND", "Agg")
        patch.setenv("CHAINRULE_DEBUG", "check")
        shared = _shared_folder(tmp_path_factory)
        patch.setenv("XDG_CACHE_HOME", str(shared / "cache"))
        patch.setenv("CHAINRULE_LAB", str(tmp_path_factory.mktemp("lab")))
        if sys.dont_write_bytecode:  # each child process would compile every module anew
            patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
            patch.setenv("PYTHONPYCACHEPREFIX", str(shared / "bytecode"))
        if "PYTEST_XDIST_WORKER" in os.environ:
            # One worker a core: more threads would oversubscribe the cores.
            patch.setenv("CHAINRULE_NUM_THREADS", os.environ.get("CHAINRULE_NUM_THREADS", "1"))
        yield


def _shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder shared by the workers of this run, so that all load what one compiled."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Return the folder of the real data sets, or skip the test."""
    folder = os.environ.get("CHAINRULE_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip(
            "needs real data: set CHAINRULE_DATA to the folder that holds mnist/ and others"
        )
    return Path(folder)
