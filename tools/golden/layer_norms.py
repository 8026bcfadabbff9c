"""Golden cases of normalisations, for layers.py."""

import torch
import torch.nn.functional as F
from layer_cases import case, draw, stored
from torch import nn


def batch_norms() -> list[dict]:
    """Two training passes, then one at inference."""

    def norm(name, make, options, first, second, third):
        module = make()
        training = case(name, options, module, first)
        with torch.no_grad():
            module(second.detach())
        statistics = None
        if module.running_mean is not None:
            statistics = {"mean": stored(module.running_mean), "variance": stored(module.running_var)}
        module.eval()
        third.requires_grad_()
        output = module(third)
        cotangent = draw(*output.shape)
        module.zero_grad()
        (output * cotangent).sum().backward()
        training["second"] = stored(second, True)
        training["runningStatistics"] = statistics
        training["inference"] = {
            "input": stored(third, True),
            "output": stored(output, True),
            "cotangent": stored(cotangent, True),
            "inputGradient": stored(third.grad, True),
            "parameterGradients": {key: stored(value.grad) for key, value in module.named_parameters()},
        }
        return training

    image = lambda: draw(3, 2, 3, 2) * 2 + 1
    vector = lambda: draw(5, 3) - 2
    return [
        norm("images", lambda: nn.BatchNorm2d(2), {"channels": 2}, image(), image(), image()),
        norm("vectors", lambda: nn.BatchNorm1d(3), {"channels": 3}, vector(), vector(), vector()),
        norm("without affine, epsilon 0.1, momentum 0.3", lambda: nn.BatchNorm2d(2, eps=0.1, momentum=0.3, affine=False),
             {"channels": 2, "affine": False, "epsilon": 0.1, "momentum": 0.3}, image(), image(), image()),
        norm("without running statistics", lambda: nn.BatchNorm2d(2, track_running_stats=False),
             {"channels": 2, "trackRunningStatistics": False}, image(), image(), image()),
    ]


class ConditionalBatchNorm(nn.Module):
    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.weight = nn.Parameter(torch.zeros(classes, channels))
        self.bias = nn.Parameter(torch.zeros(classes, channels))
        self.ids = torch.tensor([2, 0, 2])

    def forward(self, x):
        return self.norm(x) * self.weight[self.ids][:, :, None, None] + self.bias[self.ids][:, :, None, None]


def other_norms() -> dict:
    class ExampleNorm(nn.Module):
        """DRIT's: over channels and positions, affine by channel."""

        def __init__(self, channels: int, epsilon: float) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(channels))
            self.bias = nn.Parameter(torch.zeros(channels))
            self.epsilon = epsilon

        def forward(self, x):
            normalized = F.layer_norm(x, x.shape[1:], eps=self.epsilon)
            return normalized * self.weight[:, None, None] + self.bias[:, None, None]

    class PositionNorm(nn.Module):
        def __init__(self, channels: int) -> None:
            super().__init__()
            self.norm = nn.LayerNorm(channels)

        def forward(self, x):
            return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    def renamed(result: dict) -> dict:
        for part in ("parameters", "parameterGradients"):
            result[part] = {key.split(".")[-1]: value for key, value in result[part].items()}
        return result

    image = lambda channels=3: draw(2, channels, 3, 2) * 1.5 - 0.5
    return {
        "instance": [
            case("without affine", {"channels": 3, "affine": False}, nn.InstanceNorm2d(3), image()),
            case("affine, epsilon 0.01", {"channels": 3, "epsilon": 0.01}, nn.InstanceNorm2d(3, 0.01, affine=True), image()),
        ],
        "layer": [
            case("over the example", {"channels": 3, "over": "example"}, ExampleNorm(3, 1e-5), image()),
            case("over the example, epsilon 0.1", {"channels": 2, "over": "example", "epsilon": 0.1}, ExampleNorm(2, 0.1), image(2)),
            renamed(case("over each position", {"channels": 3, "over": "position"}, PositionNorm(3), image())),
            case("of vectors", {"channels": 4, "over": "position"}, nn.LayerNorm(4), draw(3, 4)),
        ],
        "group": [case("two groups", {"channels": 4, "groups": 2}, nn.GroupNorm(2, 4), image(4))],
        "conditional": [case("three classes", {"channels": 2, "classCount": 3, "ids": [2, 0, 2]}, ConditionalBatchNorm(2, 3), draw(3, 2, 2, 3))],
    }
