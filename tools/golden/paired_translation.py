"""Golden values of the paired-translation objective (mode seeking and cluster terms): the whole training step in PyTorch.

Run: python tools/golden/paired_translation.py (needs torch, jax). Latents come from jax.random under the keys that the
objective derives, so the test also pins how keys are split.
"""

import json
import pathlib

import jax
import numpy as np
import torch
import torch.nn.functional as F
from models_pix2pix import Weights, conv, image, two_scale, unet, wave, with_code

jax.config.update("jax_threefry_partitionable", True)
OUT = pathlib.Path(__file__).parents[2] / "packages/training/src/golden/paired-translation.json"
BATCH, SIZE, LATENT, CLUSTERS, RATE = 2, 16, 3, 2, 0.01
FEATURES = 4 * 4 * 3


def split(key: jax.Array, label: str) -> jax.Array:
    digest = 0xCBF29CE484222325
    for byte in label.encode():
        digest = ((digest ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return jax.random.fold_in(jax.random.fold_in(key, digest >> 32), digest & 0xFFFFFFFF)


def latents(step: int, label: str) -> torch.Tensor:
    key = split(jax.random.fold_in(jax.random.PRNGKey(6), step), label)
    return torch.tensor(np.asarray(jax.random.normal(key, (BATCH * LATENT,))), dtype=torch.float64).reshape(BATCH, LATENT)


def extract(x: torch.Tensor) -> torch.Tensor:
    """A stand-in for the extractor: 4 x 4 block means, flattened in [height, width, channel] order."""
    return torch.nn.functional.avg_pool2d(x, 4).permute(0, 2, 3, 1).reshape(x.shape[0], -1)


def hidden_maps(w: Weights, x: torch.Tensor, base: int) -> list[torch.Tensor]:
    """Activations before the last convolution of each scale, with one strided layer."""
    half = F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)
    maps = []
    for scale, (images, width) in enumerate([(x, base), (half, base // 2)], 1):
        h = F.leaky_relu(conv(w, f"scale{scale}.convolution1", images, width, 2), 0.2)
        maps.append(F.leaky_relu(F.instance_norm(conv(w, f"scale{scale}.convolution2", h, 2 * width, 1)), 0.2))
    return maps


def feature_mode_seeking_step() -> dict:
    """The first step with mode seeking on the discriminator's features as the only further term."""
    x, y = image(BATCH, 3, SIZE, 0.3), image(BATCH, 3, SIZE, 1.3)
    code = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    wg, wd = Weights(), Weights()
    z1, z2 = latents(0, "latents-1"), latents(0, "latents-2")
    f1, f2 = (unet(wg, x, torch.cat([z, code], 1), base=4, downs=4, everywhere=True) for z in (z1, z2))
    judged = [with_code(torch.cat([x, f], 1), code) for f in (f1, f2)]
    adversarial = sum(((m - 1) ** 2).mean() for j in judged for m in two_scale(wd, j, base=4, strided=1))
    features1, features2 = (hidden_maps(wd, j, base=4) for j in judged)
    distance = sum((b - a).abs().mean() for a, b in zip(features1, features2)) / len(features1)
    value = 1 / (distance / (z2 - z1).abs().mean() + 1e-5)
    total = adversarial + 10 * (f1 - y).abs().mean() + value
    parameters = list(wg.named.values())
    for parameter, gradient in zip(parameters, torch.autograd.grad(total, parameters)):
        parameter.grad = gradient
    torch.optim.Adam(parameters, lr=RATE, betas=(0.5, 0.999)).step()
    return {"value": value.item(), "generatorNorms": [p.detach().norm().item() for p in parameters]}


def main() -> None:
    x, y = image(BATCH, 3, SIZE, 0.3), image(BATCH, 3, SIZE, 1.3)
    code = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    centers = wave((CLUSTERS, FEATURES), 0.4, 0.3)
    indices = [5, 0, 17]
    factors = wave((CLUSTERS, 3, 3), 0.9, 1.5)
    wg, wd = Weights(), Weights()

    def generate(z: torch.Tensor, c: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
        return unet(wg, inputs, torch.cat([z, c], 1), base=4, downs=4, everywhere=True)

    def judge(images: torch.Tensor, c: torch.Tensor, inputs: torch.Tensor) -> list[torch.Tensor]:
        return two_scale(wd, with_code(torch.cat([inputs, images], 1), c), base=4, strided=1)

    # One call each names the parameters; the optimizers need them.
    judge(generate(torch.zeros(BATCH, LATENT), code, x), code, x)
    optimizer_g = torch.optim.Adam(list(wg.named.values()), lr=RATE, betas=(0.5, 0.999))
    optimizer_d = torch.optim.Adam(list(wd.named.values()), lr=RATE, betas=(0.5, 0.999))
    factor = [1.0, 1.0, 0.5]

    def least_squares(maps: list[torch.Tensor], target: float) -> torch.Tensor:
        return sum(((m - target) ** 2).mean() for m in maps)

    reports = []
    for step in range(3):
        for group in optimizer_g.param_groups + optimizer_d.param_groups:
            group["lr"] = RATE * factor[step]
        z1, z2 = latents(step, "latents-1"), latents(step, "latents-2")
        f1, f2 = generate(z1, code, x), generate(z2, code, x)
        adversarial = least_squares(judge(f1, code, x), 1) + least_squares(judge(f2, code, x), 1)
        reconstruction = (f1 - y).abs().mean()
        mode_seeking = 1 / ((f2 - f1).abs().mean() / (z2 - z1).abs().mean() + 1e-5)
        own = code.argmax(1)
        center_terms, mahalanobis_terms = [], []
        for fake in (f1, f2):
            features = extract(fake)
            center_terms.append((features - centers[own]).abs().mean())
            difference = (features - centers[own])[:, indices]
            whitened = torch.einsum("bij,bj->bi", factors[own], difference)
            mahalanobis_terms.append((whitened.square().sum(1) + 1e-12).sqrt().mean())
        center, mahalanobis = sum(center_terms) / 2, sum(mahalanobis_terms) / 2
        total = adversarial + 10 * reconstruction + mode_seeking + 5 * center
        if step >= 2:  # from the epoch asked for on
            total = total + 0.2 * mahalanobis
        for parameter, gradient in zip(wg.named.values(), torch.autograd.grad(total, list(wg.named.values()))):
            parameter.grad = gradient
        optimizer_g.step()
        f1, f2 = f1.detach(), f2.detach()
        fake = least_squares(judge(f1, code, x), 0) + least_squares(judge(f2, code, x), 0)
        real = 2 * least_squares(judge(y, code, x), 1)
        for parameter, gradient in zip(wd.named.values(), torch.autograd.grad(fake + real, list(wd.named.values()))):
            parameter.grad = gradient
        optimizer_d.step()
        reports.append(
            {
                "generator/adversarial": adversarial.item(),
                "generator/reconstruction": reconstruction.item(),
                "generator/mode-seeking": mode_seeking.item(),
                "generator/cluster-center": center.item(),
                "generator/cluster-mahalanobis": mahalanobis.item(),
                "discriminator/fake": fake.item(),
                "discriminator/real": real.item(),
            }
        )
    golden = {
        "provenance": f"torch {torch.__version__} (float64), jax {jax.__version__}, tools/golden/paired_translation.py",
        "reports": reports,
        "featureModeSeeking": feature_mode_seeking_step(),
        "generatorNames": list(wg.named),
        "discriminatorNames": list(wd.named),
        "generatorNorms": [p.detach().norm().item() for p in wg.named.values()],
        "discriminatorNorms": [p.detach().norm().item() for p in wd.named.values()],
    }
    OUT.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
