"""The fixtures of conftest.py isolate tests from the network and the user's cache."""

import os
import socket

import pytest


def test_a_remote_host_cannot_be_resolved() -> None:
    with pytest.raises(OSError, match=r"without a network; one requested example\.org"):
        socket.create_connection(("example.org", 80))


def test_a_remote_address_cannot_be_connected_to() -> None:
    with socket.socket() as each, pytest.raises(OSError, match="without a network"):
        each.connect(("192.0.2.1", 80))


def test_localhost_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


def test_the_cache_is_not_the_users(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert os.environ["XDG_CACHE_HOME"].startswith(str(tmp_path_factory.getbasetemp().parent))
