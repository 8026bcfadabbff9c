"""Golden values of @divgen/models-bicycle: BicycleGAN's residual encoder written in PyTorch from its layer table.

Run: python tools/golden/models_bicycle.py (needs torch). Weights are sines of their index, so no weight file is needed.
"""

import json
import pathlib

import torch
import torch.nn.functional as F
from models_pix2pix import Weights, image, summary, wave

OUT = pathlib.Path(__file__).parents[2] / "packages/models-bicycle/src/golden/encoder.json"


def conv(w: Weights, name: str, x: torch.Tensor, out: int, size: int, stride: int, padding: int) -> torch.Tensor:
    kernel = w.kernel(f"{name}.weight", (size, size, x.shape[1], out))
    return F.conv2d(x, kernel.permute(3, 2, 0, 1), w.bias(f"{name}.bias", out), stride=stride, padding=padding)


def block(w: Weights, name: str, x: torch.Tensor, out: int) -> torch.Tensor:
    h = x
    for index, width in enumerate([x.shape[1], out], 1):
        h = conv(w, f"{name}.main.convolution{index}", F.leaky_relu(F.instance_norm(h), 0.2), width, 3, 1, 1)
    return F.avg_pool2d(h, 2) + conv(w, f"{name}.shortcut.projection", F.avg_pool2d(x, 2), out, 1, 1, 0)


def linear(w: Weights, name: str, x: torch.Tensor, out: int) -> torch.Tensor:
    return x @ w.kernel(f"{name}.weight", (x.shape[1], out)) + w.bias(f"{name}.bias", out)


def encoder(w: Weights, x: torch.Tensor, base: int, blocks: int, latent: int) -> tuple[torch.Tensor, torch.Tensor]:
    h = conv(w, "convolution", x, base, 4, 2, 1)
    for index in range(blocks):
        h = block(w, f"block{index + 1}", h, base * min(index + 2, 4))
    h = F.avg_pool2d(F.leaky_relu(h, 0.2), h.shape[-1]).flatten(1)
    return linear(w, "means", h, latent), linear(w, "logVariances", h, latent)


def main() -> None:
    w = Weights()
    means, log_variances = encoder(w, image(2, 3, 64, 0.3), base=2, blocks=2, latent=3)
    loss = (means * wave((2, 3), 0.2, 1.0)).sum() + (log_variances * wave((2, 3), 1.2, 1.0)).sum()
    golden = {
        "provenance": f"torch {torch.__version__} (float64), tools/golden/models_bicycle.py",
        "means": means.flatten().tolist(),
        "logVariances": log_variances.flatten().tolist(),
        **summary(w, loss),
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
