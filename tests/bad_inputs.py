"""Calls with one invalid argument each: the exception and a part of its message."""

import io
import math

import numpy as np

import chainrule as cr
from chainrule import data, datasets, nn, optim
from chainrule.errors import (
    ArgumentError,
    DataError,
    DTypeError,
    FormatError,
    ShapeError,
    TraceError,
    UnsupportedError,
)
from chainrule.train.callbacks import EarlyStopping

X = np.random.default_rng(0).normal(size=(12, 2))
y = np.arange(12) % 3


QUANTITY = X[:, :1]
SCORES_OF_TWO = np.full((12, 2), 0.5)
TEXT = np.array(list("abcd") * 3)


def changed(array, index, value):
    copy = np.array(array)
    copy[index] = value
    return copy


class SparseMatrix:
    """What a sparse matrix of SciPy has."""

    dtype, shape = np.dtype(float), (3, 3)

    def toarray(self):
        return np.eye(3)


def draw(**bounds):
    return cr.random.randint(cr.random.key(0), (3,), **bounds)


def fill(x):
    X[0, 0] = x
    return x


def step_that_grows(carry, row):
    return np.ones(2) * carry, row


FUNCTIONS = [
    (lambda: cr.grad(3.0), ArgumentError, "grad: needs a function, not a value of type float"),
    (lambda: cr.grad("sin"), ArgumentError, "as in grad(f), and not what it returns, f(x)"),
    (lambda: cr.grad(lambda x: x)("a"), DTypeError, "argument 0 of <lambda> has dtype <U1"),
    (lambda: cr.grad(lambda x: x)(1j), DTypeError, "pass x.real and x.imag as two arrays"),
    (lambda: cr.grad(np.sum)(np.array([1, None])), DTypeError, "has dtype object"),
    (lambda: cr.grad(np.sum)(np.arange(3)), DTypeError, "argument 0 of"),
    (lambda: cr.grad(lambda x: x * 2)(np.ones(3)), ShapeError, "must return one float, got f64[3]"),
    (lambda: cr.grad(lambda x: None)(1.0), ShapeError, "must return one number, got None"),
    (lambda: cr.grad(lambda x: (x, x))(1.0), ShapeError, "must return one number, got a tuple"),
    (lambda: cr.grad(lambda x: x, argnums=1)(1.0), ArgumentError, "argnums=1, but <lambda> was"),
    (lambda: cr.vjp(np.sum, np.ones(2, bool)), DTypeError, "vjp: argument 0 of sum is bool[2]"),
    (lambda: cr.grad(lambda x: x, has_aux=True)(1.0), ArgumentError, "must return (value, the"),
    (lambda: cr.grad(lambda W: np.sum(W @ W))(np.ones((2, 3))), ShapeError, "matmul: cannot mul"),
    (lambda: cr.grad(lambda x: np.sum(x, axis=2))(np.ones(3)), ShapeError, "axis 2 does not exist"),
    (lambda: cr.grad(lambda x: np.sum(np.fft.fft(x)))(np.ones(3)), UnsupportedError, "np.fft.fft"),
    (lambda: cr.grad(fill)(1.0), TraceError, "np.array(a) for a copy of a"),
    (lambda: cr.grad(lambda x: x**2)([1.3]), TraceError, "pass np.array([1.3])"),
    (lambda: cr.jit(lambda x: (2.0 * e for e in x))(X[0]), TraceError, "return list(...)"),
    (lambda: cr.jit(lambda x: x * 2**70)(1.5), DTypeError, "does not fit into int64"),
    (lambda: cr.jit(lambda x: 2.0 * x)([1.3]), TraceError, "pass np.array([1.3])"),
    (lambda: cr.grad(lambda x: math.exp(x))(1.0), TraceError, "cut the derivative"),
    (lambda: cr.check_grads(np.sin, (1.0,), order=0), ArgumentError, "check_grads: order is 0"),
    (lambda: cr.check_grads(np.sin, (1.0,), directions=0), ArgumentError, "directions is 0"),
    (lambda: cr.value_and_grad(None), ArgumentError, "value_and_grad: needs a function"),
    (lambda: cr.vjp(3, 1.0), ArgumentError, "vjp: needs a function"),
    (lambda: cr.vjp(np.sin, np.ones(3))[1](np.ones(2)), ShapeError, "cotangent has shape (2,)"),
    (lambda: cr.custom_vjp(np.sin, None), ArgumentError, "custom_vjp: needs a function"),
    (lambda: cr.custom_vjp(np.sin, np.cos)(1.0), ArgumentError, "must return a pair"),
    (lambda: cr.jit(3), ArgumentError, "jit: needs a function"),
    (lambda: cr.jit(lambda x: x if x > 0 else -x)(1.0), TraceError, "np.where(condition, a, b)"),
    (lambda: cr.jit(lambda x: x)(np.array([None])), DTypeError, "argument has dtype object"),
    (lambda: cr.jit(lambda x, n: x, 1)(1.0, [1]), ArgumentError, "static argument must be hash"),
    (lambda: cr.jit(lambda x: x[5])(np.ones(3)), ShapeError, "index 5 is out of bounds for axis 0"),
    (lambda: cr.trace(3), ArgumentError, "trace: needs a function"),
    (lambda: cr.scan(None, 0.0, X), ArgumentError, "scan: needs a function"),
    (lambda: cr.scan(lambda c, x: None, 0.0, X), ArgumentError, "step must return a pair"),
    (lambda: cr.scan(step_that_grows, np.ones(1), X), ShapeError, "carry keeps its shape"),
    (lambda: cr.scan(lambda c, x: (c, x), 0.0, (X, X[:5])), ShapeError, "got lengths [5, 12]"),
    (lambda: cr.scan(lambda c, x: (c, x), 0.0), ShapeError, "no sequence and no length"),
    (lambda: cr.scan(lambda c, x: (c, x), 0.0, length=-1), ArgumentError, "length is -1"),
    (lambda: cr.scan(lambda c, x: (c, x), 0.0, 3.0), ShapeError, "a first axis to run along"),
    (lambda: cr.check_grads(lambda x: x, (3,)), ArgumentError, "no argument holds floats"),
    (lambda: cr.grad(lambda x: np.sum(x, axis="a"))(np.ones(3)), DTypeError, "the axis is 'a'"),
    (lambda: cr.jit(lambda x: x.reshape(1.5))(np.ones(3)), DTypeError, "the shape is 1.5; it must"),
    (lambda: cr.grad(lambda x: x["a":].sum())(np.ones(3)), DTypeError, "a bound of the slice is"),
    (lambda: cr.grad(np.sum)(SparseMatrix()), DTypeError, "pass x.toarray()"),
    (lambda: draw(minval=0, maxval=300, dtype="int8"), ArgumentError, "in the range of dtype=int8"),
    (
        lambda: draw(minval=-1, maxval=3, dtype="uint8"),
        ArgumentError,
        "minval is -1; it must be in",
    ),
    (lambda: draw(minval=range, maxval=3), DTypeError, "minval has dtype object"),
]


LAYERS = [
    (lambda: nn.Dense(0), ArgumentError, "Dense: units is 0; it must be an integer, 1"),
    (lambda: nn.Dense(2.5), ArgumentError, "units is 2.5; it must be an integer, 1 or more"),
    (lambda: nn.Dense(), ArgumentError, "missing a required argument: 'units'"),
    (lambda: nn.Dense(3, activation="rleu"), ArgumentError, "did you mean 'relu'?"),
    (lambda: nn.Dense(3, initializer="he"), ArgumentError, "unknown initializer 'he'"),
    (lambda: nn.Dense(3, l2=-1), ArgumentError, "Dense: l2 is -1; it must be a number, 0 or more"),
    (lambda: nn.Dense(3, kernel_initializer="zeros"), ArgumentError, "here it is `initializer`"),
    (lambda: nn.Dense(3, input_shape=(2,)), ArgumentError, "sizes are inferred"),
    (lambda: nn.Dense(3)(np.float64(1)), ShapeError, "the first axis must count the samples"),
    (lambda: nn.Dropout(1), ArgumentError, "Dropout: rate is 1; it must be a number in [0, 1)"),
    (lambda: nn.Dropout(p=0.5), ArgumentError, "here it is `rate`"),
    (lambda: nn.Reshape(4), ArgumentError, "Reshape: shape is 4; it must be a tuple of integers"),
    (lambda: nn.Reshape((-1, -1)), ArgumentError, "only one length may be -1"),
    (lambda: nn.Reshape((7,))(X), ShapeError, "choose lengths whose product is 2"),
    (lambda: nn.Activation("foo"), ArgumentError, "unknown activation 'foo'; there are elu"),
    (lambda: nn.Rescale(np.inf), ArgumentError, "Rescale: scale is inf; it must be a finite"),
    (lambda: nn.GaussianNoise(-1), ArgumentError, "GaussianNoise: stddev is -1; it must be"),
    (lambda: nn.Layer()(X), UnsupportedError, "Layer has no forward(self, x)"),
    (
        lambda: cr.Network([nn.Rescale(1e308)]),
        ArgumentError,
        "scale is 1e+308, which float32 cannot",
    ),
    (
        lambda: cr.Network([nn.LayerNorm(1e39)]),
        ArgumentError,
        'chainrule.Network(..., dtype="float64',
    ),
    (lambda: cr.Network([nn.RNN(2, mask_value=-1e308)]), ArgumentError, "mask_value is -1e+308"),
    (
        lambda: cr.Network([nn.TimeDistributed(nn.Dense(1, l2=1e39))]),
        ArgumentError,
        "Dense: l2 is 1e",
    ),
    (
        lambda: nn.RandomStream(0, epoch=[]),
        ArgumentError,
        "RandomStream: epoch is []; it must be an",
    ),
    (lambda: nn.RandomStream(0, epoch=1.5), ArgumentError, "epoch is 1.5"),
    (lambda: nn.RandomStream(0, step=-1), ArgumentError, "step is -1"),
    (lambda: nn.RandomStream(0, step=np.ones(2)), ArgumentError, "step is array([1., 1.])"),
    (lambda: nn.Loss("a", 3), ArgumentError, "Loss: per_sample is 3; it must be a function"),
    (lambda: nn.Loss("a", max, reduction="none"), ArgumentError, "reduction is 'none'"),
]


OPTIMIZERS = [
    (lambda: optim.SGD(-1), ArgumentError, "SGD: learning_rate is -1; it must be a number greater"),
    (lambda: optim.SGD(np.nan), ArgumentError, "learning_rate is nan"),
    (lambda: optim.SGD(lambda epoch: -0.1), ArgumentError, "<lambda> for epoch 0 is -0.1; it must"),
    (
        lambda: optim.SGD(lambda a, b: 0.1),
        ArgumentError,
        "learning_rate(a, b) is called with (epoch)",
    ),
    (lambda: optim.SGD(0.1, momentum=1.5), ArgumentError, "SGD: momentum is 1.5"),
    (lambda: optim.SGD(0.1, nesterov=1), ArgumentError, "nesterov is 1; it must be True or False"),
    (lambda: optim.SGD(lr=0.1, learning_rate=0.2), ArgumentError, "keep learning_rate"),
    (lambda: optim.SGD(0.1, clip_norm=-1), ArgumentError, "SGD: clip_norm is -1"),
    (lambda: optim.Adam(beta1=0.9), ArgumentError, "here it is `beta_1`"),
    (lambda: optim.cosine(0.1), ArgumentError, "cosine: steps is None and epochs is None"),
    (lambda: optim.cosine(0.1, epochs=0), ArgumentError, "cosine: epochs is 0"),
    (lambda: optim.clip({"a": "b"}, optim.SGD(0.1, clip_norm=1)), ArgumentError, "gradient of 'a'"),
    (
        lambda: optim.clip({"a": [1]}, optim.SGD(0.1, clip_value=1)),
        ArgumentError,
        "array or a node",
    ),
]


DATA = [
    (lambda: data.read_idx(None), ArgumentError, "give the path of a file"),
    (lambda: data.read_idx("nowhere.idx"), FileNotFoundError, "nowhere.idx"),
    (lambda: data.read_idx(io.StringIO("a")), ArgumentError, "open it with mode 'rb'"),
    (lambda: data.read_idx(io.BytesIO(b"")), FormatError, "cut short"),
    (lambda: data.read_idx(io.BytesIO(b"PNG.")), FormatError, "not an IDX file"),
    (
        lambda: data.read_idx(io.BytesIO(b"\0\0\x08\1\0\0\0\5abc")),
        FormatError,
        "declares uint8[5]",
    ),
    (lambda: data.write_idx("a.idx", np.ones(3) * 1j), DTypeError, "no type for complex128"),
    (lambda: data.Pipeline(3), ArgumentError, "Pipeline: the source is int 3"),
    (lambda: data.Pipeline((X, y[:3])), DataError, "have lengths [12, 3]"),
    (lambda: data.Pipeline([1]).map(3), ArgumentError, "map: needs a function, got 3"),
    (lambda: data.Pipeline([1]).filter("a"), ArgumentError, "filter: needs a function, got 'a'"),
    (lambda: data.Pipeline([1]).batch(0), ArgumentError, "batch: size is 0"),
    (lambda: data.Pipeline([1]).shuffle(-1), ArgumentError, "shuffle: seed is -1"),
    (lambda: list(data.Pipeline([[1], [1, 2]]).batch(2)), DataError, "pad or crop them"),
    (lambda: data.Pipeline([]).reduce(max), DataError, "give an initial value"),
    (lambda: data.split(X, y[:3]), DataError, "split: X has shape (12, 2) and y (3,)"),
    (lambda: data.split(X, y, test_size=1.5), ArgumentError, "split: test_size is 1.5"),
    (lambda: datasets.moons(0), ArgumentError, "moons: n is 0"),
    (lambda: datasets.moons(noise="a"), ArgumentError, "moons: noise is 'a'"),
    (lambda: datasets.moons(seed=-1), ArgumentError, "moons: seed is -1"),
]


NETWORKS = [
    (lambda: cr.Network(nn.Dense(3)), ArgumentError, "layers is a single layer; put it in a list"),
    (lambda: cr.Network([nn.Dense]), ArgumentError, "a class of layers; write Dense(...)"),
    (lambda: cr.Network(["dense"]), ArgumentError, "Network: 'dense' is not a layer"),
    (lambda: cr.Network([nn.Flatten()] * 2), ArgumentError, "layer 'flatten' is added twice"),
    (lambda: cr.Network([nn.Flatten("a"), nn.Flatten("a")]), ArgumentError, "two layers are named"),
    (lambda: cr.Network([nn.Flatten("a.b")]), ArgumentError, "a layer has the name 'a.b'"),
    (lambda: cr.Network(seed=-1), ArgumentError, "Network: seed is -1"),
    (lambda: cr.Network(dtype="float16"), ArgumentError, "it must be float32 or float64"),
    (lambda: cr.Network(name="a"), ArgumentError, "Network: there is no argument `name`"),
    (lambda: cr.Network().add(None), ArgumentError, "None is not a layer"),
    (lambda: cr.Network()(X), ArgumentError, "the network: there are no layers yet; add some"),
    (lambda: cr.Network([nn.Dense(3)]).fit(X, y), ArgumentError, "call net.compile"),
    (lambda: cr.Network([nn.Dense(3)]).evaluate(X, y), ArgumentError, "call net.compile"),
    (lambda: cr.Network([nn.Dense(3)]).save("a.safetensors"), ArgumentError, "is not built yet"),
    (lambda: cr.load("nowhere.safetensors"), FileNotFoundError, "there is no such file to load"),
    (lambda: cr.load("nowhere.safetensors", custom=[nn.Dense]), ArgumentError, "it must be a dict"),
    (lambda: cr.load("nowhere.safetensors", custom=3), ArgumentError, "load: custom is an int"),
    (
        lambda: cr.load("nowhere.safetensors", custom={"Dense": nn.Dense(3)}),
        ArgumentError,
        "custom['Dense'] is a Dense; it must be a class or a function itself, such as {'Dense': ",
    ),
    (
        lambda: cr.check(X, y, cr.Network([nn.Dense(3)])),
        ArgumentError,
        "no network; the order is check(net, X, y)",
    ),
    (
        lambda: cr.Network([nn.Conv1D(4, 3)])(np.ones((2, 8, 8, 3))),
        ShapeError,
        "put nn.Reshape((8, 24)) before it",
    ),
    (
        lambda: cr.plot.roc(SCORES_OF_TWO, QUANTITY[:, 0]),
        DataError,
        "predicted are classes such as 0; amounts are shown by cr.plot.predictions(net, X, y)",
    ),
    (
        lambda: cr.plot.roc(SCORES_OF_TWO, y),
        DataError,
        "y holds 2, and the classes with scores are 0, 1; give y as the classifier names",
    ),
    (
        lambda: cr.plot.confusion(lambda X: np.arange(12) % 2, X, QUANTITY[:, 0]),
        DataError,
        "predicted are classes such as 0; amounts are shown by cr.plot.predictions(net, X, y)",
    ),
    (
        lambda: cr.TensorBoard(__file__).text("a", "b"),
        NotADirectoryError,
        "this is not a folder; give the name of one",
    ),
    (
        lambda: nn.Dense(3, use_bias="no"),
        ArgumentError,
        "use_bias is 'no'; it must be True or",
    ),
    (lambda: nn.Dense(3, activation=3), ArgumentError, "expected a name or a function, got an int"),
    (lambda: EarlyStopping(patience=-1), ArgumentError, "EarlyStopping: patience is -1"),
    (lambda: EarlyStopping("val_los"), ArgumentError, "mode='min', or did you mean 'val_loss'?"),
    (lambda: cr.Network([nn.Dense(3)])(X[0]), ShapeError, "x[None] for one sample"),
]


# What follows is done to a network that was trained on classes; it must come out as it went in.
ON_A_NETWORK = [
    (lambda net: net.compile("crossentropy"), ArgumentError, "here it is 'cross_entropy'"),
    (lambda net: net.compile(None), ArgumentError, "loss: expected a name or a function"),
    (lambda net: net.compile("mse", "adamm"), ArgumentError, "did you mean 'adam'?"),
    (lambda net: net.compile("mse", learning_rate="fast"), ArgumentError, "learning_rate is 'fa"),
    (lambda net: net.compile("mse", lr=0.1, learning_rate=0.2), ArgumentError, "keep learning_r"),
    (lambda net: net.compile("mse", optim.SGD(0.1), 0.2), ArgumentError, "learning_rate is 0.2"),
    (lambda net: net.compile("mse", metrics=["acuracy"]), ArgumentError, "did you mean 'accuracy'"),
    (lambda net: net.compile("mse", jit_compile=True), ArgumentError, "no argument `jit_compile`"),
    (lambda net: net(3.0), DataError, "X is a single float, 3.0"),
    (lambda net: net(changed(X, (0, 0), np.nan)), DataError, "first nan at X[0, 0]"),
    (lambda net: net.evaluate(X[:, :1], y), ShapeError, "evaluate: X has shape (12, 1)"),
    (lambda net: net.fit(X, y, 10), ArgumentError, "needs its name, as in net.fit(X, y, epochs="),
    (lambda net: net.evaluate(X, y + 1), DataError, "evaluate: y has 4 labels"),
    (lambda net: net.evaluate(X, y, batch_size=3), ArgumentError, "no argument `batch_size`"),
    (lambda net: net.predict(X[0]), ShapeError, "this is a single sample: pass X[None]"),
    (lambda net: net.predict("a"), DataError, "predict: X is a single str"),
    (lambda net: net.predict(X, batch_size=0), ArgumentError, "predict: batch_size is 0"),
    (lambda net: net.predict_class(X[:0]), DataError, "predict_class: X is empty"),
    (lambda net: net.params["dense.wieght"], KeyError, "did you mean 'dense.weight'?"),
    (lambda net: net.params.update({"dense.bias": 1.0}), ShapeError, "params['dense.bias'] has"),
    (lambda net: net.params.update({"dense.bias": [1e300] * 4}), DataError, "infinite as float32"),
    (lambda net: net.params.update({"dense.bias": "a"}), DTypeError, "assign real numbers"),
    (lambda net: net.params.pop("dense.bias"), UnsupportedError, "cannot be deleted"),
    (lambda net: net.save("nowhere/a.safetensors"), OSError, "the folder does not exist"),
    (
        lambda net: net.compile("mse", optim.SGD(clip_norm=1e308)),
        ArgumentError,
        "clip_norm is 1e+308",
    ),
    (lambda net: net.compile("mse", optim.Adam(epsilon=1e39)), ArgumentError, "epsilon is 1e+39"),
    (
        lambda net: net.compile("mse", optim.SGD(optim.cosine(1e308, epochs=3))),
        ArgumentError,
        "cosine: learning_rate is 1e+308, which float32 cannot hold",
    ),
    (lambda net: net.compile("mse", lr=1e-300), ArgumentError, "which is 0 as float32"),
    (lambda net: setattr(net, "optimizer", optim.SGD(1e39)), ArgumentError, "cannot hold"),
    (lambda net: net(X, X), ArgumentError, "training is an array of dtype float64"),
    (lambda net: net(X, training="yes"), ArgumentError, "training is 'yes'"),
    (lambda net: net(X, training=True), ArgumentError, "random=nn.RandomStream(0)"),
    (lambda net: net[::0], ArgumentError, "the slice must take adjacent layers"),
    (lambda net: net["a":], ArgumentError, "the slice must take adjacent layers"),
    (lambda net: net.program("a"), ArgumentError, "program: measure is 'a'"),
    (lambda net: net.build((4,)), AttributeError, "call net(X), net.predict(X) or net.fit"),
]


FITS = [
    ((X, ["a"] * 12), {}, DataError, "nothing to learn from a single class"),
    ((changed(X, (0, 1), np.nan), y), {}, DataError, "X has 1 value that is NaN or infinite"),
    ((changed(X, (3, 1), np.inf), y), {}, DataError, "first inf at X[3, 1]"),
    ((changed(X, (1, 1), 1e300), y), {}, DataError, "which float32 cannot hold"),
    (([[1, 2], [3]], [0, 1]), {}, DataError, "X is ragged: row 0 has 2 values but row 1 has 1"),
    ((X + 1j, y), {}, DTypeError, "X has dtype complex128"),
    ((X.astype(object), y), {}, DTypeError, "convert it with X.astype(float)"),
    ((X.astype(str), y), {}, DTypeError, "must hold real numbers; encode categories"),
    ((X[:0], y[:0]), {}, DataError, "X is empty, its shape is (0, 2)"),
    ((X[:5], y), {}, DataError, "X has 5 samples but y has 12"),
    ((X.T, y), {}, DataError, "pass X.T"),
    ((X[:, 0], y), {}, ShapeError, "but the network was built for (batch, 2)"),
    ((iter(X), y), {}, ArgumentError, "y is given beside an iterator: its batches must be tuples"),
    ((X, y + 1), {}, DataError, "these go from 1 to 3: subtract 1"),
    ((X, y - 1), {}, DataError, "y has 4 labels that are negative, first -1 at y[0]"),
    ((X, y + 0.5), {}, DataError, "y has 12 labels that are not integers"),
    ((X, np.eye(4)[y]), {}, ShapeError, "y has shape (12, 4) and the network's output (12, 3)"),
    ((X, y[:, None]), {}, ShapeError, "give class indices of shape (n,)"),
    ((X, TEXT), {}, DataError, "y has 4 classes (a, b, c, d), but the network has 3 outputs"),
    ((X, y), {"epochs": -1}, ArgumentError, "fit: epochs is -1"),
    ((X, y), {"batch_size": 3.5}, ArgumentError, "fit: batch_size is 3.5"),
    ((X, y), {"shuffle": "batch"}, ArgumentError, "fit: shuffle is 'batch'"),
    ((X, y), {"verbose": "yes"}, ArgumentError, "fit: verbose is 'yes'"),
    ((X, y), {"nb_epoch": 3}, ArgumentError, "here it is `epochs`"),
    ((X, y), {"callbacks": [EarlyStopping]}, ArgumentError, "write EarlyStopping(...)"),
    ((X, y), {"validation_split": 1}, ArgumentError, "fit: validation_split is 1"),
    ((X, y), {"validation_split": 0.999}, DataError, "validation_split=0.999 of 12 samples"),
    ((X, y), {"validation_data": (X,)}, ArgumentError, "validation_data must be a tuple (X, y)"),
    ((X, y), {"validation_data": (X, y + 1)}, DataError, "validation_data[1] has 4 labels"),
    ((X, y), {"validation_data": (X[:, :1], y)}, ShapeError, "validation_data[0] has shape"),
    ((X, y), {"sample_weight": np.ones(3)}, DataError, "sample_weight has shape (3,)"),
    ((X, y), {"sample_weight": -np.ones(12)}, DataError, "sample_weight is negative 12 times"),
    ((X, y), {"class_weight": [1, 2, 3]}, ArgumentError, "class_weight is [1, 2, 3]"),
    ((X, y), {"class_weight": {7: 1.0}}, ArgumentError, "class_weight has the class 7"),
    ((X, y), {"class_weight": {0: -1.0}}, ArgumentError, "class_weight of 0 is -1.0"),
]  # fmt: skip


# Losses that no class indices go with: (loss, targets).
OTHER_FITS = [
    ("mse", X[:, :, None], ShapeError, "nothing is stretched"),
    ("mse", changed(QUANTITY, 2, np.nan), DataError, "first nan at y[2, 0]"),
    ("mse", TEXT, DataError, "the loss mse takes numbers"),
    ("cross_entropy", y % 2, DataError, 'use loss="binary_cross_entropy"'),
    ("binary_cross_entropy", y[:, None] % 2 + 1, DataError, "takes 0 and 1: subtract 1"),
    (lambda y_true, y_pred: np.ones(5), QUANTITY, ShapeError, "returns shape (5,) for 12 samples"),
    (lambda y_true, y_pred: float(np.mean(y_pred)), QUANTITY, TraceError, "float(x) of a traced"),
]
