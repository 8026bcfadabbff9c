"""Golden values of @divgen/metrics from the reference implementations.

Run: python tools/golden/metrics.py (needs numpy, scipy, scikit-learn, torch, torchmetrics, torch-fidelity, pytorch-fid,
prdc, vendi-score, lpips).
"""

import contextlib
import io
import json
import pathlib
import warnings

import numpy as np
import prdc
import scipy
import scipy.linalg
import scipy.spatial.distance
import scipy.stats
import sklearn
import sklearn.metrics
import torch
import torch_fidelity
import torchmetrics
from metric_cases import RNG, flat, matrix, rounded
from metric_pictures import images, perceptual, segmentation
from pytorch_fid.fid_score import calculate_frechet_distance
from torch_fidelity.metric_fid import fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kernel_poly, mmd2
from vendi_score import vendi

warnings.filterwarnings("ignore")
OUT = pathlib.Path(__file__).parents[2] / "packages/metrics/src/golden"


def features(rows, columns, shift=0.0):
    mixing = RNG.normal(size=(columns, columns)) / np.sqrt(columns) + np.eye(columns)
    return rounded(RNG.normal(size=(rows, columns)) @ mixing + shift)


def eigenvalues():
    cases = []
    dense = RNG.normal(size=(13, 13))
    low_rank = RNG.normal(size=(11, 4))
    clustered = np.diag([1.0] * 5 + [1 + 1e-9] * 3 + [1e-12] * 2)
    rotation = np.linalg.qr(RNG.normal(size=(10, 10)))[0]
    for a in (dense + dense.T, low_rank @ low_rank.T, rotation @ clustered @ rotation.T, 1e200 * (dense + dense.T), np.diag([3.0, -1.0, 0.0])):
        a = (a + a.T) / 2
        cases.append({"n": len(a), "matrix": flat(a), "eigenvalues": flat(np.linalg.eigvalsh(a))})
    return cases


def nuclear_frechet(x, y):
    """Exact for every rank: the trace is the nuclear norm of the cross product of the centred features."""
    a, b = x - x.mean(0), y - y.mean(0)
    root = np.linalg.svd(a @ b.T, compute_uv=False).sum() / np.sqrt((len(a) - 1) * (len(b) - 1))
    return ((x.mean(0) - y.mean(0)) ** 2).sum() + (a**2).sum() / (len(a) - 1) + (b**2).sum() / (len(b) - 1) - 2 * root


def frechet():
    cases = []
    for name, (n1, n2, d) in {"full rank": (60, 45, 6), "fewer samples than features": (7, 11, 16), "one side deficient": (9, 80, 12)}.items():
        x, y = features(n1, d), features(n2, d, 0.3)
        case = {"name": name, "first": matrix(x), "second": matrix(y), "value": float(nuclear_frechet(x, y))}
        if name == "full rank":
            s1, s2 = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
            case["pytorchFid"] = float(calculate_frechet_distance(x.mean(0), s1, y.mean(0), s2))
            statistics = [{"mu": a.mean(0), "sigma": np.cov(a, rowvar=False)} for a in (x, y)]
            case["torchFidelity"] = float(fid_statistics_to_metric(*statistics, False)["frechet_inception_distance"])
            case["mean"], case["covariance"] = flat(x.mean(0)), flat(s1)
        cases.append(case)
    return cases


def bins():
    """The evaluation rule of gans-n-gmms (NDB): two-proportion z-test with pooled variance, natural logarithm."""
    centers = rounded(RNG.normal(size=(9, 5)) * 2)
    shift, scale = rounded(RNG.normal(size=5)), rounded(RNG.uniform(0.5, 2, size=5))
    dimensions = [0, 2, 3]
    training = rounded(RNG.normal(size=(300, 5)) * 2)
    generated = rounded(RNG.normal(size=(180, 5)) * 2 + 0.5)

    def counts(samples):
        scaled = (samples - shift) / scale
        distances = np.linalg.norm(scaled[:, None, dimensions] - centers[None][:, :, dimensions], axis=2)
        return np.bincount(distances.argmin(1), minlength=9)

    c1, c2 = counts(training), counts(generated)
    n1, n2 = len(training), len(generated)
    p1, p2 = c1 / n1, c2 / n2
    p = (p1 * n1 + p2 * n2) / (n1 + n2)
    z = (p1 - p2) / np.sqrt(p * (1 - p) * (1 / n1 + 1 / n2))
    # A bin that is empty on both sides has 0 / 0 there, which counts as not different.
    different = 2 * scipy.stats.norm.cdf(-np.abs(z)) < 0.05
    return {
        "centers": matrix(centers),
        "shift": flat(shift),
        "scale": flat(scale),
        "dimensions": dimensions,
        "training": matrix(training),
        "generated": matrix(generated),
        "trainingCounts": c1.tolist(),
        "generatedCounts": c2.tolist(),
        "zScores": flat(np.nan_to_num(z)),
        "ndb": int(different.sum()),
        "ndbAt4": int((np.abs(z) > 4).sum()),
        "jsd": float(scipy.spatial.distance.jensenshannon(p1, p2) ** 2),
    }


def normal_tail():
    z = [0.0, 0.1, 1.0, 1.959963984540054, 2.9999, 3.0, 4.5, 8.0, 20.0, 37.0]
    return {"z": z, "tail": flat(scipy.stats.norm.sf(z))}


def neighbours():
    cases = []
    for n, m, d, k in [(40, 30, 3, 5), (25, 60, 8, 3)]:
        real, fake = features(n, d), features(m, d, 0.4)
        with contextlib.redirect_stdout(io.StringIO()):
            values = prdc.compute_prdc(real, fake, k)
        cases.append({"real": matrix(real), "fake": matrix(fake), "k": k, **{key: float(v) for key, v in values.items()}})
    return cases


def kernel():
    x, y = features(30, 6), features(24, 6, 0.3)
    full = lambda a, b: (a @ b.T / 6 + 1) ** 3
    kxx, kyy, kxy = full(x, x), full(y, y), full(x, y)
    m, n = len(x), len(y)
    unbiased = (kxx.sum() - np.trace(kxx)) / (m * (m - 1)) + (kyy.sum() - np.trace(kyy)) / (n * (n - 1)) - 2 * kxy.mean()
    subset1, subset2 = RNG.permutation(30)[:20], RNG.permutation(24)[:20]
    options = {"kid_kernel_poly_degree": 3, "kid_kernel_poly_gamma": None, "kid_kernel_poly_coef0": 1.0}
    poly = lambda a, b: kernel_poly(a, b, **options)
    a, b = x[subset1], y[subset2]
    return {
        "first": matrix(x),
        "second": matrix(y),
        "unbiased": float(unbiased),
        "subset1": subset1.tolist(),
        "subset2": subset2.tolist(),
        "torchFidelityOfSubsets": float(mmd2(poly(a, a), poly(a, b), poly(b, b))),
    }


def vendi_scores():
    x = features(14, 5)
    wide = features(6, 20)
    kernel_matrix = np.array([[1, 0.9, 0], [0.9, 1, 0], [0, 0, 1.0]])
    orders = [0.5, 1, 2, "inf"]
    cosine = sklearn.metrics.pairwise.cosine_similarity
    return {
        "kernelMatrix": flat(kernel_matrix),
        "ofKernelMatrix": [float(vendi.score_K(kernel_matrix, q=q)) for q in orders],
        "features": matrix(x),
        "ofFeatures": [float(vendi.score_K(cosine(x), q=q)) for q in orders],
        "dualOfFeatures": [float(vendi.score_dual(x, q=q)) for q in orders],
        "wide": matrix(wide),
        "ofWide": [float(vendi.score_K(cosine(wide), q=q)) for q in orders],
    }


def inception():
    logits = rounded(RNG.normal(size=(47, 10)) * 2)
    value = isc_features_to_metric(torch.tensor(logits), splits=5, shuffle=False)
    one = isc_features_to_metric(torch.tensor(logits), splits=1, shuffle=False)
    return {
        "logits": matrix(logits),
        "splits": 5,
        "mean": value["inception_score_mean"],
        "standardDeviation": value["inception_score_std"],
        "oneSplit": one["inception_score_mean"],
    }


def agreement():
    cases = []
    for n, classes, clusters in [(60, 4, 4), (80, 3, 6), (50, 7, 3)]:
        truth = RNG.integers(0, classes, size=n)
        found = np.where(RNG.uniform(size=n) < 0.6, truth % clusters, RNG.integers(0, clusters, size=n))
        table = sklearn.metrics.cluster.contingency_matrix(truth, found)
        row, column = scipy.optimize.linear_sum_assignment(-table)
        cases.append(
            {
                "classes": truth.tolist(),
                "clusters": found.tolist(),
                "nmi": float(sklearn.metrics.normalized_mutual_info_score(truth, found)),
                "nmiGeometric": float(sklearn.metrics.normalized_mutual_info_score(truth, found, average_method="geometric")),
                "ari": float(sklearn.metrics.adjusted_rand_score(truth, found)),
                "purity": float(table.max(axis=0).sum() / n),
                "inversePurity": float(table.max(axis=1).sum() / n),
                "hungarianAccuracy": float(table[row, column].sum() / n),
            }
        )
    return cases


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    provenance = (
        f"numpy {np.__version__}, scipy {scipy.__version__}, scikit-learn {sklearn.__version__}, torch {torch.__version__}, "
        f"torchmetrics {torchmetrics.__version__}, torch-fidelity {torch_fidelity.__version__}, pytorch-fid, prdc, "
        "vendi-score, lpips; tools/golden/metrics.py"
    )
    files = {
        "distributions": {"eigenvalues": eigenvalues(), "frechet": frechet(), "bins": bins(), "normalTail": normal_tail()},
        "samples": {
            "neighbours": neighbours(),
            "kernel": kernel(),
            "vendi": vendi_scores(),
            "inception": inception(),
            "agreement": agreement(),
        },
        "pictures": {"segmentation": segmentation(), "images": images(), "perceptual": perceptual()},
    }
    for name, content in files.items():
        (OUT / f"{name}.json").write_text(json.dumps({"provenance": provenance, **content}) + "\n")


if __name__ == "__main__":
    main()
