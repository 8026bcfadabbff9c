"""Golden values of @divgen/models-resnet: GAN_stability's "resnet2" networks written in PyTorch from their layer tables, and
their parameter counts at the published size.

Run: python tools/golden/models_resnet.py (needs torch). Dense layers see maps flattened in [height, width, channel] order.
"""

import json
import pathlib

import torch
import torch.nn.functional as F
from class_networks import Weights, class_latents, class_logit, dense, discriminator_summary, generator_summary, ripple
from torch import nn

OUT = pathlib.Path(__file__).parents[2] / "packages/models-resnet/src/golden/networks.json"
BATCH = 2
IDS = torch.tensor([2, 0])


def conv(w: Weights, name: str, x: torch.Tensor, out: int, kernel: int = 3, bias: bool = True) -> torch.Tensor:
    weight = w.get(f"{name}.weight", (kernel, kernel, x.shape[1], out)).permute(3, 2, 0, 1)
    return F.conv2d(x, weight, w.get(f"{name}.bias", (out,), 0.1) if bias else None, padding=kernel // 2)


def block(w: Weights, name: str, x: torch.Tensor, out: int) -> torch.Tensor:
    hidden = min(x.shape[1], out)
    dx = conv(w, f"{name}.main.convolution1", F.leaky_relu(x, 0.2), hidden)
    dx = conv(w, f"{name}.main.convolution2", F.leaky_relu(dx, 0.2), out)
    shortcut = x if x.shape[1] == out else conv(w, f"{name}.shortcut.projection", x, out, 1, False)
    return shortcut + 0.1 * dx


def generator(classes: int, size: int, base: int, widths: list[int]) -> dict:
    """`widths`: of the pairs of blocks from the innermost, as multiples of `base`."""
    w = Weights(0.3)
    ids = IDS if classes else None
    inner = size // 2 ** (len(widths) - 1)

    def build(_running: dict, _training: bool) -> torch.Tensor:
        h = class_latents(w, ripple((BATCH, 3), 1.1, 1.0), ids, 3, 4)
        h = dense(w, "project", h, inner * inner * widths[0] * base)
        h = h.reshape(BATCH, inner, inner, widths[0] * base).permute(0, 3, 1, 2)
        for index, width in enumerate(widths, 1):
            if index > 1:
                h = F.interpolate(h, scale_factor=2)
            h = block(w, f"stage{index}.block1", h, width * base)
            h = block(w, f"stage{index}.block2", h, width * base)
        return torch.tanh(conv(w, "output", F.leaky_relu(h, 0.2), 3))

    case = {"classCount": classes, "size": size, "innerSize": inner, "baseChannels": base}
    return case | generator_summary(w, build, every=7)


def discriminator(classes: int, pack: int, size: int, base: int, widths: list[int]) -> dict:
    """`widths`: before the first pair, then after each."""
    w = Weights(0.3)
    ids = IDS if classes else None

    def judge(x: torch.Tensor, _running: dict, _training: bool) -> tuple[torch.Tensor, torch.Tensor]:
        h = conv(w, "input", x.reshape(BATCH // pack, 3 * pack, size, size), widths[0] * base)
        for index, (width, out) in enumerate(zip(widths, widths[1:]), 1):
            if index > 1:
                h = F.avg_pool2d(h, 3, stride=2, padding=1)
            h = block(w, f"stage{index}.block1", h, width * base)
            h = block(w, f"stage{index}.block2", h, out * base)
        h = F.leaky_relu(h, 0.2)
        return class_logit(w, h.permute(0, 2, 3, 1).reshape(h.shape[0], -1), ids, 3), h

    inner = size // 2 ** (len(widths) - 2)
    images = ripple((BATCH, size, size, 3), 0.4, 0.9).permute(0, 3, 1, 2).detach()
    case = {"classCount": classes, "packSize": pack, "size": size, "innerSize": inner, "baseChannels": base}
    return case | discriminator_summary(w, judge, images)


def counts() -> dict:
    """Trainable values at 128 x 128, nf 64, 100 classes, noise and class vectors of 256, by PyTorch's own modules."""

    def module_block(fin: int, fout: int) -> nn.Module:
        hidden = min(fin, fout)
        layers = [nn.Conv2d(fin, hidden, 3, padding=1), nn.Conv2d(hidden, fout, 3, padding=1)]
        return nn.ModuleList(layers + ([] if fin == fout else [nn.Conv2d(fin, fout, 1, bias=False)]))

    with torch.device("meta"):
        pairs = [(1024, 1024), (1024, 1024), (1024, 512), (512, 256), (256, 128), (128, 64)]
        blocks = [module for a, b in pairs for module in (module_block(a, b), module_block(b, b))]
        g = nn.ModuleList([nn.Embedding(100, 256), nn.Linear(512, 1024 * 4 * 4), *blocks, nn.Conv2d(64, 3, 3)])
        pairs = [(64, 128), (128, 256), (256, 512), (512, 1024), (1024, 1024), (1024, 1024)]
        blocks = [module for a, b in pairs for module in (module_block(a, a), module_block(a, b))]
        d = nn.ModuleList([nn.Conv2d(3, 64, 3), *blocks, nn.Linear(1024 * 4 * 4, 100)])
    count = lambda m: sum(p.numel() for p in m.parameters())  # noqa: E731
    return {"generator": count(g), "discriminator": count(d)}


def main() -> None:
    OUT.parent.mkdir(parents=True, exist_ok=True)
    golden = {
        "provenance": f"torch {torch.__version__} (float64), tools/golden/models_resnet.py",
        "counts": counts(),
        "generators": [generator(3, 16, 2, [4, 2, 1]), generator(0, 32, 1, [16, 16, 8, 4, 2, 1])],
        "discriminators": [discriminator(3, 1, 8, 2, [1, 2, 4, 8]), discriminator(0, 2, 32, 1, [1, 2, 4, 8, 16, 16, 16])],
    }
    OUT.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
