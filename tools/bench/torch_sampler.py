"""Algorithm A1 of Turinici's "Diversity aware image generation" in PyTorch: Adam on fresh batches of 1,000 normal draws.

Reads lines "J L ITERATIONS RATE SEED" and answers with seconds and the points, as JSON."""

import json
import sys
import time

import torch

A = 1e-5  # the author's code; its square stands under the root


def compress(count: int, size: int, iterations: int, rate: float, seed: int) -> tuple[float, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    start = time.perf_counter()
    x = torch.rand(count, size, generator=generator, requires_grad=True)
    optimizer = torch.optim.Adam([x], lr=rate)
    for _ in range(iterations):
        z = torch.randn(1000, size, generator=generator)
        k = lambda d: torch.sqrt(d.square().sum(-1) + A * A)
        cross = k(x[:, None] - z[None]).mean()
        own = k(x[:, None] - x[None]).mean() / 2
        optimizer.zero_grad()
        (cross - own).backward()
        optimizer.step()
    return time.perf_counter() - start, x.detach().double()


torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
print(json.dumps({"ready": torch.__version__}), flush=True)
for line in sys.stdin:
    count, size, iterations, rate, seed = line.split()
    seconds, points = compress(int(count), int(size), int(iterations), float(rate), int(seed))
    print(json.dumps({"seconds": seconds, "points": points.tolist()}), flush=True)
