"""Event files, read back by TensorBoard's own readers and by tbparse."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError, DataError
from chainrule.interop.tensorboard.records import crc32c
from chainrule.interop.tensorboard.wire import integer, varint

X = np.random.default_rng(0).normal(size=(60, 5))
Y = (X[:, 0] > 0).astype(int)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, Any]:
    """Train with everything that the callback writes; return folder, network and history."""
    folder = tmp_path_factory.mktemp("runs") / "first"
    net = cr.Network([nn.Dense(6, activation="relu"), nn.Dense(2, activation="softmax")], seed=0)
    net.compile(loss="cross_entropy", optimizer="adam", metrics=["accuracy"])
    board = cr.TensorBoard(folder, histograms=2, images=3, hyperparameters={"units": 6, "deep": 0})
    history = net.fit(X, Y, epochs=3, validation_split=0.2, callbacks=[board], verbose=0)
    board.text("notes", "a **text**, über alles")
    board.image("picture", np.linspace(0, 1, 12).reshape(2, 2, 3), step=7)
    board.embedding("rows", X, [f"row {i}" for i in range(len(X))])
    return folder, net, history


def read(folder: Path) -> Any:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(str(folder))
    return accumulator.Reload()


def test_curves_of_training_and_validation_are_the_history(run: tuple[Path, Any, Any]) -> None:
    folder, _, history = run
    for name, part in (("loss", "train"), ("accuracy", "train"), ("learning_rate", "train")):
        events = read(folder / part).Scalars(name)
        assert [each.step for each in events] == [0, 1, 2]
        assert [each.value for each in events] == np.float32(history[name]).tolist()
    events = read(folder / "validation").Scalars("loss")
    assert [each.value for each in events] == np.float32(history["val_loss"]).tolist()


def test_histograms_count_the_parameters(run: tuple[Path, Any, Any]) -> None:
    folder, net, _ = run
    reader = read(folder / "train")
    (event,) = reader.Histograms("dense/weight")
    assert (event.step, event.histogram_value.num) == (1, 30)
    assert sum(event.histogram_value.bucket) == 30
    assert reader.Tags()["histograms"] == [each.replace(".", "/") for each in net.params]


def test_images_are_png_files_of_their_pixels(run: tuple[Path, Any, Any]) -> None:
    import io

    from PIL import Image

    reader = read(run[0] / "train")
    (event,) = reader.Images("picture")
    pixels = np.asarray(Image.open(io.BytesIO(event.encoded_image_string)))
    assert (event.step, event.width, event.height) == (7, 2, 2)
    np.testing.assert_array_equal(
        pixels, np.rint(255 * np.linspace(0, 1, 12)).reshape(2, 2, 3).astype(np.uint8)
    )
    assert [each.step for each in reader.Images("dense/weight/image")] == [2]


def test_the_graph_has_the_layers_and_the_gradients(run: tuple[Path, Any, Any]) -> None:
    graph = read(run[0] / "train").Graph()
    nodes = {node.name: node for node in graph.node}
    assert {name.split("/")[0] for name in nodes} == {
        "X", "y", "dense", "dense_1", "loss", "gradients",
    }  # fmt: skip
    assert all(operand in nodes for node in graph.node for operand in node.input)
    shape = nodes["dense/weight"].attr["_output_shapes"].list.shape[0]
    assert [dim.size for dim in shape.dim] == [5, 6]
    derivative = nodes["gradients/dense_1/d_dense_1.weight"]
    assert derivative.input[0].startswith("dense/")
    assert derivative.input[1].startswith("gradients/")


class Own(nn.Layer):
    """A layer with a running mean, and another layer within."""

    def __init__(self) -> None:
        self.dense = nn.Dense(3)

    def build(self, input_shape: Any) -> None:
        self.mean = self.parameter("mean", (3,), "zeros", trainable=False)

    def forward(self, x: Any) -> Any:
        return np.tanh(self.dense(x)) - self.mean


SEQUENCES = np.random.default_rng(1).normal(size=(8, 5, 4)).astype("float32")
GRAPHS: dict[str, tuple[Any, Any, set[str]]] = {
    "batch_norm": (
        [nn.BatchNorm(), nn.Residual([nn.Dense(5), nn.BatchNorm()]), nn.Dropout(0.2), nn.Dense(1)],
        X[:8].astype("float32"),
        {"batch_norm", "residual", "dense"},
    ),
    "lstm": ([nn.LSTM(3), nn.BatchNorm(), nn.Dense(1)], SEQUENCES, {"lstm", "batch_norm", "dense"}),
    "own": ([Own(), nn.Dense(1)], X[:8].astype("float32"), {"own", "dense"}),
    "embedding": (
        [nn.Embedding(4, 2), nn.Flatten(), nn.LayerNorm(), nn.Dense(1)],
        np.arange(16).reshape(8, 2) % 4,
        {"embedding", "flatten", "layer_norm", "dense"},
    ),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_the_graph_of_each_kind_of_layer_is_whole(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAINRULE_BACKEND", "numpy")
    layers, inputs, scopes = GRAPHS[name]
    net = cr.Network(layers, seed=0)
    net.compile("mse", "adam")
    net.fit(inputs, np.arange(8.0), callbacks=cr.TensorBoard(tmp_path), verbose=0)
    nodes = {node.name: node for node in read(tmp_path / "train").Graph().node}
    assert {each.split("/")[0] for each in nodes} == scopes | {"X", "y", "loss", "gradients"}
    assert all(operand in nodes for node in nodes.values() for operand in node.input)
    assert {each.replace(".", "/") for each in net.params} <= nodes.keys()


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # of pandas, which tbparse uses
def test_hyperparameters_and_texts_are_read_by_tbparse(run: tuple[Path, Any, Any]) -> None:
    from tbparse import SummaryReader

    reader = SummaryReader(str(run[0]), extra_columns={"dir_name"})
    settings = dict(zip(reader.hparams["tag"], reader.hparams["value"], strict=True))
    expected = {"units": 6, "optimizer": "Adam", "loss": "cross_entropy", "learning_rate": 0.001}
    assert expected.items() <= settings.items()
    texts = dict(zip(reader.text["tag"], reader.text["value"], strict=True))
    assert texts["notes"] == "a **text**, über alles"
    assert "dense 6" in texts["network"]


def test_embeddings_are_read_by_the_projector(run: tuple[Path, Any, Any]) -> None:
    from google.protobuf import text_format
    from tensorboard.plugins.projector import projector_config_pb2

    folder = run[0]
    config: Any = vars(projector_config_pb2)["ProjectorConfig"]()
    text_format.Parse((folder / "projector_config.pbtxt").read_text(encoding="utf-8"), config)
    (table,) = config.embeddings
    vectors = np.loadtxt(folder / table.tensor_path, delimiter="\t")
    np.testing.assert_allclose(vectors, X, rtol=1e-6)
    assert (folder / table.metadata_path).read_text().splitlines()[59] == "row 59"


def test_a_run_with_checkpoints_writes_events(tmp_path: Path) -> None:
    net = cr.Network([nn.Dense(1)], seed=0)
    net.compile("mse")
    board = cr.TensorBoard(tmp_path / "board")
    net.fit(X, Y, epochs=3, callbacks=board, checkpoint=tmp_path / "run", verbose=0)
    assert [each.step for each in read(tmp_path / "board" / "train").Scalars("loss")] == [0, 1, 2]


def test_the_weights_of_embeddings_are_written_when_training_ends(tmp_path: Path) -> None:
    net = cr.Network([nn.Embedding(5, 3), nn.Flatten(), nn.Dense(1)], seed=0)
    net.compile("mse")
    board = cr.TensorBoard(tmp_path, graph=False, labels={"embedding.weight": list("abcde")})
    tokens = np.arange(20).reshape(10, 2) % 5
    net.fit(tokens, np.arange(10.0), callbacks=board, verbose=0)
    assert (tmp_path / "embedding_weight_labels.tsv").read_text().split() == list("abcde")
    vectors = np.loadtxt(tmp_path / "embedding_weight.tsv", delimiter="\t")
    np.testing.assert_allclose(vectors, net.params["embedding.weight"], rtol=1e-6)


def test_checksums_and_integers_are_those_of_their_definitions() -> None:
    # RFC 3720, appendix B.4, and the examples of "Protocol Buffers: Encoding".
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert crc32c(bytes(range(32))) == 0x46DD794E
    assert integer(1, 150) == b"\x08\x96\x01"
    assert varint(-1) == b"\xff" * 9 + b"\x01"


def test_a_record_that_cannot_be_written_leaves_whole_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    board = cr.TensorBoard(tmp_path)
    board.scalar("x", 1.0, 0)
    (path,) = (tmp_path / "train").iterdir()
    whole = path.read_bytes()
    write = os.write

    def full(descriptor: int, content: Any) -> int:
        if len(content) > 8:
            return write(descriptor, content[:8])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="what it held before is unchanged"):
        board.scalar("x", 2.0, 1)
    monkeypatch.undo()
    assert path.read_bytes() == whole
    board.scalar("x", 3.0, 2)
    assert [each.value for each in read(tmp_path / "train").Scalars("x")] == [1.0, 3.0]
    (length,) = struct.unpack("<Q", whole[:8])
    assert len(whole) > length


def test_values_that_cannot_be_shown_are_refused(tmp_path: Path) -> None:
    board = cr.TensorBoard(tmp_path / "run")
    for error, words, call in (
        (DataError, "NaN or infinite", lambda: board.histogram("x", [1.0, np.nan], 0)),
        (DataError, "no values", lambda: board.histogram("x", [], 0)),
        (DataError, "must be \\(n, d\\)", lambda: board.embedding("x", [1.0, 2.0])),
        (DataError, "2 rows and 1 labels", lambda: board.embedding("x", np.eye(2), ["a"])),
        (DataError, "an image is", lambda: board.image("x", np.ones(3), 0)),
        (ArgumentError, "folder", lambda: cr.TensorBoard(3)),  # pyright: ignore[reportArgumentType]
        (ArgumentError, "units", lambda: cr.TensorBoard("a", hyperparameters={"units": [1]})),  # pyright: ignore[reportArgumentType]
        (ArgumentError, "histograms", lambda: cr.TensorBoard("a", histograms=-1)),
    ):
        with pytest.raises(error, match=words):
            call()
    assert not (tmp_path / "run").exists()
