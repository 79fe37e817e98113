"""Right-hand sides for odeint: Lorenz's in the three ways it is written, and Airy's."""

import numpy as np


def lorenz(w, t, p, r, b):
    # the velocity at a point, from its position and the three parameters
    x, y, z = w
    return np.array([p * (y - x), x * (r - z) - y, x * y - b * z])


def lorenz_tuple(w, t, p, r, b):
    x, y, z = w.tolist()
    return p * (y - x), x * (r - z) - y, x * y - b * z


def lorenz_filled(w, t, p, r, b):
    velocity = np.zeros_like(w)
    velocity[0] = p * (w[1] - w[0])
    velocity[1] = w[0] * (r - w[2]) - w[1]
    velocity[2] = w[0] * w[1] - b * w[2]
    return velocity


def func(y, t):
    return [t * y[1], y[0]]


def gradient(y, t):
    return [[0, t], [1, 0]]


def rotate(point, angle):
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s], [s, c]]) @ point


def euler(f, w, t, *args):
    track = [w]
    for i in range(len(t) - 1):
        w = w + (t[i + 1] - t[i]) * f(w, t[i], *args)
        track.append(w)
    return np.array(track)
