"""Weights and images by a formula that @divgen/feature-extractors repeats exactly (src/seeded-values.ts of its tests).

Random-looking, the same on both sides without a file: the hash of (name, index) as a number in [0, 1).
"""

import numpy as np
import torch


def unit(name: str, count: int) -> np.ndarray:
    """Float64 in [0, 1): murmur3's finaliser of index * golden ratio + FNV-1a of the name."""
    seed = np.uint32(2166136261)
    with np.errstate(over="ignore"):
        for byte in name.encode():
            seed = (seed ^ np.uint32(byte)) * np.uint32(16777619)
        h = np.arange(count, dtype=np.uint32) * np.uint32(2654435761) + seed
        h ^= h >> np.uint32(16)
        h *= np.uint32(0x85EBCA6B)
        h ^= h >> np.uint32(13)
        h *= np.uint32(0xC2B2AE35)
        h ^= h >> np.uint32(16)
    return h.astype(np.float64) / 2.0**32


def seeded(name: str, shape) -> torch.Tensor:
    """Kernels: uniform with variance 2 / fan in. Running variances and scales: 0.5 to 1.5. Others: -0.1 to 0.1."""
    u = unit(name, int(np.prod(shape)) if len(shape) else 1)
    if len(shape) > 1:
        values = (2 * u - 1) * np.sqrt(6 / np.prod(shape[1:]))
    elif name.endswith("running_var") or name.endswith("weight"):
        values = 0.5 + u
    else:
        values = 0.2 * u - 0.1
    return torch.from_numpy(values.astype(np.float32).reshape(shape))


def seed_module(module: torch.nn.Module) -> dict:
    """Fills all weights; returns their shapes by name, without counters."""
    state = module.state_dict()
    shapes = {}
    for name, tensor in state.items():
        if name.endswith("num_batches_tracked"):
            continue
        shapes[name] = list(tensor.shape)
        state[name] = seeded(name, tensor.shape)
    module.load_state_dict(state)
    return shapes


def seeded_images(name: str, batch: int, height: int, width: int) -> torch.Tensor:
    """NCHW in [-1, 1]; the formula runs over NHWC, and neighbouring pixels are alike so that resizing matters little."""
    u = unit(name, batch * height * width * 3).reshape(batch, height, width, 3)
    rows = np.arange(height).reshape(1, -1, 1, 1)
    columns = np.arange(width).reshape(1, 1, -1, 1)
    channels = np.arange(3).reshape(1, 1, 1, -1)
    waves = 0.6 * np.sin(0.21 * rows + 0.13 * columns * (channels + 1) + np.arange(batch).reshape(-1, 1, 1, 1))
    return torch.from_numpy((waves + 0.4 * (2 * u - 1)).astype(np.float32)).permute(0, 3, 1, 2).contiguous()


def rounded(tensor: torch.Tensor) -> list:
    """Seven significant digits: enough for 1e-4, and small."""
    return [float(f"{v:.7g}") for v in tensor.detach().reshape(-1).tolist()]
