"""Random-looking numbers by a formula that TypeScript repeats exactly: see seeded_values.py."""

import numpy as np


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


def seeded_array(name: str, shape) -> np.ndarray:
    """Kernels: uniform with variance 2 / fan in. Running variances and scales: 0.5 to 1.5. Others: -0.1 to 0.1."""
    u = unit(name, int(np.prod(shape)) if len(shape) else 1)
    if len(shape) > 1:
        values = (2 * u - 1) * np.sqrt(6 / np.prod(shape[1:]))
    elif name.endswith("running_var") or name.endswith("weight"):
        values = 0.5 + u
    else:
        values = 0.2 * u - 0.1
    return values.astype(np.float32).reshape(shape)


def seeded_image_array(name: str, batch: int, height: int, width: int) -> np.ndarray:
    """NHWC in [-1, 1]; neighbouring pixels are alike so that resizing matters little."""
    u = unit(name, batch * height * width * 3).reshape(batch, height, width, 3)
    rows = np.arange(height).reshape(1, -1, 1, 1)
    columns = np.arange(width).reshape(1, 1, -1, 1)
    channels = np.arange(3).reshape(1, 1, 1, -1)
    waves = 0.6 * np.sin(0.21 * rows + 0.13 * columns * (channels + 1) + np.arange(batch).reshape(-1, 1, 1, 1))
    return (waves + 0.4 * (2 * u - 1)).astype(np.float32)
