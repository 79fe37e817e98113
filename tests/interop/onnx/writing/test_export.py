"""Exported models give the outputs of their networks in another program."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.interop.onnx.writing import check
from tests.contracts.layer_samples import SAMPLES, LayerSample, inputs


def outputs(path: Path, x: Any) -> Any:
    (y,) = ort.InferenceSession(path).run(None, {"x": x})
    return y


def exported(net: cr.Network, path: Path, x: Any, **arguments: Any) -> onnx.ModelProto:
    """Export a network, run it in onnxruntime on samples, and return the model."""
    expected = net.predict(x)
    net.to_onnx(path, **arguments)
    found = outputs(path, x)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())
    return onnx.load(path)


def operators(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


def numbers(*shape: int) -> Any:
    return np.random.default_rng(2).standard_normal(shape).astype("float32")


@pytest.mark.parametrize("sample", SAMPLES[::3], ids=lambda each: f"{each.name}{each.input_shape}")
def test_every_layer_gives_its_outputs_in_another_runtime(
    sample: LayerSample, tmp_path: Path
) -> None:
    net = cr.Network([sample.make()], seed=1)
    x = inputs(sample, "float32")
    net(x)
    exported(net, tmp_path / "net.onnx", np.concatenate([x, x[:1]]))


def test_known_layers_are_the_operators_of_their_names(tmp_path: Path) -> None:
    net = cr.Network(
        [
            nn.Conv2D(3, 3, padding="same", activation="relu"), nn.MaxPool2D(2), nn.AvgPool2D(2),
            nn.Flatten(), nn.Dense(4, activation="softmax"),
        ]
    )  # fmt: skip
    x = numbers(2, 8, 8, 2)
    net(x)
    names = operators(exported(net, tmp_path / "net.onnx", x))
    known = ["Conv", "Relu", "MaxPool", "AveragePool", "Gemm", "Softmax"]
    assert [each for each in names if each in known] == known


def test_recurrent_layers_are_the_operators_of_their_names(tmp_path: Path) -> None:
    net = cr.Network(
        [nn.Bidirectional(nn.LSTM(3, return_sequences=True)), nn.GRU(4, return_sequences=True),
         nn.GRU(2, use_bias=False, return_sequences=True), nn.RNN(2)]
    )  # fmt: skip
    x = numbers(2, 5, 3)
    net(x)
    names = operators(exported(net, tmp_path / "net.onnx", x))
    assert [each for each in names if each in ("LSTM", "GRU", "RNN", "Scan")] == [
        "LSTM", "LSTM", "GRU", "GRU", "RNN",
    ]  # fmt: skip


def test_a_fixed_batch_leaves_no_length_to_be_computed(tmp_path: Path) -> None:
    net = cr.Network([nn.LSTM(3, activation="relu"), nn.Dense(1)])
    x = numbers(2, 5, 3)
    net(x)
    model = exported(net, tmp_path / "net.onnx", x, batch_size=2)
    assert "Shape" not in operators(model)
    assert [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim] == [2, 5, 3]


def test_parameters_keep_names_and_float64_is_on_request(tmp_path: Path) -> None:
    net = cr.Network([nn.Dense(3, activation="tanh"), nn.Dense(2)], dtype="float64")
    x = numbers(4, 2).astype("float64")
    net(x)
    net.to_onnx(tmp_path / "net.onnx", dtype="float64")
    np.testing.assert_allclose(outputs(tmp_path / "net.onnx", x), net.predict(x), rtol=1e-12)
    model = onnx.load(tmp_path / "net.onnx")
    assert {each.name for each in model.graph.initializer} >= set(net.params)


def test_masked_steps_are_left_out_as_in_the_network(tmp_path: Path) -> None:
    net = cr.Network([nn.Embedding(6, 3, mask_zero=True), nn.LSTM(4), nn.Dense(2)])
    x = np.array([[1, 2, 0, 0], [3, 4, 5, 0]], "float32")
    net(x)
    exported(net, tmp_path / "net.onnx", x)


def test_names_of_classes_are_metadata(tmp_path: Path) -> None:
    net = cr.Network([nn.Dense(2, activation="softmax")])
    net.compile(loss="cross_entropy")
    net.fit(numbers(8, 3), np.array(["cat", "dog"] * 4), verbose=0)
    net.to_onnx(tmp_path / "net.onnx")
    entries = {each.key: each.value for each in onnx.load(tmp_path / "net.onnx").metadata_props}
    assert entries == {"chainrule.classes": '["cat", "dog"]'}


def test_all_operations_without_operators_are_listed_at_once(tmp_path: Path) -> None:
    def odd(x: Any) -> Any:
        square = np.einsum("ni,nj->nij", x, x) + np.eye(3, dtype=x.dtype)
        return np.linalg.qr(square)[1][:, 0] + np.linalg.svd(square, compute_uv=False)

    net = cr.Network([nn.Lambda(odd)])
    net(numbers(2, 3))
    with pytest.raises(cr.errors.UnsupportedError, match=r"qr \(layer 'lambda'\), svd \("):
        net.to_onnx(tmp_path / "net.onnx", batch_size=2)
    assert not (tmp_path / "net.onnx").exists()


def test_a_model_that_differs_from_its_network_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = cr.Network([nn.Dense(2)])
    net(numbers(2, 3))
    real: Any = check.ReferenceEvaluator.run
    monkeypatch.setattr(
        check.ReferenceEvaluator, "run", lambda *given: [each * 1.0001 for each in real(*given)]
    )
    with pytest.raises(cr.errors.UnsupportedError, match="differs from the network by"):
        net.to_onnx(tmp_path / "net.onnx")
    assert not (tmp_path / "net.onnx").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "batch_size"),
        ({"dtype": "float16"}, "must be 'float32' or 'float64'"),
    ],
)
def test_arguments_out_of_range_are_refused(
    tmp_path: Path, arguments: dict[str, Any], message: str
) -> None:
    net = cr.Network([nn.Dense(1)])
    with pytest.raises(cr.errors.ArgumentError, match="not built"):
        net.to_onnx(tmp_path / "net.onnx")
    net(numbers(2, 2))
    with pytest.raises(cr.errors.ArgumentError, match=message):
        net.to_onnx(tmp_path / "net.onnx", **arguments)


def test_sorting_is_written(tmp_path: Path) -> None:
    net = cr.Network([nn.Lambda(lambda x: np.sort(x, axis=1) + np.argsort(x, axis=1))])
    x = numbers(3, 5)
    net(x)
    exported(net, tmp_path / "net.onnx", x)
