"""Golden values of inverting a generator of points: training steps of the encoder, and the search for latents, in PyTorch.

Run: python tools/golden/inversion.py (needs torch, jax). Latents come from jax.random under the keys that the objective
derives; the only class with a mass is drawn always.
"""

import json
import pathlib

import models_points
import torch
import torch.nn.functional as F
from class_networks import Weights, dense, ripple
from self_conditioned import latents

OUT = pathlib.Path(__file__).parents[2] / "packages/training/src/golden/inversion.json"
STEPS, BATCH, CLASS, BETAS = 3, 6, 1, (0.5, 0.9)
SEARCH_STEPS, WEIGHT = 5, 0.3


def encode(w: Weights, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    h = dense(w, "trunk.hidden1", x, 15).reshape(-1, 5, 3).amax(2)
    return dense(w, "latents", h, 2), dense(w, "classes", h, 3), h


def training() -> dict:
    generator, encoder = Weights(), Weights()
    ids = torch.full((BATCH,), CLASS)
    encode(encoder, torch.zeros(1, 2))
    optimizer = torch.optim.Adam(list(encoder.named.values()), lr=0.01, betas=BETAS)
    reports = []
    for step in range(STEPS):
        z = latents(step, BATCH, 2)
        with torch.no_grad():
            x = models_points.generate(generator, z, ids, {}, False)
        told, classes, _ = encode(encoder, x)
        latent_loss, classification = F.mse_loss(told, z), F.cross_entropy(classes, ids)
        optimizer.zero_grad()
        (latent_loss + classification).backward()
        optimizer.step()
        reports.append({"encoder/latents": latent_loss.item(), "encoder/classification": classification.item()})
    return {
        "generatorNames": list(generator.named),
        "encoderNames": list(encoder.named),
        "reports": reports,
        "encoder": {name: value.flatten().tolist() for name, value in encoder.named.items()},
    }


def search(reduction: str) -> dict:
    generator, encoder = Weights(), Weights()
    x = ripple((4, 2), 0.4, 1.0)
    start, classes, target = (value.detach() for value in encode(encoder, x))
    ids = classes.argmax(1)
    z = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([z], lr=0.05, betas=(0.9, 0.999))

    def distances() -> torch.Tensor:
        made = models_points.generate(generator, z, ids, {}, False)
        pixels, squares = (made - x).abs(), (encode(encoder, made)[2] - target).square()
        parts = (pixels.sum(1), squares.sum(1)) if reduction == "sum" else (pixels.mean(1), squares.mean(1))
        return parts[0] + WEIGHT * parts[1]

    first = distances().tolist()
    for _ in range(SEARCH_STEPS):
        optimizer.zero_grad()
        distances().sum().backward()
        optimizer.step()
    found = {"latents": z.flatten().tolist(), "distances": distances().tolist()}
    return {"reduction": reduction, "classIds": ids.tolist(), "firstDistances": first, **found}


def main() -> None:
    provenance = f"torch {torch.__version__} (float64), tools/golden/inversion.py"
    OUT.write_text(json.dumps({"provenance": provenance, **training(), "searches": [search("sum"), search("mean")]}) + "\n")


if __name__ == "__main__":
    main()
