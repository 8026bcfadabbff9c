"""Golden values of the BicycleGAN objective: the whole training step in PyTorch, with latents from jax.random.

Run: python tools/golden/bicycle_translation.py (needs torch, jax).
"""

import json
import pathlib

import jax
import torch
from models_bicycle import encoder
from models_pix2pix import Weights, image, two_scale, unet
from paired_translation import split

import numpy as np

OUT = pathlib.Path(__file__).parents[2] / "packages/training/src/golden/bicycle-translation.json"
BATCH, SIZE, LATENT, RATE = 4, 32, 3, 0.01
HALF = BATCH // 2


def latents(step: int, label: str) -> torch.Tensor:
    key = split(jax.random.fold_in(jax.random.PRNGKey(6), step), label)
    return torch.tensor(np.asarray(jax.random.normal(key, (HALF * LATENT,))), dtype=torch.float64).reshape(HALF, LATENT)


def main() -> None:
    x, y = image(BATCH, 3, SIZE, 0.3), image(BATCH, 3, SIZE, 1.3)
    x1, y1, x2, y2 = x[:HALF], y[:HALF], x[HALF:], y[HALF:]
    wg, we, wd, wd2 = Weights(), Weights(), Weights(), Weights()

    def generate(z: torch.Tensor) -> torch.Tensor:
        return unet(wg, x1, z, base=2, downs=5, everywhere=True)

    def encode(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return encoder(we, images, base=2, blocks=1, latent=LATENT)

    def judge(w: Weights, images: torch.Tensor, inputs: torch.Tensor) -> list[torch.Tensor]:
        return two_scale(w, torch.cat([inputs, images], 1), base=4, strided=2)

    def least_squares(maps: list[torch.Tensor], target: float) -> torch.Tensor:
        return sum(((m - target) ** 2).mean() for m in maps)

    # One call each names the parameters; the optimizers need them.
    first = generate(encode(y1)[0])
    judge(wd, first, x1), judge(wd2, first, x1)
    optimizers = {
        name: torch.optim.Adam(list(w.named.values()), lr=RATE, betas=(0.5, 0.999))
        for name, w in {"g": wg, "e": we, "d": wd, "d2": wd2}.items()
    }
    reports = []
    for step in range(3):
        for optimizer in optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = RATE * [1.0, 1.0, 0.5][step]
        for optimizer in optimizers.values():
            optimizer.zero_grad()
        z_random, noise = latents(step, "latents"), latents(step, "encoder-noise")
        mu, log_variance = encode(y1)
        fake_encoded = generate(mu + torch.exp(0.5 * log_variance) * noise)
        fake_random = generate(z_random)
        adversarial = least_squares(judge(wd, fake_encoded, x1), 1)
        adversarial_random = least_squares(judge(wd2, fake_random, x1), 1)
        reconstruction = (fake_encoded - y1).abs().mean()
        kl = -0.5 * (1 + log_variance - mu**2 - log_variance.exp()).sum()
        both = adversarial + adversarial_random + 10 * reconstruction + 0.01 * kl
        both.backward(retain_graph=True)
        # The encoder is frozen for the latent regression: only the generator receives this gradient.
        latent = (encode(fake_random)[0] - z_random).abs().mean()
        generator_parameters = list(wg.named.values())
        for parameter, gradient in zip(generator_parameters, torch.autograd.grad(0.5 * latent, generator_parameters)):
            parameter.grad = parameter.grad + gradient
        optimizers["g"].step()
        optimizers["e"].step()
        for name in ("d", "d2"):
            optimizers[name].zero_grad()
        fake = least_squares(judge(wd, fake_encoded.detach(), x1), 0)
        real = least_squares(judge(wd, y1, x1), 1)
        (fake + real).backward()
        fake2 = least_squares(judge(wd2, fake_random.detach(), x1), 0)
        real2 = least_squares(judge(wd2, y2, x2), 1)
        (fake2 + real2).backward()
        optimizers["d"].step()
        optimizers["d2"].step()
        reports.append(
            {
                "generator/adversarial": adversarial.item(),
                "generator/adversarial-drawn": adversarial_random.item(),
                "generator/reconstruction": reconstruction.item(),
                "generator/divergence": kl.item(),
                "generator/latent": latent.item(),
                "discriminator/fake": fake.item(),
                "discriminator/real": real.item(),
                "discriminator-drawn/fake": fake2.item(),
                "discriminator-drawn/real": real2.item(),
            }
        )
    golden = {
        "provenance": f"torch {torch.__version__} (float64), jax {jax.__version__}, tools/golden/bicycle_translation.py",
        "reports": reports,
        "networks": {
            name: {"names": list(w.named), "norms": [p.detach().norm().item() for p in w.named.values()]}
            for name, w in {
                "generator": wg,
                "encoder": we,
                "encodedDiscriminator": wd,
                "drawnDiscriminator": wd2,
            }.items()
        },
    }
    OUT.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
