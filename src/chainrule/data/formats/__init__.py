"""How the cells of a column are written: missing values, numbers, dates; learned in training."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainrule.data.formats.date_inference import infer_dates
    from chainrule.data.formats.number_inference import holds_digits, infer_numbers

__all__ = ["holds_digits", "infer_dates", "infer_numbers"]

if not TYPE_CHECKING:  # type checkers must still reject unknown names

    def __getattr__(name: str) -> object:
        """Import inference when it is first used: most columns are arrays of numbers."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from chainrule.data.formats import date_inference, number_inference

        return getattr(date_inference if name == "infer_dates" else number_inference, name)
