"""Functions that NumPy does not have, as text of a predictor that needs them."""

__all__ = ["FUNCTIONS"]

FUNCTIONS = {
    "sigmoid": '''
def sigmoid(x):
    """1 / (1 + exp(-x)), without overflow."""
    return 0.5 + 0.5 * np.tanh(0.5 * x)
''',
    "erf": '''
def erf(x):
    """Error function, entry by entry."""
    x = np.asarray(x)
    return np.array([math.erf(each) for each in x.ravel()], x.dtype).reshape(x.shape)
''',
    "windows": '''
def windows(x, axes, sizes, strides, dilations):
    """Windows along some axes: their entries are further axes at the end."""
    extents = [(size - 1) * step + 1 for size, step in zip(sizes, dilations)]
    view = np.lib.stride_tricks.sliding_window_view(x, extents, axes)
    steps = [slice(None)] * x.ndim
    for axis, stride in zip(axes, strides):
        steps[axis] = slice(None, None, stride)
    return view[(*steps, *(slice(None, None, step) for step in dilations))]
''',
    "add_windows": '''
def add_windows(x, shape, axes, sizes, strides, dilations):
    """Add windows up at their places in an array of a shape: the transpose of windows."""
    y = np.zeros(shape, x.dtype)
    for offset in np.ndindex(*sizes):
        place = [slice(None)] * len(shape)
        for k, axis in enumerate(axes):
            start = offset[k] * dilations[k]
            place[axis] = slice(start, start + (x.shape[axis] - 1) * strides[k] + 1, strides[k])
        y[tuple(place)] += x[(..., *offset)]
    return y
''',
    "stored_at": '''
def stored_at(x, update, place):
    """A copy of x with an update at some place."""
    y = np.array(x)
    y[place] = update
    return y
''',
    "added_at": '''
def added_at(update, place, shape):
    """Zeros of a shape, with an update added at some places."""
    y = np.zeros(shape, update.dtype)
    np.add.at(y, place, update)
    return y
''',
}
"""By name; each is complete but for the import of NumPy, and of math."""
