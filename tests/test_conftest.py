"""The guards of conftest.py hold."""

import os
import socket

import pytest


def test_a_distant_host_cannot_be_looked_up() -> None:
    with pytest.raises(OSError, match=r"without a network, yet one asked for example\.org"):
        socket.create_connection(("example.org", 80))


def test_a_distant_address_cannot_be_connected_to() -> None:
    with socket.socket() as each, pytest.raises(OSError, match="without a network"):
        each.connect(("192.0.2.1", 80))


def test_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


def test_the_cache_is_not_the_users(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert os.environ["XDG_CACHE_HOME"].startswith(str(tmp_path_factory.getbasetemp().parent))
