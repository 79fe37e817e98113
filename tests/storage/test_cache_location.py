"""The cache folder: CHAINRULE_CACHE, or that of the platform."""

import sys
from pathlib import Path

import pytest

from chainrule.storage.cache_location import cache_folder


def test_the_cache_folder_is_that_of_chainrule_cache_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "chosen"))
    assert cache_folder() == tmp_path / "chosen"


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the XDG rules are Linux's")
@pytest.mark.parametrize(
    ("base", "expected"), [("/xdg", "/xdg"), ("relative", "/home/.cache"), ("", "/home/.cache")]
)
def test_the_cache_folder_follows_the_xdg_rules(
    monkeypatch: pytest.MonkeyPatch, base: str, expected: str
) -> None:
    monkeypatch.delenv("CHAINRULE_CACHE", raising=False)
    monkeypatch.setenv("HOME", "/home")
    monkeypatch.setenv("XDG_CACHE_HOME", base)
    assert cache_folder() == Path(expected) / "chainrule"


@pytest.mark.parametrize(
    ("platform", "expected"),
    [("darwin", "/home/Library/Caches/chainrule"), ("win32", "/local/chainrule")],
)
def test_the_cache_folder_is_the_platforms_cache_folder(
    monkeypatch: pytest.MonkeyPatch, platform: str, expected: str
) -> None:
    monkeypatch.delenv("CHAINRULE_CACHE", raising=False)
    monkeypatch.setenv("HOME", "/home")
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    monkeypatch.setattr(sys, "platform", platform)
    assert cache_folder() == Path(expected)
