"""Golden values of @divgen/layers from torch. Run: python tools/golden/layers.py (needs torch).

Computed in float64 from float32-rounded inputs. Images are stored as [batch, height, width, channels]; weights in
PyTorch's own layout, which the package's conversion functions must undo. The loss behind each gradient is
sum(output * cotangent).
"""

import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from layer_blocks import blocks, initializers, spectral
from layer_cases import case, draw, stored
from layer_norms import batch_norms, other_norms
from torch import nn

OUT = pathlib.Path(__file__).parents[2] / "packages/layers/src/golden"


def convolutions() -> list[dict]:
    def conv(name, size, inputs=2, outputs=3, kernel=3, padding=0, **rest):
        torch_options = {"kernel_size": kernel, "padding": padding, **rest}
        options = {
            "inputChannels": inputs,
            "outputChannels": outputs,
            "kernelSize": kernel,
            "padding": padding,
            "stride": rest.get("stride", 1),
            "dilation": rest.get("dilation", 1),
            "groups": rest.get("groups", 1),
            "bias": rest.get("bias", True),
            "paddingMode": {"zeros": "zero"}.get(rest.get("padding_mode", "zeros"), rest.get("padding_mode")),
        }
        return case(name, options, nn.Conv2d(inputs, outputs, **torch_options), draw(2, inputs, *size))

    return [
        conv("kernel 3, padding 1", (4, 5), padding=1),
        conv("no padding, no bias", (5, 4), bias=False),
        conv("kernel 4, stride 2, padding 1, even size", (6, 4), kernel=4, stride=2, padding=1),
        conv("kernel 4, stride 2, padding 1, odd size", (5, 7), kernel=4, stride=2, padding=1),
        conv("kernel 4, stride 1, padding 1", (5, 4), kernel=4, padding=1, outputs=1),
        conv("kernel 3, stride 2, padding 1, even size", (6, 4), stride=2, padding=1),
        conv("kernel 3, stride 2, padding 1, odd size", (5, 7), stride=2, padding=1),
        conv("kernel 5, stride 3, padding 2", (7, 8), kernel=5, stride=3, padding=2),
        conv("kernel 1, stride 2", (4, 5), kernel=1, stride=2),
        conv("kernel 1 x 3, padding 0 x 1", (3, 4), kernel=[1, 3], padding=[0, 1]),
        conv("stride 2 x 1", (5, 4), stride=[2, 1], padding=1),
        conv("reflection, kernel 3", (4, 3), padding=1, padding_mode="reflect"),
        conv("reflection, kernel 5, stride 2", (5, 6), kernel=5, padding=2, stride=2, padding_mode="reflect"),
        conv("replication, kernel 5", (3, 4), kernel=5, padding=2, padding_mode="replicate", outputs=1),
        conv("dilation 2, padding 2", (5, 6), padding=2, dilation=2),
        conv("dilation 3 x 2, no padding", (7, 6), dilation=[3, 2]),
        conv("dilation 2, reflection", (4, 5), padding=2, dilation=2, padding_mode="reflect"),
        conv("two groups", (4, 4), inputs=4, outputs=6, groups=2, padding=1),
    ]


def depthwise() -> list[dict]:
    def conv(name, size, kernel=3, padding=1, stride=1, multiplier=1):
        options = {"channels": 3, "multiplier": multiplier, "kernelSize": kernel, "padding": padding, "stride": stride}
        module = nn.Conv2d(3, 3 * multiplier, kernel, stride, padding, groups=3)
        return case(name, options, module, draw(2, 3, *size))

    return [
        conv("kernel 3", (4, 5)),
        conv("kernel 5, stride 2", (6, 6), kernel=5, padding=2, stride=2),
        conv("two outputs a channel", (4, 3), multiplier=2),
    ]


def transposed() -> list[dict]:
    def conv(name, size, inputs=3, outputs=2, kernel=4, stride=2, padding=1, extra=0, bias=True):
        options = {
            "inputChannels": inputs,
            "outputChannels": outputs,
            "kernelSize": kernel,
            "stride": stride,
            "padding": padding,
            "outputPadding": extra,
            "bias": bias,
        }
        module = nn.ConvTranspose2d(inputs, outputs, kernel, stride, padding, extra, bias=bias)
        return case(name, options, module, draw(2, inputs, *size))

    return [
        conv("kernel 4, stride 2, padding 1", (2, 3)),
        conv("kernel 4, stride 1, no padding, from one pixel", (1, 1), stride=1, padding=0),
        conv("kernel 3, stride 2, padding 1, output padding 1", (3, 2), kernel=3, extra=1),
        conv("kernel 3, stride 2, padding 1", (3, 2), kernel=3),
        conv("kernel 3, stride 1, padding 1, no bias", (3, 4), kernel=3, stride=1, bias=False),
        conv("kernel 1", (2, 3), kernel=1, stride=1, padding=0),
        conv("kernel 5, stride 3, padding 0, output padding 2", (2, 2), kernel=5, stride=3, padding=0, extra=2),
        conv("kernel 2 x 3, stride 2 x 1, padding 0 x 1", (2, 3), kernel=[2, 3], stride=[2, 1], padding=[0, 1]),
    ]


def dense() -> list[dict]:
    return [
        case("with bias", {"inputSize": 4, "outputSize": 3, "bias": True}, nn.Linear(4, 3), draw(2, 4)),
        case("without bias", {"inputSize": 2, "outputSize": 5, "bias": False}, nn.Linear(2, 5, bias=False), draw(3, 2)),
    ]


def maxout() -> list[dict]:
    linear = nn.Linear(4, 3 * 5)
    forward = lambda x: linear(x).view(-1, 3, 5).max(2)[0]
    return [case("three outputs of five", {"inputSize": 4, "outputSize": 3, "pieces": 5}, linear, draw(4, 4), forward=forward)]


def resampling() -> list[dict]:
    def function(name, options, forward, shape):
        return case(name, options, nn.Identity(), draw(*shape), forward=forward)

    def average(size, stride, padding, count, shape):
        options = {"size": size, "stride": stride, "padding": padding, "countPadding": count}
        return function(f"averagePool {size}/{stride}/{padding}, counting padding: {count}", {"averagePool": options},
                        lambda x: F.avg_pool2d(x, size, stride, padding, count_include_pad=count), shape)

    def maximum(size, stride, padding, ceil, shape):
        options = {"size": size, "stride": stride, "padding": padding, "partialWindows": ceil}
        return function(f"maxPool {size}/{stride}/{padding}, partial windows: {ceil}", {"maxPool": options},
                        lambda x: F.max_pool2d(x, size, stride, padding, ceil_mode=ceil), shape)

    def bilinear(old, new):
        return function(f"resizeBilinear {old} to {new}", {"resizeBilinear": list(new)},
                        lambda x: F.interpolate(x, new, mode="bilinear", align_corners=False), (2, 2, *old))

    def bilinear2x(old):
        return function(f"upsampleBilinear2x of {old}", {"upsampleBilinear2x": True},
                        lambda x: F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False), (2, 2, *old))

    return [
        average(3, 2, 1, False, (2, 2, 4, 6)),
        average(3, 2, 1, False, (1, 3, 5, 3)),
        average(3, 2, 1, True, (2, 2, 5, 4)),
        average(2, 2, 0, True, (1, 2, 5, 4)),
        maximum(2, 2, 0, False, (2, 2, 4, 5)),
        maximum(3, 2, 1, False, (1, 2, 6, 5)),
        maximum(3, 2, 0, True, (1, 2, 6, 5)),
        maximum(3, 2, 1, True, (1, 2, 6, 5)),
        maximum(2, 2, 1, True, (1, 2, 5, 7)),
        function("globalAveragePool", {"globalAveragePool": True}, lambda x: x.mean((2, 3)), (2, 3, 3, 2)),
        bilinear((3, 4), (6, 8)),
        bilinear((5, 4), (3, 7)),
        bilinear((4, 4), (4, 1)),
        bilinear2x((3, 4)),
        bilinear2x((1, 2)),
        function("padReflect 2", {"padReflect": 2}, lambda x: F.pad(x, (2, 2, 2, 2), mode="reflect"), (1, 2, 4, 3)),
    ]


def aligned_corners() -> list[dict]:
    def bilinear(old, new):
        options = {"resizeBilinear": list(new), "alignment": "corners"}
        return case(f"resizeBilinear {old} to {new}, corners aligned", options, nn.Identity(), draw(2, 2, *old),
                    forward=lambda x: F.interpolate(x, new, mode="bilinear", align_corners=True))

    return [bilinear((3, 2), (6, 4)), bilinear((4, 5), (3, 9)), bilinear((1, 3), (2, 1))]


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    provenance = f"torch {torch.__version__} (float64), numpy {np.__version__}, tools/golden/layers.py"
    files = {
        "convolutions": {"convolution": convolutions(), "depthwise": depthwise(), "transposed": transposed()},
        "dense": {"dense": dense(), "maxout": maxout()},
        "normalizations": {"batch": batch_norms(), **other_norms()},
        "resampling": {"cases": resampling()},
        "blocks": {"cases": blocks()},
        "spectral": {"cases": spectral()},
        "initializers": {"cases": initializers()},
    }
    # Drawn last: the cases above keep their numbers.
    files["resampling"]["cases"] += aligned_corners()
    for name, content in files.items():
        (OUT / f"{name}.json").write_text(json.dumps({"provenance": provenance, **content}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
