"""Golden values of @divgen/losses from PyTorch in float64. Run: python tools/golden/losses.py (needs torch)."""

import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

OUT = pathlib.Path(__file__).parents[2] / "packages/losses/src/golden/torch.json"
torch.set_default_dtype(torch.float64)
GENERATOR = np.random.default_rng(20240)
CASES = []


def draw(*shape, scale=1.0):
    """Values that float32 represents exactly."""
    values = (GENERATOR.normal(size=shape) * scale).astype(np.float32).astype(np.float64)
    return torch.tensor(values, requires_grad=True)


def packed(tensor):
    """Nine digits: float32 survives, and the file stays small."""
    return {"shape": list(tensor.shape), "values": [float(f"{v:.9g}") for v in tensor.detach().reshape(-1).tolist()]}


def case(name, value, inputs, differentiable=None):
    wanted = list(inputs) if differentiable is None else differentiable
    gradients = torch.autograd.grad(value, [inputs[key] for key in wanted], retain_graph=True)
    CASES.append(
        {
            "name": name,
            "inputs": {key: packed(tensor) for key, tensor in inputs.items()},
            "value": value.item(),
            "gradients": {key: packed(gradient) for key, gradient in zip(wanted, gradients)},
        }
    )


def adversarial():
    real0, real1 = draw(2, 3, 3, 1, scale=2), draw(2, 2, 2, 1, scale=2)
    fake0, fake1 = draw(2, 3, 3, 1, scale=2), draw(2, 2, 2, 1, scale=2)
    both = {"real0": real0, "real1": real1, "fake0": fake0, "fake1": fake1}
    fakes = {"fake0": fake0, "fake1": fake1}
    bce = lambda x, t: F.binary_cross_entropy_with_logits(x, torch.full_like(x, t))
    mse = lambda x, t: F.mse_loss(x, torch.full_like(x, t))
    case("nonSaturatingLoss.generator", bce(fake0, 1.0) + bce(fake1, 1.0), fakes)
    case("nonSaturatingLoss.discriminator", bce(real0, 1.0) + bce(real1, 1.0) + bce(fake0, 0.0) + bce(fake1, 0.0), both)
    case("leastSquaresLoss.generator", mse(fake0, 1.0) + mse(fake1, 1.0), fakes)
    case("leastSquaresLoss.discriminator", mse(real0, 1.0) + mse(real1, 1.0) + mse(fake0, 0.0) + mse(fake1, 0.0), both)
    hinge = lambda x, sign: F.relu(1 - sign * x).mean()
    case("hingeLoss.generator", -fake0.mean() - fake1.mean(), fakes)
    case("hingeLoss.discriminator", hinge(real0, 1) + hinge(real1, 1) + hinge(fake0, -1) + hinge(fake1, -1), both)
    case("wassersteinLoss.generator", -fake0.mean() - fake1.mean(), fakes)
    case("wassersteinLoss.discriminator", fake0.mean() + fake1.mean() - real0.mean() - real1.mean(), both)
    case("binaryCrossEntropyLoss", bce(fake0, 0.3) + bce(fake1, 0.3), fakes)


def mode_seeking():
    images1, images2 = torch.tanh(draw(3, 4, 4, 2)), torch.tanh(draw(3, 4, 4, 2))
    images1 = torch.tensor(images1.detach().numpy().astype(np.float32).astype(np.float64))
    images2 = torch.tensor(images2.detach().numpy().astype(np.float32).astype(np.float64))
    images2.reshape(-1)[:5] = images1.reshape(-1)[:5]  # Equal values: the subgradient at 0.
    images1.requires_grad_(True)
    images2.requires_grad_(True)
    latents1, latents2 = draw(3, 5), draw(3, 5)
    inputs = {"images1": images1, "images2": images2, "latents1": latents1, "latents2": latents2}
    ratio = torch.mean(torch.abs(images2 - images1)) / torch.mean(torch.abs(latents2 - latents1))
    case("modeSeekingRatio", ratio, inputs)
    case("modeSeekingLoss", 1 / (ratio + 1e-5), inputs)
    per_sample = (
        (images2 - images1).abs().mean(dim=(1, 2, 3)) / (latents2 - latents1).abs().mean(dim=1)
    ).mean()
    case("modeSeekingLoss.perSample", 1 / (per_sample + 1e-5), inputs)
    a0, a1, b0, b1 = draw(3, 4, 4, 3), draw(3, 2, 2, 5), draw(3, 4, 4, 3), draw(3, 2, 2, 5)
    feature = (F.l1_loss(a0, b0) + F.l1_loss(a1, b1)) / 2 / F.l1_loss(latents1, latents2)
    case(
        "featureModeSeekingLoss",
        1 / (feature + 1e-5),
        {"a0": a0, "a1": a1, "b0": b0, "b1": b1, "latents1": latents1, "latents2": latents2},
    )


def clusters():
    features = draw(4, 7)
    centers = draw(4, 7)
    both = {"features": features, "centers": centers}
    case("clusterCenterLoss", F.l1_loss(features, centers), both)
    case("clusterCenterLoss.sum", (features - centers).abs().sum(1).mean(), both)
    indices = [5, 0, 3]
    selected_centers = draw(4, 3)
    roots = draw(4, 3, 3)
    inverses = torch.tensor((roots.transpose(1, 2) @ roots).detach().numpy().astype(np.float32).astype(np.float64))
    inverses = (inverses + inverses.transpose(1, 2)) / 2
    inverses.requires_grad_(True)
    difference = features[:, indices] - selected_centers
    quadratic = torch.einsum("bi,bij,bj->b", difference, inverses, difference)
    case(
        "clusterMahalanobisLoss.inverse",
        torch.sqrt(quadratic + 1e-12).mean(),
        {"features": features, "centers": selected_centers, "inverses": inverses},
        ["features", "centers"],
    )
    quadratic = torch.einsum("bij,bj->bi", roots, difference).square().sum(1)
    case(
        "clusterMahalanobisLoss.whitening",
        torch.sqrt(quadratic + 1e-12).mean(),
        {"features": features, "centers": selected_centers, "factors": roots},
        ["features", "centers"],
    )


def variational():
    mean, log_variance, noise = draw(3, 4), draw(3, 4), draw(3, 4)
    both = {"means": mean, "logVariances": log_variance}
    posterior = torch.distributions.Normal(mean, torch.exp(log_variance / 2))
    prior = torch.distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean))
    divergence = torch.distributions.kl_divergence(posterior, prior)
    case("gaussianKlLoss.sum", divergence.sum(), both)
    case("gaussianKlLoss.mean", divergence.mean(), both)
    case("gaussianKlLoss.batch-mean", divergence.sum(1).mean(), both)
    three = {"latents": noise, **both}
    case("monteCarloKlLoss", (posterior.log_prob(noise) - prior.log_prob(noise)).sum(1).mean(), three)
    logits = draw(2, 3, 3, 1, scale=3)
    targets = (draw(2, 3, 3, 1) > 0).double()
    bce = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    case("bernoulliNllLoss", bce.sum(dim=(1, 2, 3)).mean(), {"logits": logits, "targets": targets}, ["logits"])
    nll = F.gaussian_nll_loss(mean, noise, torch.exp(log_variance), full=True, reduction="none", eps=0)
    case("gaussianNllLoss.batch-mean", nll.sum(1).mean(), {**both, "targets": noise})
    case("gaussianNllLoss.mean", nll.mean(), {**both, "targets": noise})


def features():
    a0, a1, b0, b1 = draw(2, 4, 4, 3), draw(2, 2, 2, 5), draw(2, 4, 4, 3), draw(2, 2, 2, 5)
    inputs = {"a0": a0, "a1": a1, "b0": b0, "b1": b1}
    case("l1Loss", F.l1_loss(a0, b0), {"a0": a0, "b0": b0})
    case("l2Loss", F.mse_loss(a0, b0), {"a0": a0, "b0": b0})
    case("featureMatchingLoss", (F.l1_loss(a0, b0) + F.l1_loss(a1, b1)) / 2, inputs)
    means = ((a0.mean(0) - b0.mean(0)) ** 2).sum() + ((a1.mean(0) - b1.mean(0)) ** 2).sum()
    case("featureMeanMatchingLoss", means / 2, inputs)
    case("contentLoss.l1", 0.5 * F.l1_loss(a0, b0) + 2 * F.l1_loss(a1, b1), inputs)
    case("contentLoss.l2", 0.5 * F.mse_loss(a0, b0) + 2 * F.mse_loss(a1, b1), inputs)


def segments():
    with_noise, without_noise = draw(2, 4, 6, 3, scale=0.2), draw(2, 4, 6, 3, scale=0.2)
    ids = GENERATOR.integers(0, 3, size=(2, 4, 6))  # Class 3 is absent everywhere.
    ids[1][ids[1] == 2] = 0  # Class 2 is absent in the second layout.
    labels = F.one_hot(torch.tensor(ids), 4).double()
    noise = torch.tensor(GENERATOR.uniform(-1, 1, size=(2, 4)).astype(np.float32).astype(np.float64), requires_grad=True)
    bounds = [0.3, 0.2, 0.25, 0.3]
    bounded, unbounded = 0.0, 0.0
    for b in range(2):
        for c in range(4):
            mask = torch.tensor(ids[b] == c)
            if mask.any():
                distance = (with_noise[b][mask] - without_noise[b][mask]).abs().mean()
                bounded = bounded + noise[b, c].abs() * torch.clamp(bounds[c] - distance, min=0)
                unbounded = unbounded - noise[b, c].abs() * distance
    inputs = {"withNoise": with_noise, "withoutNoise": without_noise, "labels": labels, "noise": noise}
    case("segmentDiversityLoss", bounded / 2, inputs, ["withNoise", "withoutNoise", "noise"])
    case("unboundedSegmentDiversityLoss", unbounded / 2, inputs, ["withNoise", "withoutNoise", "noise"])
    scalar_noise = torch.tensor([0.75, -0.5], requires_grad=True)
    distances = (with_noise - without_noise).abs().mean(dim=(1, 2, 3))
    case(
        "unboundedGlobalDiversityLoss",
        (-scalar_noise.abs() * distances).mean(),
        {"withNoise": with_noise, "withoutNoise": without_noise, "noise": scalar_noise},
    )


def best_of_k():
    k, batch = 3, 2
    sizes = [(6, 8, 3), (3, 4, 5), (2, 3, 2)]
    weights = [1.0, 0.5, 2.0]
    candidates = [draw(batch * k, *size) for size in sizes]
    targets = [draw(batch, *size) for size in sizes]
    labels = F.one_hot(torch.tensor(GENERATOR.integers(0, 3, size=(batch, 6, 8))), 3).double()
    errors = 0.0
    for candidate, target, weight in zip(candidates, targets, weights):
        height, width = target.shape[1:3]
        # Adaptive average pooling with overlapping cells is not area resampling: repeat, then pool.
        fine = labels.permute(0, 3, 1, 2).repeat_interleave(height, 2).repeat_interleave(width, 3)
        shrunk = F.avg_pool2d(fine, (fine.shape[2] // height, fine.shape[3] // width))
        difference = (candidate.reshape(batch, k, *target.shape[1:]) - target[:, None]).abs().mean(-1)
        errors = errors + weight * torch.einsum("bkhw,bphw->bkp", difference, shrunk) / (height * width)
    value = (0.999 * errors.min(1).values.sum(1) + 0.001 * errors.mean(1).sum(1)).mean()
    inputs = {f"candidates{i}": c for i, c in enumerate(candidates)}
    inputs |= {f"targets{i}": t for i, t in enumerate(targets)}
    case("bestOfKContentLoss", value, {**inputs, "labels": labels}, list(inputs))


def classification():
    """Labels 2, 0, 4, 1: the test knows them."""
    logits = draw(4, 5, scale=2)
    labels = torch.tensor([2, 0, 4, 1])
    case("softmaxCrossEntropyLoss", F.cross_entropy(logits, labels), {"logits": logits})
    smoothed = F.cross_entropy(logits, labels, label_smoothing=0.1)
    case("softmaxCrossEntropyLoss.smoothed", smoothed, {"logits": logits})


def penalties():
    """A two-layer discriminator with tanh: the penalty's gradient with respect to its weights is second order."""
    real, fake = draw(3, 4), draw(3, 4)
    hidden, bias, out = draw(4, 6), draw(6), draw(6, 2)
    mixing = torch.tensor(GENERATOR.uniform(size=3).astype(np.float32).astype(np.float64))
    parameters = {"hidden": hidden, "bias": bias, "out": out}

    def squared_norms(x):
        x = x.detach().requires_grad_(True)
        logits = torch.tanh(x @ hidden + bias) @ out
        (gradient,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
        return gradient.square().sum(1)

    inputs = {"real": real, "fake": fake, "mixing": mixing, **parameters}
    case("r1Penalty", squared_norms(real).mean(), inputs, list(parameters))
    between = real + mixing[:, None] * (fake - real)
    case("wganGpPenalty", (torch.sqrt(squared_norms(between) + 1e-12) - 1).square().mean(), inputs, list(parameters))


def inversion():
    samples, targets, a, b = draw(3, 2, 4, 2), draw(3, 2, 4, 2), draw(3, 5), draw(3, 5)
    inputs = {"samples": samples, "targets": targets, "features": a, "targetFeatures": b}
    pixels, squares = (samples - targets).abs(), (a - b).square()
    case("inversionDistance.sum", pixels.sum() + 0.3 * squares.sum(), inputs, ["samples", "features"])
    mean = pixels.mean(dim=(1, 2, 3)) + 0.3 * squares.mean(dim=1)
    case("inversionDistance.mean", mean.sum(), inputs, ["samples", "features"])


def main() -> None:
    groups = (adversarial, mode_seeking, clusters, variational, features, segments, best_of_k, penalties, classification, inversion)
    for group in groups:
        group()
    assert all(math.isfinite(entry["value"]) for entry in CASES)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    golden = {"provenance": f"torch {torch.__version__} in float64, tools/golden/losses.py", "cases": CASES}
    OUT.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
