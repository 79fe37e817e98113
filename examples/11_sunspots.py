"""A series with cycles: sunspots a year ahead, by a GRU from the last four years.

The number of spots has a cycle of about eleven years. The last fifth of the 235 years is the test
part; nothing of it, not even its mean, is used in training.

Run it with ``CHAINRULE_DATA=folder python examples/11_sunspots.py``. It draws ``sunspots.png``, and
prints::

    trained on: 1749-01 to 1936-12; tested on: up to 1983-12
    network     is off by 19 spots on average
    a cycle ago is off by 33 spots on average
    last month  is off by 24 spots on average
    both are beaten: True
"""

import numpy as np

import chainrule as cr
from chainrule import data, datasets, nn, optim

YEAR, CYCLE, LENGTH = 12, 132, 48


def main():
    months, spots = datasets.sunspots()
    cut = len(spots) * 4 // 5
    print(f"trained on: {months[0]} to {months[cut - 1]}; tested on: up to {months[-1]}")
    roots = np.sqrt(spots)  # stabilise the variance, which grows with the mean
    mean, spread = roots[:cut].mean(), roots[:cut].std()
    scaled = (roots - mean) / spread
    X, y = data.windows(scaled[:cut], length=LENGTH, horizon=YEAR)
    X_test, _ = data.windows(scaled[cut - LENGTH :], length=LENGTH, horizon=YEAR)

    net = cr.Network([nn.GRU(32), nn.Dense(YEAR)], seed=0)
    net.compile("mse", optim.Adam(optim.cosine(0.003, epochs=15)))
    net.fit(X, y, epochs=15, batch_size=32, verbose=0)

    months_ahead = cut + np.arange(len(X_test))[:, None] + np.arange(YEAR)
    truth = spots[months_ahead]
    forecast = np.maximum(net.predict(X_test) * spread + mean, 0) ** 2
    last = np.repeat(spots[months_ahead[:, :1] - 1], YEAR, axis=1)
    others = {"a cycle ago": spots[months_ahead - CYCLE], "last month": last}
    errors = {}
    for name, values in {"network": forecast, **others}.items():
        errors[name] = np.abs(values - truth).mean()
        print(f"{name:11} is off by {errors[name]:2.0f} spots on average")
    print("both are beaten:", all(errors["network"] < errors[name] for name in others))
    times = months[months_ahead[:, -1]]
    cr.plot.forecast(
        truth, forecast, "sunspots.png", baselines=others, times=times, name="sunspots a month"
    )


if __name__ == "__main__":
    main()
