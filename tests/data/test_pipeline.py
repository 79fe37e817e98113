"""Pipelines are lazy, immutable and re-iterable, and check their arguments at once."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data import Pipeline
from chainrule.errors import ArgumentError, ChainruleError, DataError

numbers = st.lists(st.integers(-100, 100), max_size=30)


@given(xs=numbers)
def test_methods_agree_with_the_builtins_of_their_name(xs: list[int]) -> None:
    pipe = Pipeline(xs)
    assert list(pipe.map(abs)) == list(map(abs, xs))
    assert list(pipe.filter(lambda x: x > 0)) == [x for x in xs if x > 0]
    assert list(pipe.sorted(key=abs, reverse=True)) == sorted(xs, key=abs, reverse=True)
    assert list(pipe.sorted()) == sorted(xs)
    assert list(pipe.zip(xs[::-1])) == list(zip(xs, xs[::-1], strict=True))
    assert list(pipe.repeat(3)) == xs * 3
    assert pipe.reduce(lambda a, b: a - b, 7) == 7 - sum(xs)


@given(xs=numbers, count=st.integers(0, 40))
def test_take_and_skip_are_the_two_parts_of_a_slice(xs: list[int], count: int) -> None:
    assert list(Pipeline(xs).take(count)) == xs[:count]
    assert list(Pipeline(xs).skip(count)) == xs[count:]


@given(xs=numbers, size=st.integers(1, 12))
def test_batches_joined_are_the_elements(xs: list[int], size: int) -> None:
    whole = [batch.tolist() for batch in Pipeline(xs).batch(size)]
    assert whole == [xs[i : i + size] for i in range(0, len(xs), size)]
    full = [batch.tolist() for batch in Pipeline(xs).batch(size, drop_last=True)]
    assert full == [batch for batch in whole if len(batch) == size]


@given(xs=numbers, size=st.integers(1, 8), stride=st.integers(1, 8))
def test_windows_are_all_complete_slices(xs: list[int], size: int, stride: int) -> None:
    found = [window.tolist() for window in Pipeline(xs).window(size, stride)]
    assert found == [xs[i : i + size] for i in range(0, len(xs) - size + 1, stride)]


@given(
    xs=numbers,
    verbs=st.lists(
        st.sampled_from(
            [
                lambda p: p.map(lambda x: x),
                lambda p: p.sorted(key=lambda x: np.sum(x)),
                lambda p: p.shuffle(seed=3),
                lambda p: p.repeat(2),
                lambda p: p.take(7),
                lambda p: p.skip(2),
                lambda p: p.window(2, stride=3),
                lambda p: p.batch(4, drop_last=True),
                lambda p: p.epoch(2),
                lambda p: p.zip(range(len(p))).map(lambda pair: pair[0]),
            ]
        ),
        max_size=4,
    ),
)
def test_a_known_length_is_the_number_of_elements(
    xs: list[int], verbs: list[Callable[[Any], Any]]
) -> None:
    pipe: Any = Pipeline(xs)
    for verb in verbs:
        pipe = verb(pipe)
    assert len(pipe) == len(list(pipe))
    assert bool(pipe) == (len(pipe) > 0)


@pytest.mark.parametrize(
    "pipe",
    [
        Pipeline([1]).filter(bool),
        Pipeline([1]).repeat(),
        Pipeline(lambda: [1]),
        Pipeline(iter([1])).batch(2),
    ],
)
def test_an_unknown_length_raises(pipe: Pipeline[Any]) -> None:
    with pytest.raises(TypeError, match=r"no known length; use list\(\.\.\.\)") as caught:
        len(pipe)
    assert isinstance(caught.value, ChainruleError)
    assert pipe, "a pipeline that may have elements counts as true"


def test_nothing_is_computed_before_iteration() -> None:
    asked: list[int] = []

    def watch(x: int) -> int:
        asked.append(x)
        return x

    pipe = Pipeline(range(100)).map(watch).filter(lambda x: x % 2 == 0).batch(2)
    assert asked == []
    assert next(iter(pipe)).tolist() == [0, 2]
    assert asked == [0, 1, 2]


def test_an_infinite_source_is_read_only_as_far_as_needed() -> None:
    pipe = Pipeline(itertools.count).map(lambda x: x * x).window(3).take(2)
    assert [window.tolist() for window in pipe] == [[0, 1, 4], [1, 4, 9]]


def test_a_method_leaves_its_pipeline_unchanged() -> None:
    pipe = Pipeline(range(4))
    pipe.map(str)
    pipe.shuffle(seed=1)
    pipe.take(1)
    assert list(pipe) == [0, 1, 2, 3]


def test_interleaved_passes_are_independent() -> None:
    pipe = Pipeline(range(5)).map(lambda x: x + 1).window(2).shuffle(seed=0)
    pairs = list(zip(pipe, pipe, strict=True))
    assert len(pairs) == 4
    assert all((a == b).all() for a, b in pairs)


def test_a_pipeline_of_a_pipeline_is_the_same() -> None:
    pipe = Pipeline(range(3)).map(str)
    assert list(Pipeline(pipe)) == ["0", "1", "2"]
    assert repr(Pipeline(pipe)) == repr(pipe)


def test_a_function_source_is_called_on_every_pass() -> None:
    pipe = Pipeline(lambda: (x for x in "ab"))
    assert list(pipe) == list(pipe) == ["a", "b"]


def test_a_second_pass_over_a_generator_raises() -> None:
    def generate() -> Iterator[int]:
        yield from range(3)

    pipe = Pipeline(generate()).map(lambda x: x + 1)
    assert list(pipe) == [1, 2, 3]
    with pytest.raises(ArgumentError, match=r"a generator, .* only once; give list\(source\)"):
        list(pipe)


def test_a_tuple_of_arrays_is_a_table_of_pairs() -> None:
    X, y = np.arange(6).reshape(3, 2), np.array([7, 8, 9])
    rows = list(Pipeline((X, y)))
    assert [(row.tolist(), label) for row, label in rows] == [([0, 1], 7), ([2, 3], 8), ([4, 5], 9)]
    inputs, labels = Pipeline((X, y)).arrays()
    np.testing.assert_array_equal(inputs, X, strict=True)
    np.testing.assert_array_equal(labels, y, strict=True)


def test_a_dict_of_arrays_is_a_table_of_dicts() -> None:
    table = {"x": np.array([1.0, 2.0]), "name": np.array(["a", "b"])}
    assert list(Pipeline(table)) == [{"x": 1.0, "name": "a"}, {"x": 2.0, "name": "b"}]
    assert Pipeline(table).arrays()["name"].tolist() == ["a", "b"]


def test_a_tuple_of_numbers_is_a_sequence() -> None:
    assert list(Pipeline((1, 2, 3))) == [1, 2, 3]


def test_a_table_with_columns_of_different_length_is_refused() -> None:
    with pytest.raises(DataError, match=r"lengths \[3, 2\]; a table needs arrays of one length"):
        Pipeline((np.zeros(3), np.zeros(2)))


# ------------------------------------------------------------------------------------------ errors


@pytest.mark.parametrize(
    ("mistake", "match"),
    [
        (lambda p: p.batch(0), "batch: size is 0; it must be an integer, 1 or more"),
        (lambda p: p.batch(2.5), r"batch: size is 2\.5"),
        (lambda p: p.window(-1), "window: size is -1"),
        (lambda p: p.window(2, stride=0), "window: stride is 0"),
        (lambda p: p.take(-1), "take: count is -1; it must be an integer, 0 or more"),
        (lambda p: p.skip("a"), "skip: count is 'a'"),
        (lambda p: p.repeat(-1), "repeat: times is -1"),
        (lambda p: p.epoch(-1), "epoch: number is -1"),
        (lambda p: p.shuffle(seed=-1), "shuffle: seed is -1"),
        (lambda p: p.shuffle(seed=2**64), r"must be an integer in \[0, 2\*\*64\)"),
        (lambda p: p.shuffle(seed=0.5), r"shuffle: seed is 0\.5"),
        (lambda p: p.map(3), "map: needs a function, got 3"),
        (lambda p: p.filter(None), "filter: needs a function, got None"),
        (lambda p: p.sorted(key="name"), "sorted: needs a function, got 'name'"),
        (lambda p: p.reduce(0, 0), "reduce: needs a function, got 0"),
        (lambda p: p.zip(5), "the source is int 5, which is not iterable"),
        (lambda p: Pipeline("file.txt"), r"the source is the text 'file\.txt'"),
        (lambda p: Pipeline(None), "the source is NoneType None"),
        (lambda p: Pipeline(np.array(1.0)), "is not iterable"),
    ],
)
def test_an_invalid_argument_raises_before_iteration(
    mistake: Callable[[Pipeline[Any]], object], match: str
) -> None:
    def work() -> Iterator[int]:
        raise AssertionError("nothing may be read")
        yield

    with pytest.raises(ArgumentError, match=match):
        mistake(Pipeline(work))


def test_sources_of_different_length_are_not_zipped() -> None:
    with pytest.raises(DataError, match=r"zip: the sources have \[3, 2\] elements"):
        Pipeline(range(3)).zip(range(2))


def test_reducing_or_stacking_no_elements_raises() -> None:
    with pytest.raises(DataError, match="reduce: there are no elements; give an initial value"):
        Pipeline([]).reduce(lambda a, b: a + b)
    with pytest.raises(DataError, match=r"arrays: Pipeline\(list of 0\) has no elements"):
        Pipeline([]).arrays()
    assert Pipeline([]).reduce(lambda a, b: a + b, None) is None


def test_an_error_in_a_users_function_notes_the_element() -> None:
    def invert(x: int) -> float:
        return 1 / x

    with pytest.raises(ZeroDivisionError) as caught:
        list(Pipeline([2, 1, 0]).map(invert))
    assert caught.value.__notes__ == ["Raised in a data pipeline by map(invert) for element 2."]


def test_the_repr_of_a_pipeline_is_its_chain_of_calls() -> None:
    pipe = Pipeline((np.zeros(4), np.zeros(4))).map(len).shuffle(seed=2).batch(3).repeat()
    assert repr(pipe) == "Pipeline(2 arrays of 4).map(len).shuffle(seed=2).batch(3).repeat()"
