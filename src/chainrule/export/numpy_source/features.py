"""What inputs and outputs of a predictor are: the features of a table, names of classes."""

from __future__ import annotations

import textwrap

from chainrule.data.features import FittedCategory, FittedNumber
from chainrule.train.network import Network, model_of

__all__ = ["features_and_classes"]


def features_and_classes(net: Network) -> str:
    """Return a paragraph on the prepared columns and one on the classes, where there are some."""
    model = model_of(net)
    lines: list[str] = []
    if model.table is not None and model.table.is_fitted:
        lines += ["", "The inputs are features of the columns of a table, in this order:", ""]
        for column in model.table.fitted:
            lines += [f"    {_one_line(text)}" for text in _features(column)]
    elif model.columns is not None:
        lines += ["", *_wrapped(f"The inputs are the columns {_listed(model.columns)}.")]
    if model.classes is not None:
        lines += ["", *_wrapped(f"The classes are {_listed(model.classes)}, in this order.")]
    text = "".join(f"{each}\n" for each in lines)
    return text.replace("\\", "\\\\").replace('"""', "'''")


def _features(column: object) -> list[str]:
    """Return what each feature of a column is."""
    if isinstance(column, FittedNumber):
        first, *gaps = column.features
        scaled = f"{first}: (x - {column.mean!r}) / {column.scale!r}"
        return [f"{scaled}, x = {column.fill!r} if missing", *[f"{each}: 0 or 1" for each in gaps]]
    features: tuple[str, ...] = getattr(column, "features", ())
    if isinstance(column, FittedCategory) and column.encoding == "integer":
        return [f"{column.name}: 0, or the place, from 1, in {_listed(column.values)}"]
    is_category = isinstance(column, FittedCategory)
    return [f"{each}: 0 or 1" if is_category else each for each in features]


def _listed(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(map(_one_line, names))


def _one_line(text: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, 96, break_long_words=False, break_on_hyphens=False)
