"""`History`: a dictionary of lists, for pandas, JSON and the prompt."""

import copy
import json
import pickle

import pandas as pd

from chainrule.train.history import History


def trained() -> History:
    history = History()
    for loss, accuracy, own in [(0.7, 0.5, 3.0), (0.3, 0.9, 2.0), (0.4, 0.8, 1.0)]:
        history.append({"loss": loss, "val_accuracy": accuracy, "own": own, "seconds": 0.1})
    history.notes.append("interrupted")
    return history


def test_a_history_is_what_pandas_json_and_copies_take_for_a_dictionary():
    history = trained()
    frame = pd.DataFrame(history)
    assert list(frame.columns) == list(history) == ["loss", "val_accuracy", "own", "seconds"]
    assert frame["val_accuracy"].tolist() == history["val_accuracy"] == [0.5, 0.9, 0.8]
    for other in (
        dict(history), {**history}, json.loads(json.dumps(history)), copy.copy(history),
        copy.deepcopy(history), pickle.loads(pickle.dumps(history)),
    ):  # fmt: skip
        assert other == history
    again = copy.copy(history)
    again.append({"loss": 0.1})
    again.notes.append("more")
    assert (type(again), history.epochs, history.notes) == (History, 3, ["interrupted"])


def test_the_prompt_shows_last_and_best_values_of_what_has_a_best():
    assert repr(trained()).splitlines() == [
        "<history of 3 epochs: loss 0.7 → 0.4",
        "                first  last  best",
        "  loss            0.7   0.4   0.3 (epoch 2)",
        "  val_accuracy    0.5   0.8   0.9 (epoch 2)",
        "  own               3     1>",
    ]


def test_history_is_found_where_keras_has_it() -> None:
    history = History()
    history.append({"loss": 0.5, "val_loss": 0.75})
    assert history.history == {"loss": [0.5], "val_loss": [0.75]}
    assert type(history.history) is dict
