"""Keywords of other libraries: every public function answers them with names of this one."""

import inspect
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import data, datasets, nn, optim, plot, random, testing
from chainrule.arguments import aliases as tables
from chainrule.arguments.aliases import Aliases
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError, ChainruleError

MODULES = {
    "CORE": [cr, testing],
    "DATA": [data],
    "DATASET": [datasets],
    "PIPELINE": [data],
    "OPTIM": [optim],
    "PLOT": [plot, cr.train.history],
    "RANDOM": [random],
}
ABSTRACT = {"Callback", "Classifier", "Optimizer", "Schedule"}
X, y = np.ones((10, 2)), np.arange(10) % 2


def _public_callables() -> Iterator[tuple[str, Callable[..., Any], tuple[Any, ...]]]:
    """Give each public function, class and method, with the arguments that it needs first."""
    for module in (cr, nn, optim, data, datasets, testing, random, plot):
        for name in module.__all__:
            value = getattr(module, name)
            is_error = inspect.isclass(value) and issubclass(value, BaseException | Warning)
            if isinstance(value, ModuleType) or not callable(value) or is_error:
                continue
            if name not in ABSTRACT:
                # The keywords of `mfcc` are those of `log_mel`, which answers them.
                needed = (np.zeros(1000), 8000) if name == "mfcc" else ()
                yield name, value, needed
            if inspect.isclass(value) and name != "Classifier":
                for method, function in inspect.getmembers(value, callable):
                    is_own = not issubclass(value, nn.Layer) or method == "parameter"
                    if method[0] != "_" and is_own:
                        own = () if inspect.ismethod(function) else (None,)
                        yield f"{name}.{method}", function, own


def test_every_public_function_answers_a_foreign_keyword() -> None:
    silent = []
    for name, function, needed in _public_callables():
        try:
            function(*needed, a_foreign_name=1)
        except ChainruleError as error:
            if "there is no argument `a_foreign_name`" in str(error):
                continue
            silent.append(f"{name}: {error}")
        except (TypeError, ValueError, AttributeError) as error:
            silent.append(f"{name}: {type(error).__name__}: {error}")
        else:
            silent.append(name)
    assert silent == []


def test_every_alias_of_an_argument_leads_to_one_that_exists() -> None:
    for subject, modules in MODULES.items():
        aliases = getattr(tables, f"{subject}_ALIASES", None)
        if aliases is None:
            continue
        known: set[str] = set()
        for module in modules:
            for name in module.__all__:
                value = getattr(module, name)
                members = [value]
                if inspect.isclass(value):
                    members += [each for _, each in inspect.getmembers(value, inspect.isroutine)]
                for each in members:
                    if callable(each) and "method-wrapper" not in type(each).__name__:
                        known |= set(_parameters(each))
        assert set(aliases.names) - known == set(), subject


def _parameters(function: Any) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except ValueError:
        return []


def test_every_alias_of_a_name_leads_to_one_that_exists() -> None:
    for subject in ("CORE", "DATA", "DATASET", "OPTIM", "RANDOM"):
        (module, *_), aliases = MODULES[subject], getattr(tables, f"{subject}_NAMES")
        assert set(aliases.names) <= set(module.__all__)
        foreign = {*aliases.remedies, *(name for names in aliases.names.values() for name in names)}
        assert {name for name in foreign if hasattr(module, name)} == set()


CASES: list[tuple[Callable[[], Any], str]] = [
    (lambda: data.split(X, y, random_state=0), "split: .*`random_state`; here it is `seed`"),
    (lambda: data.split(X, y, train_size=0.5), "test_size=0.25"),
    (lambda: data.split(X, y, stratify=y), "stratify is .*; it must be True or False"),
    (lambda: data.windows(X, sequence_length=3), "here it is `length`"),
    (lambda: data.windows(X, lookback=3), "here it is `length`"),
    (lambda: data.read_csv("x.csv", sep=";"), "here it is `delimiter`"),
    (lambda: data.read_csv("x.csv", na_values="?"), "here it is `missing`"),
    (lambda: data.read_csv("x.csv", usecols=["a"]), "read all columns and take some"),
    (lambda: data.read_csv("x.csv", header=None), "the first line names the columns"),
    (lambda: data.read_csv(filepath_or_buffer="x.csv"), "here it is `path`"),
    (lambda: data.mfcc(X[0], sr=8000), "missing a required argument: 'rate'"),
    (lambda: data.log_mel(X[0], sr=8000), "here it is `rate`"),
    (lambda: data.log_mel(X[0], 8000, n_mels=20), "here it is `bands`"),
    (lambda: data.Pipeline(X).map(map_func=abs), "here it is `function`"),
    (lambda: data.Pipeline(X).batch(batch_size=2), "here it is `size`"),
    (lambda: data.Pipeline(X).batch(2, drop_remainder=True), "here it is `drop_last`"),
    (lambda: data.Pipeline(X).shuffle(buffer_size=9), "all items are shuffled"),
    (lambda: data.Pipeline(X, batch_size=2), "call .batch"),
    (lambda: data.Category("a", handle_unknown="ignore"), "here it is `unseen`"),
    (lambda: data.Table("a", label="b"), "here it is `target`"),
    (lambda: datasets.moons(n_samples=9), "here it is `n`"),
    (lambda: datasets.moons(9, random_state=0), "here it is `seed`"),
    (lambda: datasets.mnist(train=True), "both parts are returned"),
    (lambda: datasets.digits(return_X_y=True), "always returned"),
    (lambda: cr.grad(abs, argnum=0), "here it is `argnums`"),
    (lambda: cr.grad(fun=abs), "here it is `function`"),
    (lambda: cr.value_and_grad(abs, holomorphic=True), "derivatives are by real numbers"),
    (lambda: cr.jit(abs, static_argnum=0), "here it is `static_argnums`"),
    (lambda: cr.jit(abs, nopython=True), "leave it out"),
    (lambda: cr.scan(f=abs, init=0.0, xs=X), "here it is `step`"),
    (lambda: cr.custom_vjp(abs, bwd=abs), "here it is `backward`"),
    (lambda: cr.check_grads(abs, (1.0,), eps=1e-3), "the step is chosen by the library"),
    (lambda: cr.check_grads(abs, (1.0,), rtol=1e-3), "here it is `tolerance`"),
    (lambda: cr.set_num_threads(n=2), "here it is `count`"),
    (lambda: cr.trace(fun=abs), "here it is `function`"),
    (lambda: cr.Network(random_state=0), "here it is `seed`"),
    (lambda: cr.Network().fit(x=X, y=y), "here it is `X`"),
    (lambda: cr.Network().fit(X, y, n_epochs=2), "here it is `epochs`"),
    (lambda: cr.Network().compile(criterion="mse"), "here it is `loss`"),
    (lambda: cr.Network().evaluate(X, y, sample_weights=y), "here it is `sample_weight`"),
    (lambda: cr.Network().predict(X, bs=3), "here it is `batch_size`"),
    (lambda: cr.RBM(n_components=3), "here it is `hidden`"),
    (lambda: cr.load(filepath="x"), "here it is `path`"),
    (lambda: optim.Adam(betas=(0.9, 0.999)), "`beta_1` and `beta_2`"),
    (lambda: optim.cosine(0.1, T_max=10), "here it is `steps`"),
    (lambda: optim.SGD(0.1, lr=0.1), "one argument, and both are given"),
    (lambda: nn.Dense(3)(X, mask=y), "Dense: there is no argument `mask`"),
    (lambda: plot.confusion(None, X, y, ax=None), "here it is `axes`"),
]  # fmt: skip


def test_names_of_other_libraries_are_answered_with_ours() -> None:
    for act, message in CASES:
        with pytest.raises(ArgumentError, match=message):
            act()


@pytest.mark.parametrize(
    ("module", "name", "hint"),
    [
        (random, "PRNGKey", "here it is random.key"),
        (data, "train_test_split", "here it is data.split"),
        (datasets, "make_moons", "here it is datasets.moons"),
        (optim, "ReduceLROnPlateau", "here it is optim.reduce_on_plateau"),
        (cr, "Sequential", "here it is chainrule.Network"),
    ],
)
def test_functions_of_other_libraries_are_answered_with_ours(
    module: ModuleType, name: str, hint: str
) -> None:
    with pytest.raises(AttributeError, match=hint):
        getattr(module, name)


def test_lr_is_an_alias_of_the_learning_rate() -> None:
    assert optim.SGD(lr=0.5) == optim.SGD(0.5)
    assert cr.RBM(lr=0.5).optimizer == cr.RBM(learning_rate=0.5).optimizer
    histories = []
    for rate in ({"lr": 0.25}, {"learning_rate": 0.25}):
        net = cr.Network([nn.Dense(1)])
        net.compile("mse", "sgd", **rate)
        histories.append(net.fit(np.eye(10), y[:, None] * 1.0, verbose=0)["loss"])
    assert histories[0] == histories[1]


def test_errors_of_a_body_and_of_its_callees_pass_unchanged() -> None:
    @answers_foreign_names(Aliases())
    def outer(x: Any, **options: Any) -> Any:
        return len(x, **options)

    with pytest.raises(TypeError, match="has no len") as caught:
        outer(3)
    assert not isinstance(caught.value, ChainruleError)
    with pytest.raises(TypeError, match="len\\(\\) takes no keyword"):
        outer([], anything=1)
    with pytest.raises(ArgumentError, match="too many positional arguments; it is called as outer"):
        outer(1, 2)
