"""Golden values of @divgen/sampler-diverse from mpmath, scipy and torch. Run: python tools/golden/sampler.py."""

import json
import pathlib

import mpmath as mp
import numpy as np
import scipy
import torch
from scipy import integrate, stats
from scipy.spatial.distance import cdist

OUT = pathlib.Path(__file__).parents[2] / "packages/sampler-diverse/src/golden/mpmath-scipy-torch.json"
RNG = np.random.default_rng(7)
mp.mp.dps = 40


def flat(array):
    return np.asarray(array, dtype=np.float64).reshape(-1).tolist()


def laplace_integral(log_phi, mean):
    """E sqrt(S) of S >= 0 from its Laplace transform: 1 / (2 sqrt(pi)) int (1 - phi(t)) t^(-3/2) dt, t = e^s / mean."""
    integrand = lambda s: -mp.expm1(log_phi(mp.exp(s) / mean)) * mp.exp(-s / 2)
    points = [-180, -90, -45, -20, -10, -4, -1, 1, 4, 10, 20, 45, 90, 180]
    return mp.quad(integrand, points) * mp.sqrt(mean) / (2 * mp.sqrt(mp.pi))


def with_digits(digits, make):
    """The logarithm of a product that is 1 - O(t) loses as many digits as t is small."""
    with mp.workdps(digits):
        return make()


def normal_value(radius, dimension, smoothing):
    r, half, a = mp.mpf(radius), mp.mpf(dimension) / 2, mp.mpf(smoothing)
    if smoothing == 0:
        return mp.sqrt(2) * mp.gamma(half + 0.5) / mp.gamma(half) * mp.hyp1f1(-0.5, half, -r * r / 2)
    log_phi = lambda t: -a * a * t - half * mp.log1p(2 * t) - r * r * t / (1 + 2 * t)
    return laplace_integral(log_phi, dimension + r * r + a * a) - a


def normal_slope(radius, dimension, smoothing):
    r, half, a = mp.mpf(radius), mp.mpf(dimension) / 2, mp.mpf(smoothing)
    if smoothing == 0:
        return mp.sqrt(2) * mp.gamma(half + 0.5) / mp.gamma(half) / dimension * mp.hyp1f1(0.5, half + 1, -r * r / 2)
    # The derivative of the transform under the integral.
    scale = dimension + r * r + a * a
    phi = lambda t: mp.exp(-a * a * t - (half + 1) * mp.log1p(2 * t) - r * r * t / (1 + 2 * t))
    points = [-180, -90, -45, -20, -10, -4, -1, 1, 4, 10, 20, 45, 90, 180]
    integral = mp.quad(lambda s: phi(mp.exp(s) / scale) * mp.exp(s / 2), points)
    return integral / mp.sqrt(scale * mp.pi)


def radial_cases():
    cases = []
    for dimension in [1, 2, 3, 8, 64, 512]:
        for radius in [0, 0.01, 0.5, 1, 2, 5, 10, 22.6, 40, 300]:
            cases.append((dimension, radius, 0))
    for dimension in [1, 2, 8, 512]:
        for radius in [0, 0.3, 3, 23]:
            for smoothing in [1e-6, 1e-3, 0.1, 1, 30]:
                cases.append((dimension, radius, smoothing))
    return [
        [d, r, a, float(normal_value(r, d, a)), float(normal_slope(r, d, a))] for d, r, a in cases
    ]


def kernel(x, y, a):
    return np.sqrt(cdist(x, y) ** 2 + a * a) - a


def distance_cases():
    cases = []
    for rows, dimension, smoothing in [(3, 2, 0.0), (5, 1, 0.0), (7, 3, 0.0), (6, 64, 0.0), (6, 9, 0.2), (4, 2, 1e-3), (5, 16, 3.0)]:
        points = np.round(RNG.normal(size=(rows, dimension)), 3)
        weights = np.round(RNG.uniform(0.2, 1, size=rows), 3)
        shares = weights / weights.sum()
        radii = np.linalg.norm(points, axis=1)
        values = [normal_value(r, dimension, smoothing) for r in radii]
        self_energy = mp.sqrt(2) * normal_value(0, dimension, smoothing / mp.sqrt(2))
        pairs = shares @ kernel(points, points, smoothing) @ shares
        squared = mp.fdot(map(mp.mpf, shares), values) - mp.mpf(pairs) / 2 - self_energy / 2
        slopes = np.array([float(normal_slope(r, dimension, smoothing)) for r in radii])
        differences = points[:, None] - points[None]
        roots = np.sqrt((differences**2).sum(-1) + smoothing**2)
        np.fill_diagonal(roots, 1)
        gradient = shares[:, None] * (slopes[:, None] * points - (shares[None, :, None] * differences / roots[..., None]).sum(1))
        cases.append(
            {
                "rows": rows,
                "columns": dimension,
                "smoothing": smoothing,
                "points": flat(points),
                "weights": flat(weights),
                "squaredDistance": float(squared),
                "gradient": flat(gradient),
            }
        )
    return cases


def set_cases():
    """Autograd of torch over equation 1 of the paper, in float64."""
    cases = []
    for rows, others, dimension, smoothing in [(4, 6, 2, 1e-6), (5, 3, 1, 0.0), (6, 11, 10, 0.5), (9, 7, 12, 0.0)]:
        x = torch.tensor(np.round(RNG.normal(size=(rows, dimension)), 3), requires_grad=True)
        z = torch.tensor(np.round(RNG.normal(size=(others, dimension)), 3))
        alpha = torch.tensor(np.round(RNG.uniform(0.2, 1, rows), 3))
        beta = torch.tensor(np.round(RNG.uniform(0.2, 1, others), 3))
        p, q = alpha / alpha.sum(), beta / beta.sum()

        def k(u, v, same=False):
            squared = ((u[:, None] - v[None]) ** 2).sum(-1)
            if same:  # The diagonal is k(0) = 0; its square root has no derivative at a = 0.
                mask = torch.eye(len(u), dtype=torch.bool)
                return torch.where(mask, torch.zeros_like(squared), torch.sqrt(torch.where(mask, torch.ones_like(squared), squared) + smoothing**2) - smoothing)
            return torch.sqrt(squared + smoothing**2) - smoothing

        loss = p @ k(x, z) @ q - p @ k(x, x, True) @ p / 2 - q @ k(z, z, True) @ q / 2
        loss.backward()
        cases.append(
            {
                "rows": rows,
                "others": others,
                "columns": dimension,
                "smoothing": smoothing,
                "points": flat(x.detach()),
                "otherPoints": flat(z),
                "weights": flat(alpha),
                "otherWeights": flat(beta),
                "squaredDistance": loss.item(),
                "gradient": flat(x.grad),
            }
        )
    return cases


def mixture_cases():
    """Two dimensions by direct integration of the density, more by the Laplace transform in mpmath."""
    cases = []
    specifications = [
        ([1.0], [[0.5, -1.0]], [[[2.0, 0.6], [0.6, 0.5]]], 0.0),
        ([0.3, 0.7], [[-1.0, 0.0], [2.0, 1.0]], [[[0.25, 0.0], [0.0, 0.25]], [[1.0, -0.5], [-0.5, 2.0]]], 0.3),
        ([1.0], [[0.0, 1.0, -1.0]], [[[1.5, 0.3, 0.0], [0.3, 0.2, 0.1], [0.0, 0.1, 0.7]]], 0.0),
    ]
    probes = RNG.normal(size=(3, 3)).round(2)
    for weights, means, covariances, smoothing in specifications:
        dimension = len(means[0])
        points = probes[:, :dimension]

        def gaussian(x, mean, covariance):
            lam, axes = np.linalg.eigh(np.array(covariance))
            y = axes.T @ (np.array(x) - np.array(mean))
            a = mp.mpf(smoothing)
            if dimension == 2 and smoothing > 0:
                f = lambda v, u: (np.hypot(np.hypot(u * lam[0] ** 0.5 - y[0], v * lam[1] ** 0.5 - y[1]), smoothing) - smoothing) * np.exp(-(u * u + v * v) / 2) / (2 * np.pi)
                return integrate.dblquad(f, -9, 9, -9, 9, epsabs=1e-12, epsrel=1e-12)[0]
            log_phi = lambda t: -a * a * t - sum(mp.log1p(2 * mp.mpf(l) * t) / 2 + mp.mpf(yi) ** 2 * t / (1 + 2 * mp.mpf(l) * t) for l, yi in zip(lam, y))
            return float(laplace_integral(log_phi, mp.mpf(lam.sum() + (y**2).sum() + smoothing**2)) - a)

        value = lambda x: sum(w * gaussian(x, m, c) for w, m, c in zip(weights, means, covariances))
        constant = sum(
            w1 * w2 * gaussian(np.subtract(m1, m2), np.zeros(dimension), np.add(c1, c2))
            for w1, m1, c1 in zip(weights, means, covariances)
            for w2, m2, c2 in zip(weights, means, covariances)
        )
        cases.append(
            {
                "weights": weights,
                "means": means,
                "covariances": [flat(c) for c in covariances],
                "smoothing": smoothing,
                "points": points.tolist(),
                "values": [value(x) for x in points],
                "selfEnergy": constant,
            }
        )
    return cases


def cube_cases():
    cases = []
    for dimension, smoothing, points in [
        (1, 0.0, [[0.3], [-1.0], [1.7]]),
        (1, 0.4, [[0.3], [-1.0], [1.7]]),
        (2, 0.0, [[0.3, -0.9], [1.0, 1.0], [1.5, 0.2]]),
        (2, 0.5, [[0.3, -0.9], [1.0, 1.0], [1.5, 0.2]]),
        (5, 0.1, [[0.3, -0.9, 0.0, 0.5, 1.0], [0.0] * 5]),
    ]:
        a = mp.mpf(smoothing)

        def transform(log_factor, mean):
            return float(laplace_integral(lambda t: log_factor(t) - a * a * t, mp.mpf(mean)) - a)

        def value(x):
            if dimension == 1:
                f = lambda u: mp.sqrt((x[0] - u) ** 2 + a * a) / 2
                inside = [-1, x[0], 1] if -1 < x[0] < 1 else [-1, 1]
                return float(mp.quad(f, inside) - a)
            factor = lambda t, xi: mp.log(mp.sqrt(mp.pi / t) / 4 * (mp.erf(mp.sqrt(t) * (1 + xi)) + mp.erf(mp.sqrt(t) * (1 - xi))))
            return transform(lambda t: sum(factor(t, mp.mpf(xi)) for xi in x), sum(xi * xi + 1 / 3 for xi in x) + smoothing**2)

        difference = lambda t: mp.log(mp.sqrt(mp.pi / t) / 2 * mp.erf(2 * mp.sqrt(t)) + mp.expm1(-4 * t) / (4 * t))
        self_energy = transform(lambda t: dimension * difference(t), dimension * 2 / 3 + smoothing**2)
        cases.append({"dimension": dimension, "smoothing": smoothing, "points": points, "values": [value(x) for x in points], "selfEnergy": self_energy})
    # One value by plain integration over the square.
    check = integrate.dblquad(lambda v, u: np.hypot(np.hypot(u - 1.5, v - 0.2), 0.5) / 4, -1, 1, -1, 1, epsabs=1e-12, epsrel=1e-12)[0] - 0.5
    assert abs(check - cases[3]["values"][2]) < 1e-10, (check, cases[3]["values"][2])
    return cases


def sphere_cases():
    """The hypergeometric form at a = 0; the integral over the angle otherwise."""
    cases = []
    for dimension in [2, 3, 5, 64, 512]:
        for radius, distance in [(1, 0.0), (1, 0.05), (1, 0.7), (1, 0.9999), (1, 1), (1.5, 4)]:
            half, r, p = mp.mpf(dimension) / 2, mp.mpf(distance), mp.mpf(radius)
            value = lambda s: (s + p) * mp.hyp2f1(-0.5, half - 0.5, dimension - 1, 4 * s * p / (s + p) ** 2)
            slope = None if distance in (0.0, 1) else float(mp.diff(value, r) / r)
            cases.append([dimension, radius, distance, 0, float(value(r)), slope])
    for dimension, radius, distance, smoothing in [(2, 1, 1, 0.1), (3, 2, 1.9, 1e-3), (9, 3, 3, 2)]:
        weight = lambda b: mp.sin(b) ** (dimension - 2)
        root = lambda b: mp.sqrt(mp.mpf(distance) ** 2 + radius**2 - 2 * mp.mpf(distance) * radius * mp.cos(b) + mp.mpf(smoothing) ** 2)
        cuts = [0, mp.mpf("0.0005"), mp.mpf("0.005"), 0.05, 0.5, mp.pi]
        mass = mp.quad(weight, cuts)
        value = mp.quad(lambda b: weight(b) * root(b), cuts) / mass - smoothing
        slope = mp.quad(lambda b: weight(b) * (distance - radius * mp.cos(b)) / root(b), cuts) / mass / distance
        cases.append([dimension, radius, distance, smoothing, float(value), float(slope)])
    return cases


def stein_cases():
    cases = []
    for dimension, scale in [(1, 1.0), (3, 0.7)]:
        x, y = (torch.tensor(RNG.normal(size=dimension).round(2), requires_grad=True) for _ in range(2))
        k = lambda u, v: (scale**2 + ((u - v) ** 2).sum()) ** -0.5
        jacobian = torch.autograd.functional.jacobian(lambda u: torch.autograd.grad(k(u, y), y, create_graph=True)[0], x)
        gx, gy = torch.autograd.grad(k(x, y), (x, y))
        value = jacobian.trace() - x @ gy - y @ gx + k(x, y) * (x @ y)  # Score of the standard normal: -x.
        cases.append({"first": flat(x.detach()), "second": flat(y.detach()), "scale": scale, "value": value.item()})
    return cases


def sobol_cases():
    wide = stats.qmc.Sobol(512, scramble=False, bits=32).random(64)
    columns = [0, 1, 2, 7, 36, 100, 335, 336, 479, 511]
    return {
        "points": flat(stats.qmc.Sobol(5, scramble=False, bits=32).random(32)),
        "wideColumns": columns,
        "lastWideRow": flat(wide[63, columns]),
        "wideSums": flat(wide.sum(axis=0)[columns]),
    }


def main() -> None:
    OUT.parent.mkdir(parents=True, exist_ok=True)
    probabilities = [1e-300, 1e-20, 1e-9, 0.001, 0.025, 0.3, 0.499, 0.7, 0.99, 1 - 1e-9]
    erf_points = [-5.0, -0.4, 1e-8, 0.3, 0.5, 0.9, 2.0, 4.0, 9.0, 26.0]
    golden = {
        "provenance": f"mpmath {mp.__version__}, scipy {scipy.__version__}, numpy {np.__version__}, torch {torch.__version__}, tools/golden/sampler.py",
        "radial": radial_cases(),
        "gammaRatios": [[x, float(mp.gamma(mp.mpf(x) + 0.5) / mp.gamma(x))] for x in [0.5, 1, 1.5, 7, 29.5, 30, 256, 1e5]],
        "errorFunctions": [[x, float(mp.erf(x)), float(mp.erfc(x))] for x in erf_points],
        "normalQuantiles": [[p, float(stats.norm.ppf(p))] for p in probabilities],
        "lineOptimum": [[j, flat(stats.norm.ppf((2 * np.arange(1, j + 1) - 1) / (2 * j)))] for j in [1, 5, 12, 40]],
        "distances": distance_cases(),
        "sets": set_cases(),
        "mixtures": mixture_cases(),
        "cubes": with_digits(100, cube_cases),
        "spheres": sphere_cases(),
        "stein": stein_cases(),
        "sobol": sobol_cases(),
    }
    OUT.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
