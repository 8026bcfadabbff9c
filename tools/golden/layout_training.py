"""Golden values of the layout objectives of @divgen/training and of the cross-entropy of pixels of @divgen/losses, from
PyTorch in float64: two steps of Pix2Pix with the segment diversity loss and of synthesis by content, on linear networks
whose numbers a test writes down.

Run: python tools/golden/layout_training.py (needs torch).
"""

import json
import pathlib

import torch
import torch.nn.functional as F
from class_networks import ripple

ROOT = pathlib.Path(__file__).parents[2]
torch.set_default_dtype(torch.float64)

BATCH, SIZE, CLASSES = 2, 4, 3
pixel = torch.arange(BATCH * SIZE * SIZE)
# The second layout lacks class 2.
ids = torch.where(pixel < SIZE * SIZE, pixel * pixel % 3, pixel * pixel % 2).reshape(BATCH, SIZE, SIZE)
labels = F.one_hot(ids, CLASSES).double()
layout = ripple((BATCH, SIZE, SIZE, 3), 0.1, 0.9)
target = ripple((BATCH, SIZE, SIZE, 3), 1.7, 0.9)
# What the objectives draw in the test: `uniform(randomKey(4).fold(step).split("noise"), 6, { minimum: -1 })`.
DRAWN = [
    [-0.8119888305664062, 0.5891232490539551, -0.08221030235290527, 0.18711018562316895, -0.24331331253051758, -0.8186209201812744],
    [0.07367539405822754, -0.24559593200683594, 0.426619291305542, -0.9765291213989258, 0.30582380294799805, -0.3789713382720947],
]
noises = [torch.tensor(row).reshape(BATCH, CLASSES) for row in DRAWN]
BETA, BOUND, ALPHA, RATE = 3.0, 0.3, 20.0, 0.01


def generate(g, noise):
    plane = (labels * noise[:, None, None, :]).sum(3, keepdim=True)
    return torch.tanh(torch.cat([layout, plane], 3) @ g["weight"] + g["bias"])


def judge(d, images):
    return torch.cat([layout, images], 3) @ d["weight"] + d["bias"]


def diversity(with_noise, without, noise):
    total = 0
    for row in range(BATCH):
        for c in range(CLASSES):
            where = ids[row] == c
            if where.any():
                change = (with_noise[row][where] - without[row][where]).abs().mean()
                total = total + noise[row, c].abs() * torch.clamp(BOUND - change, min=0)
    return total / BATCH


def bce(logits, value):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, value))


def start():
    g = {"weight": ripple((4, 3), 0.0, 0.3).requires_grad_(), "bias": ripple((3,), 1.0, 0.1).requires_grad_()}
    d = {"weight": ripple((6, 1), 2.0, 0.3).requires_grad_(), "bias": ripple((1,), 3.0, 0.1).requires_grad_()}
    return g, d


def adam(parameters):
    return torch.optim.Adam(parameters.values(), lr=RATE, betas=(0.5, 0.999), eps=1e-8)


def numbers(tensor):
    return tensor.detach().flatten().tolist()


def translation(with_diversity):
    g, d = start()
    g_adam, d_adam = adam(g), adam(d)
    reports = []
    for noise in noises:
        images = generate(g, noise)
        parts = {
            "generator/adversarial": bce(judge(d, images), 1.0),
            "generator/reconstruction": (images - target).abs().mean(),
        }
        loss = parts["generator/adversarial"] + ALPHA * parts["generator/reconstruction"]
        if with_diversity:
            parts["generator/segment-diversity"] = diversity(images, generate(g, torch.zeros_like(noise)), noise)
            loss = loss + BETA * parts["generator/segment-diversity"]
        g_adam.zero_grad()
        loss.backward()
        g_adam.step()
        # The images from before the generator's update.
        fake = bce(judge(d, images.detach()), 0.0)
        real = bce(judge(d, target), 1.0)
        d_adam.zero_grad()
        ((fake + real) / 2).backward()
        d_adam.step()
        parts |= {"discriminator/fake": fake, "discriminator/real": real}
        reports.append({name: value.item() for name, value in parts.items()})
    return {
        "reports": reports,
        "generator": [*numbers(g["weight"]), *numbers(g["bias"])],
        "discriminator": [*numbers(d["weight"]), *numbers(d["bias"])],
    }


def features(images):
    """The extractor of the test: "input" is the images, "half" their 2 x 2 means squared."""
    return [images, F.avg_pool2d(images.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1) ** 2]


def synthesis():
    g, _ = start()
    g_adam = adam(g)
    reports = []
    for noise in noises:
        images = generate(g, noise)
        content = sum(
            weight * (a - b).abs().mean() for weight, a, b in zip([2.0, 5.0], features(images), features(target))
        )
        term = diversity(images, generate(g, torch.zeros_like(noise)), noise)
        g_adam.zero_grad()
        (content + BETA * term).backward()
        g_adam.step()
        reports.append({"generator/content": content.item(), "generator/segment-diversity": term.item()})
    return {"reports": reports, "generator": [*numbers(g["weight"]), *numbers(g["bias"])]}


def cross_entropy():
    logits = ripple((BATCH, SIZE, SIZE, CLASSES), 0.9, 2.0).requires_grad_()
    truth = ids.clone()
    truth[0, 1, 2] = truth[1, 3, 3] = 255
    weights = torch.tensor([0.5, 2.0, 1.25])
    cases = []
    for weight in (None, weights):
        value = F.cross_entropy(logits.permute(0, 3, 1, 2), truth, weight=weight, ignore_index=255)
        (gradient,) = torch.autograd.grad(value, logits)
        cases.append(
            {"weights": None if weight is None else weight.tolist(), "value": value.item(), "gradient": numbers(gradient)}
        )
    return {"truth": truth.flatten().tolist(), "cases": cases}


def main() -> None:
    provenance = f"torch {torch.__version__} (float64), tools/golden/layout_training.py"
    objective = {
        "provenance": provenance,
        "labels": ids.flatten().tolist(),
        "noises": [numbers(noise) for noise in noises],
        "translation": translation(True),
        "base": translation(False),
        "synthesis": synthesis(),
    }
    (ROOT / "packages/training/src/golden/layout-training.json").write_text(json.dumps(objective) + "\n")
    entropy = {"provenance": provenance, **cross_entropy()}
    (ROOT / "packages/losses/src/golden/pixel-cross-entropy.json").write_text(json.dumps(entropy) + "\n")


if __name__ == "__main__":
    main()
