"""Names of `chainrule.science` without SciPy, and those that nothing has."""

import subprocess
import sys

import pytest

from chainrule import science
from chainrule.errors import MissingAttributeError

WITHOUT_SCIPY = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "scipy":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
from chainrule import science
for name in ("minimize", "sobel", "ndimage"):
    try:
        getattr(science, name)
    except ImportError as error:
        print(error)
"""


def test_without_scipy_the_extra_is_named() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_SCIPY], capture_output=True, encoding="utf-8", check=True
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 3
    assert all("pip install 'chainrule[science]'" in line for line in lines)


def test_names_that_nothing_has_are_refused() -> None:
    with pytest.raises(MissingAttributeError, match=r"dir\(science\)"):
        science.nothing_like_it  # noqa: B018
