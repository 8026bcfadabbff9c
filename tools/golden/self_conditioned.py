"""Golden values of the cluster-conditional objective: three whole training steps in PyTorch, for points with clusters and R1,
and for images with a discriminator that has batch norm and packs.

Run: python tools/golden/self_conditioned.py (needs torch, jax). Latents come from jax.random under the keys that the
objective derives.
"""

import json
import pathlib

import jax
import models_dcgan
import models_points
import numpy as np
import torch
import torch.nn.functional as F
from class_networks import Weights, r1, ripple
from paired_translation import split

OUT = pathlib.Path(__file__).parents[2] / "packages/training/src/golden/self-conditioned.json"
STEPS, RATE = 3, 0.01


def latents(step: int, batch: int, size: int) -> torch.Tensor:
    key = split(jax.random.fold_in(jax.random.PRNGKey(6), step), "latents")
    return torch.tensor(np.asarray(jax.random.normal(key, (batch * size,))), dtype=torch.float64).reshape(batch, size)


def case(generate, judge, samples, latent_size: int, ids, r1_weight: float, betas: tuple[float, float], scale: float) -> dict:
    wg, wd = Weights(scale), Weights(scale)
    buffers_g: dict[str, torch.Tensor] = {}
    buffers_d: dict[str, torch.Tensor] = {}
    batch = len(samples(0))
    # One call each names the parameters; the optimizers need them.
    judge(wd, generate(wg, torch.ones(batch, latent_size), ids, {}), ids, {})
    optimizer_g = torch.optim.Adam(list(wg.named.values()), lr=RATE, betas=betas)
    optimizer_d = torch.optim.Adam(list(wd.named.values()), lr=RATE, betas=betas)
    reports = []
    for step in range(STEPS):
        x, z = samples(step).detach().requires_grad_(), latents(step, batch, latent_size)
        real_logits = judge(wd, x, ids, buffers_d)
        fakes = generate(wg, z, ids, buffers_g)
        fake_logits = judge(wd, fakes.detach(), ids, buffers_d)
        real = F.binary_cross_entropy_with_logits(real_logits, torch.ones_like(real_logits))
        fake = F.binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))
        report = {"discriminator/real": real.item(), "discriminator/fake": fake.item()}
        total = real + fake
        if r1_weight:
            penalty = r1(real_logits, x)
            report["discriminator/r1"] = penalty.item()
            total = total + r1_weight * penalty
        optimizer_d.zero_grad()
        total.backward()
        optimizer_d.step()

        logits = judge(wd, fakes, ids, buffers_d)
        adversarial = F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))
        optimizer_g.zero_grad()
        adversarial.backward()
        optimizer_g.step()
        reports.append(report | {"generator/adversarial": adversarial.item()})
    return {
        "generatorNames": list(wg.named),
        "discriminatorNames": list(wd.named),
        "reports": reports,
        "parameters": {
            "generator": {name: value.flatten().tolist()[:12] for name, value in wg.named.items()},
            "discriminator": {name: value.flatten().tolist()[:12] for name, value in wd.named.items()},
        },
        "buffers": {
            "generator": {name: value.tolist() for name, value in buffers_g.items()},
            "discriminator": {name: value.tolist() for name, value in buffers_d.items()},
        },
    }


def points() -> dict:
    return case(
        lambda w, z, ids, running: models_points.generate(w, z, ids, running, True),
        lambda w, x, ids, running: models_points.judge(w, x, ids)[0],
        lambda step: ripple((6, 2), 0.4 + step, 2.0),
        latent_size=2,
        ids=models_points.IDS,
        r1_weight=0.7,
        betas=(0.8, 0.999),
        scale=0.3,
    )


def images() -> dict:
    """Unconditional, packs of 2, batch norm in the discriminator."""
    return case(
        lambda w, z, ids, running: models_dcgan.generate(w, z, None, 32, running, True),
        lambda w, x, ids, running: models_dcgan.judge(w, "shallow", x, None, 2, running, True)[0],
        lambda step: ripple((4, 32, 32, 3), 0.4 + step, 0.9).permute(0, 3, 1, 2),
        latent_size=3,
        ids=None,
        r1_weight=0,
        betas=(0.0, 0.99),
        scale=0.2,
    )


def main() -> None:
    golden = {
        "provenance": f"torch {torch.__version__} (float64), jax {jax.__version__}, tools/golden/self_conditioned.py",
        "points": points(),
        "images": images(),
    }
    OUT.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
