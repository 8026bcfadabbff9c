"""Golden values of @divgen/feature-extractors: EfficientNet of torchvision and timm with seeded weights.

Run: python tools/golden/efficientnet.py (needs torch, torchvision, timm).
"""

import json
import pathlib

import timm
import torch
import torchvision
from torchvision.models.efficientnet import EfficientNet, MBConvConfig
from torchvision.transforms.functional import normalize

from seeded_values import rounded, seed_module, seeded_images

OUT = pathlib.Path(__file__).parents[2] / "packages/feature-extractors/src/golden/efficientnet.json"
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def preprocess(images: torch.Tensor, size: int) -> torch.Tensor:
    resized = torch.nn.functional.interpolate(images, (size, size), mode="bilinear", align_corners=False, antialias=False)
    return normalize((resized + 1) / 2, MEAN, DEVIATION)


def features(head: torch.Tensor) -> dict:
    return {"spatialMean": rounded(head.mean(1).flatten(1)), "pooled": rounded(head.mean((2, 3)))}


def b0() -> dict:
    images = seeded_images("b0", 2, 40, 48)
    torchvision_net = torchvision.models.efficientnet_b0(weights=None).eval()
    timm_net = timm.create_model("efficientnet_b0", pretrained=False).eval()
    shapes = {"torchvision": seed_module(torchvision_net), "timm": seed_module(timm_net)}
    with torch.no_grad():
        inputs = preprocess(images, 224)
        stage3 = torchvision_net.features[:4](inputs)
        return {
            "shapes": shapes,
            "torchvision": features(torchvision_net.features(inputs)) | {"stage3Mean": rounded(stage3.mean((2, 3)))},
            # timm's forward_features ends after the head convolution, its norm and activation.
            "timm": features(timm_net.forward_features(inputs)),
        }


def small_net() -> EfficientNet:
    # adjust_channels would round to multiples of 8: here the numbers are meant as they are.
    MBConvConfig.adjust_channels = staticmethod(lambda channels, factor, min_value=None: int(channels * factor))
    settings = [
        MBConvConfig(1, 3, 1, 4, 4, 1, 1.0, 1.0),
        MBConvConfig(4, 3, 2, 4, 6, 2, 1.0, 1.0),
        MBConvConfig(3, 5, 2, 6, 8, 2, 1.0, 1.0),
    ]
    return EfficientNet(settings, dropout=0.0, stochastic_depth_prob=0.0, num_classes=2, last_channel=12)


def small() -> dict:
    net = small_net()
    shapes = seed_module(net)
    images = seeded_images("small", 2, 20, 24).requires_grad_()
    net.eval()
    head = net.features(preprocess(images, 24))
    weights = torch.linspace(-1, 1, 2 * 9).reshape(2, 9)
    (head.mean(1).flatten(1) * weights).sum().backward()
    inference = features(head) | {"imageGradient": rounded(images.grad.permute(0, 2, 3, 1))}

    net.train()
    inputs = seeded_images("small-training", 3, 24, 24)
    head = net.features(inputs)
    direction = torch.linspace(-1, 1, head.numel()).reshape(head.shape)
    net.zero_grad()
    (head * direction).sum().backward()
    gradients = {name: rounded(p.grad) for name, p in net.named_parameters() if p.grad is not None}
    state = net.state_dict()
    ends = ("features.0.1.running", "features.4.1.running")
    statistics = {name: rounded(t) for name, t in state.items() if name.startswith(ends)}
    training = {"head": rounded(head.permute(0, 2, 3, 1)), "gradients": gradients, "statistics": statistics}
    return {"shapes": shapes, "inference": inference, "training": training}


def main() -> None:
    golden = {
        "provenance": f"torch {torch.__version__}, torchvision {torchvision.__version__}, timm {timm.__version__}, tools/golden/efficientnet.py",
        "b0": b0(),
        "small": small(),
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(golden) + "\n")
    print(OUT, OUT.stat().st_size)


if __name__ == "__main__":
    main()
