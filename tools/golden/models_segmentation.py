"""Golden values of @divgen/models-segmentation: SegNet (torch's max_pool2d with indices and max_unpool2d) and PSPNet (a
residual network dilated as torchvision dilates it, adaptive pooling, corners aligned), written in PyTorch from the papers.

Run: python tools/golden/models_segmentation.py (needs torch and torchvision).
Weights are ripples of their index, so no weight file is needed.
"""

import json
import pathlib

import torch
import torch.nn.functional as F
import torchvision
from class_networks import Weights, batch_norm, nhwc, projected, ripple, values

OUT = pathlib.Path(__file__).parents[2] / "packages/models-segmentation/src/golden/networks.json"


class CountingWeights(Weights):
    """Shapes without values, for the parameter counts of paper-size networks."""

    def get(self, name, shape, scale=None, mean=0.0):
        if name not in self.named:
            self.named[name] = torch.empty(shape)
        return self.named[name]

    def total(self) -> int:
        return sum(value.numel() for value in self.named.values())


def conv(w, name, x, out, size, stride=1, dilation=1, bias=False):
    kernel = w.get(f"{name}.weight", (size, size, x.shape[1], out))
    padding = (size - 1) // 2 * dilation
    b = w.get(f"{name}.bias", (out,), 0.1) if bias else None
    return F.conv2d(x, kernel.permute(3, 2, 0, 1), b, stride=stride, padding=padding, dilation=dilation)


def unit(w, name, x, out, size, state, stride=1, dilation=1, bias=False, rectified=True):
    running, training = state
    y = conv(w, f"{name}.convolution", x, out, size, stride, dilation, bias)
    y = batch_norm(w, f"{name}.norm", y, running, training)
    return F.relu(y) if rectified else y


def segnet(w, x, stages, classes, state):
    def layers(side, stage, x, widths):
        for number, width in enumerate(widths, 1):
            x = unit(w, f"{side}{stage}.convolution{number}", x, width, 3, state, bias=True)
        return x

    indices, sizes = [], []
    for stage, (width, count) in enumerate(stages, 1):
        x = layers("encoder", stage, x, [width] * count)
        sizes.append(x.shape)
        x, where = F.max_pool2d(x, 2, return_indices=True)
        indices.append(where)
    for stage in range(len(stages), 0, -1):
        width, count = stages[stage - 1]
        x = F.max_unpool2d(x, indices.pop(), 2, output_size=sizes.pop()[2:])
        outside = stages[stage - 2][0] if stage > 1 else width
        x = layers("decoder", stage, x, [width] * (count - 1) + [outside] if stage > 1 else [width] * (count - 1))
    return conv(w, "output", x, classes, 3, bias=True)


def bottleneck(w, name, x, width, stride, dilation, state):
    y = unit(w, f"{name}.reduce", x, width, 1, state)
    y = unit(w, f"{name}.spatial", y, width, 3, state, stride, dilation)
    y = unit(w, f"{name}.expand", y, 4 * width, 1, state, rectified=False)
    if stride != 1 or x.shape[1] != 4 * width:
        x = unit(w, f"{name}.shortcut", x, 4 * width, 1, state, stride, rectified=False)
    return F.relu(x + y)


def backbone(w, x, base, blocks, state):
    x = unit(w, "stem", x, base, 7, state, 2)
    x = F.max_pool2d(x, 3, 2, 1)
    maps = []
    previous = 1
    for stage, (stride, dilation) in enumerate([(1, 1), (2, 1), (1, 2), (1, 4)]):
        for block in range(blocks[stage]):
            first = block == 0
            x = bottleneck(w, f"stage{stage + 1}.block{block + 1}", x, base * 2**stage, stride if first else 1,
                           previous if first else dilation, state)
        previous = dilation
        maps.append(x)
    return maps[2], maps[3]


def pspnet(w, x, base, blocks, classes, state):
    size = x.shape[2:]
    early, deep = backbone(w, x, base, blocks, state)
    parts = [deep]
    for index, grid in enumerate([1, 2, 3, 6], 1):
        pooled = unit(w, f"pyramid{index}", F.adaptive_avg_pool2d(deep, grid), 8 * base, 1, state)
        parts.append(F.interpolate(pooled, deep.shape[2:], mode="bilinear", align_corners=True))
    y = unit(w, "fusion", torch.cat(parts, 1), 8 * base, 3, state)
    logits = conv(w, "output", y, classes, 1, bias=True)
    auxiliary = conv(w, "auxiliaryOutput", unit(w, "auxiliaryFusion", early, 4 * base, 3, state), classes, 1, bias=True)
    return [F.interpolate(score, size, mode="bilinear", align_corners=True) for score in (logits, auxiliary)]


def images(batch, height, width):
    return ripple((batch, height, width, 3), 0.3, 0.9).permute(0, 3, 1, 2)


def summary(w, build, every):
    running = {}
    trained = build((running, True))
    loss = sum((nhwc(score) * ripple(tuple(nhwc(score).shape), 2.2, 1.0)).sum() for score in trained)
    gradients = projected(w, loss)
    inferred = build((running, False))
    return {
        "names": list(w.named),
        "every": every,
        "training": [values(score, every) for score in trained],
        "inference": values(inferred[0], every),
        "gradients": gradients,
    }


def main() -> None:
    w = Weights(0.15)
    x = images(2, 16, 24)
    seg = summary(w, lambda state: [segnet(w, x, [(3, 2), (4, 3)], 5, state)], 11)
    p = Weights(0.1)
    y = images(2, 48, 40)
    psp = summary(p, lambda state: pspnet(p, y, 2, [1, 2, 2, 1], 3, state), 37)

    counts = {}
    inference = ({}, False)
    with torch.no_grad():
        c = CountingWeights()
        segnet(c, torch.zeros(1, 3, 32, 32), [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)], 12, inference)
        counts["segnet"] = c.total()
        c = CountingWeights()
        backbone(c, torch.zeros(1, 3, 32, 32), 64, [3, 4, 6, 3], inference)
        resnet = torchvision.models.resnet50(replace_stride_with_dilation=[False, True, True])
        expected = sum(value.numel() for name, value in resnet.named_parameters() if not name.startswith("fc."))
        assert c.total() == expected, (c.total(), expected)
        counts["resnet50"] = expected
        c = CountingWeights()
        pspnet(c, torch.zeros(1, 3, 64, 64), 64, [3, 4, 6, 3], 19, inference)
        counts["pspnet50"] = c.total()
    golden = {
        "provenance": f"torch {torch.__version__} (float64), torchvision {torchvision.__version__}, "
        "tools/golden/models_segmentation.py",
        "segnet": seg,
        "pspnet": psp,
        "parameterCounts": counts,
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
