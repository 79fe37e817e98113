"""Row labels of pandas: rows are paired by place, and refused where the labels contradict it."""

import re
import warnings
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.data import Table, split, windows
from chainrule.errors import ChainruleWarning, DataError

pd = pytest.importorskip("pandas")

ROWS = 40
ORDER = np.random.default_rng(1).permutation(ROWS)
INDICES = {
    "numbers": pd.Index(ORDER),
    "numbers as floats": pd.Index(ORDER.astype(float)),
    "texts": pd.Index([f"row {each}" for each in ORDER]),
    "dates": pd.date_range("2020-01-01", periods=ROWS)[ORDER],
    "pairs": pd.MultiIndex.from_arrays([ORDER // 7, ORDER % 7]),
    "months": pd.period_range("2020-01", periods=ROWS, freq="M")[ORDER],
}


def table(index: Any) -> Any:
    values = np.random.default_rng(0).normal(size=(ROWS, 2))
    return pd.DataFrame(values, columns=["a", "b"], index=index)


def network(*layers: Any) -> cr.Network:
    net = cr.Network([*layers, nn.Dense(1)], seed=0)
    net.compile(loss="mse", learning_rate=0.01)
    return net


def test_the_same_labels_in_another_order_are_refused_and_the_remedies_work() -> None:
    net = network(Table())
    for name, index in INDICES.items():
        X = table(index)
        right, wrong = X.a, X.a.sort_index()
        for call in (
            lambda y, X=X: net.fit(X, np.c_[y] if isinstance(y, np.ndarray) else y.to_frame()),
            lambda y, X=X: net.fit(X.to_numpy(), X[["a"]], sample_weight=abs(y)),
            lambda y, X=X: net.fit(X, X[["a"]], sample_weight=abs(y)),
            lambda y, X=X: net.fit(X, X[["a"]], validation_data=(X, X[["a"]], abs(y))),
            lambda y, X=X: net.fit({"a": X.a, "b": y}, np.c_[X.a]),
            lambda y, X=X: net.evaluate(X, X[["a"]], sample_weight=abs(y)),
            lambda y, X=X: network().fit(X, X[["a"]], sample_weight=abs(y)),
            lambda y, X=X: split(X, y),
        ):
            call(right)
            with pytest.raises(DataError, match=r"same row labels in another order") as told:
                call(wrong)
            assert re.search(
                r"pass (\S+)\.loc\[(.+)\.index\], or (\S+)\.to_numpy\(\)", str(told.value)
            )
            call(wrong.loc[X.index])
            call(wrong.to_numpy())
        _, (part, y) = split(X, wrong.loc[X.index])
        np.testing.assert_array_equal(part.a, y, name)


def test_a_numbering_forgotten_on_one_side_is_refused() -> None:
    X = table(INDICES["numbers"])
    with pytest.raises(DataError, match=r"first \d+ and \d+ in row \d+; pass y\.loc\[X\.index\]"):
        split(X, X.a.reset_index(drop=True))
    with pytest.raises(DataError, match=r"in another order"):
        split(X.reset_index(drop=True), X.a)


def test_labels_that_repeat_cannot_be_aligned() -> None:
    half = np.arange(ROWS) % (ROWS // 2)
    X = table(half)
    split(X, X.a)
    for order in (np.argsort(half, kind="stable"), ORDER):
        with pytest.raises(DataError, match=r"reset_index\(drop=True\) before they are reordered"):
            split(X, X.a.iloc[order])
        split(X.reset_index(drop=True), X.a.reset_index(drop=True))


def test_rows_are_paired_by_place_where_the_labels_are_of_other_rows() -> None:
    whole = table(pd.RangeIndex(ROWS))
    part = whole.iloc[ORDER]
    days = whole.set_axis(pd.date_range("2020", periods=ROWS))
    pairs = [
        (whole, part.a.to_numpy()),
        (part, part.a),
        (part.iloc[:9].reset_index(drop=True), part.a.iloc[:9]),  # scaled rows, in a new frame
        (part.iloc[:9], part.a.iloc[:9].reset_index(drop=True)),
        (part, pd.Series(part.a.to_numpy(), index=part.index + 1000)),
        (days.iloc[:-1], days.a.iloc[1:]),  # the value of the next day
        (whole.iloc[:-1], whole.a.iloc[1:]),
        (whole.to_dict("list"), part.a),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for X, y in pairs:
            split(X, y)
    with pytest.warns(ChainruleWarning, match="29 row labels of 30 in common, at different places"):
        split(part.iloc[:30], pd.concat([part.a.iloc[1:30][::-1], part.a.iloc[-1:]]))


def test_windows_of_dates_that_do_not_ascend_are_refused() -> None:
    days = table(pd.date_range("2020", periods=ROWS))
    for series in (days, days.a, days.set_axis(days.index.to_period("D")), days.to_numpy()):
        windows(series, length=3)
    for series in (days[::-1], days.a.iloc[ORDER], days.set_axis(days.index.to_period("D"))[::-1]):
        with pytest.raises(DataError, match=r"do not ascend.*pass series\.sort_index\(\)"):
            windows(series, length=3)
        windows(series.sort_index(), length=3)
        windows(series.to_numpy(), length=3)


def test_pictures_of_predictions_heed_the_labels() -> None:
    pytest.importorskip("matplotlib")
    X = table(INDICES["texts"])
    net = cr.Network([nn.Dense(2)], seed=0)
    net.compile(loss="cross_entropy")
    labels = (X.a > 0).astype(str)
    net.fit(X, labels, verbose=0)
    for draw in (cr.plot.confusion, cr.plot.decision_boundary):
        draw(net, X.to_numpy(), labels.to_numpy().astype(bytes))
        with pytest.raises(DataError, match=r"pass y\.loc\[X\.index\]"):
            draw(net, X, labels.sort_index())
