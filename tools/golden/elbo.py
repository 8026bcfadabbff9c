"""Golden values of the ELBO objective: three Adam steps of the tutorial's VAE at 12 x 12 in PyTorch, for both likelihoods and
both forms of the divergence. Run: python tools/golden/elbo.py (needs torch, jax).

Weights and pixels are sines of their index; epsilon comes from jax.random under the keys of the steps.
"""

import json
import math
import pathlib

import jax
import numpy as np
import torch
import torch.nn.functional as F
from models_pix2pix import Weights, wave
from models_vae import conv, deconv, dense

OUT = pathlib.Path(__file__).parents[2] / "packages/training/src/golden/elbo.json"
SIZE, LATENT, BATCH, STEPS, RATE, DEVIATION = 12, 2, 3, 3, 0.01, 0.5


def epsilon(step: int) -> torch.Tensor:
    key = jax.random.fold_in(jax.random.PRNGKey(9), step)
    return torch.tensor(np.asarray(jax.random.normal(key, (BATCH * LATENT,))), dtype=torch.float64).reshape(BATCH, LATENT)


def encode(w: Weights, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    h = pixels.permute(0, 3, 1, 2)
    for index, out in enumerate([32, 64]):
        h = F.relu(conv(w, f"encoder.convolution{index + 1}", h, out, 2))
    code = dense(w, "encoder.dense", h.permute(0, 2, 3, 1).reshape(BATCH, -1), 2 * LATENT)
    return code[:, :LATENT], code[:, LATENT:]


def decode(w: Weights, latents: torch.Tensor) -> torch.Tensor:
    h = F.relu(dense(w, "decoder.dense", latents, (SIZE // 4) ** 2 * 32))
    h = h.reshape(BATCH, SIZE // 4, SIZE // 4, 32).permute(0, 3, 1, 2)
    for index, (stride, out) in enumerate([(2, 64), (2, 32), (1, 1)]):
        h = deconv(w, f"decoder.convolution{index + 1}", h, out, stride)
        h = F.relu(h) if index < 2 else h
    return h.permute(0, 2, 3, 1)


def case(likelihood: str, divergence: str) -> dict:
    w = Weights()
    pixels = 0.5 + wave((BATCH, SIZE, SIZE, 1), 0.2, 0.5)
    decode(w, encode(w, pixels)[0])
    for weight in w.named.values():
        weight.requires_grad_(True)
    optimizer = torch.optim.Adam(list(w.named.values()), lr=RATE, betas=(0.9, 0.999))
    reports = []
    for step in range(STEPS):
        mean, log_variance = encode(w, pixels)
        latents = mean + torch.exp(log_variance / 2) * epsilon(step)
        decoded = decode(w, latents)
        if likelihood == "bernoulli":
            nll = F.binary_cross_entropy_with_logits(decoded, pixels, reduction="none").sum((1, 2, 3)).mean()
        else:
            nll = -torch.distributions.Normal(decoded, DEVIATION).log_prob(pixels).sum((1, 2, 3)).mean()
        posterior = torch.distributions.Normal(mean, torch.exp(log_variance / 2))
        prior = torch.distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean))
        if divergence == "analytic":
            kl = torch.distributions.kl_divergence(posterior, prior).sum(1).mean()
        else:
            kl = (posterior.log_prob(latents) - prior.log_prob(latents)).sum(1).mean()
        reports.append({"vae/reconstruction": nll.item(), "vae/divergence": kl.item()})
        optimizer.zero_grad()
        (nll + kl).backward()
        optimizer.step()
    norms = {name: weight.detach().square().sum().sqrt().item() for name, weight in w.named.items()}
    assert all(math.isfinite(value) for report in reports for value in report.values())
    return {"likelihood": likelihood, "divergence": divergence, "names": list(w.named), "reports": reports, "norms": norms}


def main() -> None:
    cases = [case(likelihood, divergence) for likelihood in ("bernoulli", "gaussian") for divergence in ("monte-carlo", "analytic")]
    golden = {"provenance": f"torch {torch.__version__} (float64), jax {jax.__version__}, tools/golden/elbo.py", "cases": cases}
    OUT.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
