"""Names of other libraries: one table, from which rooms and ``docs/coming_from.md`` are derived.

``make golden`` renews the page.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import data, datasets, errors, nn, optim
from chainrule.arguments.foreign_names import LIBRARIES, SUBJECTS, Row, Subject

PAGE = Path(__file__).parents[2] / "docs" / "coming_from.md"

HEADER = """\
# Coming from another library

*Generated from the table of foreign names by `make golden`; a test compares it.*

The name that you know, and what it is here. Each of these names is answered when it is typed: the
error gives the name here, or what to do instead. Names that are not listed are the same, as
`fit`, `predict`, `evaluate`, `compile`, `summary`, `save`, `Dense`, `Conv2D`, `LSTM` and `Adam` are
those of Keras. `lr` is the one alias: it works everywhere for `learning_rate`. Arrays are NumPy's,
batch first and channels last.
"""


def page() -> str:
    return HEADER + "".join(f"\n## {title}\n{_section(key)}" for key, title in LIBRARIES.items())


def _section(library: str) -> str:
    text = ""
    for subject in SUBJECTS.values():
        rows = [row for row in subject.rows() if library in row.libraries]
        lines = [
            f"| {', '.join(f'`{name}`' for name in names)} | {answer} |"
            for answer, names in _merged(rows, library, subject)
        ]
        if lines:
            head = f"| {LIBRARIES[library]} | chainrule |\n| --- | --- |\n"
            text += f"\n### {subject.title}\n\n{head}" + "\n".join(lines) + "\n"
    return text


def _merged(rows: list[Row], library: str, subject: Subject) -> Iterator[tuple[str, list[str]]]:
    """Give each answer once, with all foreign names that it answers."""
    pairs = [
        (f"`{subject.ours.format(row.ours)}`" if row.ours else row.remedy or "", name)
        for row in rows
        for name in row.foreign
    ]
    order = list(dict.fromkeys(answer for answer, _ in pairs))
    pairs.sort(key=lambda pair: order.index(pair[0]))
    for answer, group in groupby(pairs, key=lambda pair: pair[0]):
        yield answer, [subject.typed(library, name) for _, name in group]


def test_the_page_of_names_is_that_of_the_table() -> None:
    if os.environ.get("CHAINRULE_UPDATE_GOLDEN"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make golden`, and commit the page"


def test_rows_name_known_libraries_and_no_name_twice() -> None:
    for key, subject in SUBJECTS.items():
        rows = list(subject.rows())
        assert {name for row in rows for name in row.libraries} <= set(LIBRARIES), key
        assert all(row.foreign and (row.ours or row.remedy) for row in rows), key
        remedies = [name for row in rows if row.remedy for name in row.foreign]
        repeated = {name for name in remedies if remedies.count(name) > 1}
        answers = {
            name: {r.remedy for r in rows if name in r.foreign} - {None} for name in repeated
        }
        assert all(len(each) == 1 for each in answers.values()), (key, answers)


ROOMS: dict[str, Any] = {
    "package": cr, "layers": nn, "optimizers": optim, "data": data, "datasets": datasets,
    "random": cr.random, "plot": cr.plot, "testing": cr.testing, "science": cr.science,
    "solvers": cr.solvers,
}  # fmt: skip


@cache
def objects() -> dict[str, Any]:
    X, y = np.eye(6), np.arange(6) % 2
    net = cr.Network([nn.Dense(3), nn.Dense(2)], seed=0)
    net.compile("cross_entropy", "sgd")
    return {
        "network": net, "history": net.fit(X, y, verbose=0), "machine": cr.RBM(hidden=2),
        "layer attributes": net.layers[0], "optimizer attributes": net.optimizer,
        "pipeline": data.Pipeline([1]), "table": data.Table("a"),
        "images": data.Images([], None, [], None, "rgb", False),
        "graph": cr.trace(np.sin)(1.0), "callback attributes": cr.Callback(),
    }  # fmt: skip


def test_every_name_of_a_room_or_object_is_answered() -> None:
    for key, owner in (ROOMS | objects()).items():
        for row in SUBJECTS[key].rows():
            for name in row.foreign:
                assert not hasattr(owner, name), (key, name)
                with pytest.raises(errors.MissingAttributeError) as caught:
                    getattr(owner, name)
                assert isinstance(caught.value, AttributeError)
                if row.ours is None:
                    assert str(caught.value).endswith(f"; {row.remedy}")
                elif hasattr(owner, row.ours):
                    assert "; here it is " in str(caught.value), str(caught.value)
                else:  # of other layers
                    assert key == "layer attributes", (name, row.ours)


IMPORTS = {
    "from chainrule import Sequential": "chainrule has no 'Sequential'; here it is chainrule.Netw",
    "from chainrule import Dense": "chainrule has no 'Dense'; layers are in chainrule.nn",
    "from chainrule.layers import Dense": "layers are in chainrule.nn, as nn.Dense",
    "import chainrule.nn.functional as F": "chainrule.nn has no 'functional'; functions of arrays",
    "from chainrule.nn import Linear": "here it is nn.Dense",
    "from chainrule.optim import RMSProp": "here it is optim.RMSprop",
    "from chainrule.data import DataLoader": "here it is data.Pipeline",
    "from chainrule.datasets import make_moons": "here it is datasets.moons",
    "from chainrule.random import PRNGKey": "here it is random.key",
    "from chainrule.keras.layers import Dense": "names of Keras are in chainrule itself",
    "from chainrule.metrics import accuracy_score": "here it is metrics.accuracy",
    "from chainrule.callbacks import EarlyStopping": "chainrule.EarlyStopping",
    "from chainrule import Netwrok": "did you mean chainrule.Network?",
}


def test_imports_of_foreign_names_are_answered() -> None:
    for statement, hint in IMPORTS.items():
        with pytest.raises(ImportError) as caught:
            exec(statement, {})
        assert hint in str(caught.value), statement
    with pytest.raises(ImportError, match="cannot import name 'qqq' from 'chainrule'"):
        exec("from chainrule import qqq", {})
    exec("from chainrule.random import key; from chainrule.plot import confusion", {})
    exec("import chainrule.random as r; assert r.key(0).shape", {})


@pytest.mark.parametrize("room", [*ROOMS.values(), cr.metrics, cr.losses])
def test_dir_of_a_room_lists_what_is_public_alone(room: Any) -> None:
    assert set(dir(room)) - {"__version__"} == set(room.__all__)
    assert all(hasattr(room, name) for name in dir(room))


def test_dir_of_objects_lists_no_leftovers_of_modules() -> None:
    for owner in (*objects().values(), cr.EarlyStopping(), optim.SGD(0.1)):
        assert not {"annotations", "np", "Any", "TYPE_CHECKING"} & set(dir(owner)), owner


def test_the_table_is_not_read_by_the_import_of_the_package() -> None:
    code = "import sys, chainrule; sys.exit('chainrule.arguments.foreign_names' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=600).returncode == 0


def test_errors_of_missing_attributes_are_copied_with_their_text() -> None:
    import copy
    import pickle

    with pytest.raises(AttributeError) as caught:
        nn.Dense(2).get_weights  # noqa: B018
    for twin in (copy.copy(caught.value), pickle.loads(pickle.dumps(caught.value))):
        assert str(twin) == str(caught.value)
        assert str(twin).startswith(
            "Dense has no attribute 'get_weights'; here it is layer.parameters"
        )
