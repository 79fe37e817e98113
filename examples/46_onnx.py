"""A network for other programs: written as ONNX, run by another runtime, read back and trained on.

The network learns to read handwriting. As a file it runs wherever ONNX runs, here in onnxruntime if
it is installed, else in the reference evaluator of `onnx`. Read back, it is a network again: its
predictions are the same, and it goes on learning.

Run it with ``python examples/46_onnx.py [folder]``. It prints::

    operators: Conv, Relu, MaxPool, Gemm, Softmax
    the other program gives the same answers: True
    read back, it gives the same answers: True
    and goes on learning: True
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

import chainrule as cr
from chainrule import datasets, nn

KNOWN = "Conv", "Relu", "MaxPool", "Gemm", "Softmax"


def other_program(path: Path, x: Any) -> Any:
    """Return what another program computes by the file."""
    try:
        import onnxruntime

        results: Any = onnxruntime.InferenceSession(path).run(None, {"x": x})
        return results[0]
    except ImportError:
        results: Any = ReferenceEvaluator(path).run(None, {"x": x})
        return results[0]


def main(folder: str) -> None:
    X, y = datasets.digits()
    images = (X.reshape(-1, 8, 8, 1) / 16).astype("float32")
    net = cr.Network(
        [
            nn.Conv2D(8, 3, activation="relu"), nn.MaxPool2D(2), nn.Flatten(),
            nn.Dense(10, activation="softmax"),
        ],
        seed=0,
    )  # fmt: skip
    net.compile(loss="cross_entropy", optimizer="adam", learning_rate=0.01, metrics=["accuracy"])
    net.fit(images, y, epochs=3, verbose=0)

    path = Path(folder) / "digits.onnx"
    net.to_onnx(path)
    names = [node.op_type for node in onnx.load(path).graph.node]
    print("operators:", ", ".join(each for each in names if each in KNOWN))
    expected = net.predict(images)
    same = np.allclose(other_program(path, images), expected, atol=1e-5)
    print("the other program gives the same answers:", same)

    again = cr.from_onnx(path)
    same = np.allclose(again.predict(images), expected, atol=1e-5)
    print("read back, it gives the same answers:", same)
    again.compile(loss="cross_entropy", optimizer="adam", learning_rate=0.01)
    history = again.fit(images, y, epochs=2, verbose=0)
    print("and goes on learning:", history["loss"][-1] < net.evaluate(images, y)["loss"])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(sys.argv[1] if len(sys.argv) > 1 else temporary)
