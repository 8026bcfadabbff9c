"""Weights and images by a formula that @divgen/feature-extractors repeats exactly (its test/seeded-values.ts).

Random-looking, the same on both sides without a file: the hash of (name, index) as a number in [0, 1).
"""

import torch

from seeded_numbers import seeded_array, seeded_image_array


def seeded(name: str, shape) -> torch.Tensor:
    """One weight."""
    return torch.from_numpy(seeded_array(name, tuple(shape)))


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
    """NCHW in [-1, 1]."""
    return torch.from_numpy(seeded_image_array(name, batch, height, width)).permute(0, 3, 1, 2).contiguous()


def rounded(tensor: torch.Tensor) -> list:
    """Seven significant digits: enough for 1e-4, and small."""
    return [float(f"{v:.7g}") for v in tensor.detach().reshape(-1).tolist()]
