"""Golden values of the class-conditional mode-seeking objective (MSGAN's DCGAN): three whole training steps in PyTorch.

Run: python tools/golden/class_mode_seeking.py (needs torch, jax). Latents come from jax.random under the keys that the
objective derives.
"""

import json
import pathlib

import jax
import numpy as np
import torch
import torch.nn.functional as F
from class_networks import Weights, ripple
from models_dcgan import mode_seeking_images, mode_seeking_judge
from paired_translation import split

OUT = pathlib.Path(__file__).parents[2] / "packages/training/src/golden/class-mode-seeking.json"
STEPS, RATE, DECAY, LATENT, CLASSES = 3, 0.01, 0.1, 5, 3
IDS = torch.tensor([2, 0, 1, 2])


def latents(step: int, label: str) -> torch.Tensor:
    key = split(jax.random.fold_in(jax.random.PRNGKey(6), step), label)
    drawn = np.asarray(jax.random.normal(key, (len(IDS) * LATENT,)))
    return torch.tensor(drawn, dtype=torch.float64).reshape(len(IDS), LATENT)


def cross_entropy(logits: torch.Tensor, target: float) -> torch.Tensor:
    return F.binary_cross_entropy(torch.sigmoid(logits), torch.full_like(logits, target))


def main() -> None:
    wg, wd = Weights(0.2), Weights(0.2)
    buffers_g: dict[str, torch.Tensor] = {}
    buffers_d: dict[str, torch.Tensor] = {}
    code = F.one_hot(IDS, CLASSES).double()
    doubled = torch.cat([code, code])

    def judge(images: torch.Tensor) -> torch.Tensor:
        return mode_seeking_judge(wd, images, code, buffers_d, True)[0]

    # One call each names the parameters; the optimizers need them.
    mode_seeking_judge(wd, mode_seeking_images(wg, torch.ones(4, LATENT), code, {}, True), code, {}, True)
    optimizer_g, optimizer_d = (
        torch.optim.Adam(list(w.named.values()), lr=RATE, betas=(0.5, 0.999), weight_decay=DECAY) for w in (wg, wd)
    )
    reports = []
    for step in range(STEPS):
        real = ripple((len(IDS), 32, 32, 3), 0.4 + step, 0.9).permute(0, 3, 1, 2)
        z1, z2 = latents(step, "latents-1"), latents(step, "latents-2")
        # One forward pass of both halves; the discriminator is updated first, the generator on the same images.
        f1, f2 = mode_seeking_images(wg, torch.cat([z1, z2]), doubled, buffers_g, True).chunk(2)
        real_loss = 2 * cross_entropy(judge(real), 1)
        fake_loss = cross_entropy(judge(f1.detach()), 0) + cross_entropy(judge(f2.detach()), 0)
        optimizer_d.zero_grad()
        (real_loss + fake_loss).backward()
        optimizer_d.step()
        adversarial = cross_entropy(judge(f1), 1) + cross_entropy(judge(f2), 1)
        mode_seeking = 1 / ((f2 - f1).abs().mean() / (z2 - z1).abs().mean() + 1e-5)
        optimizer_g.zero_grad()
        (adversarial + mode_seeking).backward()
        optimizer_g.step()
        reports.append(
            {
                "discriminator/real": real_loss.item(),
                "discriminator/fake": fake_loss.item(),
                "generator/adversarial": adversarial.item(),
                "generator/mode-seeking": mode_seeking.item(),
            }
        )
    golden = {
        "provenance": f"torch {torch.__version__} (float64), jax {jax.__version__}, tools/golden/class_mode_seeking.py",
        "reports": reports,
        "generatorNames": list(wg.named),
        "discriminatorNames": list(wd.named),
        "parameters": {
            kind: {name: p.flatten()[:24].tolist() for name, p in w.named.items()}
            for kind, w in {"generator": wg, "discriminator": wd}.items()
        },
        "buffers": {
            kind: {name: b.tolist() for name, b in buffers.items()}
            for kind, buffers in {"generator": buffers_g, "discriminator": buffers_d}.items()
        },
    }
    OUT.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
