"""Models of ONNX as networks: the same predictions, trained, saved; hostile files refused."""

import importlib
import warnings
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.case import node

import chainrule as cr
from chainrule import nn
from chainrule.errors import FormatError, UnsupportedError
from chainrule.interop.onnx import function_from_onnx


def numbers(*shape: int) -> Any:
    return np.random.default_rng(3).standard_normal(shape).astype("float32")


def model_of(
    nodes: list[Any], constants: list[Any] | None = None, inputs: tuple[str, ...] = ("x",),
    opset: int = 17,
) -> onnx.ModelProto:  # fmt: skip
    given = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [None, 3]) for n in inputs]
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "g", given, [result], constants or [])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def test_a_network_written_and_read_predicts_the_same_and_learns(tmp_path: Path) -> None:
    net = cr.Network(
        [nn.Conv1D(4, 2, activation="relu"), nn.LSTM(3), nn.Dense(3, activation="softmax")]
    )
    x, y = numbers(12, 6, 2), np.arange(12) % 3
    net.compile(loss="cross_entropy", optimizer="adam", learning_rate=0.02)
    net.fit(x, y, epochs=2, verbose=0)
    net.to_onnx(tmp_path / "net.onnx")
    again = cr.from_onnx(tmp_path / "net.onnx")
    np.testing.assert_allclose(again.predict(x), net.predict(x), atol=1e-6)
    again.compile(loss="cross_entropy", optimizer="adam", learning_rate=0.02)
    history = again.fit(x, y, epochs=30, verbose=0)
    assert history["loss"][-1] < 0.9 * history["loss"][0]
    again.save(tmp_path / "net.safetensors")
    np.testing.assert_array_equal(
        cast(Any, cr.load(tmp_path / "net.safetensors")).predict(x), again.predict(x)
    )


def test_names_of_classes_come_back(tmp_path: Path) -> None:
    net = cr.Network([nn.Dense(2, activation="softmax")])
    net.compile(loss="cross_entropy")
    net.fit(numbers(8, 3), np.array(["cat", "dog"] * 4), verbose=0)
    net.to_onnx(tmp_path / "net.onnx")
    again = cr.from_onnx((tmp_path / "net.onnx").read_bytes())
    again.compile(loss="cross_entropy")
    assert again.predict_class(numbers(4, 3)).tolist() == net.predict_class(numbers(4, 3)).tolist()


def test_a_function_of_several_inputs_is_differentiated_and_compiled() -> None:
    w = numpy_helper.from_array(numbers(3, 2), "w")
    nodes = [
        helper.make_node("MatMul", ["a", "w"], ["p"]),
        helper.make_node("MatMul", ["b", "w"], ["q"]),
        helper.make_node("Mul", ["p", "q"], ["y"]),
    ]  # fmt: skip
    f = function_from_onnx(model_of(nodes, [w], ("a", "b")).SerializeToString())
    a, b = numbers(4, 3), numbers(4, 3)[::-1]
    np.testing.assert_allclose(f(a, b), (a @ numbers(3, 2)) * (b @ numbers(3, 2)), rtol=1e-5)
    np.testing.assert_allclose(cr.jit(f)(a, b), f(a, b), rtol=1e-5)
    gradient = cr.grad(lambda params: np.sum(f.apply(params, a, b)))(f.params)["w"]
    expected = a.T @ (b @ numbers(3, 2)) + b.T @ (a @ numbers(3, 2))
    np.testing.assert_allclose(gradient, expected, rtol=1e-4)
    with pytest.raises(UnsupportedError, match="2 inputs and 1 outputs"):
        cr.from_onnx(model_of(nodes, [w], ("a", "b")).SerializeToString())


FAMILIES = {
    "add": "add_bcast", "argmax": "argmax_keepdims_random_select_last_index",
    "averagepool": "averagepool_2d_ceil", "conv": "basic_conv_with_padding",
    "batch_normalization": "batchnorm_epsilon", "convtranspose": "convtranspose_pads",
    "cumsum": "cumsum_1d_reverse_exclusive", "dft": "dft", "einsum": "einsum_batch_matmul",
    "gatherelements": "gather_elements_1", "gemm": "gemm_all_attributes",
    "gridsample": "gridsample_bicubic", "gru": "gru_with_initial_bias", "if_": "if",
    "groupnormalization": "group_normalization_epsilon", "logsoftmax": "logsoftmax_axis_1",
    "lstm": "lstm_with_peepholes", "maxpool": "maxpool_with_argmax_2d_precomputed_pads",
    "mod": "mod_mixed_sign_int32", "pow": "pow_types_float32_int64", "qlinearconv": "qlinearconv",
    "reduce_log_sum_exp": "reduce_log_sum_exp_do_not_keepdims_random",
    "resize": "resize_upsample_scales_cubic", "scan": "scan9_sum", "scatternd": "scatternd_add",
    "softmax_cross_entropy_loss": "sce_mean_weight_ii", "slice": "slice_neg_steps",
    "split": "split_variable_parts_1d_opset13", "topk": "top_k", "trilu": "triu_square",
}  # fmt: skip
"""A test of ONNX's own for each: its module and its name."""


@pytest.fixture(scope="module")
def cases() -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the cases themselves divide by zero
        for module in FAMILIES:
            importlib.import_module(f"onnx.backend.test.case.node.{module}")
    return {each.name.removeprefix("test_"): each for each in cast(Any, node)._NodeTestCases}


def test_operators_of_each_family_give_what_onnx_says(cases: dict[str, Any]) -> None:
    for name in FAMILIES.values():
        case = cases[name]
        function = function_from_onnx(case.model.SerializeToString())
        for inputs, outputs in case.data_sets:
            found = function(*inputs)
            results = found if isinstance(found, tuple) else (found,)
            for each, expected in zip(results, outputs, strict=False):
                np.testing.assert_allclose(each, expected, rtol=1e-3, atol=1e-6, err_msg=name)
                assert np.asarray(each).dtype == expected.dtype, name


def test_all_operators_that_are_lacking_are_listed_at_once() -> None:
    nodes = [
        helper.make_node("ImageDecoder", ["x"], ["a"]), helper.make_node("Nonsense", ["a"], ["b"]),
        helper.make_node("Relu", ["b"], ["c"]),
        helper.make_node("Bernoulli", ["c"], ["d"]),
        helper.make_node("Own", ["d"], ["y"], domain="mine"),
    ]  # fmt: skip
    with pytest.raises(UnsupportedError, match="ImageDecoder, Nonsense, Bernoulli, Own of mine;"):
        cr.from_onnx(model_of(nodes, opset=20).SerializeToString())


def test_no_other_file_is_opened(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(bytes(36))
    w = numpy_helper.from_array(numbers(3, 3), "kernel")
    w.ClearField("raw_data")
    w.data_location = TensorProto.EXTERNAL
    w.external_data.add(key="location", value=str(tmp_path / "data"))
    model = model_of([helper.make_node("MatMul", ["x", "kernel"], ["y"])], [w])
    with pytest.raises(FormatError, match="tensor kernel is in another file"):
        cr.from_onnx(model.SerializeToString())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.dims.__setitem__(0, 2**40), "has 9 numbers, not"),
        (lambda t: t.dims.__setitem__(0, -1), "has the shape"),
        (lambda t: setattr(t, "data_type", TensorProto.BFLOAT16), "type BFLOAT16"),
        (lambda t: setattr(t, "raw_data", b"abc"), "numbers, not 9"),
    ],
)
def test_tensors_that_do_not_fit_what_they_declare_are_refused(change: Any, message: str) -> None:
    w = numpy_helper.from_array(numbers(3, 3), "w")
    change(w)
    model = model_of([helper.make_node("MatMul", ["x", "w"], ["y"])], [w])
    with pytest.raises(cr.ChainruleError, match=message):
        cr.from_onnx(model.SerializeToString())


def test_bytes_that_are_no_model_are_refused() -> None:
    model = model_of([helper.make_node("Relu", ["x"], ["y"])]).SerializeToString()
    for content in (b"", b"\x80\x04pickle", b"{}" * 50, model[: len(model) // 2]):
        with pytest.raises(FormatError, match="no model of ONNX"):
            cr.from_onnx(content)
    missing = model_of([helper.make_node("Relu", ["nowhere"], ["y"])])
    with pytest.raises(FormatError, match="nowhere is read, but nothing computes it"):
        function_from_onnx(missing.SerializeToString())(numbers(2, 3))
    shape = numpy_helper.from_array(np.array([2**20, 2**20]), "s")
    huge = model_of([helper.make_node("ConstantOfShape", ["s"], ["y"])], [shape])
    with pytest.raises(UnsupportedError, match="result would have the shape"):
        function_from_onnx(huge.SerializeToString())(numbers(2, 3))


def test_a_shape_that_depends_on_values_of_an_input_is_refused_when_traced() -> None:
    f = function_from_onnx(
        model_of([helper.make_node("NonZero", ["x"], ["y"])]).SerializeToString()
    )
    assert f(np.eye(3, dtype="float32")).tolist() == [[0, 1, 2], [0, 1, 2]]
    with pytest.raises(UnsupportedError, match="NonZero: which numbers are not zero depends on"):
        cr.jit(f)(np.eye(3, dtype="float32"))
