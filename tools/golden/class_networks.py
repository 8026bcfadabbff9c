"""What the golden scripts of class-conditional networks share: weights that are ripples of their index, class input, class
logit, R1. Not a script of its own.
"""

import math

import torch

torch.set_default_dtype(torch.float64)


def ripple(shape: tuple[int, ...], phase: float, scale: float) -> torch.Tensor:
    """scale * sin(0.7 i + 0.05 i^2 + phase): unlike a plain sine, a matrix of these has full rank."""
    index = torch.arange(math.prod(shape), dtype=torch.float64)
    return (scale * torch.sin(0.7 * index + 0.05 * index * index + phase)).reshape(shape)


class Weights:
    """Parameters by name in the order in which they are asked for, in the layout that tfjs has."""

    def __init__(self, scale: float = 0.3) -> None:
        self.named: dict[str, torch.Tensor] = {}
        self.scale = scale

    def get(self, name: str, shape: tuple[int, ...], scale: float | None = None, mean: float = 0.0) -> torch.Tensor:
        if name not in self.named:
            value = mean + ripple(shape, len(self.named), self.scale if scale is None else scale)
            self.named[name] = value.requires_grad_()
        return self.named[name]


def dense(w: Weights, name: str, x: torch.Tensor, out: int, bias: bool = True) -> torch.Tensor:
    y = x @ w.get(f"{name}.weight", (x.shape[1], out))
    return y + w.get(f"{name}.bias", (out,), 0.1) if bias else y


def batch_norm(
    w: Weights, name: str, x: torch.Tensor, running: dict[str, torch.Tensor], training: bool, momentum: float = 0.1
) -> torch.Tensor:
    """`running` holds the running statistics by name; they start at 0 and 1 and move with every training pass."""
    scale = w.get(f"{name}.scale", (x.shape[1],), 0.2, 1.0)
    offset = w.get(f"{name}.offset", (x.shape[1],), 0.1)
    mean = running.setdefault(f"{name}.runningMean", torch.zeros(x.shape[1]))
    variance = running.setdefault(f"{name}.runningVariance", torch.ones(x.shape[1]))
    return torch.nn.functional.batch_norm(x, mean, variance, scale, offset, training=training, momentum=momentum)


def class_latents(w: Weights, z: torch.Tensor, ids: torch.Tensor | None, classes: int, size: int) -> torch.Tensor:
    if ids is None:
        return z
    table = w.get("latents.embedding.weight", (classes, size), 1.0)
    rows = torch.nn.functional.embedding(ids, table)
    return torch.cat([z, rows / torch.norm(rows, p=2, dim=1, keepdim=True)], 1)


def class_logit(w: Weights, x: torch.Tensor, ids: torch.Tensor | None, classes: int) -> torch.Tensor:
    out = dense(w, "logit", x, 1 if ids is None else classes)
    return out if ids is None else out[torch.arange(len(ids)), ids][:, None]


def nhwc(x: torch.Tensor) -> torch.Tensor:
    return x.permute(0, 2, 3, 1) if x.dim() == 4 else x


def projected(w: Weights, loss: torch.Tensor) -> list[float]:
    """Each gradient projected on cos(0.3 index)."""
    gradients = torch.autograd.grad(loss, list(w.named.values()), retain_graph=True, allow_unused=True)
    return [
        0.0 if g is None else float((g.flatten() * torch.cos(0.3 * torch.arange(g.numel(), dtype=torch.float64))).sum())
        for g in gradients
    ]


def r1(logits: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """GAN_stability's compute_grad2, averaged: no factor 1/2."""
    (gradient,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
    return gradient.reshape(x.shape[0], -1).pow(2).sum(1).mean()


def values(x: torch.Tensor, every: int = 1) -> list[float]:
    """Every so many of the values, channels last, to nine digits."""
    return [float(f"{value:.9g}") for value in nhwc(x).flatten()[::every].tolist()]


def generator_summary(w: Weights, build, every: int = 1) -> dict:
    """`build(running, training)` makes the samples; the loss is their product with a ripple."""
    running: dict[str, torch.Tensor] = {}
    samples = build(running, True)
    loss = (nhwc(samples) * ripple(tuple(nhwc(samples).shape), 2.2, 1.0)).sum()
    return {
        "names": list(w.named),
        "every": every,
        "output": values(samples, every),
        "gradients": projected(w, loss),
        "buffers": {name: value.tolist() for name, value in running.items()},
        "inference": values(build(running, False), every),
    }


def discriminator_summary(w: Weights, judge, x: torch.Tensor) -> dict:
    """`judge(x, running, training)` returns logits and the last features; the loss is the mean of softplus(-logit)."""
    running: dict[str, torch.Tensor] = {}
    x = x.requires_grad_()
    logits, features = judge(x, running, True)
    loss = torch.nn.functional.softplus(-logits).mean()
    penalty = r1(logits, x)
    return {
        "names": list(w.named),
        "logits": values(logits),
        "features": values(features),
        "gradients": projected(w, loss),
        "buffers": {name: value.tolist() for name, value in running.items()},
        "inference": values(judge(x, running, False)[0]),
        "r1": penalty.item(),
        "r1Gradients": projected(w, penalty),
    }
