"""Golden values of @divgen/models-points: the same networks written in PyTorch from their layer tables.

Run: python tools/golden/models_points.py (needs torch).
"""

import json
import pathlib

import torch
from class_networks import Weights, batch_norm, class_latents, class_logit, dense, discriminator_summary, generator_summary, ripple

OUT = pathlib.Path(__file__).parents[2] / "packages/models-points/src/golden/networks.json"
BATCH, HIDDEN, PIECES, CLASSES = 6, 5, 3, 3
IDS = torch.tensor([2, 0, 1, 2, 2, 0])


def generate(
    w: Weights, z: torch.Tensor, ids: torch.Tensor | None, running: dict, training: bool, bias: bool = True, momentum: float = 0.1
) -> torch.Tensor:
    h = class_latents(w, z, ids, CLASSES, 4)
    for layer in (1, 2, 3):
        h = dense(w, f"hidden{layer}.dense", h, HIDDEN, bias)
        h = torch.relu(batch_norm(w, f"hidden{layer}.norm", h, running, training, momentum))
    return dense(w, "output", h, 2)


def judge(w: Weights, x: torch.Tensor, ids: torch.Tensor | None, pack: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    h = x.reshape(len(x) // pack, 2 * pack)
    for layer in (1, 2, 3):
        h = dense(w, f"hidden{layer}", h, HIDDEN * PIECES).reshape(-1, HIDDEN, PIECES).amax(2)
    return class_logit(w, h, ids, CLASSES), h


def generator_case(classes: int, hidden_bias: bool, momentum: float) -> dict:
    w, ids = Weights(), IDS if classes else None
    z = ripple((BATCH, 2), 1.1, 1.0)
    summary = generator_summary(w, lambda running, training: generate(w, z, ids, running, training, hidden_bias, momentum))
    return {"classCount": classes, "hiddenBias": hidden_bias, "momentum": momentum, **summary}


def discriminator_case(classes: int, pack: int) -> dict:
    w, ids = Weights(), IDS if classes else None
    summary = discriminator_summary(w, lambda x, _running, _training: judge(w, x, ids, pack), ripple((BATCH, 2), 0.4, 2.0))
    return {"classCount": classes, "packSize": pack, **summary}


def main() -> None:
    OUT.parent.mkdir(parents=True, exist_ok=True)
    golden = {
        "provenance": f"torch {torch.__version__} (float64), tools/golden/models_points.py",
        "generators": [generator_case(CLASSES, True, 0.1), generator_case(0, False, 0.05)],
        "discriminators": [discriminator_case(CLASSES, 1), discriminator_case(0, 1), discriminator_case(0, 3)],
    }
    OUT.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
