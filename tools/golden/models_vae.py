"""Golden values of @divgen/models-vae: the same networks written in PyTorch from their layer tables.

Run: python tools/golden/models_vae.py (needs torch). Weights are sines of their index.
"""

import json
import pathlib

import torch
import torch.nn.functional as F
from models_pix2pix import Weights, nhwc, wave

OUT = pathlib.Path(__file__).parents[2] / "packages/models-vae/src/golden/networks.json"
SIZE, LATENT, BATCH = 20, 2, 2


def conv(w: Weights, name: str, x: torch.Tensor, out: int, stride: int) -> torch.Tensor:
    kernel = w.kernel(f"{name}.weight", (3, 3, x.shape[1], out))
    return F.conv2d(x, kernel.permute(3, 2, 0, 1), w.bias(f"{name}.bias", out), stride=stride)


def deconv(w: Weights, name: str, x: torch.Tensor, out: int, stride: int) -> torch.Tensor:
    kernel = w.kernel(f"{name}.weight", (3, 3, out, x.shape[1])).permute(3, 2, 0, 1)
    bias = w.bias(f"{name}.bias", out)
    if stride == 1:
        return F.conv_transpose2d(x, kernel, bias, padding=1)
    # TensorFlow's "same": the last row and column of the full result are cut.
    return F.conv_transpose2d(x, kernel, bias, stride=2)[:, :, :-1, :-1]


def dense(w: Weights, name: str, x: torch.Tensor, out: int) -> torch.Tensor:
    return x @ w.kernel(f"{name}.weight", (x.shape[1], out)) + w.bias(f"{name}.bias", out)


def case(variant: str) -> dict:
    middle = [(1, 32), (1, 32)] if variant == "paper" else []
    w = Weights()
    h = wave((BATCH, SIZE, SIZE, 1), 0.3, 0.5).permute(0, 3, 1, 2)
    for index, (stride, out) in enumerate([(2, 32), *middle, (2, 64)]):
        h = F.relu(conv(w, f"encoder.convolution{index + 1}", h, out, stride))
    code = dense(w, "encoder.dense", h.permute(0, 2, 3, 1).reshape(BATCH, -1), 2 * LATENT)
    latents = wave((BATCH, LATENT), 0.8, 1.0)
    h = F.relu(dense(w, "decoder.dense", latents, (SIZE // 4) ** 2 * 32))
    h = h.reshape(BATCH, SIZE // 4, SIZE // 4, 32).permute(0, 3, 1, 2)
    plan = [(2, 64), *middle, (2, 32), (1, 1)]
    for index, (stride, out) in enumerate(plan):
        h = deconv(w, f"decoder.convolution{index + 1}", h, out, stride)
        if index < len(plan) - 1:
            h = F.relu(h)
    return {
        "variant": variant,
        "names": list(w.named),
        "code": code.flatten().tolist(),
        "logits": nhwc(h),
    }


def main() -> None:
    OUT.parent.mkdir(parents=True, exist_ok=True)
    golden = {"provenance": f"torch {torch.__version__} (float64), tools/golden/models_vae.py", "cases": [case("tutorial"), case("paper")]}
    OUT.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
