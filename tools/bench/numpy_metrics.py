"""The Python side of metrics.mjs: reads lines of JSON {"case": ...}, answers with seconds and a value, as JSON.

Data come from the same formula on both sides: sine of a quadratic phase, spread by column, so that nothing has to be sent."""

import json
import sys
import time

import numpy as np
import scipy.linalg
import sklearn
from sklearn.cluster import KMeans


def rows(seed: int, count: int, columns: int, dtype=np.float64) -> np.ndarray:
    """sin(a i^2 + b i + seed) * (1 + column mod 7): see `rowsOf` in metrics.mjs."""
    index = np.arange(count * columns, dtype=np.float64)
    phase = np.fmod(index * 0.6180339887498949, 1.0)
    phase = np.fmod(phase * (index % 8191.0) + seed * 0.1234567, 1.0)
    values = np.sin(6.283185307179586 * phase) * (1 + np.arange(count * columns) % columns % 7)
    return values.reshape(count, columns).astype(np.float32).astype(dtype)


def frechet(columns: int) -> tuple[float, float]:
    a, b = rows(1, columns + 200, columns), rows(2, columns + 200, columns)
    (m1, s1), (m2, s2) = ((x.mean(0), np.cov(x, rowvar=False)) for x in (a, b))
    start = time.perf_counter()
    root = scipy.linalg.sqrtm(s1 @ s2)
    value = np.square(m1 - m2).sum() + np.trace(s1) + np.trace(s2) - 2 * np.trace(root).real
    return time.perf_counter() - start, float(value)


def frechet_eigenvalues(columns: int) -> tuple[float, float]:
    a, b = rows(1, columns + 200, columns), rows(2, columns + 200, columns)
    (m1, s1), (m2, s2) = ((x.mean(0), np.cov(x, rowvar=False)) for x in (a, b))
    start = time.perf_counter()
    factor = np.linalg.cholesky(s1)
    values = np.linalg.eigvalsh(factor.T @ s2 @ factor)
    value = np.square(m1 - m2).sum() + np.trace(s1) + np.trace(s2) - 2 * np.sqrt(np.maximum(values, 0)).sum()
    return time.perf_counter() - start, float(value)


def covariance(count: int, columns: int) -> tuple[float, float]:
    x = rows(3, count, columns)
    start = time.perf_counter()
    value = np.cov(x, rowvar=False)
    return time.perf_counter() - start, float(np.abs(value).sum())


def k_means(count: int, columns: int, clusters: int, iterations: int) -> tuple[float, float]:
    x = rows(4, count, columns, np.float32)
    start = time.perf_counter()
    fit = KMeans(clusters, init=x[:clusters].copy(), n_init=1, max_iter=iterations, tol=0, algorithm="lloyd").fit(x)
    return time.perf_counter() - start, float(fit.inertia_)


CASES = {"frechet": frechet, "frechet-eigenvalues": frechet_eigenvalues, "covariance": covariance, "k-means": k_means}
print(json.dumps({"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    seconds, value = CASES[request["case"]](*request["arguments"])
    print(json.dumps({"seconds": seconds, "value": value}), flush=True)
