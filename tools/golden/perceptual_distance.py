"""Golden values of perceptual distances: the lpips package's own normalisation, on waves.

Run: python tools/golden/perceptual_distance.py (needs torch, lpips).
"""

import json
import math
import pathlib
from importlib.metadata import version

import torch
from lpips import normalize_tensor, spatial_average

OUT = pathlib.Path(__file__).parents[2] / "packages/feature-extractors/src/golden/perceptual-distance.json"
SHAPES = [(2, 4, 3, 5), (2, 2, 2, 7)]


def wave(shape: tuple[int, ...], phase: float) -> torch.Tensor:
    """NHWC values as NCHW."""
    return torch.sin(0.7 * torch.arange(math.prod(shape), dtype=torch.float64) + phase).reshape(shape).permute(0, 3, 1, 2)


def distance(weights: list[torch.Tensor] | None) -> list[float]:
    total = torch.zeros(2, dtype=torch.float64)
    for layer, shape in enumerate(SHAPES):
        squares = (normalize_tensor(wave(shape, 0.1)) - normalize_tensor(wave(shape, 1.7))) ** 2
        if weights is not None:
            squares = squares * weights[layer][None, :, None, None]
        total += spatial_average(squares.sum(1, keepdim=True)).flatten()
    return total.tolist()


def main() -> None:
    OUT.parent.mkdir(parents=True, exist_ok=True)
    weights = [torch.arange(1.0, shape[3] + 1, dtype=torch.float64) / 10 for shape in SHAPES]
    golden = {
        "provenance": f"lpips {version('lpips')}, torch {torch.__version__}, tools/golden/perceptual_distance.py",
        "shapes": SHAPES,
        "unweighted": distance(None),
        "weighted": distance(weights),
    }
    OUT.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
