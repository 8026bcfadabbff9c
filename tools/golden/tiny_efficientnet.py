"""Golden values of @divgen/feature-extractors: the embedded weights in torchvision's EfficientNet.

Run again after the weights change: python tools/golden/tiny_efficientnet.py (needs torch, torchvision, safetensors).
"""

import json
import pathlib

import torch
import torchvision
from safetensors.torch import load_file
from torchvision.models.efficientnet import EfficientNet, MBConvConfig

from seeded_values import rounded, seeded_images

PACKAGE = pathlib.Path(__file__).parents[2] / "packages/feature-extractors"
OUT = PACKAGE / "src/golden/tiny-efficientnet.json"


def main() -> None:
    stages = [
        MBConvConfig(1, 3, 1, 16, 16, 1),
        MBConvConfig(4, 3, 2, 16, 24, 2),
        MBConvConfig(4, 5, 2, 24, 48, 3),
        MBConvConfig(4, 3, 1, 48, 80, 2),
    ]
    net = EfficientNet(stages, dropout=0.0, stochastic_depth_prob=0.0, num_classes=10, last_channel=320)
    weights = {name: value.float() for name, value in load_file(PACKAGE / "weights/tiny-efficientnet.safetensors").items()}
    missing, unexpected = net.load_state_dict(weights, strict=False)
    assert not unexpected and all(name.startswith("classifier.") or name.endswith("num_batches_tracked") for name in missing)
    images = seeded_images("tiny", 2, 64, 48)
    with torch.no_grad():
        inputs = torch.nn.functional.interpolate(images, (56, 56), mode="bilinear", align_corners=False, antialias=False)
        head = net.eval().features(inputs)
    golden = {
        "provenance": f"torch {torch.__version__}, torchvision {torchvision.__version__}, tools/golden/tiny_efficientnet.py",
        "spatialMean": rounded(head.mean(1).flatten(1)),
        "pooled": rounded(head.mean((2, 3))),
    }
    OUT.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
