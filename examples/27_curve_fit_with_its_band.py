"""A curve fit with its band: how sure are the parameters, and the curve?

A damped oscillation, measured at 30 times with noise of 0.1. `curve_fit` takes the model as it is
written, and derives its Jacobian: the fit uses it, and the covariance of the parameters follows
from it (also where a parameter is 0, where differences fail). The band is what that covariance
means for the curve, by the derivative of the curve by the parameters (the delta method).

Run it with ``python examples/27_curve_fit_with_its_band.py``; the extra ``plot`` draws. It writes
``curve_fit.png`` into the current folder, and prints::

    curve_fit: oscillation by lm, 30 points, 4 parameters
      parameter      value  standard error  relative     95 % interval
      amplitude   1.075246          0.0649       6 %   0.9418 to 1.209
      damping    0.5593526         0.05367     9.6 %   0.449 to 0.6697
      frequency  0.7908987        0.008866     1.1 %  0.7727 to 0.8091
      phase      0.3375761         0.06355      19 %  0.2069 to 0.4682
      R² 0.95585, χ² / degrees of freedom 0.1872 / 26 = 0.007199
    distance from the truth in standard errors: [ 1.2  1.1 -1.   0.6]
"""

import numpy as np

from chainrule import science


def oscillation(t, amplitude, damping, frequency, phase):
    return amplitude * np.exp(-damping * t) * np.cos(2 * np.pi * frequency * t + phase)


TRUTH = 1.0, 0.5, 0.8, 0.3

rng = np.random.default_rng(1)
t = np.linspace(0, 4, 30)
y = oscillation(t, *TRUTH) + rng.normal(0, 0.1, t.size)

fit = science.curve_fit(oscillation, t, y, p0=[1, 0.1, 0.7, 0])
print(fit)
fit.plot("curve_fit.png")

parameters, covariance = fit  # as SciPy returns them
print("distance from the truth in standard errors:",
      ((parameters - TRUTH) / np.sqrt(np.diag(covariance))).round(1))  # fmt: skip
