"""Golden values of @divgen/layers from torch. Run: python tools/golden/layers.py (needs torch).

Computed in float64 from float32-rounded inputs. Images are stored as [batch, height, width, channels]; weights in
PyTorch's own layout, which the package's conversion functions must undo. The loss behind each gradient is
sum(output * cotangent).
"""

import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

OUT = pathlib.Path(__file__).parents[2] / "packages/layers/src/golden"
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


def convolutions() -> list[dict]:
    def conv(name, size, inputs=2, outputs=3, kernel=3, padding=0, **rest):
        torch_options = {"kernel_size": kernel, "padding": padding, **rest}
        options = {
            "inputChannels": inputs,
            "outputChannels": outputs,
            "kernelSize": kernel,
            "padding": padding,
            "stride": rest.get("stride", 1),
            "dilation": rest.get("dilation", 1),
            "groups": rest.get("groups", 1),
            "bias": rest.get("bias", True),
            "paddingMode": {"zeros": "zero"}.get(rest.get("padding_mode", "zeros"), rest.get("padding_mode")),
        }
        return case(name, options, nn.Conv2d(inputs, outputs, **torch_options), draw(2, inputs, *size))

    return [
        conv("kernel 3, padding 1", (4, 5), padding=1),
        conv("no padding, no bias", (5, 4), bias=False),
        conv("kernel 4, stride 2, padding 1, even size", (6, 4), kernel=4, stride=2, padding=1),
        conv("kernel 4, stride 2, padding 1, odd size", (5, 7), kernel=4, stride=2, padding=1),
        conv("kernel 4, stride 1, padding 1", (5, 4), kernel=4, padding=1, outputs=1),
        conv("kernel 3, stride 2, padding 1, even size", (6, 4), stride=2, padding=1),
        conv("kernel 3, stride 2, padding 1, odd size", (5, 7), stride=2, padding=1),
        conv("kernel 5, stride 3, padding 2", (7, 8), kernel=5, stride=3, padding=2),
        conv("kernel 1, stride 2", (4, 5), kernel=1, stride=2),
        conv("kernel 1 x 3, padding 0 x 1", (3, 4), kernel=[1, 3], padding=[0, 1]),
        conv("stride 2 x 1", (5, 4), stride=[2, 1], padding=1),
        conv("reflection, kernel 3", (4, 3), padding=1, padding_mode="reflect"),
        conv("reflection, kernel 5, stride 2", (5, 6), kernel=5, padding=2, stride=2, padding_mode="reflect"),
        conv("replication, kernel 5", (3, 4), kernel=5, padding=2, padding_mode="replicate", outputs=1),
        conv("dilation 2, padding 2", (5, 6), padding=2, dilation=2),
        conv("dilation 3 x 2, no padding", (7, 6), dilation=[3, 2]),
        conv("dilation 2, reflection", (4, 5), padding=2, dilation=2, padding_mode="reflect"),
        conv("two groups", (4, 4), inputs=4, outputs=6, groups=2, padding=1),
    ]


def depthwise() -> list[dict]:
    def conv(name, size, kernel=3, padding=1, stride=1, multiplier=1):
        options = {"channels": 3, "multiplier": multiplier, "kernelSize": kernel, "padding": padding, "stride": stride}
        module = nn.Conv2d(3, 3 * multiplier, kernel, stride, padding, groups=3)
        return case(name, options, module, draw(2, 3, *size))

    return [
        conv("kernel 3", (4, 5)),
        conv("kernel 5, stride 2", (6, 6), kernel=5, padding=2, stride=2),
        conv("two outputs a channel", (4, 3), multiplier=2),
    ]


def transposed() -> list[dict]:
    def conv(name, size, inputs=3, outputs=2, kernel=4, stride=2, padding=1, extra=0, bias=True):
        options = {
            "inputChannels": inputs,
            "outputChannels": outputs,
            "kernelSize": kernel,
            "stride": stride,
            "padding": padding,
            "outputPadding": extra,
            "bias": bias,
        }
        module = nn.ConvTranspose2d(inputs, outputs, kernel, stride, padding, extra, bias=bias)
        return case(name, options, module, draw(2, inputs, *size))

    return [
        conv("kernel 4, stride 2, padding 1", (2, 3)),
        conv("kernel 4, stride 1, no padding, from one pixel", (1, 1), stride=1, padding=0),
        conv("kernel 3, stride 2, padding 1, output padding 1", (3, 2), kernel=3, extra=1),
        conv("kernel 3, stride 2, padding 1", (3, 2), kernel=3),
        conv("kernel 3, stride 1, padding 1, no bias", (3, 4), kernel=3, stride=1, bias=False),
        conv("kernel 1", (2, 3), kernel=1, stride=1, padding=0),
        conv("kernel 5, stride 3, padding 0, output padding 2", (2, 2), kernel=5, stride=3, padding=0, extra=2),
        conv("kernel 2 x 3, stride 2 x 1, padding 0 x 1", (2, 3), kernel=[2, 3], stride=[2, 1], padding=[0, 1]),
    ]


def dense() -> list[dict]:
    return [
        case("with bias", {"inputSize": 4, "outputSize": 3, "bias": True}, nn.Linear(4, 3), draw(2, 4)),
        case("without bias", {"inputSize": 2, "outputSize": 5, "bias": False}, nn.Linear(2, 5, bias=False), draw(3, 2)),
    ]


def maxout() -> list[dict]:
    linear = nn.Linear(4, 3 * 5)
    forward = lambda x: linear(x).view(-1, 3, 5).max(2)[0]
    return [case("three outputs of five", {"inputSize": 4, "outputSize": 3, "pieces": 5}, linear, draw(4, 4), forward=forward)]


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


def resampling() -> list[dict]:
    def function(name, options, forward, shape):
        return case(name, options, nn.Identity(), draw(*shape), forward=forward)

    def average(size, stride, padding, count, shape):
        options = {"size": size, "stride": stride, "padding": padding, "countPadding": count}
        return function(f"averagePool {size}/{stride}/{padding}, counting padding: {count}", {"averagePool": options},
                        lambda x: F.avg_pool2d(x, size, stride, padding, count_include_pad=count), shape)

    def maximum(size, stride, padding, ceil, shape):
        options = {"size": size, "stride": stride, "padding": padding, "partialWindows": ceil}
        return function(f"maxPool {size}/{stride}/{padding}, partial windows: {ceil}", {"maxPool": options},
                        lambda x: F.max_pool2d(x, size, stride, padding, ceil_mode=ceil), shape)

    def bilinear(old, new):
        return function(f"resizeBilinear {old} to {new}", {"resizeBilinear": list(new)},
                        lambda x: F.interpolate(x, new, mode="bilinear", align_corners=False), (2, 2, *old))

    def bilinear2x(old):
        return function(f"upsampleBilinear2x of {old}", {"upsampleBilinear2x": True},
                        lambda x: F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False), (2, 2, *old))

    return [
        average(3, 2, 1, False, (2, 2, 4, 6)),
        average(3, 2, 1, False, (1, 3, 5, 3)),
        average(3, 2, 1, True, (2, 2, 5, 4)),
        average(2, 2, 0, True, (1, 2, 5, 4)),
        maximum(2, 2, 0, False, (2, 2, 4, 5)),
        maximum(3, 2, 1, False, (1, 2, 6, 5)),
        maximum(3, 2, 0, True, (1, 2, 6, 5)),
        maximum(3, 2, 1, True, (1, 2, 6, 5)),
        maximum(2, 2, 1, True, (1, 2, 5, 7)),
        function("globalAveragePool", {"globalAveragePool": True}, lambda x: x.mean((2, 3)), (2, 3, 3, 2)),
        bilinear((3, 4), (6, 8)),
        bilinear((5, 4), (3, 7)),
        bilinear((4, 4), (4, 1)),
        bilinear2x((3, 4)),
        bilinear2x((1, 2)),
        function("padReflect 2", {"padReflect": 2}, lambda x: F.pad(x, (2, 2, 2, 2), mode="reflect"), (1, 2, 4, 3)),
    ]


def aligned_corners() -> list[dict]:
    def bilinear(old, new):
        options = {"resizeBilinear": list(new), "alignment": "corners"}
        return case(f"resizeBilinear {old} to {new}, corners aligned", options, nn.Identity(), draw(2, 2, *old),
                    forward=lambda x: F.interpolate(x, new, mode="bilinear", align_corners=True))

    return [bilinear((3, 2), (6, 4)), bilinear((4, 5), (3, 9)), bilinear((1, 3), (2, 1))]


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


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    provenance = f"torch {torch.__version__} (float64), numpy {np.__version__}, tools/golden/layers.py"
    files = {
        "convolutions": {"convolution": convolutions(), "depthwise": depthwise(), "transposed": transposed()},
        "dense": {"dense": dense(), "maxout": maxout()},
        "normalizations": {"batch": batch_norms(), **other_norms()},
        "resampling": {"cases": resampling()},
        "blocks": {"cases": blocks()},
        "spectral": {"cases": spectral()},
        "initializers": {"cases": initializers()},
    }
    # Drawn last: the cases above keep their numbers.
    files["resampling"]["cases"] += aligned_corners()
    for name, content in files.items():
        (OUT / f"{name}.json").write_text(json.dumps({"provenance": provenance, **content}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
