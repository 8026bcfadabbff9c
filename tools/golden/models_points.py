"""Golden values of @divgen/models-points: the same networks written in PyTorch from their layer tables.

Run: python tools/golden/models_points.py (needs torch).
"""

import json
import pathlib

import torch
from class_networks import Weights, batch_norm, class_latents, class_logit, dense, discriminator_summary, generator_summary, ripple

OUT = pathlib.Path(__file__).parents[2] / "packages/models-points/src/golden/networks.json"
BATCH, HIDDEN, PIECES = 6, 5, 3
IDS = torch.tensor([2, 0, 1, 2, 2, 0])


def generator_case(classes: int, hidden_bias: bool, momentum: float) -> dict:
    w = Weights()
    ids = IDS if classes else None

    def build(running: dict) -> torch.Tensor:
        h = class_latents(w, ripple((BATCH, 2), 1.1, 1.0), ids, classes, 4)
        for layer in (1, 2, 3):
            h = dense(w, f"hidden{layer}.dense", h, HIDDEN, hidden_bias)
            h = torch.relu(batch_norm(w, f"hidden{layer}.norm", h, running, momentum))
        return dense(w, "output", h, 2)

    return {"classCount": classes, "hiddenBias": hidden_bias, "momentum": momentum, **generator_summary(w, build)}


def discriminator_case(classes: int, pack: int) -> dict:
    w = Weights()
    ids = IDS if classes else None

    def judge(x: torch.Tensor, _running: dict) -> tuple[torch.Tensor, torch.Tensor]:
        h = x.reshape(BATCH // pack, 2 * pack)
        for layer in (1, 2, 3):
            h = dense(w, f"hidden{layer}", h, HIDDEN * PIECES).reshape(-1, HIDDEN, PIECES).amax(2)
        return class_logit(w, h, ids, classes), h

    return {"classCount": classes, "packSize": pack, **discriminator_summary(w, judge, ripple((BATCH, 2), 0.4, 2.0))}


def main() -> None:
    OUT.parent.mkdir(parents=True, exist_ok=True)
    golden = {
        "provenance": f"torch {torch.__version__} (float64), tools/golden/models_points.py",
        "generators": [generator_case(3, True, 0.1), generator_case(0, False, 0.05)],
        "discriminators": [discriminator_case(3, 1), discriminator_case(0, 1), discriminator_case(0, 3)],
    }
    OUT.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
