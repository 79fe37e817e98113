"""The page that ``net.report`` writes: data, network, training, results and equations."""
