"""Find the mistake in the tutorial: two derivatives written by hand, and a detective.

`check_grads` compares a derivative with finite differences. Given the forward pass of a tutorial
and the backward pass that its author wrote by hand, it tells which gradient is wrong. In the first
tutorial the convolution layer multiplies the gradient of its bias by the number of filters, four
here. In the second, the training script takes the loss of the arg max in place of the
probabilities: it is constant, and NaN from the third sample on, whose arg max is class 0.

Run it with ``python examples/20_find_the_mistake.py``. It prints::

    gradient of the image: right
    gradient of the kernels: right
    gradient of the bias: derivative of order 1 is 8.7594 by hand and 2.1899 by finite differences
    loss of train.py after each sample: [-0.693 -0.693    nan]
    loss_of_network: right
    loss_of_train: derivative of order 1 is -0.0865 by hand and 0.0000 by finite differences
"""

import re

import numpy as np
from scipy import signal

import chainrule as cr


def correlate(image, kernel):
    channels = range(image.shape[2])
    return sum(signal.correlate2d(image[:, :, d], kernel[:, :, d], "valid") for d in channels)


def convolve(image, kernels, bias):
    """ConvLayer.forward_propagation: kernels have shape (height, width, channels, filters)."""
    maps = [correlate(image, kernels[:, :, :, k]) + bias[k] for k in range(len(bias))]
    return np.stack(maps, axis=2), (image, kernels, bias)


def convolve_backward(saved, output_error):
    """ConvLayer.backward_propagation."""
    image, kernels, bias = saved
    in_error, d_kernels, d_bias = (np.zeros_like(output_error, shape=x.shape) for x in saved)
    for k in range(len(bias)):
        error = output_error[:, :, k]
        for d in range(image.shape[2]):
            in_error[:, :, d] += signal.convolve2d(error, kernels[:, :, d, k], "full")
            d_kernels[:, :, d, k] = signal.correlate2d(image[:, :, d], error, "valid")
        d_bias[k] = len(bias) * np.sum(error)
    return in_error, d_kernels, d_bias


def softmax(z):
    return np.exp(z) / np.sum(np.exp(z))


def cross_entropy_der(y, a):
    return a - y


def loss_of_network(y, z):
    return -np.sum(y * np.log(softmax(z)))


def loss_of_train(y, z):
    return -np.sum(y * np.log(np.argmax(softmax(z))))


def verdict(function, arg):
    """Return what `check_grads` finds, with numbers of four decimals."""
    try:
        cr.check_grads(function, [arg], order=1)
    except cr.GradientError as error:
        text = str(error).partition("(")[0].strip().replace("by the chain rule", "by hand")
        return re.sub(r"-?\d\S*(?= by)", lambda number: f"{float(number[0]):.4f}", text[13:])
    return "right"


def main():
    generator = np.random.default_rng(0)
    layer = cr.custom_vjp(convolve, convolve_backward)
    shapes = {"image": (6, 6, 1), "kernels": (3, 3, 1, 4), "bias": 4}
    args = {name: generator.normal(size=shape) for name, shape in shapes.items()}
    for name in args:
        function = lambda x, name=name: layer(*(args | {name: x}).values())  # noqa: E731
        print(f"gradient of the {name}: {verdict(function, args[name])}")

    y, scores = np.array([0.0, 1.0, 0.0]), [[0.1, 0.3, 1.2], [-0.4, 0.9, 0.2], [1.5, 0.2, -0.7]]
    with np.errstate(divide="ignore", invalid="ignore"):
        losses = np.cumsum([loss_of_train(y, z) for z in scores])
    print("loss of train.py after each sample:", losses.round(3))
    for loss in (loss_of_network, loss_of_train):
        by_hand = cr.custom_vjp(
            lambda z, loss=loss: (loss(y, z), softmax(z)),
            lambda probs, error: error * cross_entropy_der(y, probs),
        )
        print(f"{loss.__name__}: {verdict(by_hand, np.array(scores[0]))}")


if __name__ == "__main__":
    main()
