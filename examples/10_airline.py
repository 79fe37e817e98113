"""A series with seasons: airline passengers a year ahead, by an LSTM and by simple forecasts.

The inputs are the year-over-year differences of the last 24 months, the targets those of the next
12. Scales are fitted to the training part alone, and all targets of the test part come after it.

Run it with ``CHAINRULE_DATA=folder python examples/10_airline.py``. It prints::

    144 months, 1949-01 to 1960-12
    windows: (61, 24, 1) to train on, (25, 24, 1) to test on
    network    is off by  21.0 thousand on average
    a year ago is off by  38.6 thousand on average
    last month is off by  74.3 thousand on average
    the seasonal forecast is beaten: True
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
    errors = {}
    for name, values in (("network", forecast), ("a year ago", a_year_ago), ("last month", last)):
        errors[name] = np.abs(values - truth).mean()
        print(f"{name:10} is off by {errors[name]:5.1f} thousand on average")
    print("the seasonal forecast is beaten:", errors["network"] < errors["a year ago"])


if __name__ == "__main__":
    main()
