"""Golden values of @divgen/models-pix2pix: the same networks written in PyTorch from their layer tables
(BicycleGAN / MSGAN: U-Net with latents at all levels or at the input, two-scale PatchGAN).

Run: python tools/golden/models_pix2pix.py (needs torch). Weights are sines of their index, so no weight file is needed.
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as F

OUT = pathlib.Path(__file__).parents[2] / "packages/models-pix2pix/src/golden/networks.json"
torch.set_default_dtype(torch.float64)


def wave(shape: tuple[int, ...], phase: float, scale: float) -> torch.Tensor:
    count = math.prod(shape)
    return (scale * torch.sin(0.7 * torch.arange(count) + phase)).reshape(shape)


class Weights:
    """Parameters by name in the order in which they are asked for; kernels are filled in [height, width, in, out] order."""

    def __init__(self) -> None:
        self.named: dict[str, torch.Tensor] = {}

    def kernel(self, name: str, shape: tuple[int, ...]) -> torch.Tensor:
        if name not in self.named:
            self.named[name] = wave(shape, len(self.named), 0.2).requires_grad_()
        return self.named[name]

    def bias(self, name: str, size: int) -> torch.Tensor:
        if name not in self.named:
            self.named[name] = wave((size,), len(self.named), 0.1).requires_grad_()
        return self.named[name]


def conv(w: Weights, name: str, x: torch.Tensor, out: int, stride: int) -> torch.Tensor:
    kernel = w.kernel(f"{name}.weight", (4, 4, x.shape[1], out))
    return F.conv2d(x, kernel.permute(3, 2, 0, 1), w.bias(f"{name}.bias", out), stride=stride, padding=1)


def deconv(w: Weights, name: str, x: torch.Tensor, out: int) -> torch.Tensor:
    # tfjs keeps transposed kernels as [height, width, out, in].
    kernel = w.kernel(f"{name}.weight", (4, 4, out, x.shape[1]))
    return F.conv_transpose2d(x, kernel.permute(3, 2, 0, 1), w.bias(f"{name}.bias", out), stride=2, padding=1)


def with_code(x: torch.Tensor, code: torch.Tensor | None) -> torch.Tensor:
    if code is None:
        return x
    return torch.cat([x, code[:, :, None, None].expand(-1, -1, *x.shape[2:])], 1)


def unet(w: Weights, x: torch.Tensor, code: torch.Tensor, base: int, downs: int, everywhere: bool) -> torch.Tensor:
    widths = [base * min(2**i, 8) for i in range(downs)]

    def level(i: int, h: torch.Tensor) -> torch.Tensor:
        inner = i == downs - 1
        entering = h if i == 0 else with_code(h, code if everywhere else None)
        if i == 0:
            entering = with_code(h, code)
        else:
            entering = F.leaky_relu(entering, 0.2)
        d = conv(w, f"down{i + 1}", entering, widths[i], 2)
        if 0 < i < downs - 1:
            d = F.instance_norm(d)
        u = d if inner else level(i + 1, d)
        out = 3 if i == 0 else widths[i - 1]
        u = deconv(w, f"up{i + 1}", F.relu(u), out)
        return torch.tanh(u) if i == 0 else torch.cat([F.instance_norm(u), h], 1)

    return level(0, x)


def patch(w: Weights, scale: int, x: torch.Tensor, base: int, strided: int = 3) -> torch.Tensor:
    h = F.leaky_relu(conv(w, f"scale{scale}.convolution1", x, base, 2), 0.2)
    for j in range(2, strided + 2):
        stride = 2 if j <= strided else 1
        h = F.leaky_relu(F.instance_norm(conv(w, f"scale{scale}.convolution{j}", h, base * 2 ** (j - 1), stride)), 0.2)
    return conv(w, f"scale{scale}.convolution{strided + 2}", h, 1, 1)


def two_scale(w: Weights, x: torch.Tensor, base: int, strided: int = 3) -> list[torch.Tensor]:
    half = F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)
    return [patch(w, 1, x, base, strided), patch(w, 2, half, base // 2, strided)]


def summary(w: Weights, loss: torch.Tensor) -> dict:
    gradients = torch.autograd.grad(loss, list(w.named.values()))
    projected = [float((g.flatten() * torch.cos(0.3 * torch.arange(g.numel()))).sum()) for g in gradients]
    return {"names": list(w.named), "shapes": [list(p.shape) for p in w.named.values()], "gradients": projected}


def nhwc(x: torch.Tensor) -> list[float]:
    return x.permute(0, 2, 3, 1).flatten().tolist()


def image(batch: int, channels: int, size: int, phase: float) -> torch.Tensor:
    return wave((batch, size, size, channels), phase, 0.9).permute(0, 3, 1, 2)


def generator_case(everywhere: bool) -> dict:
    w = Weights()
    x = image(2, 3, 16, 0.3)
    code = wave((2, 5), 1.1, 1.0)
    y = unet(w, x, code, base=4, downs=4, everywhere=everywhere)
    loss = (y * image(2, 3, 16, 2.2)).sum()
    return {"placement": "all" if everywhere else "input", "output": nhwc(y), "loss": loss.item(), **summary(w, loss)}


def discriminator_case() -> dict:
    w = Weights()
    x = torch.cat([image(2, 3, 64, 0.3), image(2, 3, 64, 0.9)], 1)
    x = with_code(x, wave((2, 4), 1.1, 1.0))
    maps = two_scale(w, x, base=4)
    loss = sum((m**2).mean() for m in maps)
    return {"outputs": [nhwc(m) for m in maps], "mapSizes": [m.shape[-1] for m in maps], "loss": loss.item(), **summary(w, loss)}


def main() -> None:
    OUT.parent.mkdir(parents=True, exist_ok=True)
    golden = {
        "provenance": f"torch {torch.__version__} (float64), tools/golden/models_pix2pix.py",
        "generators": [generator_case(True), generator_case(False)],
        "discriminator": discriminator_case(),
    }
    OUT.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
