"""A series with seasons: airline passengers a year ahead, by an LSTM and by simple forecasts.

The inputs are the year-over-year differences of the last 24 months, the targets those of the next
12. Scales are fitted to the training part alone, and all targets of the test part come after it.

The network beats the month a year ago by far. It does not beat the same month times the mean growth
of the years before: 61 windows are few, and a simple rule that fits is hard to beat. Compare with
the best baseline, not with the weakest.

Run it with ``CHAINRULE_DATA=folder python examples/10_airline.py``. It draws ``airline.png``, and
prints::

    144 months, 1949-01 to 1960-12
    windows: (61, 24, 1) to train on, (25, 24, 1) to test on
    the network            is off by  21 thousand on average
    a year ago             is off by  39 thousand on average
    a year ago, and growth is off by  20 thousand on average
    last month             is off by  74 thousand on average
    beaten by a tenth and more: a year ago, last month
"""

import numpy as np

import chainrule as cr
from chainrule import data, datasets, nn, optim

YEAR, LENGTH, TEST = 12, 24, 36


def main():
    months, passengers = datasets.airline()
    print(f"{len(months)} months, {months[0]} to {months[-1]}")
    growth = np.log(passengers[YEAR:] / passengers[:-YEAR])
    cut = len(growth) - TEST
    mean, spread = growth[:cut].mean(), growth[:cut].std()
    scaled = (growth - mean) / spread
    X, y = data.windows(scaled[:cut], length=LENGTH, horizon=YEAR)
    X_test, _ = data.windows(scaled[cut - LENGTH :], length=LENGTH, horizon=YEAR)
    print("windows:", X.shape, "to train on,", X_test.shape, "to test on")

    net = cr.Network([nn.LSTM(16), nn.Dropout(0.2), nn.Dense(YEAR)], seed=0)
    net.compile("mse", optim.Adam(optim.cosine(0.003, epochs=60)))
    net.fit(X, y, epochs=60, batch_size=16, verbose=0)

    months_ahead = cut + YEAR + np.arange(len(X_test))[:, None] + np.arange(YEAR)
    truth, a_year_ago = passengers[months_ahead], passengers[months_ahead - YEAR]
    forecast = a_year_ago * np.exp(net.predict(X_test) * spread + mean)
    last = np.repeat(passengers[months_ahead[:, :1] - 1], YEAR, axis=1)
    grown = a_year_ago * np.exp(mean)
    others = {"a year ago": a_year_ago, "a year ago, and growth": grown, "last month": last}
    errors = {}
    for name, values in {"the network": forecast, **others}.items():
        errors[name] = np.abs(values - truth).mean()
        print(f"{name:22} is off by {errors[name]:3.0f} thousand on average")
    beaten = [name for name in others if errors["the network"] < 0.9 * errors[name]]
    print("beaten by a tenth and more:", ", ".join(beaten))
    del others["last month"]  # its errors are so large that the others would coincide
    cr.plot.forecast(
        truth,
        forecast,
        "airline.png",
        baselines=others,
        times=months[months_ahead[:, -1]],
        name="thousands of passengers",
    )


if __name__ == "__main__":
    main()
