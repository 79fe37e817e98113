"""A series without memory: can an LSTM forecast the S&P 500 five days ahead? Hardly.

The forecast follows the prices closely, but so does the price of today. That is the baseline with
which every forecast of prices must be compared. Drawn as prices the three lines coincide; drawn as
changes over five days, the forecast is nearly flat.

Run it with ``CHAINRULE_DATA=folder python examples/12_prices.py``. It draws ``prices.png``, and
prints::

    trained on: up to 2016-03-29; tested on: up to 2020-04-17
    forecast and truth correlate by 0.98, which proves nothing: their changes do by 0.0
    the network is off by 38 points, the price of today by 38
    a difference that matters: False
"""

import numpy as np

import chainrule as cr
from chainrule import data, datasets, nn, optim

HORIZON, LENGTH = 5, 30


def main():
    table = datasets.prices()
    close = table["close"]
    returns = np.diff(np.log(close))
    ranges = np.log(table["high"] / table["low"])[1:]
    days = np.stack([returns, ranges], axis=1)
    cut = len(days) * 4 // 5
    print(f"trained on: up to {table['date'][cut]}; tested on: up to {table['date'][-1]}")
    mean, spread = days[:cut].mean(axis=0), days[:cut].std(axis=0)
    scale = spread[0] * HORIZON**0.5

    def part(some):
        X, _ = data.windows((some - mean) / spread, length=LENGTH, horizon=HORIZON)
        _, following = data.windows(some[:, 0], length=LENGTH, horizon=HORIZON)
        return X, following.sum(axis=1, keepdims=True) / scale

    X, y = part(days[:cut])
    X_test, _ = part(days[cut - LENGTH :])
    net = cr.Network([nn.LSTM(32), nn.Dropout(0.2), nn.Dense(1)], seed=0)
    net.compile("mse", optim.Adam(optim.cosine(0.001, epochs=5)))
    net.fit(X, y, epochs=5, batch_size=64, verbose=0)

    today = close[cut + np.arange(len(X_test))]
    truth = close[cut + np.arange(len(X_test)) + HORIZON]
    forecast = today * np.exp(net.predict(X_test)[:, 0] * scale)
    expected, change = (100 * (prices / today - 1) for prices in (forecast, truth))
    of_prices, of_changes = (
        round(np.corrcoef(*pair)[0, 1], 2) for pair in ((forecast, truth), (expected, change))
    )
    print(
        f"forecast and truth correlate by {of_prices:.2f}, which proves nothing: "
        f"their changes do by {round(of_changes, 1) + 0:.1f}"
    )
    errors = [np.abs(each - truth).mean() for each in (forecast, today)]
    print(f"the network is off by {errors[0]:.0f} points, the price of today by {errors[1]:.0f}")
    print("a difference that matters:", not 0.95 < errors[0] / errors[1] < 1.05)
    cr.plot.forecast(
        change,
        expected,
        "prices.png",
        baselines={"no change": np.zeros_like(change)},
        times=table["date"][cut + np.arange(len(X_test)) + HORIZON],
        name="change in five days, %",
    )


if __name__ == "__main__":
    main()
