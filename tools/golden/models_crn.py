"""Golden values of @divgen/models-crn: the cascaded refinement network written in PyTorch from its paper and the layer
table of the released code (labels halved again and again, corners aligned, layer norm over height, width and channels).

Run: python tools/golden/models_crn.py (needs torch). Weights are ripples of their index, so no weight file is needed.
"""

import json
import pathlib

import torch
import torch.nn.functional as F
from class_networks import Weights, nhwc, projected, ripple, values

OUT = pathlib.Path(__file__).parents[2] / "packages/models-crn/src/golden/cascaded-refinement.json"


def module(w: Weights, name: str, x: torch.Tensor, width: int) -> torch.Tensor:
    for number in (1, 2):
        kernel = w.get(f"{name}.convolution{number}.weight", (3, 3, x.shape[1], width))
        x = F.conv2d(x, kernel.permute(3, 2, 0, 1), padding=1)
        x = F.layer_norm(x, x.shape[1:], eps=1e-12)
        scale = w.get(f"{name}.norm{number}.scale", (width,), 0.2, 1.0)
        offset = w.get(f"{name}.norm{number}.offset", (width,), 0.1)
        x = F.leaky_relu(x * scale[:, None, None] + offset[:, None, None], 0.2)
    return x


def network(w: Weights, layout: torch.Tensor, width: int, outputs: int) -> torch.Tensor:
    levels = [layout]
    while levels[0].shape[2] > 4:
        levels.insert(0, F.avg_pool2d(levels[0], 2))
    x = None
    for level in levels:
        if x is not None:
            level = torch.cat([F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True), level], 1)
        x = module(w, f"module{level.shape[2]}", level, width)
    kernel = w.get("output.weight", (1, 1, width, 3 * outputs))
    y = F.conv2d(x, kernel.permute(3, 2, 0, 1), w.get("output.bias", (3 * outputs,), 0.1))
    # Channels: the reds of all images, the greens, the blues.
    images = [torch.stack([y[:, colour * outputs + index] for colour in range(3)], 1) for index in range(outputs)]
    return torch.stack(images, 1).flatten(0, 1)


def case(outputs: int, with_noise: bool) -> dict:
    w = Weights(0.1)
    classes, batch, height, width = 3, 2, 16, 32
    # Pixel p has class 7 p + p^2 / 5 mod 4, where 3 is none.
    pixel = torch.arange(batch * height * width)
    ids = ((7 * pixel + pixel * pixel // 5) % 4).reshape(batch, height, width)
    one_hot = F.one_hot(ids, 4).permute(0, 3, 1, 2).double()
    channels = [one_hot]
    noise = ripple((batch, classes), 0.4, 1.0)
    if with_noise:
        padded = torch.cat([noise, torch.zeros(batch, 1)], 1)
        channels.append(torch.stack([padded[row][ids[row]] for row in range(batch)])[:, None])
    images = network(w, torch.cat(channels, 1), 4, outputs)
    loss = (nhwc(images) * ripple(tuple(nhwc(images).shape), 2.2, 1.0)).sum()
    return {
        "outputs": outputs,
        "withNoise": with_noise,
        "names": list(w.named),
        "every": 13,
        "images": values(images, 13),
        "gradients": projected(w, loss),
    }


def parameter_count(height: int, layout: int, outputs: int) -> int:
    """Of the released widths, by a network without values."""

    class Counter(Weights):
        total = 0

        def get(self, name, shape, scale=None, mean=0.0):
            if name not in self.named:
                self.named[name] = torch.empty(shape, device="meta")
                self.total += self.named[name].numel()
            return self.named[name]

    w = Counter()
    x, channels = None, 0
    s = 4
    while s <= height:
        width = 1024 if s <= 64 else 512 if s <= 256 else 128 if s <= 512 else 32
        x = torch.empty((1, channels + layout, s, 2 * s), device="meta")
        module(w, f"module{s}", x, width)
        channels, s = width, 2 * s
    w.get("output.weight", (1, 1, channels, 3 * outputs))
    w.get("output.bias", (3 * outputs,))
    return w.total


def main() -> None:
    golden = {
        "provenance": f"torch {torch.__version__} (float64), tools/golden/models_crn.py",
        "cases": [case(1, True), case(3, False)],
        "parameterCounts": {
            "cityscapes256": parameter_count(256, 20, 1),
            "cityscapes256Noise": parameter_count(256, 21, 1),
            "cityscapes512": parameter_count(512, 20, 1),
            "gta256Nine": parameter_count(256, 20, 9),
        },
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
