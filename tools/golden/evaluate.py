"""Golden values and small .npy files for `divgen evaluate`, from the reference implementations.

Run: python tools/golden/evaluate.py (needs numpy, scipy, scikit-learn, torch, torch-fidelity, pytorch-fid, prdc, vendi-score).
"""

import contextlib
import io
import json
import pathlib

import numpy as np
import prdc
import scipy
import scipy.spatial.distance
import scipy.stats
import sklearn
import torch
import torch_fidelity
from pytorch_fid.fid_score import calculate_frechet_distance
from sklearn.metrics.pairwise import polynomial_kernel
from torch_fidelity.metric_isc import isc_features_to_metric
from vendi_score import vendi

OUT = pathlib.Path(__file__).parents[2] / "packages/cli/src/golden"
RNG = np.random.default_rng(23)


def features(rows, columns, shift, scale):
    mixing = RNG.normal(size=(columns, columns)) / np.sqrt(columns) + np.eye(columns)
    return RNG.normal(size=(rows, columns)) @ mixing * scale + shift


def unbiased_kernel_distance(x, y):
    degree = {"degree": 3, "gamma": None, "coef0": 1}
    xx, yy, xy = polynomial_kernel(x, **degree), polynomial_kernel(y, **degree), polynomial_kernel(x, y, **degree)
    m, n = len(x), len(y)
    within = (xx.sum() - np.trace(xx)) / (m * (m - 1)) + (yy.sum() - np.trace(yy)) / (n * (n - 1))
    return within - 2 * xy.mean()


def values(generated, reference):
    moments = [(x.mean(axis=0), np.cov(x, rowvar=False)) for x in (generated, reference)]
    with contextlib.redirect_stdout(io.StringIO()):
        neighbours = prdc.compute_prdc(reference, generated, nearest_k=5)
    unit = generated / np.linalg.norm(generated, axis=1, keepdims=True)
    return {
        "frechet-distance": float(calculate_frechet_distance(*moments[0], *moments[1])),
        "kernel-distance": float(unbiased_kernel_distance(generated, reference)),
        **{name: float(value) for name, value in neighbours.items()},
        "vendi-score": float(vendi.score_K(unit @ unit.T)),
        "vendi-score-2": float(vendi.score_K(unit @ unit.T, q=2)),
    }


def separated_bins():
    """Points in four far apart places, so that any k-means finds the same bins; NDB and JSD from the counts."""
    places = np.array([[0, 0], [50, 0], [0, 50], [50, 50]], dtype=np.float64)
    counts = {"reference": [60, 40, 30, 20], "generated": [20, 42, 31, 47]}
    for name, sizes in counts.items():
        points = np.repeat(places, sizes, axis=0) + RNG.normal(size=(sum(sizes), 2))
        np.save(OUT / f"places-{name}.npy", RNG.permutation(points).astype(np.float32))
    first, second = (np.array(sizes) for sizes in counts.values())
    p, q = first / first.sum(), second / second.sum()
    pooled = (first + second) / (first.sum() + second.sum())
    z = (p - q) / np.sqrt(pooled * (1 - pooled) * (1 / first.sum() + 1 / second.sum()))
    return {
        "ndb": int((2 * scipy.stats.norm.sf(np.abs(z)) < 0.05).sum()),
        "jsd": float(scipy.spatial.distance.jensenshannon(p, q) ** 2),
    }


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    generated = features(60, 6, 0.2, 0.9).astype(np.float32)
    reference = features(70, 6, 0.0, 1.0)
    np.save(OUT / "generated.npy", generated)
    np.save(OUT / "reference.npy", reference)
    wide = generated.astype(np.float64)
    # Statistics as pytorch-fid saves them: without a count.
    np.savez_compressed(OUT / "pytorch-fid-statistics.npz", mu=reference.mean(axis=0), sigma=np.cov(reference, rowvar=False))
    splits = isc_features_to_metric(torch.from_numpy(wide), splits=1, shuffle=False)
    golden = {
        "provenance": f"numpy {np.__version__}, scipy {scipy.__version__}, scikit-learn {sklearn.__version__}, "
        f"pytorch-fid (calculate_frechet_distance), prdc, vendi-score, torch-fidelity {torch_fidelity.__version__}; "
        "tools/golden/evaluate.py",
        "values": {
            **values(wide, reference),
            "inception-score": float(splits["inception_score_mean"]),
            "mean-distance-of-all-pairs": float(scipy.spatial.distance.pdist(wide).mean()),
        },
        "places": separated_bins(),
        "mu": reference.mean(axis=0).tolist(),
        "sigma": np.cov(reference, rowvar=False).reshape(-1).tolist(),
    }
    (OUT / "evaluate.json").write_text(json.dumps(golden, indent=1) + "\n")


main()
