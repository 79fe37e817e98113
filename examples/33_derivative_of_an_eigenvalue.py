"""The derivative of an eigenvalue: how the tone of a string changes with its masses.

Seven masses on a string under tension swing in seven modes. With stiffness K and masses m, the
squares of the angular frequencies are the eigenvalues of M^(-1/2) K M^(-1/2), where M = diag(m).
A mass that moves much in a mode lowers its tone most; one in a node does not change it at all.
Perturbation theory (Rayleigh) says by how much, from the mode v of K v = w² M v alone::

    d(w²)/dm_i = -w² v_i²        with v' M v = 1

``cr.grad`` differentiates `np.linalg.eigvalsh` itself, and finds the same. Newton's method then
tunes the string: which mass in the middle gives a first tone of exactly 1/3?

Run it with ``python examples/33_derivative_of_an_eigenvalue.py``. It prints::

    mode    w²        derivative by each of the seven masses
       1  0.1522   -0.0056 -0.0190 -0.0325 -0.0381 -0.0325 -0.0190 -0.0056
       2  0.5858   -0.0732 -0.1464 -0.0732 -0.0000 -0.0732 -0.1464 -0.0732
       3  1.2346   -0.2635 -0.1543 -0.0452 -0.3087 -0.0452 -0.1543 -0.2635
       4  2.0000   -0.5000 -0.0000 -0.5000 -0.0000 -0.5000 -0.0000 -0.5000
    largest difference from Rayleigh's formula: below 1e-14

    step   middle mass      tone
       0      1.000000  0.390181
       1      2.165559  0.341234
       2      2.386134  0.333558
       3      2.392769  0.333334
       4      2.392774  0.333333
"""

import numpy as np

import chainrule as cr

STIFFNESS = 2 * np.eye(7) - np.eye(7, k=1) - np.eye(7, k=-1)


def eigenvalues(masses):
    """Return the squares of the angular frequencies, the lowest first."""
    scale = 1 / np.sqrt(masses)
    return np.linalg.eigvalsh(scale[:, None] * STIFFNESS * scale)


def rayleigh(masses):
    """Return the derivative of each eigenvalue by each mass, from the modes."""
    scale = 1 / np.sqrt(masses)
    squares, modes = np.linalg.eigh(scale[:, None] * STIFFNESS * scale)
    modes = scale[:, None] * modes
    return -squares[:, None] * modes.T**2


def first_tone(middle):
    """Return the lowest angular frequency of a string with another mass in the middle."""
    masses = np.where(np.arange(7) == 3, middle, 1.0)
    return np.sqrt(eigenvalues(masses)[0])


masses = np.ones(7)
derivatives = cr.jacobian(eigenvalues)(masses)
print("mode    w²        derivative by each of the seven masses")
for mode, (square, row) in enumerate(zip(eigenvalues(masses)[:4], derivatives, strict=False), 1):
    print(f"{mode:4d}  {square:.4f}  ", *(f"{-abs(each):.4f}" for each in row))
difference = np.max(np.abs(derivatives - rayleigh(masses)))
print("largest difference from Rayleigh's formula:", "below 1e-14" if difference < 1e-14 else "!")

tone_and_derivative = cr.jit(cr.value_and_grad(first_tone))
middle = 1.0
print("\nstep   middle mass      tone")
for step in range(5):
    tone, derivative = tone_and_derivative(middle)
    print(f"{step:4d}  {middle:12.6f}  {tone:.6f}")
    middle -= (tone - 1 / 3) / derivative
