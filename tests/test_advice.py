"""What messages advise works: each name exists, each call is accepted, each option is there.

The advice is extracted from the text constants of the source: code such as ``optim.Adam(0.001)``,
extras such as ``chainrule[plot]``, commands, options and environment variables.
"""

import ast
import contextlib
import copy
import dataclasses
import functools
import importlib
import inspect
import io
import re
import tempfile
import tomllib
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import data, datasets, nn, optim
from chainrule.arguments import aliases
from chainrule.cli import commands
from chainrule.nn.activations.activation import ACTIVATIONS
from chainrule.nn.initializers.initializer import INITIALIZERS
from chainrule.nn.losses.loss import LOSSES
from chainrule.train.metrics import METRICS
from tests.source_texts import texts_of_sources

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "chainrule"

NOT_MESSAGES = (
    "compiler/backends",
    "compiler/runtime",
    "cli/recipes.py",
    "export/numpy_source/functions",
    "export/numpy_source/predictor",
    "graph/protocol_gaps/names",
    "insight/lab/catalogue",
)
"""Folders whose texts are symbols of generated code, or solutions, and no messages."""


@functools.cache
def network() -> cr.Network:
    net = cr.Network([nn.Dense(3, activation="relu"), nn.Dense(2)], seed=0, dtype="float64")
    net.compile("cross_entropy", "sgd", metrics=["accuracy"])
    net.fit(NAMES["X"], NAMES["y"], checkpoint=NAMES["folder"], verbose=0)
    return net


def small_network(units: int, seed: int) -> cr.Network:
    net = cr.Network([nn.Dense(units), nn.Dense(2)], seed=seed)
    net.compile("cross_entropy")
    return net


x = np.linspace(0.1, 0.9, 6)
NAMES: dict[str, Any] = {
    "cr": cr, "chainrule": cr, "nn": nn, "optim": optim, "data": data, "datasets": datasets,
    "np": np, "dataclasses": dataclasses, "Callback": cr.Callback,
    "X": np.random.default_rng(0).normal(size=(6, 2)), "y": np.arange(6) % 2,
    "folder": tempfile.mkdtemp(),
    "series": x, "x": x, "a": x, "b": x, "array": x, "values": x, "value": x,
    "result": x, "other": x, "image": x, "level": 0.5,
    "condition": x > 0.5, "mask": x > 0.5, "exponent": x,
    "f": np.sin, "function": np.sin, "forward": np.sin, "backward": np.cos,
    "rate": 0.5, "n": 3, "seed": 0, "key": cr.random.key(0), "shape": (2, 3), "index": 2,
    "labels": np.array([b"no"]), "name": "day", "table": {"day": ["2026-11-29"]},
    "state_dict": {"0.weight": np.ones((3, 2)), "0.bias": x[:3], "2.weight": np.ones((2, 3)),
                   "2.bias": x[:2]},
    "weights": {"dense/kernel": np.ones((2, 3)), "dense/bias": x[:3],
                "dense_1/kernel": np.ones((3, 2)), "dense_1/bias": x[:2]},
    "batches": [(np.eye(6, 2), np.arange(6) % 2)] * 2, "iterable": [(np.ones(2), 0)],
    "pipe": data.Pipeline((np.eye(6, 2), np.arange(6) % 2)),
    "test": x > 0.5, "deg": 2, "mean": x, "indices": np.array([1, 0]),
}  # fmt: skip
"""What the variables in advice stand for."""

NAMES_IN: dict[str, dict[str, Any]] = {
    "np.linalg.": {"a": np.eye(3)},
    "np.array(points": {"points": x},
    "np.exp(-scores": {"scores": x},
    "np.delete": {"X": np.eye(3), "index": 1},
    "np.linspace(t0": {"t0": 0.0, "t1": 1.0},
    "np.linalg.solve(J": {"J": np.eye(3), "f": lambda x, a: a @ x, "a": np.eye(3), "x": np.ones(3)},
    "cr.cond": {"condition": True, "if_true": lambda: 1.0, "if_false": lambda: 2.0},
    "cr.while_loop": {"condition": lambda c: c < 1.0, "body": lambda c: c + 1.0, "init": 0.0},
    "cr.jvp": {"args": (x,), "tangents": (x,)},
    "cr.science.odeint": {"f": lambda y, t: -y, "y0": 1.0, "t": x},
    "cr.science.solve_ivp": {
        "f": lambda t, y: -y,
        "y0": np.ones(1),
        "t0": 0.0,
        "t1": 1.0,
        "t": np.array([0.5, 1.0]),
    },
    "cr.solvers.integrate": {"f": lambda t, y: -y, "y0": 1.0, "t": x},
    "np.searchsorted(names": {"names": np.array(["a", "b"]), "y": np.array(["b", "a"])},
    "data.Table().fit(columns": {"columns": {"day": ["2026-11-29"]}},
    "chainrule.Network([data.Table().fit(columns": {"columns": {"day": ["2026-11-29"]}},
    "cr.sweep": {"build": lambda units, seed: small_network(units, seed)},
    "cr.Network(layers": {"layers": [nn.Dense(1)]},
    "cr.solvers.lbfgs": {"f": lambda x: np.sum(x * x), "x0": x, "args": ()},
}
"""What they stand for in calls that begin so."""


NO_CODE = {"np.f", "net.safetensors", "chainrule.interop.onnx", "chainrule.table"}
"""A placeholder, the names of a file and of metadata, and a module that is imported from."""


@functools.cache
def messages() -> list[tuple[str, str]]:
    return [
        (name, text)
        for name, texts in texts_of_sources().items()
        if not name.startswith(NOT_MESSAGES)
        for text in texts
    ]


def test_names_in_advice_exist_and_calls_are_accepted():
    roots = "cr|chainrule|nn|optim|data|datasets|np|net|layer|dataclasses"
    pattern = re.compile(rf"(?<![\w./@\-\[])({roots})((?:\.[A-Za-z_]\w*)+)(\(?)")
    problems, tried, places = [], 0, {}
    for place, text in messages():
        for found in pattern.finditer(text):
            code = found[1] + found[2]
            if "VALUE" in code or code.startswith("chainrule.cli") or code in NO_CODE:
                continue
            if found[3] and (call := balanced(text, found.end() - 1)):
                code += re.sub(r"(?<=\d)VALUE", "", call)  # of a number and a text beside it
            tried += 1
            places.setdefault((code, place.startswith("cli/")), place)
    for (code, only_bind), place in places.items():
        try:
            attempt(code, only_bind)
        except Exception as error:  # noqa: BLE001 (all are reported)
            problems.append(f"{place}: {code}: {type(error).__name__}: {error}")
    assert not problems, "\n".join(problems)
    assert tried > 200


def test_messages_name_only_what_exists():
    missing = {
        f"{place}: {match[0]}"
        for place, texts in texts_of_sources().items()
        for text in texts
        # A symbol of compiled code, such as "chainrule.run", has no blank.
        if " " in text
        for match in re.finditer(r"\b(?:cr|chainrule)((?:\.[A-Za-z_]\w*)+)", text)
        if "VALUE" not in match[1] and not exists(match[1])
    }
    assert missing == set()


def exists(path: str) -> bool:
    value: Any = cr
    for name in path.strip(".").split("."):
        if not hasattr(value, name):
            try:
                value = importlib.import_module(f"{value.__name__}.{name}")
            except (AttributeError, ImportError):
                return False
        else:
            value = getattr(value, name)
    return True


def balanced(text: str, start: int) -> str:
    """Return the text from an opening bracket to the one that closes it, or ""."""
    depth = 0
    for end in range(start, len(text)):
        depth += (text[end] in "([{") - (text[end] in ")]}")
        if not depth:
            return text[start : end + 1]
    return ""


def attempt(code: str, only_bind: bool) -> None:
    """Evaluate advice; a call with ``...`` or a shown value is only bound to the signature."""
    names = NAMES | {"layer": nn.Dense(2)}
    for beginning, meaning in NAMES_IN.items():
        names |= meaning if code.startswith(beginning) else {}
    if re.search(r"\bnet\b", code):
        names["net"] = copy.deepcopy(network())
        names |= {"params": names["net"].params, "x": NAMES["X"]}
    if code.startswith("net.program"):  # a copy has no compiled programs
        names["net"].fit(NAMES["X"], NAMES["y"], verbose=0)
    if code.startswith("cr.plot.predictions"):  # of amounts
        names["net"] = cr.Network([nn.Dense(1)], seed=0)
        names["y"] = np.asarray(NAMES["X"], float).sum(axis=1)
    tree = ast.parse(code, mode="eval").body
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        if not isinstance(tree, ast.Call):
            eval(code, names)
        elif only_bind or re.search(r"\.\.\.|VALUE|path", code):
            accept(eval(ast.unparse(tree.func), names), [each.arg for each in tree.keywords])
        else:
            eval(code, names)


def accept(function: Any, keywords: list[str | None]) -> None:
    with contextlib.suppress(ValueError):  # written in C, without a signature
        parameters = inspect.signature(function).parameters
        if not any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
            assert set(keywords) <= {None, *parameters}


def test_extras_options_and_commands_in_messages_exist():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    options = {name for command in [commands, *commands.commands.values()]
               for each in command.params
               for name in [*each.opts, *each.secondary_opts]} | {"--help"}  # fmt: skip
    source = "".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))
    for place, text in messages():
        for extra in re.findall(r"chainrule\[([a-z]+)\]", text):
            assert extra in project["optional-dependencies"], (place, text)
        for command in re.findall(r"(?:write|run|by|use|with) `?chainrule ([a-z]+)", text):
            assert command in commands.commands, (place, text)
        if place.startswith("cli/") and "pip install" not in text:
            for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text):
                assert option in options, (place, text)
        for variable in re.findall(r"CHAINRULE_[A-Z_]+", text):
            assert source.count(f'"{variable}"'), (place, text)


def test_names_that_aliases_lead_to_exist():
    optimizers = [getattr(optim, name) for name in optim.__all__]
    arguments = {name for each in optimizers if callable(each) for name in parameters_of(each)}
    layers = {name for each in nn.__all__ if isinstance(kind := getattr(nn, each), type)
              for name in parameters_of(kind)}  # fmt: skip
    functions = {*ACTIVATIONS, *LOSSES, *INITIALIZERS}
    fit = {
        name for kind in (cr.Network, cr.RBM, cr.EarlyStopping, cr.Checkpoint, cr.load)
        for member in [kind, *vars(kind).values()] if callable(member)
        for name in parameters_of(member)
    }  # fmt: skip
    assert set(aliases.LAYER_ALIASES.names) <= set(nn.__all__)
    assert set(aliases.LAYER_ARGUMENT_ALIASES.names) <= layers
    assert set(aliases.FUNCTION_ALIASES.names) <= functions
    assert set(aliases.METRIC_ALIASES.names) <= set(METRICS)
    assert set(aliases.OPTIMIZER_ALIASES.names) <= arguments
    assert set(aliases.FIT_ALIASES.names) <= fit
    assert set(aliases.NETWORK_ATTRIBUTES.names) <= set(dir(cr.Network))
    assert set(aliases.CALLBACK_ALIASES.names) <= set(dir(cr.Callback))


def parameters_of(function: Any) -> set[str]:
    with contextlib.suppress(ValueError, TypeError):
        return set(inspect.signature(function).parameters)
    return set()
