"""Golden values of the networks whose features are clustered in place of a discriminator's: training steps of an autoencoder
of points and of a classifier of quarter turns, in PyTorch.

Run: python tools/golden/fixed_features.py (needs torch).
"""

import json
import pathlib

import models_points
import torch
import torch.nn.functional as F
from class_networks import Weights, dense, ripple
from models_dcgan import BASE, DEEP, conv

OUT = pathlib.Path(__file__).parents[2] / "packages/training/src/golden/fixed-features.json"
STEPS, RATE, BETAS = 3, 0.01, (0.5, 0.9)


def encode(w: Weights, x: torch.Tensor) -> torch.Tensor:
    # One layer: in a second one a unit may win for all points, whose bias the decoder's batch norm takes away.
    h = dense(w, "trunk.hidden1", x, 15).reshape(-1, 5, 3).amax(2)
    return dense(w, "latents", h, 2)


def tell_rotation(w: Weights, x: torch.Tensor) -> torch.Tensor:
    h = x
    for index, (kernel, stride, width) in enumerate(DEEP, 1):
        h = F.leaky_relu(conv(w, f"trunk.layer{index}.convolution", h, width * BASE, kernel, stride), 0.1)
    return dense(w, "rotation", h.permute(0, 2, 3, 1).reshape(len(h), -1), 4)


def train(weights: list[Weights], loss) -> list[dict]:
    loss(0)  # One call names the parameters.
    optimizer = torch.optim.Adam([p for w in weights for p in w.named.values()], lr=RATE, betas=BETAS)
    reports = []
    for step in range(STEPS):
        total, report = loss(step)
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        reports.append(report)
    return reports


def parameters(w: Weights) -> dict:
    return {name: value.flatten().tolist()[:12] for name, value in w.named.items()}


def autoencoder() -> dict:
    encoder, decoder = Weights(), Weights()

    def loss(step: int) -> tuple[torch.Tensor, dict]:
        x = ripple((6, 2), 0.4 + step, 2.0)
        total = F.mse_loss(models_points.generate(decoder, encode(encoder, x), None, {}, True), x)
        return total, {"autoencoder/reconstruction": total.item()}

    reports = train([encoder, decoder], loss)
    names = {"encoderNames": list(encoder.named), "decoderNames": list(decoder.named)}
    return {**names, "reports": reports, "encoder": parameters(encoder), "decoder": parameters(decoder)}


def rotation() -> dict:
    w = Weights(0.2)

    def loss(step: int) -> tuple[torch.Tensor, dict]:
        x = ripple((3, 16, 16, 3), 0.4 + step, 0.9).permute(0, 3, 1, 2)
        turned = torch.cat([torch.rot90(x, turns, (2, 3)) for turns in range(4)])
        labels = torch.arange(4).repeat_interleave(len(x))
        logits = tell_rotation(w, turned)
        total = F.cross_entropy(logits, labels)
        accuracy = (logits.argmax(1) == labels).double().mean().item()
        return total, {"rotation/classification": total.item(), "rotation/accuracy": accuracy}

    reports = train([w], loss)
    small = ripple((1, 2, 2, 1), 0.3, 1.0).permute(0, 3, 1, 2)
    turns = torch.cat([torch.rot90(small, turns, (2, 3)) for turns in range(4)]).permute(0, 2, 3, 1)
    return {"names": list(w.named), "reports": reports, "classifier": parameters(w), "turns": turns.flatten().tolist()}


def main() -> None:
    provenance = f"torch {torch.__version__} (float64), tools/golden/fixed_features.py"
    golden = {"provenance": provenance, "autoencoder": autoencoder(), "rotation": rotation()}
    OUT.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
