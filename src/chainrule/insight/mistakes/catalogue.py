"""The catalogue: a record for each kind of mistake, from which docs/mistakes.md is written."""

from __future__ import annotations

from chainrule.insight.mistakes.mistake import Kind

__all__ = ["CATALOGUE", "kind"]

_OUTPUT = {
    "CR001": (
        "the last activation is applied twice",
        "The softmax of a softmax makes all classes nearly alike, and the gradient small.",
        "keep one of the two activations",
    ),
    "CR002": (
        "wrong last activation for the loss",
        (
            "A loss of classes takes a probability or a logit, any real number. An activation "
            "such as relu or tanh before it leaves out values that the loss needs."
        ),
        'end in activation="softmax" for one of several classes, in "sigmoid" for yes or no',
    ),
    "CR003": (
        "missing last activation",
        "The loss takes probabilities, and the outputs are any real numbers.",
        'give the last layer activation="softmax" for one of several classes, "sigmoid" for two',
    ),
    "CR004": (
        "softmax of a single output",
        "The softmax of one number is 1 whatever it is: nothing can be learned.",
        (
            'for yes or no use nn.Dense(1, activation="sigmoid") and loss="binary_cross_entropy"; '
            "for one of k classes k units"
        ),
    ),
    "CR005": (
        "independent probabilities for classes that exclude each other",
        (
            "Each row of the targets has a single 1. A binary cross-entropy counts each output "
            "by itself, and its accuracy looks high as most entries are 0."
        ),
        'use activation="softmax" and loss="cross_entropy"',
    ),
    "CR006": (
        "the last activation cannot reach the targets",
        "The range of the last activation leaves out values of the targets.",
        "for amounts give the last layer no activation, for classes the one of their loss",
    ),
    "CR007": (
        "exclusive probabilities for labels that occur together",
        (
            "The outputs of a softmax add up to 1: they are the probabilities of one class of "
            "several. Targets with several labels a sample, or none, need one of yes or no each."
        ),
        'use activation="sigmoid" and loss="binary_cross_entropy"',
    ),
}
_LOSS = {
    "CR010": (
        "a loss of amounts for classes",
        "The square of a difference of classes has flat regions where the answer is most wrong.",
        (
            'for one of several classes use activation="softmax" and loss="cross_entropy", for yes '
            'or no activation="sigmoid" and loss="binary_cross_entropy"'
        ),
    ),
    "CR011": (
        "a loss of classes for amounts",
        "The targets are numbers that are neither classes nor probabilities.",
        'use loss="mse" and no activation in the last layer',
    ),
    "CR012": (
        "labels out of range",
        "Labels are counted from 0: k outputs take the labels 0 to k − 1.",
        "subtract the smallest label, y - y.min(), or give the last layer more units",
    ),
    "CR013": (
        "labels that the binary loss does not take",
        "The binary cross-entropy takes 0 and 1, or probabilities between them.",
        'map the labels to 0 and 1; for more than two classes use loss="cross_entropy"',
    ),
    "CR014": (
        "targets and outputs of different shapes",
        "Shapes that differ are refused, or by broadcasting compare each target with each output.",
        "give the last layer as many units as a target has numbers",
    ),
    "CR015": (
        "more output units than classes",
        "Outputs without a sample learn nothing but to be small.",
        "give the last layer one unit for each class",
    ),
    "CR016": (
        "a metric that does not fit the targets",
        "The share of right answers is defined for classes; amounts are never equal.",
        'use metrics=["mae", "r2"] for amounts',
    ),
    "CR017": (
        "a loss of one's own that grows towards the targets",
        "Training makes a loss small: one of the wrong sign drives outputs away from the targets.",
        "return the negative of it, as in -similarity; training minimises",
    ),
}
_NETWORK = {
    "CR020": (
        "layers without an activation between them",
        "Two linear layers in sequence are one linear layer.",
        'give the hidden layers activation="relu"',
    ),
    "CR021": (
        "softmax in a hidden layer",
        "The outputs of a softmax add up to 1: its units compete, and their gradients are small.",
        'give the hidden layers activation="relu"',
    ),
    "CR022": (
        "dropout before batch normalisation",
        (
            "Dropout changes the variance in training alone, so the running statistics do not fit "
            "inference (Li et al. 2019, Understanding the disharmony between dropout and batch "
            "normalization by variance shift)."
        ),
        "put nn.Dropout after the last nn.BatchNorm",
    ),
    "CR023": (
        "dropout of the outputs, or of nearly everything",
        "Answers that are dropped are wrong whatever was learned.",
        "leave out nn.Dropout after the last layer, and take rates of 0.2 to 0.5",
    ),
    "CR024": (
        "weights that are not trained",
        "A frozen layer, or one whose output is cut from the loss, keeps its first values.",
        "set layer.trainable = True",
    ),
    "CR025": (
        "initial weights that are all equal",
        "Units with equal weights have equal gradients and stay equal for ever.",
        'leave initializer out, or use initializer="glorot_uniform"',
    ),
    "CR026": (
        "initial weights of an unsuitable size",
        (
            "The variance of a signal is multiplied by fan-in times the variance of the weights in "
            "each layer (He et al. 2015, equation 10): far from 1 it vanishes or explodes."
        ),
        "leave initializer out: it is chosen by the activation",
    ),
    "CR027": (
        "too few units or layers",
        (
            "A hidden layer narrower than what it must distinguish loses it, and one layer of "
            "weights separates classes by planes alone."
        ),
        "give the hidden layers more units, or add one",
    ),
    "CR028": (
        "a penalty that outweighs the loss",
        "The optimum of a large L2 penalty is at small weights, whatever the data say.",
        "take l2=1e-4 or less",
    ),
    "CR029": (
        "hidden activations that let no gradient pass",
        "Sigmoids saturate and dead ReLUs are flat; in deep networks the gradient vanishes.",
        'give the hidden layers activation="relu", or "leaky_relu" where units die',
    ),
}
_DATA = {
    "CR030": (
        "inputs that are not scaled",
        (
            "Inputs far from −1 to 1 saturate units, and directions of unequal scale need unequal "
            "rates (LeCun et al. 1998, Efficient backprop, section 4.3)."
        ),
        "begin with nn.Normalization(), or pass (X - X.mean(axis=0)) / X.std(axis=0)",
    ),
    "CR031": (
        "images with values from 0 to 255",
        "As inputs that are not scaled.",
        "pass X / 255, or begin with nn.Rescale(1 / 255)",
    ),
    "CR032": (
        "targets that are not scaled",
        "The first outputs are near 0, and steps of usual size do not reach far targets.",
        "end with nn.Rescale(y.std(), y.mean())",
    ),
    "CR033": (
        "constant columns",
        "A value that never changes tells nothing.",
        "leave them out: X[:, X.std(axis=0) > 0]",
    ),
    "CR034": (
        "duplicated columns",
        "A column that occurs twice counts twice.",
        "leave one of them out, as by np.delete(X, index, axis=1)",
    ),
    "CR035": (
        "a column that gives the target away",
        (
            "A column that is the target, or a linear function of it, will not be known when "
            "predicting."
        ),
        "leave it out, as by np.delete(X, index, axis=1)",
    ),
    "CR036": (
        "missing values",
        "NaN and infinities make the loss and all weights NaN.",
        "fill them in, as by np.nan_to_num(X), or leave those rows out",
    ),
    "CR037": (
        "one class outweighs the others",
        "Always answering that class looks good.",
        "pass class_weight='balanced' to fit, and look at the metric f1 or auc",
    ),
    "CR038": (
        "validation samples that are training samples",
        "The validation loss then measures memory.",
        "split first, as by data.split(X, y)",
    ),
    "CR039": (
        "inputs or targets that fit refuses",
        "Rows that do not pair, text, empty arrays.",
        "see the message",
    ),
    "CR040": (
        "targets that never change",
        "There is one answer to learn.",
        "give samples of several classes or values",
    ),
}
_TRAINING = {
    "CR050": (
        "learning rate too high",
        "Steps overshoot the minimum: the loss grows, becomes NaN, or stays where it was.",
        "divide the learning rate by 10 or more",
    ),
    "CR051": (
        "learning rate too low",
        "The weights hardly move.",
        "multiply the learning rate by 10 or more",
    ),
    "CR052": (
        "too few epochs",
        "The loss is still falling when training ends.",
        "raise epochs, with a cr.EarlyStopping()",
    ),
    "CR053": (
        "batches too large for the data",
        "There are too few steps in an epoch.",
        "take batch_size=32",
    ),
    "CR054": (
        "batches too small for batch normalisation",
        "The variance of a batch of one sample is 0.",
        "take batch_size=32, or nn.LayerNorm",
    ),
    "CR055": (
        "an optimiser that makes no progress here",
        "Some methods need a rate or a number of steps of another order.",
        'use optimizer="adam"',
    ),
    "CR056": (
        "batches too small for the learning rate",
        "The gradient of a few samples is mostly noise, which steps of usual size follow.",
        "take batch_size=32, or a smaller learning rate",
    ),
}
_BEHAVIOUR = {
    "CR060": (
        "the loss becomes NaN or infinite",
        "Weights or sums overflow, from a rate, a scale or a singular operation.",
        "scale the data, lower the learning rate, or clip: optim.SGD(0.01, clip_norm=1.0)",
    ),
    "CR061": (
        "dead units",
        "A ReLU that is 0 for all samples has no gradient.",
        'lower the learning rate, or use activation="leaky_relu"',
    ),
    "CR062": (
        "saturated units",
        "A sigmoid or tanh near its bounds has nearly no gradient.",
        "scale the inputs, or use smaller initial weights",
    ),
    "CR063": (
        "the gradient vanishes",
        "Gradients shrink from layer to layer towards the input.",
        'use activation="relu", or nn.BatchNorm between layers',
    ),
    "CR064": (
        "the gradient explodes",
        "Gradients grow from layer to layer towards the input.",
        "leave initializer out, scale the data, or clip: optim.SGD(0.01, clip_norm=1.0)",
    ),
    "CR065": (
        "the first loss is far from that of a guess",
        "A network that knows nothing yet has the cross-entropy ln k for k classes.",
        "scale the inputs, and leave initializer out",
    ),
}

_FAMILIES = {
    "output": _OUTPUT, "loss": _LOSS, "network": _NETWORK, "data": _DATA, "training": _TRAINING,
    "behaviour": _BEHAVIOUR,
}  # fmt: skip

CATALOGUE: dict[str, Kind] = {
    code: Kind(code, name, family, why, remedy)
    for family, records in _FAMILIES.items()
    for code, (name, why, remedy) in records.items()
}
"""The kinds of mistakes by code."""


def kind(code: str) -> Kind:
    """Return the kind of a code, such as ``CR012``."""
    return CATALOGUE[code]
