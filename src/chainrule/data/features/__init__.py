"""Feature encoders of table columns: numbers, categories, dates.

The declaration of a column (`Number`, `Category`, `Date`) and its fitted statistics
(`FittedNumber`, `FittedCategory`, `FittedDate`) are separate immutable records.
"""

from chainrule.data.features.category import Category, FittedCategory
from chainrule.data.features.date import Date, FittedDate
from chainrule.data.features.number import FittedNumber, Number

__all__ = ["Category", "Date", "FittedCategory", "FittedDate", "FittedNumber", "Number"]
