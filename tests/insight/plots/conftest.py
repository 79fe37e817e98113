"""Networks of figures are trained by NumPy, which gives the figures of native training."""

import pytest


@pytest.fixture(autouse=True)
def trained_by_numpy(numpy_backend: None) -> None:
    """Compile no training; `tests/contracts` shows that native training equals NumPy's."""
