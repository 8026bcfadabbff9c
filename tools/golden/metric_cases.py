"""What the golden values of metrics are made of."""

import numpy as np

RNG = np.random.default_rng(11)


def flat(array):
    return np.asarray(array, dtype=np.float64).reshape(-1).tolist()


def rounded(array, digits=4):
    return np.round(np.asarray(array, dtype=np.float64), digits)


def matrix(array):
    return {"rows": array.shape[0], "columns": array.shape[1], "values": flat(array)}
