"""Fixtures of every test: no network, no display, no user cache, the same examples each run.

Every program that is compiled, in child processes too, passes the verifier.
"""

import gc
import os
import socket
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from _pytest.doctest import DoctestModule
from hypothesis.internal.conjecture import providers

# Children, and the next run, read the byte code of this one. Workers inherit that.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

LOCAL_HOSTS = {None, "", "localhost", "127.0.0.1", "::1"}

hypothesis.settings.register_profile("chainrule", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("chainrule")
# Examples would depend on the constants in all modules that are imported so far, a thousand files.
providers.is_local_module_file = lambda path: False


@pytest.hookimpl(wrapper=True)
def pytest_collect_file() -> Generator[None, Any, Any]:
    """Leave tests out of the search for examples: their docstrings have none."""
    collectors = yield
    return [each for each in collectors if not isinstance(each, DoctestModule)]


def pytest_collection_finish() -> None:
    """Leave the thousands of tests out of garbage collections, which ``cr.grad`` may start.

    Collections are rarer too: the youngest generation is ten times as large.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(7000, 10, 10)


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
        patch.setenv("XDG_CACHE_HOME", str(_shared_folder(tmp_path_factory) / "cache"))
        patch.setenv("CHAINRULE_LAB", str(tmp_path_factory.mktemp("lab")))
        if "PYTEST_XDIST_WORKER" in os.environ:
            # One worker a core: more threads would oversubscribe the cores.
            patch.setenv("CHAINRULE_NUM_THREADS", os.environ.get("CHAINRULE_NUM_THREADS", "1"))
        yield


@pytest.fixture
def numpy_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evaluate by NumPy what need not be compiled: laws of messages, files and callbacks.

    To compile the training of a small network takes forty times as long as an epoch of it.
    """
    monkeypatch.setenv("CHAINRULE_BACKEND", "numpy")


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
