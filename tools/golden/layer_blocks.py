"""Golden cases of blocks, spectral norms and initializers, for layers.py."""

import numpy as np
import torch
import torch.nn.functional as F
from layer_cases import case, draw, stored
from torch import nn


def blocks() -> list[dict]:
    class PreActivation(nn.Module):
        """BicycleGAN's encoder block with instance norm, or GAN_stability's without."""

        def __init__(self, inputs, hidden, outputs, norm, pooled, projected, projection_bias, weight):
            super().__init__()
            self.convolution1 = nn.Conv2d(inputs, hidden, 3, padding=1)
            self.convolution2 = nn.Conv2d(hidden, outputs, 3, padding=1)
            self.projection = nn.Conv2d(inputs, outputs, 1, bias=projection_bias) if projected else nn.Identity()
            self.norm = F.instance_norm if norm else (lambda x: x)
            self.pool = (lambda x: F.avg_pool2d(x, 2)) if pooled else (lambda x: x)
            self.weight = weight

        def forward(self, x):
            dx = self.convolution1(F.leaky_relu(self.norm(x), 0.2))
            dx = self.pool(self.convolution2(F.leaky_relu(self.norm(dx), 0.2)))
            return self.projection(self.pool(x)) + self.weight * dx

    class PostActivation(nn.Module):
        """DRIT's."""

        def __init__(self, channels):
            super().__init__()
            self.convolution1 = nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect")
            self.convolution2 = nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect")

        def forward(self, x):
            dx = F.relu(F.instance_norm(self.convolution1(x)))
            return F.instance_norm(self.convolution2(dx)) + x

    return [
        case("bicycle", {}, PreActivation(2, 2, 3, True, True, True, True, 1.0), draw(2, 2, 4, 4)),
        case("stability", {}, PreActivation(3, 2, 2, False, False, True, False, 0.1), draw(2, 3, 3, 4)),
        case("drit", {}, PostActivation(2), draw(2, 2, 4, 3)),
    ]


def spectral() -> list[dict]:
    """Two training passes and one at inference, from known singular vectors."""
    results = []
    for kind, module, first, second in (
        ("dense", nn.Linear(4, 3), draw(2, 4), draw(2, 4)),
        ("convolution", nn.Conv2d(2, 3, 3, padding=1), draw(1, 2, 3, 3), draw(1, 2, 3, 3)),
    ):
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.copy_(draw(*parameter.shape))
        start = {key: stored(value) for key, value in module.named_parameters()}
        module = nn.utils.spectral_norm(module)
        with torch.no_grad():
            module.weight_u.copy_(F.normalize(draw(*module.weight_u.shape), dim=0))
            module.weight_v.copy_(F.normalize(draw(*module.weight_v.shape), dim=0))
        left, right = stored(module.weight_u), stored(module.weight_v)
        first.requires_grad_()
        output = module(first)
        cotangent = draw(*output.shape)
        (output * cotangent).sum().backward()
        gradient = module.weight_orig.grad.clone()
        module(second)
        module.eval()
        results.append({
            "kind": kind, "parameters": start, "left": left, "right": right, "input": stored(first, True),
            "output": stored(output, True), "cotangent": stored(cotangent, True), "weightGradient": stored(gradient),
            "inputGradient": stored(first.grad, True), "second": stored(second, True),
            "inference": stored(module(second), True), "leftAfter": stored(module.weight_u),
        })
    return results


def initializers() -> list[dict]:
    """Moments and bounds that torch's initialisers give, from half a million draws where there is no closed form."""
    results = []
    torch.manual_seed(0)
    shapes = {"convolution": (24, 8, 3, 3), "transposed": (8, 24, 4, 4), "dense": (40, 30)}
    makers = {
        "xavierNormal 0.02": lambda w: nn.init.xavier_normal_(w, 0.02),
        "xavierUniform 1": lambda w: nn.init.xavier_uniform_(w, 1.0),
        "kaimingNormal 0.2 fan-in": lambda w: nn.init.kaiming_normal_(w, 0.2, "fan_in", "leaky_relu"),
        "kaimingNormal 0 fan-out": lambda w: nn.init.kaiming_normal_(w, 0, "fan_out"),
        "kaimingUniform 0.2 fan-in": lambda w: nn.init.kaiming_uniform_(w, 0.2, "fan_in", "leaky_relu"),
    }
    for layer, shape in shapes.items():
        for name, fill in makers.items():
            draws = torch.cat([fill(torch.empty(shape)).flatten() for _ in range(80)])
            results.append({"layer": layer, "name": name, "deviation": float(draws.std()), "bound": float(draws.abs().max())})
        make = {
            "convolution": lambda: nn.Conv2d(8, 24, 3),
            "transposed": lambda: nn.ConvTranspose2d(8, 24, 4),
            "dense": lambda: nn.Linear(30, 40),
        }[layer]
        modules = [make() for _ in range(80)]
        for part in ("weight", "bias"):
            draws = torch.cat([getattr(module, part).detach().flatten() for module in modules])
            results.append({"layer": layer, "name": f"torchDefault {part}", "deviation": float(draws.std()), "bound": float(draws.abs().max())})
    truncated = nn.init.trunc_normal_(torch.empty(400_000), 0.0, 0.5, -1.0, 1.0)
    results.append({"layer": "dense", "name": "truncatedNormal 0.5", "deviation": float(truncated.std()), "bound": 1.0})
    return results
