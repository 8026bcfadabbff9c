"""What the golden values of layers are made of: drawn numbers, stored tensors, a module with its gradients."""

import numpy as np
import torch
from torch import nn

generator = np.random.default_rng(20240611)
torch.set_default_dtype(torch.float64)


def draw(*shape: int) -> torch.Tensor:
    """Normal draws with two decimals, which JSON and float32 hold well; not 0, where leaky ReLU has no derivative."""
    values = np.round(generator.standard_normal(shape), 2)
    return torch.tensor(np.where(values == 0, 0.01, values).astype(np.float32).astype(np.float64))


def stored(tensor: torch.Tensor, image: bool = False) -> dict:
    array = tensor.detach().numpy()
    if image and array.ndim == 4:
        array = array.transpose(0, 2, 3, 1)
    return {"shape": list(array.shape), "values": [float(f"{v:.8g}") for v in array.ravel()]}


def case(name: str, options: dict, module: nn.Module, *inputs: torch.Tensor, forward=None) -> dict:
    """Output and gradients of a module whose parameters are redrawn first."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(draw(*parameter.shape))
    before = {key: stored(value) for key, value in module.named_parameters()}
    for value in inputs:
        value.requires_grad_()
    output = (forward or module)(*inputs)
    cotangent = draw(*output.shape)
    (output * cotangent).sum().backward()
    return {
        "name": name,
        "options": options,
        "parameters": before,
        "inputs": [stored(value, True) for value in inputs],
        "output": stored(output, True),
        "cotangent": stored(cotangent, True),
        "inputGradients": [stored(value.grad, True) for value in inputs],
        "parameterGradients": {key: stored(value.grad) for key, value in module.named_parameters()},
    }
