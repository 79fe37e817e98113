"""Wrong values for every argument of every entry point: refused by a message of ours.

For each argument of each call some values are drawn, the others stay valid. What is nonsense for
any argument must be refused; what may be meant, such as 3 or None, may also be accepted. Errors of
NumPy or Python, and messages that do not say much, are faults.
"""

import datetime as dt
import inspect
import time
import types
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import nn, optim
from chainrule.errors import ChainruleError, ChainruleWarning, GraphError

DRAWS, SEED = 7, 0
RNG = np.random.default_rng(SEED)
FLAT = RNG.normal(size=(8, 4)).astype("float32")
STEPS = RNG.normal(size=(8, 6, 4)).astype("float32")
IMAGES = RNG.normal(size=(8, 6, 6, 4)).astype("float32")
VOLUMES = RNG.normal(size=(8, 5, 5, 5, 2)).astype("float32")
BITS = (FLAT > 0).astype("float32")
LABELS = np.arange(8) % 3
VECTOR = np.ones(3)


class Unreadable:
    def __repr__(self) -> str:
        raise RuntimeError("no representation")


NONSENSE: dict[str, Callable[[], Any]] = {
    "an object": object,
    "an unreadable object": Unreadable,
    "a class": lambda: nn.Dense,
    "a module": lambda: types,
    "a generator": lambda: (i for i in [1, 2]),
    "a set": lambda: {1, 2},
    "bytes": lambda: b"abc",
    "a complex number": lambda: 1j,
    "complex numbers": lambda: np.array([1j, 2.0]),
    "dates": lambda: np.array(["2020-01-01"], "M8[D]"),
    "a date": lambda: dt.date(2020, 1, 1),
    "texts": lambda: np.array(["a", "b"]),
    "objects": lambda: np.array([None, {}], object),
    "records": lambda: np.zeros(2, [("a", "f4")]),
    "ragged": lambda: [[1], [2, 3]],
    "10**400": lambda: 10**400,
    "a surrogate": lambda: "\ud800",
}
PLAUSIBLE: dict[str, Callable[[], Any]] = {
    "None": lambda: None, "3": lambda: 3, "-1": lambda: -1, "0": lambda: 0, "1.5": lambda: 1.5,
    "text": lambda: "abc", "''": str, "[]": list, "{}": dict, "()": tuple, "True": lambda: True,
    "nan": lambda: float("nan"), "inf": lambda: float("inf"), "10**20": lambda: 10**20,
    "empty": lambda: np.zeros(0), "5 axes": lambda: np.zeros((2,) * 5), "(3, -1)": lambda: (3, -1),
    "a function": lambda: lambda *given: None, "[None]": lambda: [None], "range": lambda: range(3),
    "NaNs": lambda: np.array([np.nan, 1.0]), "flags": lambda: np.array([True, False]),
}  # fmt: skip

Entry = tuple[str, Callable[..., Any], dict[str, Any]]


def square(x: Any) -> Any:
    return np.sum(np.multiply(x, x))


def double(x: Any, residual: Any = None) -> Any:
    return 2 * x


def classifier() -> cr.Network:
    net = cr.Network([nn.Dense(4, activation="relu"), nn.Dense(3)], seed=0)
    net.compile("cross_entropy", metrics=["accuracy"])
    net.predict(FLAT)
    return net


NET = classifier()
MACHINE = cr.RBM(3)
MACHINE.transform(BITS)


def core() -> list[Entry]:
    settings: dict[str, Any] = {"argnums": 0, "has_aux": False}
    static: dict[str, Any] = {"static_argnums": (), "static_argnames": ()}
    graph, derivative = cr.trace(square)(VECTOR), cr.testing.numerical_derivative
    scanned = {"init": 0.0, "xs": VECTOR, "length": None, "reverse": False}
    checked = {"args": (VECTOR,), "order": 1, "tolerance": 1e-6, "directions": 1, "seed": 0}
    layer = {"layer": nn.Dense(2), "input_shape": (4, 3), "tolerance": 1e-6, "seed": 0}
    return [
        ("grad", lambda **k: cr.grad(square, **k)(VECTOR), settings),
        ("grad of", lambda function: cr.grad(function), {"function": square}),
        ("value_and_grad", lambda **k: cr.value_and_grad(square, **k)(VECTOR), settings),
        ("jit", lambda **k: cr.jit(square, **k), static),
        ("jit of", lambda function: cr.jit(function), {"function": square}),
        ("vjp", lambda function: cr.vjp(function, VECTOR), {"function": square}),
        ("trace", lambda function: cr.trace(function), {"function": square}),
        ("simplify", cr.simplify, {"graph": graph}),
        ("custom_vjp", cr.custom_vjp, {"forward": double, "backward": double}),
        ("scan", lambda **k: cr.scan(lambda c, x: (c + x, c), **k), scanned),
        ("check_grads", lambda **k: cr.check_grads(square, **k), checked),
        (
            "numerical_derivative",
            lambda step: derivative(abs, step),
            {"step": 1},
        ),
        ("check_layer", cr.testing.check_layer, layer),
    ]


def random_numbers() -> list[Entry]:
    key = cr.random.key(0)
    valid: dict[str, Any] = {
        "key": key, "seed": 0, "logits": VECTOR, "a": VECTOR, "x": VECTOR, "data": 1,
        "shape": (3,), "minval": 0, "maxval": 5,
    }  # fmt: skip
    entries: list[Entry] = []
    for name in cr.random.__all__:
        function = getattr(cr.random, name)
        given = inspect.signature(function).parameters.values()
        arguments = {
            each.name: valid[each.name] if each.default is each.empty else each.default
            for each in given
        }
        entries.append((f"random.{name}", function, arguments))
    stream = {"seed": 0, "shape": (2,), "dtype": "float32"}
    draw = lambda seed, shape, dtype: nn.RandomStream(seed).uniform(shape, dtype)  # noqa: E731
    return [*entries, ("RandomStream", draw, stream)]


def layers() -> list[Entry]:
    inputs = {
        "1D": STEPS, "2D": IMAGES, "3D": VOLUMES, "RNN": STEPS, "LSTM": STEPS, "GRU": STEPS,
        "onal": STEPS, "tion": STEPS, "Permute": STEPS, "Random": IMAGES, "Dist": STEPS,
    }  # fmt: skip
    valid: dict[str, Any] = {
        "units": 3, "filters": 4, "kernel_size": 2, "vocabulary_size": 5, "rate": 0.5,
        "axes": (2, 1),
        "stddev": 0.1, "heads": 2, "shape": (2, 2), "scale": 2.0, "degrees": 10.0, "pixels": 1,
        "factor": 0.1, "activation": "tanh",
    }  # fmt: skip
    entries: list[Entry] = []
    for name in nn.__all__:
        kind = getattr(nn, name)
        if not isinstance(kind, type) or not issubclass(kind, nn.Layer) or kind is nn.Layer:
            continue
        x = next((each for part, each in inputs.items() if part in name), FLAT)
        arguments = {
            each.name: each.default if each.default is not each.empty else valid.get(each.name)
            for each in inspect.signature(kind).parameters.values()
            if each.kind is each.POSITIONAL_OR_KEYWORD
        }
        arguments |= {"layer": nn.RNN(2)} if "layer" in arguments else {}
        arguments |= {"branches": [nn.Dense(2), []]} if "branches" in arguments else {}
        arguments |= {"layers": [nn.Dense(4)]} if "layers" in arguments else {}
        entries.append(
            (f"nn.{name}", lambda kind=kind, x=x, **k: cr.Network([kind(**k)])(x), arguments)
        )
    return entries


def networks() -> list[Entry]:
    fit = {
        "X": FLAT, "y": LABELS, "epochs": 1, "batch_size": 4, "validation_data": None,
        "validation_split": 0.0, "shuffle": True, "sample_weight": None, "class_weight": None,
        "callbacks": None, "verbose": 0,
    }  # fmt: skip
    compiled = {"loss": "mse", "optimizer": "adam", "learning_rate": None, "metrics": ()}
    stopping = {"patience": 5, "restore_best": True, "min_delta": 0.0, "mode": "auto"}
    predicted = {"X": FLAT, "batch_size": 4}
    machine: dict[str, Any] = {"hidden": 3, "learning_rate": 0.1, "k": 1, "persistent": False}
    machine |= {"batch_size": 4, "momentum": 0.0, "l2": 0.0, "seed": 0, "dtype": "float32"}
    settings = {"layers": [], "seed": 0, "dtype": "float32"}
    zeros = {"value": np.zeros((4, 4))}
    evaluated = {"X": FLAT, "y": LABELS, "sample_weight": None}
    return [
        ("Network", cr.Network, settings),
        ("add", lambda layer: cr.Network().add(layer), {"layer": nn.Dense(2)}),
        ("compile", lambda **k: NET.compile(**k), compiled),
        ("fit", lambda **k: classifier().fit(**k), fit),
        ("evaluate", lambda **k: classifier().evaluate(**k), evaluated),
        ("predict", lambda **k: NET.predict(**k), predicted),
        ("a call", lambda X: NET(X), {"X": FLAT}),
        ("params", lambda name: NET.params[name], {"name": "dense.bias"}),
        ("params[...] =", lambda value: NET.params.update({"dense.weight": value}), zeros),
        ("params.update", lambda other: NET.params.update(other), {"other": {}}),
        ("EarlyStopping", lambda **k: cr.EarlyStopping("loss", **k), stopping),
        ("RBM", cr.RBM, machine),
        ("RBM.fit", lambda X: cr.RBM(3).fit(X, verbose=0), {"X": BITS}),
        ("RBM.gibbs", lambda **k: MACHINE.gibbs(**k), {"X": BITS, "steps": 1, "seed": 0}),
        ("Parameter", nn.Parameter, {"name": "w", "value": VECTOR, "trainable": True}),
    ]  # fmt: skip


def optimizers() -> list[Entry]:
    entries: list[Entry] = []
    for name in optim.__all__:
        kind = getattr(optim, name)
        if not isinstance(kind, type) or kind in (optim.Optimizer, optim.Schedule):
            continue
        arguments = {
            each.name: 0.1 if each.default is each.empty else each.default
            for each in inspect.signature(kind).parameters.values()
        }
        arguments |= {"epochs": 3} if "epochs" in arguments else {}
        entries.append((f"optim.{name}", kind, arguments))
    return entries


# What takes any value: strings and objects are drawn from, and names are for people.
EXCEPTIONS = {
    ("random.choice", "a"), ("random.permutation", "x"), ("fit", "y"), ("evaluate", "y"),
    ("vjp", "function"), ("grad of", "function"), ("jit of", "function"), ("trace", "function"),
    ("custom_vjp", "forward"), ("custom_vjp", "backward"), ("compile", "loss"),
    ("compile", "metrics"), ("fit", "callbacks"), ("params.update", "other"),
}  # fmt: skip
BATCH_SIZES = {"batch_size", "patience", "strides", "pixels", "name"}
"""Arguments that may be huge, or any text."""


def fault(call: Callable[..., Any], arguments: dict[str, Any], may_accept: bool) -> str | None:
    """Return what is wrong with the answer to a call, or None."""
    start = time.perf_counter()
    try:
        call(**arguments)
    except (ChainruleError, ChainruleWarning) as error:
        text = str(error)
        if isinstance(error, GraphError) or not 25 <= len(text) <= 900:
            return f"a poor message: {type(error).__name__}: {text[:200]!r}"
    except Exception as error:  # noqa: BLE001 - that is the fault
        return f"{type(error).__name__}: {str(error)[:160]!r}"
    else:
        if not may_accept:
            return "accepted"
    return "slow" if time.perf_counter() - start > 30 else None


def test_every_argument_refuses_nonsense_by_a_message_of_ours() -> None:
    random, faults, count = np.random.default_rng(SEED), [], 0
    for title, call, valid in [*core(), *random_numbers(), *layers(), *networks(), *optimizers()]:
        for name in valid:
            values = list((NONSENSE | PLAUSIBLE).items())
            for drawn in random.permutation(len(values))[:DRAWS]:
                what, make = values[drawn]
                may_accept = what in PLAUSIBLE or (title, name) in EXCEPTIONS or name in BATCH_SIZES
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", RuntimeWarning)
                    wrong = fault(call, valid | {name: make()}, may_accept)
                count += 1
                if wrong is not None:
                    faults.append(f"{title}({name}={what}): {wrong}")
    assert count > 1500
    assert not faults, "\n".join(faults)
