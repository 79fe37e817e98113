"""scikit-learn's own tests of `sklearn.neural_network` against these estimators.

``python -m tests.interop.estimators.run_scikit_learn_tests`` copies the tests of the installed
version into a temporary folder, with the import replaced, and runs them, and the checks of
`check_estimator`. Of all, `test_gradient` is left out: it calls the private method
`_loss_grad_lbfgs`.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import sklearn.neural_network

__all__ = ["main"]

FIXTURES = """
import pytest

@pytest.fixture
def global_random_seed():
    return 42
"""

CHECKS = """
from sklearn.utils.estimator_checks import parametrize_with_checks
from chainrule.sklearn import *

ALL = [MLPClassifier(), MLPRegressor(), NetworkClassifier(), NetworkRegressor(), BernoulliRBM()]

@parametrize_with_checks(ALL)
def test_check(estimator, check):
    check(estimator)
"""

PRIVATE = ("test_gradient",)


def main() -> int:
    """Copy the tests and run them; return the exit status of pytest."""
    source = Path(sklearn.neural_network.__file__).parent / "tests"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "conftest.py").write_text(FIXTURES, encoding="utf-8")
        Path(folder, "test_checks.py").write_text(CHECKS, encoding="utf-8")
        for name in ("test_mlp.py", "test_rbm.py"):
            text = (source / name).read_text(encoding="utf-8")
            replaced = re.sub(
                r"from sklearn\.neural_network import", "from chainrule.sklearn import", text
            )
            Path(folder, name).write_text(replaced, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", folder, "-p", "no:cacheprovider"]
        command += ["-k", " and ".join(f"not {each}" for each in PRIVATE)]
        return subprocess.run(command, cwd=folder, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
