"""``scipy.ndimage`` with exact derivatives."""

from typing import TYPE_CHECKING

from scipy import ndimage as _scipy

__all__: list[str] = []

if not TYPE_CHECKING:  # what is not replaced is SciPy's own

    def __getattr__(name: str) -> object:
        return getattr(_scipy, name)

    def __dir__() -> list[str]:
        return sorted({*__all__, *_scipy.__all__})
