"""Golden values of @divgen/clustering from scikit-learn, numpy and scipy. Run: python tools/golden/clustering.py."""

import json
import pathlib

import numpy as np
import scipy
import sklearn
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.datasets import make_blobs

OUT = pathlib.Path(__file__).parents[2] / "packages/clustering/src/golden/scikit-learn.json"
RNG = np.random.default_rng(7)


def flat(array):
    return np.asarray(array, dtype=np.float64).reshape(-1).tolist()


def short(array):
    """Values of few digits, so that the file stays small."""
    return np.array([float(f"{v:.4g}") for v in np.asarray(array).reshape(-1)]).reshape(np.shape(array))


def lloyd(name, data, centers, iterations=300):
    if name != "far from the origin":
        data, centers = short(data), short(centers)
    fit = KMeans(len(centers), init=centers, n_init=1, algorithm="lloyd", tol=1e-4, max_iter=iterations).fit(data)
    return {
        "name": name,
        "maxIterations": iterations,
        "rows": data.shape[0],
        "columns": data.shape[1],
        "clusters": len(centers),
        "data": flat(data),
        "initialCenters": flat(centers),
        "centers": flat(fit.cluster_centers_),
        "labels": fit.labels_.tolist(),
        "inertia": float(fit.inertia_),
    }


def lloyd_cases():
    blobs, _ = make_blobs(60, 3, centers=4, random_state=1)
    overlapping, _ = make_blobs(300, 5, centers=6, cluster_std=4.0, random_state=2)
    offset = np.round(RNG.normal(size=(80, 2)), 2) + 1e4  # Far from the origin: cancellation in the expanded square.
    wide = RNG.normal(size=(700, 48)) * np.linspace(0.5, 3, 48)  # More values than the small path takes.
    starved = np.concatenate([RNG.normal(size=(20, 2)), RNG.normal(size=(20, 2)) + 6, [[30.0, 0.0]]])
    return [
        lloyd("separated blobs", blobs, blobs[:4]),
        lloyd("overlapping blobs", overlapping, overlapping[:6]),
        lloyd("far from the origin", offset, offset[:5]),
        lloyd("wide", wide, wide[:9]),
        lloyd("a starved center", starved, np.array([[0.0, 0.0], [6.0, 6.0], [100.0, 100.0]])),
        lloyd("a starved center, one iteration", starved, np.array([[0.0, 0.0], [6.0, 6.0], [100.0, 100.0]]), 1),
        lloyd("two starved centers", starved, np.array([[0.0, 0.0], [6.0, 6.0], [100.0, 100.0], [90.0, 90.0]])),
    ]


def restarts():
    data, _ = make_blobs(240, 4, centers=8, cluster_std=0.6, random_state=5)
    data = short(data)
    fit = KMeans(8, n_init=50, random_state=0).fit(data)
    return {"rows": 240, "columns": 4, "clusters": 8, "data": flat(data), "inertia": float(fit.inertia_)}


def mini_batches():
    data, _ = make_blobs(90, 3, centers=3, random_state=3)
    data = short(data)
    model = MiniBatchKMeans(3, init=data[:3], n_init=1, reassignment_ratio=0.0, random_state=0)
    for start in range(0, 90, 30):
        model.partial_fit(data[start : start + 30])
    return {
        "rows": 90,
        "columns": 3,
        "clusters": 3,
        "batchSize": 30,
        "data": flat(data),
        "initialCenters": flat(data[:3]),
        "centers": flat(model.cluster_centers_),
    }


def gaussians(name, sizes, columns):
    scales = np.linspace(0.5, 2.5, columns)
    RNG.shuffle(scales)
    mixing = RNG.normal(size=(columns, columns)) * 0.3 + np.eye(columns)
    data = np.concatenate([RNG.normal(size=(n, columns)) * scales @ mixing + 3 * i for i, n in enumerate(sizes)])
    labels = np.repeat(np.arange(len(sizes)), sizes)
    order = RNG.permutation(len(labels))
    data, labels = short(data[order]), labels[order]
    m = min(columns, min(sizes) - 1)
    features = np.sort(np.argsort(-data.var(axis=0), kind="stable")[:m])
    clusters = []
    for cluster in range(len(sizes)):
        members = data[labels == cluster][:, features]
        covariance = np.cov(members, rowvar=False).reshape(m, m)
        values, vectors = np.linalg.eigh(covariance)
        floor = 1e-6 * np.trace(covariance) / m
        inverse = (vectors / np.maximum(values, floor)) @ vectors.T
        probe = data[0, features] - members.mean(axis=0)
        clusters.append(
            {
                "center": flat(data[labels == cluster].mean(axis=0)),
                "covariance": flat(covariance),
                "inverseCovariance": flat(inverse),
                "conditionNumber": float(values[-1] / values[0]),
                "mahalanobisOfFirstRow": float(np.sqrt(probe @ inverse @ probe)),
            }
        )
    return {
        "name": name,
        "rows": len(labels),
        "columns": columns,
        "data": flat(data),
        "labels": labels.tolist(),
        "featureIndices": features.tolist(),
        "clusters": clusters,
    }


def assignments():
    cases = []
    for rows, columns in [(1, 1), (4, 4), (7, 7), (3, 6), (12, 12)]:
        costs = short(RNG.normal(size=(rows, columns)) * 10)
        row, column = linear_sum_assignment(costs)
        cases.append(
            {"rows": rows, "columns": columns, "costs": flat(costs), "assignment": column.tolist(), "total": float(costs[row, column].sum())}
        )
    return cases


def main() -> None:
    OUT.parent.mkdir(parents=True, exist_ok=True)
    golden = {
        "provenance": f"scikit-learn {sklearn.__version__}, numpy {np.__version__}, scipy {scipy.__version__}, tools/golden/clustering.py",
        "lloyd": lloyd_cases(),
        "restarts": restarts(),
        "miniBatches": mini_batches(),
        "gaussians": [gaussians("all features", [20, 30, 25], 4), gaussians("fewer members than features", [6, 40, 9], 8)],
        "assignments": assignments(),
    }
    OUT.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
