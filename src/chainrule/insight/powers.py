"""Powers of ten as labels of logarithmic axes."""

__all__ = ["power_of_ten"]

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power_of_ten(exponent: float) -> str:
    """Return a power of ten, its exponent rounded to an integer.

    Examples
    --------
    >>> power_of_ten(-3.0)
    '10⁻³'
    """
    return f"10{str(round(exponent)).translate(_RAISED)}"
