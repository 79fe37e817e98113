"""What holds for every test: no network, no screen, no user's cache, the same examples each run.

Every program that is compiled, in child processes too, goes through the checker of loops.
"""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

LOCAL_HOSTS = {None, "", "localhost", "127.0.0.1", "::1"}

hypothesis.settings.register_profile("chainrule", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("chainrule")


def _refuse_distant_hosts(patch: pytest.MonkeyPatch) -> None:
    """Let sockets reach this machine only, so that a forgotten download fails at once."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guard(host: Any) -> None:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in LOCAL_HOSTS:
            raise OSError(f"tests run without a network, yet one asked for {name}")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            guard(address[0])
        connect(self, address)

    def guarded_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        guard(host)
        return look_up(host, *args, **kwargs)

    patch.setattr(socket.socket, "connect", guarded_connect)
    patch.setattr(socket, "getaddrinfo", guarded_look_up)


@pytest.fixture(scope="session", autouse=True)
def sealed_surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep every test off the network, the screen and the user's own folders; check all loops."""
    with pytest.MonkeyPatch.context() as patch:
        _refuse_distant_hosts(patch)
        patch.setenv("MPLBACKEND", "Agg")
        patch.setenv("CHAINRULE_DEBUG", "check")
        patch.setenv("XDG_CACHE_HOME", str(_shared_folder(tmp_path_factory) / "cache"))
        if "PYTEST_XDIST_WORKER" in os.environ:
            # A worker a core: threads of their own would only wait for one another.
            patch.setenv("CHAINRULE_NUM_THREADS", os.environ.get("CHAINRULE_NUM_THREADS", "1"))
        yield


def _shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of all workers of this run: a program that one compiled, all load."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Give the folder of the real data sets, or skip the test where there is none."""
    folder = os.environ.get("CHAINRULE_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip(
            "needs real data: set CHAINRULE_DATA to the folder that holds mnist/ and others"
        )
    return Path(folder)
