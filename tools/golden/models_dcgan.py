"""Golden values of @divgen/models-dcgan: the same networks written in PyTorch from their layer tables.

Run: python tools/golden/models_dcgan.py (needs torch). Dense layers see maps flattened in [height, width, channel] order.
"""

import json
import pathlib

import torch
import torch.nn.functional as F
from class_networks import Weights, batch_norm, class_latents, class_logit, dense, discriminator_summary, generator_summary, ripple

OUT = pathlib.Path(__file__).parents[2] / "packages/models-dcgan/src/golden/networks.json"
BATCH, BASE, CLASSES = 4, 2, 3
IDS = torch.tensor([2, 0, 1, 2])


def conv(w: Weights, name: str, x: torch.Tensor, out: int, kernel: int, stride: int, padding: int = 1) -> torch.Tensor:
    weight = w.get(f"{name}.weight", (kernel, kernel, x.shape[1], out)).permute(3, 2, 0, 1)
    return F.conv2d(x, weight, w.get(f"{name}.bias", (out,), 0.1), stride=stride, padding=padding)


def deconv(w: Weights, name: str, x: torch.Tensor, out: int, stride: int = 2, padding: int = 1) -> torch.Tensor:
    # tfjs keeps transposed kernels as [height, width, out, in].
    weight = w.get(f"{name}.weight", (4, 4, out, x.shape[1])).permute(3, 2, 0, 1)
    return F.conv_transpose2d(x, weight, w.get(f"{name}.bias", (out,), 0.1), stride=stride, padding=padding)


def image(size: int) -> torch.Tensor:
    """A leaf in [batch, channel, height, width] order whose values are ripples in [batch, height, width, channel] order."""
    return ripple((BATCH, size, size, 3), 0.4, 0.9).permute(0, 3, 1, 2).detach()


def generate(w: Weights, z: torch.Tensor, ids: torch.Tensor | None, size: int, running: dict, training: bool) -> torch.Tensor:
    inner = size // 8
    h = class_latents(w, z, ids, CLASSES, 4)
    h = dense(w, "project", h, inner * inner * 8 * BASE).reshape(-1, inner, inner, 8 * BASE).permute(0, 3, 1, 2)
    for index, width in enumerate((4, 2, 1), 1):
        h = deconv(w, f"up{index}.convolution", h, width * BASE)
        h = torch.relu(batch_norm(w, f"up{index}.norm", h, running, training))
    return torch.tanh(conv(w, "output", h, 3, 3, 1))


SHALLOW = [(4, 2, 1), (4, 2, 2), (4, 2, 4), (4, 2, 8)]
DEEP = [(3, 1, 1), (4, 2, 1), (3, 1, 2), (4, 2, 2), (3, 1, 4), (4, 2, 4), (3, 1, 8)]


def judge(
    w: Weights, layout: str, x: torch.Tensor, ids: torch.Tensor | None, pack: int, running: dict, training: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    plan, slope = (SHALLOW, 0.2) if layout == "shallow" else (DEEP, 0.1)
    # Consecutive images of a batch side by side in the channels.
    h = x.reshape(len(x) // pack, pack * 3, *x.shape[2:])
    for index, (kernel, stride, width) in enumerate(plan, 1):
        h = conv(w, f"layer{index}.convolution", h, width * BASE, kernel, stride)
        if layout == "shallow":
            h = batch_norm(w, f"layer{index}.norm", h, running, training)
        h = F.leaky_relu(h, slope)
    return class_logit(w, h.permute(0, 2, 3, 1).reshape(h.shape[0], -1), ids, CLASSES), h


def generator(classes: int) -> dict:
    w, ids = Weights(0.2), IDS if classes else None
    z = ripple((BATCH, 3), 1.1, 1.0)
    return {"classCount": classes, **generator_summary(w, lambda *state: generate(w, z, ids, 16, *state), every=7)}


def discriminator(layout: str, classes: int, pack: int, size: int = 16) -> dict:
    w, ids = Weights(0.2), IDS if classes else None
    case = {"layout": layout, "classCount": classes, "packSize": pack, "size": size}
    return case | discriminator_summary(w, lambda x, *state: judge(w, layout, x, ids, pack, *state), image(size))


def mode_seeking_images(w: Weights, z: torch.Tensor, code: torch.Tensor | None, running: dict, training: bool) -> torch.Tensor:
    h = (z if code is None else torch.cat([z, code], 1))[:, :, None, None]
    for index, width in enumerate((4, 2, 1), 1):
        stride, padding = (1, 0) if index == 1 else (2, 1)
        h = deconv(w, f"up{index}.convolution", h, width * BASE, stride, padding)
        h = torch.relu(batch_norm(w, f"up{index}.norm", h, running, training))
    return torch.tanh(deconv(w, "up4.convolution", h, 3))


def mode_seeking_judge(
    w: Weights, x: torch.Tensor, code: torch.Tensor | None, running: dict, training: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    h = x if code is None else torch.cat([x, code[:, :, None, None].expand(-1, -1, 32, 32)], 1)
    for index, width in enumerate((1, 2, 4), 1):
        h = conv(w, f"layer{index}.convolution", h, width * BASE, 4, 2)
        if index > 1:
            h = batch_norm(w, f"layer{index}.norm", h, running, training)
        h = F.leaky_relu(h, 0.2)
    return conv(w, "score", h, 1, 4, 1, 0).reshape(len(x), 1), h


def mode_seeking_generator(classes: int) -> dict:
    w, code = Weights(0.2), F.one_hot(IDS, classes).double() if classes else None
    z = ripple((BATCH, 5), 1.1, 1.0)
    build = lambda *state: mode_seeking_images(w, z, code, *state)  # noqa: E731
    return {"classCount": classes, **generator_summary(w, build, every=7)}


def mode_seeking_discriminator(classes: int) -> dict:
    w, code = Weights(0.2), F.one_hot(IDS, classes).double() if classes else None
    judge_planes = lambda x, *state: mode_seeking_judge(w, x, code, *state)  # noqa: E731
    return {"classCount": classes, **discriminator_summary(w, judge_planes, image(32))}


def main() -> None:
    OUT.parent.mkdir(parents=True, exist_ok=True)
    golden = {
        "provenance": f"torch {torch.__version__} (float64), tools/golden/models_dcgan.py",
        "generators": [generator(CLASSES), generator(0)],
        "discriminators": [
            discriminator("shallow", CLASSES, 1),
            # At 16 pixels the last batch norm would see two values a channel: +-1 whatever they are.
            discriminator("shallow", 0, 2, size=32),
            discriminator("deep", CLASSES, 1),
            discriminator("deep", 0, 2),
        ],
        "modeSeekingGenerators": [mode_seeking_generator(CLASSES)],
        "modeSeekingDiscriminators": [mode_seeking_discriminator(CLASSES)],
    }
    OUT.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
