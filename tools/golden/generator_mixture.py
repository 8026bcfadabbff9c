"""Golden values of MGAN: class-wise layers, generators with a first layer of their own, and three whole training steps, in PyTorch.

Every generator runs alone here, with torch's own batch norm on its rows; the packages run all at once by codes.

Run: python tools/golden/generator_mixture.py (needs torch, jax). Latents come from jax.random under the keys that the
objective derives.
"""

import json
import pathlib

import jax
import numpy as np
import torch
import torch.nn.functional as F
from class_networks import Weights, batch_norm, dense, generator_summary, nhwc, projected, ripple, values
from models_dcgan import conv, deconv
from paired_translation import split

PACKAGES = pathlib.Path(__file__).parents[2] / "packages"
GENERATORS, HIDDEN, PIECES, BASE = 3, 5, 3, 2
IDS = torch.tensor([2, 0, 1, 2, 0, 1, 2])
STEPS, RATE, COPIES, WEIGHT = 3, 0.01, 2, 0.7


def class_dense(w: Weights, name: str, x: torch.Tensor, ids: torch.Tensor, out: int) -> torch.Tensor:
    weight = w.get(f"{name}.weight", (GENERATORS, x.shape[1], out))
    bias = w.get(f"{name}.bias", (GENERATORS, out), 0.1)
    return torch.stack([row @ weight[k] + bias[k] for row, k in zip(x, ids)])


def class_norm(w: Weights, name: str, x: torch.Tensor, ids: torch.Tensor, running: dict, training: bool) -> torch.Tensor:
    """Channels second, as torch has them. A generator without rows keeps its statistics."""
    channels = x.shape[1]
    scale = w.get(f"{name}.scale", (GENERATORS, channels), 0.2, 1.0)
    offset = w.get(f"{name}.offset", (GENERATORS, channels), 0.1)
    means = running.setdefault(f"{name}.runningMean", torch.zeros(GENERATORS, channels))
    variances = running.setdefault(f"{name}.runningVariance", torch.ones(GENERATORS, channels))
    out = torch.empty_like(x)
    for k in range(GENERATORS):
        rows = ids == k
        if rows.any():
            out[rows] = F.batch_norm(x[rows], means[k], variances[k], scale[k], offset[k], training=training, momentum=0.1)
    return out


def points(w: Weights, z: torch.Tensor, ids: torch.Tensor, running: dict, training: bool) -> torch.Tensor:
    h = torch.relu(class_norm(w, "ownNorm", class_dense(w, "own", z, ids, HIDDEN), ids, running, training))
    h = dense(w, "hidden2.dense", h, HIDDEN)
    h = torch.relu(batch_norm(w, "hidden2.norm", h, running, training))
    return dense(w, "output", h, 2)


def images(w: Weights, z: torch.Tensor, ids: torch.Tensor, running: dict, training: bool) -> torch.Tensor:
    h = class_dense(w, "own", z, ids, 2 * 2 * 8 * BASE).reshape(-1, 2, 2, 8 * BASE).permute(0, 3, 1, 2)
    h = torch.relu(class_norm(w, "ownNorm", h, ids, running, training))
    for index, width in enumerate((4, 2, 1), 1):
        h = deconv(w, f"up{index}.convolution", h, width * BASE)
        h = torch.relu(batch_norm(w, f"up{index}.norm", h, running, training))
    return torch.tanh(conv(w, "output", h, 3, 3, 1))


def layer_case(shape: tuple[int, ...], ids: torch.Tensor) -> dict:
    """The norm alone, on [batch, channels] or channels-last maps; the second pass lacks a class."""
    w, running = Weights(), {}
    leaf = ripple(shape, 0.9, 1.5).requires_grad_()
    x = leaf if len(shape) == 2 else leaf.permute(0, 3, 1, 2)
    out = class_norm(w, "norm", x, ids, running, True)
    loss = (nhwc(out) * ripple(tuple(nhwc(out).shape), 2.2, 1.0)).sum()
    (gradient,) = torch.autograd.grad(loss, leaf, retain_graph=True)
    return {
        "shape": list(shape),
        "ids": ids.tolist(),
        "names": list(w.named),
        "output": values(out),
        "gradients": projected(w, loss),
        "inputGradient": gradient.flatten().tolist(),
        "buffers": {name: value.flatten().tolist() for name, value in running.items()},
        "inference": values(class_norm(w, "norm", x, ids, running, False)),
    }


def dense_case() -> dict:
    w = Weights()
    out = class_dense(w, "dense", ripple((7, 4), 0.9, 1.5), IDS, 3)
    loss = (out * ripple((7, 3), 2.2, 1.0)).sum()
    return {"ids": IDS.tolist(), "names": list(w.named), "output": values(out), "gradients": projected(w, loss)}


def judge(w: Weights, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    h = x
    for layer in (1, 2):
        h = dense(w, f"trunk.hidden{layer}", h, HIDDEN * PIECES).reshape(-1, HIDDEN, PIECES).amax(2)
    return dense(w, "score", h, 1), dense(w, "generator", h, GENERATORS)


def training() -> dict:
    wg, wd = Weights(), Weights()
    buffers: dict[str, torch.Tensor] = {}
    ids = torch.arange(GENERATORS).repeat_interleave(COPIES)
    judge(wd, points(wg, torch.ones(len(ids), 2), ids, {}, False))
    optimizer_g = torch.optim.Adam(list(wg.named.values()), lr=RATE, betas=(0.5, 0.9))
    optimizer_d = torch.optim.Adam(list(wd.named.values()), lr=RATE, betas=(0.5, 0.9))
    reports = []
    for step in range(STEPS):
        key = split(jax.random.fold_in(jax.random.PRNGKey(6), step), "latents")
        drawn = torch.tensor(np.asarray(jax.random.normal(key, (COPIES * 2,))), dtype=torch.float64).reshape(COPIES, 2)
        z, x = drawn.repeat(GENERATORS, 1), ripple((5, 2), 0.4 + step, 2.0)
        real_logits, _ = judge(wd, x)
        fakes = points(wg, z, ids, buffers, True)
        fake_logits, guesses = judge(wd, fakes.detach())
        real = F.binary_cross_entropy_with_logits(real_logits, torch.ones_like(real_logits))
        fake = F.binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))
        classification = F.cross_entropy(guesses, ids)
        report = {"discriminator/real": real.item(), "discriminator/fake": fake.item()}
        report |= {"discriminator/generator-classification": classification.item()}
        optimizer_d.zero_grad()
        (real + fake + classification).backward()
        optimizer_d.step()

        logits, guesses = judge(wd, fakes)
        adversarial = F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))
        classification = F.cross_entropy(guesses, ids)
        optimizer_g.zero_grad()
        (adversarial + WEIGHT * classification).backward()
        optimizer_g.step()
        report |= {"generator/adversarial": adversarial.item(), "generator/classification": classification.item()}
        reports.append(report)
    return {
        "generatorNames": list(wg.named),
        "discriminatorNames": list(wd.named),
        "reports": reports,
        "generator": {name: value.flatten().tolist() for name, value in wg.named.items()},
        "discriminator": {name: value.flatten().tolist() for name, value in wd.named.items()},
        "buffers": {name: value.flatten().tolist() for name, value in buffers.items()},
    }


def write(package: str, golden: dict) -> None:
    provenance = f"torch {torch.__version__} (float64), jax {jax.__version__}, tools/golden/generator_mixture.py"
    path = PACKAGES / package / "src/golden/generator-mixture.json"
    path.write_text(json.dumps({"provenance": provenance, **golden}) + "\n")


def flat_buffers(summary: dict) -> dict:
    flat = {name: torch.tensor(value).flatten().tolist() for name, value in summary["buffers"].items()}
    return {"ids": IDS.tolist(), **summary, "buffers": flat}


def main() -> None:
    two = torch.tensor([2, 0, 2, 0, 0])
    write("layers", {"dense": dense_case(), "norms": [layer_case((7, 4), IDS), layer_case((5, 2, 3, 2), two)]})
    w, z = Weights(), ripple((7, 2), 1.1, 1.0)
    write("models-points", flat_buffers(generator_summary(w, lambda *state: points(w, z, IDS, *state))))
    wi, zi = Weights(0.2), ripple((7, 3), 1.1, 1.0)
    write("models-dcgan", flat_buffers(generator_summary(wi, lambda *state: images(wi, zi, IDS, *state), every=7)))
    write("training", training())


if __name__ == "__main__":
    main()
