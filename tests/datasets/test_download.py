"""Downloads: verified by checksum, resumed after interruptions."""

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from chainrule.datasets import download as module
from chainrule.datasets.catalogue import RemoteFile
from chainrule.datasets.download import download
from chainrule.errors import DownloadError


def described(content: bytes) -> RemoteFile:
    return RemoteFile("images.gz", len(content), hashlib.sha256(content).hexdigest())


def test_a_file_arrives_whole_and_alone(server: Any, tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder" / "images.gz"
    download(server.address + "images.gz", described(server.content), target)
    assert target.read_bytes() == server.content
    assert os.listdir(target.parent) == ["images.gz"]


def test_the_progress_bar_shows_name_and_size(
    server: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    download(server.address, described(server.content), tmp_path / "images.gz")
    shown = capsys.readouterr()
    assert "images.gz" in shown.err
    assert "200.0/200.0 kB" in shown.err
    assert shown.out == ""


def test_a_truncated_response_is_resumed_at_once(server: Any, tmp_path: Path) -> None:
    server.faults = ["stop", "stop", "stop"]
    download(server.address, described(server.content), tmp_path / "images.gz")
    assert (tmp_path / "images.gz").read_bytes() == server.content
    assert server.asked == [None, "bytes=50000-", "bytes=100000-", "bytes=150000-"]


def test_an_interrupted_download_is_resumed_by_the_next_call(server: Any, tmp_path: Path) -> None:
    server.faults = ["stop", "503"]
    target = tmp_path / "images.gz"
    with pytest.raises(DownloadError, match=r"answered 503 \(Service Unavailable\)"):
        download(server.address, described(server.content), target)
    assert not target.exists()
    assert (tmp_path / "images.gz.part").stat().st_size == 50_000
    download(server.address, described(server.content), target)
    assert target.read_bytes() == server.content
    assert server.asked[-1] == "bytes=50000-"
    assert os.listdir(tmp_path) == ["images.gz"]


def test_ctrl_c_keeps_the_received_bytes(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = module._chunks

    def interrupted(*arguments: Any) -> Any:
        yield next(honest(*arguments))
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_chunks", interrupted)
    with pytest.raises(KeyboardInterrupt):
        download(server.address, described(server.content), tmp_path / "images.gz")
    assert 0 < (tmp_path / "images.gz.part").stat().st_size < len(server.content)
    monkeypatch.setattr(module, "_chunks", honest)
    download(server.address, described(server.content), tmp_path / "images.gz")
    assert (tmp_path / "images.gz").read_bytes() == server.content


def test_a_server_without_ranges_is_read_from_the_start(server: Any, tmp_path: Path) -> None:
    server.knows_ranges = False
    server.faults = ["stop"]
    download(server.address, described(server.content), tmp_path / "images.gz")
    assert (tmp_path / "images.gz").read_bytes() == server.content


def test_a_server_without_ranges_that_always_truncates_fails(server: Any, tmp_path: Path) -> None:
    server.knows_ranges = False
    server.faults = ["stop"] * 10
    with pytest.raises(DownloadError, match="stopped after 50000 of 200000 bytes"):
        download(server.address, described(server.content), tmp_path / "images.gz")
    assert len(server.asked) == 2


def test_a_server_that_sends_nothing_fails(server: Any, tmp_path: Path) -> None:
    server.faults = ["silence"] * 10
    with pytest.raises(DownloadError, match="stopped after 0 of 200000 bytes"):
        download(server.address, described(server.content), tmp_path / "images.gz")
    assert len(server.asked) == 1


def test_a_response_with_another_range_is_refused(server: Any, tmp_path: Path) -> None:
    server.faults = ["stop", "wrong range"]
    with pytest.raises(DownloadError, match="range 'bytes 7-199999/200000', requested from byte"):
        download(server.address, described(server.content), tmp_path / "images.gz")


@pytest.mark.parametrize("faults", [["damage"], ["stop", "damage"]], ids=["whole", "resumed"])
def test_a_wrong_checksum_removes_the_file(server: Any, tmp_path: Path, faults: list[str]) -> None:
    server.faults = faults
    file = described(server.content)
    with pytest.raises(DownloadError, match=f"was removed: its SHA-256 is .* {file.sha256}"):
        download(server.address, file, tmp_path / "images.gz")
    assert os.listdir(tmp_path) == []


def test_a_corrupt_part_is_detected_and_then_downloaded_again(server: Any, tmp_path: Path) -> None:
    (tmp_path / "images.gz.part").write_bytes(b"\xff" * 1000)
    with pytest.raises(DownloadError, match="SHA-256"):
        download(server.address, described(server.content), tmp_path / "images.gz")
    download(server.address, described(server.content), tmp_path / "images.gz")
    assert (tmp_path / "images.gz").read_bytes() == server.content


def test_a_complete_part_needs_no_network(server: Any, tmp_path: Path) -> None:
    (tmp_path / "images.gz.part").write_bytes(server.content)
    download("http://127.0.0.1:1/", described(server.content), tmp_path / "images.gz")
    assert (tmp_path / "images.gz").read_bytes() == server.content


def test_a_part_that_is_too_long_is_removed(server: Any, tmp_path: Path) -> None:
    (tmp_path / "images.gz.part").write_bytes(server.content + b"more")
    download(server.address, described(server.content), tmp_path / "images.gz")
    assert (tmp_path / "images.gz").read_bytes() == server.content
    assert server.asked == [None]


def test_a_longer_file_than_catalogued_is_not_read_to_its_end(server: Any, tmp_path: Path) -> None:
    shorter = described(server.content[:1000])
    server.content += bytes(10_000_000)
    download(server.address, shorter, tmp_path / "images.gz")
    assert (tmp_path / "images.gz").stat().st_size == 1000


def test_a_shorter_file_on_the_server_discards_the_part(server: Any, tmp_path: Path) -> None:
    file = described(server.content)
    server.content = server.content[:500]
    with pytest.raises(DownloadError, match="answered 416"):
        download(server.address, file, tmp_path / "images.gz")
    assert os.listdir(tmp_path) == []


def test_a_missing_page_is_named(server: Any, tmp_path: Path) -> None:
    server.faults = ["404"]
    with pytest.raises(DownloadError, match=rf"{server.address}x answered 404 \(Not Found\)"):
        download(server.address + "x", described(b"x"), tmp_path / "images.gz")
    assert os.listdir(tmp_path) == []


def test_a_refused_connection_is_named(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"http://127\.0\.0\.1:1/ could not be reached \(.+\)"):
        download("http://127.0.0.1:1/", described(b"x"), tmp_path / "images.gz")
    assert os.listdir(tmp_path) == []


def test_an_unresponsive_server_times_out(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.05)
    monkeypatch.setattr(server, "answer", lambda _: __import__("time").sleep(0.3))
    with pytest.raises(DownloadError, match="timed out"):
        download(server.address, described(b"x"), tmp_path / "images.gz")


def test_a_cache_that_cannot_be_created_is_named(tmp_path: Path) -> None:
    (tmp_path / "occupied").write_bytes(b"")
    with pytest.raises(DownloadError, match=r"the folder .*occupied.* cannot be created"):
        download("http://127.0.0.1:1/", described(b"x"), tmp_path / "occupied" / "images.gz")


@pytest.mark.parametrize("address", ["file:///etc/hostname", "ftp://127.0.0.1/x"])
def test_only_http_addresses_are_accepted(tmp_path: Path, address: str) -> None:
    with pytest.raises(DownloadError, match="is no HTTP address"):
        download(address, described(b"x"), tmp_path / "images.gz")
