"""Golden values of pix2pix's objective (binary cross-entropy, L1 distance): three whole training steps in PyTorch.

Run: python tools/golden/classic_translation.py (needs torch). The networks are those of models_pix2pix.py, with sines of their
index as weights, without latents and without dropout.
"""

import json
import pathlib

import torch
import torch.nn.functional as F
from models_pix2pix import Weights, image, patch, unet

OUT = pathlib.Path(__file__).parents[2] / "packages/training/src/golden/classic-translation.json"
BATCH, SIZE, RATE = 2, 16, 0.01


def entropy(logits: torch.Tensor, target: float) -> torch.Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


def main() -> None:
    x, y = image(BATCH, 3, SIZE, 0.3), image(BATCH, 3, SIZE, 1.3)
    wg, wd = Weights(), Weights()
    generate = lambda: unet(wg, x, torch.zeros(BATCH, 0), base=4, downs=4, everywhere=False)
    judge = lambda images: patch(wd, 1, torch.cat([x, images], 1), 4, strided=1)
    # One call each names the parameters; the optimizers need them.
    judge(generate())
    optimizer_g = torch.optim.Adam(list(wg.named.values()), lr=RATE, betas=(0.5, 0.999))
    optimizer_d = torch.optim.Adam(list(wd.named.values()), lr=RATE, betas=(0.5, 0.999))
    reports = []
    for factor in [1.0, 1.0, 0.5]:
        for group in optimizer_g.param_groups + optimizer_d.param_groups:
            group["lr"] = RATE * factor
        images = generate()
        fake, real = entropy(judge(images.detach()), 0), entropy(judge(y), 1)
        optimizer_d.zero_grad()
        (0.5 * (fake + real)).backward()
        optimizer_d.step()
        adversarial, reconstruction = entropy(judge(images), 1), (images - y).abs().mean()
        optimizer_g.zero_grad()
        (adversarial + 100 * reconstruction).backward()
        optimizer_g.step()
        reports.append(
            {
                "generator/adversarial": adversarial.item(),
                "generator/reconstruction": reconstruction.item(),
                "discriminator/fake": fake.item(),
                "discriminator/real": real.item(),
            }
        )
    golden = {
        "provenance": f"torch {torch.__version__} (float64), tools/golden/classic_translation.py",
        "reports": reports,
        "generatorNames": list(wg.named),
        "discriminatorNames": list(wd.named),
        "generatorNorms": [p.detach().norm().item() for p in wg.named.values()],
        "discriminatorNorms": [p.detach().norm().item() for p in wd.named.values()],
    }
    OUT.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
